#include "widgets/models/views/plan_model.h"
#include "widgets/panels/views/plan_pane.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QTableView>
#include <QTest>

using namespace casebook;

namespace {

PlanNodeRow node(int id, int depth, const char* type, const char* relation, double planned, double actual, double loops, double self_ms, double removed = 0,
                 const char* detail = "{}")
{
    PlanNodeRow row;
    row.node_id = id;
    row.depth = depth;
    row.node_type = type;
    row.relation = relation;
    row.plan_rows = planned;
    row.actual_rows = actual;
    row.loops = loops;
    row.self_ms = self_ms;
    row.total_ms = self_ms;
    row.rows_removed = removed;
    row.detail = detail;
    return row;
}

PlanView sample()
{
    PlanView plan;
    plan.title = QStringLiteral("orders.txt");
    plan.execution_ms = 1234.5;
    plan.nodes = {node(0, 0, "Limit", "", 20, 20, 1, 1), node(1, 1, "Sort", "", 900, 20, 1, 30, 0, R"json({"Sort Key":["created_at DESC"]})json"),
                  node(2, 2, "Nested Loop", "", 900, 120000, 1, 100), node(3, 3, "Seq Scan", "orders", 100, 100, 1, 40),
                  node(4, 3, "Seq Scan", "order_item", 9, 1200, 100, 829, 9.9e6, R"json({"Filter":"(order_id = 7)","Total Cost":12.5})json"), node(5, 1, "Result", "", 1, 0, 0, 0)};
    return plan;
}

}  // namespace

class TestViewsPlan : public QObject {
    Q_OBJECT

private slots:
    void rows_become_nodes()
    {
        QueryResult result;
        result.columns = {"node_id", "parent_id", "depth", "node_type", "relation", "loops", "self_ms", "plan_rows", "nonsense"};
        result.rows = {{std::int64_t{0}, {}, std::int64_t{0}, std::string("Seq Scan"), std::string("t"), std::int64_t{3}, 1.5, std::int64_t{7}, std::string("x")}, {}};
        const auto nodes = plan_nodes_of(result);
        QCOMPARE(nodes.size(), std::size_t{2});
        QCOMPARE(nodes[0].relation, std::string("t"));
        QCOMPARE(*nodes[0].loops, 3.0);
        QCOMPARE(*nodes[0].self_ms, 1.5);
        QVERIFY(!nodes[0].actual_rows);
        QVERIFY(!nodes[0].parent_id);
    }

    void estimates()
    {
        QCOMPARE(*estimate_factor(node(0, 0, "x", "", 10, 1000, 1, 0)), 100.0);
        QCOMPARE(*estimate_factor(node(0, 0, "x", "", 1000, 0, 1, 0)), 0.001);
        QVERIFY(!estimate_factor(node(0, 0, "x", "", 10, 0, 0, 0)));
    }

    void model_holds_under_the_tester_while_folding()
    {
        PlanModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.set_plan(sample());
        QCOMPARE(model.rowCount(), 6);
        QPersistentModelIndex last(model.index(5, 0));
        model.set_collapsed(2, true);
        QCOMPARE(model.rowCount(), 4);
        QCOMPARE(last.row(), 3);
        model.set_collapsed(2, false);
        QCOMPARE(last.row(), 5);
        model.collapse_from(0);
        QCOMPARE(model.rowCount(), 1);
        model.reveal(4);
        QCOMPARE(model.rowCount(), 6);
        model.set_evidence({4, 99});
        QCOMPARE(model.evidence().size(), std::size_t{1});
        model.set_plan({});
        QCOMPARE(model.rowCount(), 0);
    }

    void cells_say_what_matters()
    {
        PlanModel model;
        model.set_plan(sample());
        const auto text = [&](int row, int column) { return model.index(row, column).data().toString(); };
        QCOMPARE(text(4, PlanModel::nodeColumn), QStringLiteral("Seq Scan on order_item"));
        QCOMPARE(text(4, PlanModel::rowsColumn), QStringLiteral("120,000"));
        QCOMPARE(text(4, PlanModel::plannedColumn), QStringLiteral("900"));
        QCOMPARE(text(4, PlanModel::factorColumn), QStringLiteral("133x more"));
        QCOMPARE(text(1, PlanModel::factorColumn), QStringLiteral("45x fewer"));
        QCOMPARE(text(3, PlanModel::factorColumn), QStringLiteral("right"));
        QCOMPARE(text(4, PlanModel::removedColumn), QStringLiteral("9,900,000"));
        QCOMPARE(text(4, PlanModel::conditionColumn), QStringLiteral("Filter: (order_id = 7)"));
        QCOMPARE(text(1, PlanModel::conditionColumn), QStringLiteral("Sort Key: created_at DESC"));
        QCOMPARE(model.heaviest(), 4u);
        QCOMPARE(model.share(4), 0.829);
        QCOMPARE(model.headerData(PlanModel::selfColumn, Qt::Horizontal, Qt::DisplayRole).toString(), QStringLiteral("Own time (ms)"));
        QVERIFY(model.node_text(4).contains(QStringLiteral("Rows read and thrown away: 9,900,000 (99 %)")));
    }

