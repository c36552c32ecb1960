// The comparison of plans: its words, its model, and the way to it from the list of plans.
#include "tests/support/plan_reading.h"
#include "tests/support/widget_fixture.h"
#include "tests/widgets/plan_texts.h"
#include "tests/widgets/view_opener.h"
#include "widgets/models/views/plan_diff_model.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/fold_view.h"
#include "widgets/panels/views/plan_diff_view.h"
#include "widgets/panels/views/plan_list_view.h"
#include "widgets/panels/views/plan_view.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QLabel>
#include <QSignalSpy>
#include <QTableView>
#include <QToolButton>
#include <memory>

using namespace casebook;
using namespace casebook::tests;

namespace {

std::shared_ptr<const PlanDiffData> compared(const char* a, const char* b)
{
    plan::StoredPlan first, second;
    first.row = plan_of(a);
    second.row = plan_of(b);
    return compare_plans(first, second, QStringLiteral("a.txt"), QStringLiteral("b.txt"));
}

}  // namespace

class TestPlanDiffView : public QObject {
    Q_OBJECT
private slots:
    void initTestCase()
    {
        session_ = std::make_unique<Session>();
        opener_ = std::make_unique<ViewOpener>(*session_);
        session_->importPaths({fixture_.write(QStringLiteral("fast.txt"), plan_with_index), fixture_.write(QStringLiteral("slow.txt"), plan_without_index)});
        QVERIFY(wait_idle(*session_));
    }
    void cleanupTestCase()
    {
        opener_.reset();
        session_.reset();
    }

    void the_sentence_names_the_place_and_what_it_was()
    {
        QCOMPARE(plan_diff_headline(*compared(plan_with_index, plan_without_index)),
                 QStringLiteral("B takes 78.8 ms longer (1.4 ms → 80.2 ms); 78 ms of it in Seq Scan on orders, which was Index Scan using orders_customer."));
        QVERIFY(plan_diff_headline(*compared(plan_without_index, plan_with_index)).startsWith(QStringLiteral("B takes 78.8 ms less")));
        QCOMPARE(plan_diff_headline(*compared(plan_with_index, plan_with_index)),
                 QStringLiteral("A and B take about the same time (1.4 ms → 1.4 ms); they do the same in the same order."));
    }

    void plans_that_were_not_run_are_compared_by_cost()
    {
        const auto data = compared("Seq Scan on t  (cost=0.00..100.00 rows=5 width=4)\n", "Index Scan using t_x on t  (cost=0.00..8.00 rows=5 width=4)\n");
        QVERIFY(!data->timed);
        const QString text = plan_diff_headline(*data);
        QVERIFY2(text.startsWith(QStringLiteral("B costs 92 cost units less")) && text.contains(QStringLiteral("EXPLAIN (ANALYZE, BUFFERS)")), qPrintable(text));
    }

    void other_row_counts_are_said()
    {
        std::string more = plan_without_index;
        more.replace(more.find("rows=10 loops=1"), 7, "rows=900");
        QVERIFY(plan_diff_headline(*compared(plan_with_index, more.c_str())).contains(QStringLiteral("They do not return as many rows (10 → 900)")));
    }

    void a_cold_cache_is_said_of_one_way_only()
    {
        const auto read = [](const char* plan, const char* blocks) {
            std::string text = plan;
            return text.insert(text.find('\n') + 1, std::string("  Buffers: shared hit=10 read=") + blocks + "\n");
        };
        std::string slower = read(plan_with_index, "90000");
        slower.replace(slower.find("Time: 1.4"), 9, "Time: 900");
        QVERIFY(plan_diff_headline(*compared(read(plan_with_index, "1").c_str(), slower.c_str())).contains(QStringLiteral("(1 → 90,000): a cold cache may be part")));
        QVERIFY(!plan_diff_headline(*compared(read(plan_with_index, "1").c_str(), read(plan_without_index, "90000").c_str())).contains(QStringLiteral("cold cache")));
    }

    void the_model_marks_changes_and_holds_while_folded()
    {
        PlanDiffModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.set_data(compared(plan_with_index, plan_without_index));
        QCOMPARE(model.rowCount(), 4);
        const auto text = [&](int row, int column) { return model.index(row, column).data().toString(); };
        QCOMPARE(text(0, PlanDiffModel::nodeColumn), QStringLiteral("Nested Loop"));
        QVERIFY(!model.index(0, PlanDiffModel::changeColumn).data(PlanDiffModel::alertRole).toBool());
        QCOMPARE(text(1, PlanDiffModel::changeColumn), QStringLiteral("was Index Scan using orders_customer"));
        QCOMPARE(text(1, PlanDiffModel::selfColumn), QStringLiteral("0.5 → 78.5"));
        QCOMPARE(text(1, PlanDiffModel::selfChangeColumn), QStringLiteral("+78"));
        QCOMPARE(text(1, PlanDiffModel::rowsColumn), QStringLiteral("10"));
        QCOMPARE(model.index(1, 0).data(PlanDiffModel::changeRole).toDouble(), 1.0);
        QCOMPARE(text(2, PlanDiffModel::changeColumn), QString());
        QCOMPARE(text(3, PlanDiffModel::nodeColumn), QStringLiteral("Sort"));
        QCOMPARE(text(3, PlanDiffModel::changeColumn), QStringLiteral("only in A"));
        QVERIFY(model.index(3, PlanDiffModel::changeColumn).data(PlanDiffModel::alertRole).toBool());
        model.set_collapsed(0, true);
        QCOMPARE(model.rowCount(), 2);
        model.expand_all();
        model.set_data(nullptr);
        QCOMPARE(model.rowCount(), 0);
    }

    void two_plans_chosen_in_the_list_are_compared()
    {
        auto* list = opener_->explore<PlanListView>("plans");
        QVERIFY(list);
        QSignalSpy asked(session_.get(), &Session::evidenceRequested);
        QTableView& view = list->table().view();
        QCOMPARE(view.model()->rowCount(), 2);
        QToolButton* button = nullptr;
        for (QToolButton* one : list->findChildren<QToolButton*>())
            if (one->text() == QStringLiteral("Compare Plans")) button = one;
        QVERIFY(button && !button->isEnabled());
        const auto click = [&](int row, Qt::KeyboardModifiers keys) {
            QTest::mouseClick(view.viewport(), Qt::LeftButton, keys, view.visualRect(view.model()->index(row, 0)).center());
        };
        click(0, {});
        QVERIFY(!button->isEnabled());
        click(1, Qt::ControlModifier);
        QVERIFY(button->isEnabled());
        QTest::mouseClick(button, Qt::LeftButton);
        QTest::keyClick(&view, Qt::Key_D, Qt::ControlModifier);
        QCOMPARE(asked.count(), 2);

        auto* diff = opener_->open<PlanDiffView>(asked[0][0].value<EvidenceRequest>().evidence);
        QVERIFY(diff && diff->model().comparison() != nullptr);
        QVERIFY2(diff->headline_text().startsWith(QStringLiteral("B takes 78.8 ms longer")), qPrintable(diff->headline_text()));  // the fast one is A
        QVERIFY(diff->copyText().contains(QStringLiteral("fast.txt, line 1")));
        QCOMPARE(diff->tree().current_node(), 1u);  // the largest difference
        QCOMPARE(QApplication::focusWidget(), static_cast<QWidget*>(&diff->tree()));  // without a click
        QTest::keyClick(&diff->tree(), Qt::Key_N);
        QCOMPARE(diff->tree().current_node(), 0u);
        QTest::keyClick(&diff->tree(), Qt::Key_N);
        QCOMPARE(diff->tree().current_node(), 3u);
        QTest::keyClick(&diff->tree(), Qt::Key_N, Qt::ShiftModifier);
        QTest::keyClick(&diff->tree(), Qt::Key_N, Qt::ShiftModifier);
        QCOMPARE(diff->tree().current_node(), 1u);

        // A double click opens the plan at the node.
        const QPoint place = diff->tree().visualRect(diff->model().index(1, PlanDiffModel::selfColumn)).center();
        QTest::mouseClick(diff->tree().viewport(), Qt::LeftButton, {}, place);
        QTest::mouseDClick(diff->tree().viewport(), Qt::LeftButton, {}, place);
        QCOMPARE(asked.count(), 3);
        for (QToolButton* one : diff->findChildren<QToolButton*>())
            if (one->text() == QStringLiteral("Swap A and B")) QTest::mouseClick(one, Qt::LeftButton);
        QVERIFY(wait_idle(*session_));
        QVERIFY(diff->headline_text().startsWith(QStringLiteral("B takes 78.8 ms less")));
        const Evidence plan = asked[2][0].value<EvidenceRequest>().evidence;
        auto* opened = opener_->open<PlanEvidenceView>(plan);
        QVERIFY(opened && opened->copyText().contains(QStringLiteral("Seq Scan on orders")));
    }

    void without_a_choice_it_says_what_to_do()
    {
        auto* empty = opener_->explore<PlanDiffView>("plan_diff");
        QVERIFY(empty && empty->copyText().isEmpty());
        bool said = false;
        for (const QLabel* label : empty->findChildren<QLabel*>()) said = said || (label->isVisible() && label->text().contains(QStringLiteral("select two")));
        QVERIFY(said);
        auto* missing = opener_->open<PlanDiffView>(plan_comparison(1, 987654));
        QVERIFY(missing && !missing->is_loading() && missing->copyText().isEmpty());
    }

private:
    WidgetFixture fixture_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<ViewOpener> opener_;
};

QTEST_MAIN(TestPlanDiffView)
#include "tst_views_plan_diff.moc"