    void plan_without_times_shares_cost()
    {
        PlanView plan;
        for (int i = 0; i < 3; ++i) {
            PlanNodeRow row;
            row.node_id = i;
            row.depth = i;
            row.node_type = "Append";
            row.plan_rows = 5;
            row.detail = "{\"Total Cost\":" + std::to_string(100 - i * 30) + "}";
            plan.nodes.push_back(row);
        }
        PlanModel model;
        model.set_plan(plan);
        QVERIFY(model.shares_cost());
        QCOMPARE(model.share(0), 0.3);
        QCOMPARE(model.share(2), 0.4);
        QCOMPARE(model.headerData(PlanModel::selfColumn, Qt::Horizontal, Qt::DisplayRole).toString(), QStringLiteral("Own cost (units)"));
        QCOMPARE(model.index(0, PlanModel::factorColumn).data().toString(), QString());
    }

    void keys_and_clicks_fold()
    {
        PlanPane pane;
        pane.resize(1000, 500);
        pane.set_plan(sample());
        pane.set_evidence({4});
        pane.show();
        QVERIFY(QTest::qWaitForWindowExposed(&pane));
        pane.view().setFocus();
        QCOMPARE(pane.view().currentIndex().row(), 4);
        QTest::keyClick(&pane.view(), Qt::Key_Left);
        QCOMPARE(pane.view().currentIndex().row(), 2);
        QTest::keyClick(&pane.view(), Qt::Key_Left);
        QCOMPARE(pane.model().rowCount(), 4);
        QTest::keyClick(&pane.view(), Qt::Key_G);
        QCOMPARE(pane.model().rowCount(), 6);
        QCOMPARE(pane.view().currentIndex().row(), 4);
        QTest::keyClick(&pane.view(), Qt::Key_Home);
        QTest::keyClick(&pane.view(), Qt::Key_H);
        QCOMPARE(pane.view().currentIndex().row(), 4);
        // The fold mark of "Sort" is at the indent of depth 1.
        const QRect cell = pane.view().visualRect(pane.model().index(1, 0));
        QTest::mouseClick(pane.view().viewport(), Qt::LeftButton, {}, QPoint(cell.left() + 6 + 14 + 5, cell.center().y()));
        QCOMPARE(pane.model().rowCount(), 3);
        QTest::keyClick(&pane.view(), Qt::Key_C, Qt::ControlModifier);
        QVERIFY(QApplication::clipboard()->text().startsWith(QStringLiteral("Sort\n")));
        QVERIFY(pane.text().contains(QStringLiteral("Limit  (Own time (ms) 1")));
        QVERIFY(pane.summary().contains(QStringLiteral("slowest: Seq Scan on order_item, 83 % of the time")));
    }

    void ten_thousand_nodes_in_a_chain()
    {
        PlanView plan;
        for (int i = 0; i < 10'000; ++i) plan.nodes.push_back(node(i, i, "Nested Loop", "t", 1, 1, 1, 0.1));
        PlanPane pane;
        pane.resize(900, 500);
        pane.set_plan(std::move(plan));
        pane.show();
        QVERIFY(QTest::qWaitForWindowExposed(&pane));
        pane.view().setFocus();
        QTest::keyClick(&pane.view(), Qt::Key_End);
        QTest::keyClick(&pane.view(), Qt::Key_Left);
        QCOMPARE(pane.view().currentIndex().row(), 9998);
        QTest::keyClick(&pane.view(), Qt::Key_Slash);
        QCOMPARE(pane.model().rowCount(), 2);
        QVERIFY(!pane.grab().isNull());
    }

    void broken_detail_is_harmless()
    {
        PlanView plan;
        plan.nodes = {node(0, 5, "", "", -1, 1e300, 1, 1, 0, "{\"Filter\": [1, {\"a\":"), node(1, 9, "x", "", 0, 0, 1, -5, 0, "null")};
        PlanPane pane;
        pane.set_plan(std::move(plan));
        QCOMPARE(pane.model().rowCount(), 2);
        QCOMPARE(pane.model().index(0, 0).data().toString(), QStringLiteral("(unnamed node)"));
        QVERIFY(!pane.grab().isNull());
    }
};

QTEST_MAIN(TestViewsPlan)
#include "tst_views_plan.moc"
