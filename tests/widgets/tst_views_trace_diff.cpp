// The comparison of traces: its model, its words, and the ways to it, by clicks and keys.
#include "tests/support/widget_fixture.h"
#include "tests/widgets/view_opener.h"
#include "tests/widgets/views_fixtures.h"
#include "widgets/models/views/trace_diff_model.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/fold_view.h"
#include "widgets/panels/views/span_table_view.h"
#include "widgets/panels/views/trace_diff_evidence.h"
#include "widgets/panels/views/trace_diff_pane.h"
#include "widgets/panels/views/trace_diff_view.h"
#include "widgets/panels/views/trace_pane.h"
#include "widgets/panels/views/waterfall_view.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QLabel>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTableView>
#include <QToolButton>

#include <memory>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr std::int64_t ms = 1'000'000;

/// A request with one query of 10 ms, and one with eleven and a failure that is only there.
std::shared_ptr<const TraceDiffData> one_against_eleven()
{
    fixtures::Spans spans;
    spans.begin_trace();
    const auto a = spans.add(SpanTable::no_row, 0, 30 * ms, "shop", "GET /orders");
    spans.add(a, 5 * ms, 10 * ms, "shop", "SELECT orders");
    spans.begin_trace();
    const auto b = spans.add(SpanTable::no_row, 100 * ms, 140 * ms, "shop", "GET /orders");
    for (int i = 0; i < 11; ++i) spans.add(b, (105 + i * 10) * ms, 10 * ms, "shop", "SELECT orders");
    spans.add(b, 220 * ms, 10 * ms, "mail", "send", SpanStatus::error);
    const auto table = spans.finish();
    return compare_requests(table, {{}, {table->traces[0].root}}, {{}, {table->traces[1].root}});
}

}  // namespace

class TestTraceDiffView : public QObject {
    Q_OBJECT
private slots:
    void initTestCase()
    {
        session_ = std::make_unique<Session>();
        opener_ = std::make_unique<ViewOpener>(*session_);
        session_->importPaths({QStringLiteral(CASEBOOK_SOURCE_DIR "/resources/samples/demo")});
        QTRY_VERIFY_WITH_TIMEOUT(session_->report() && session_->jobs().isIdle(), 60'000);
    }
    void cleanupTestCase()
    {
        opener_.reset();
        session_.reset();
    }

    void the_sentence_names_the_place()
    {
        QCOMPARE(headline(*one_against_eleven()),
                 QStringLiteral("B is 110 ms slower (30 ms → 140 ms); 100 ms of it is in shop → SELECT orders (1 call → 11 calls)."));
    }

    void the_model_holds_while_it_is_folded()
    {
        TraceDiffModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.set_data(one_against_eleven());
        QCOMPARE(model.rowCount(), 3);
        QCOMPARE(model.index(1, TraceDiffModel::callsColumn).data().toString(), QStringLiteral("1 → 11"));
        QVERIFY(model.index(2, TraceDiffModel::callColumn).data().toString().contains(QStringLiteral("only in B")));
        QVERIFY(model.index(2, 0).data(TraceDiffModel::errorRole).toBool());
        QCOMPARE(model.index(0, TraceDiffModel::totalChangeColumn).data(TraceDiffModel::changeRole).toDouble(), 1.0);
        model.set_collapsed(0, true);
        QCOMPARE(model.rowCount(), 1);
        model.expand_all();
        model.close_unchanged();
        QCOMPARE(model.rowCount(), 3);
        model.set_data(nullptr);
        QCOMPARE(model.rowCount(), 0);
    }

    void two_traces_chosen_in_the_list_are_compared()
    {
        auto* list = opener_->explore<TraceListView>("traces");
        QVERIFY(list);
        QSignalSpy asked(session_.get(), &Session::evidenceRequested);
        QTableView& view = list->table().view();
        QToolButton* button = nullptr;
        for (QToolButton* one : list->findChildren<QToolButton*>())
            if (one->text() == QStringLiteral("Compare Traces")) button = one;
        QVERIFY(button && !button->isEnabled());
        const auto click = [&](int row, Qt::KeyboardModifiers keys) {
            QTest::mouseClick(view.viewport(), Qt::LeftButton, keys, view.visualRect(view.model()->index(row, 1)).center());
        };
        click(0, {});
        QVERIFY(!button->isEnabled());
        click(3, Qt::ControlModifier);
        QVERIFY(button->isEnabled());
        QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(asked.count(), 1);
        QTest::keyClick(&view, Qt::Key_D, Qt::ControlModifier);
        QCOMPARE(asked.count(), 2);
        const Evidence evidence = asked[0][0].value<EvidenceRequest>().evidence;
        auto* diff = opener_->open<TraceDiffView>(evidence);
        QVERIFY(diff && !diff->is_loading());
        QVERIFY(diff->pane().model().rowCount() > 0);
        QVERIFY2(diff->pane().headline_text().startsWith(QStringLiteral("B is ")) || diff->pane().headline_text().startsWith(QStringLiteral("A and B")),
                 qPrintable(diff->pane().headline_text()));
        QVERIFY(diff->copyText().contains(diff->pane().headline_text()));
        // A double click opens the waterfall at the span.
        FoldView& tree = diff->pane().view();
        const QPoint place = tree.visualRect(tree.model()->index(0, TraceDiffModel::callsColumn)).center();
        QTest::mouseClick(tree.viewport(), Qt::LeftButton, {}, place);
        QTest::mouseDClick(tree.viewport(), Qt::LeftButton, {}, place);
        QCOMPARE(asked.count(), 3);
        QCOMPARE(asked[2][0].value<EvidenceRequest>().evidence.view, std::string("span_tree"));
    }

    void a_trace_is_compared_with_the_median_by_a_key()
    {
        auto* list = opener_->explore<TraceListView>("traces");
        QVERIFY(list);
        QSignalSpy asked(session_.get(), &Session::evidenceRequested);
        QTest::mouseClick(list->table().view().viewport(), Qt::LeftButton, {}, list->table().view().visualRect(list->table().model().index(0, 1)).center());
        QTest::keyClick(&list->table().view(), Qt::Key_Return);
        QCOMPARE(asked.count(), 1);
        auto* trace = opener_->open<WaterfallView>(asked[0][0].value<EvidenceRequest>().evidence);
        QVERIFY(trace && trace->findChild<QToolButton*>(QStringLiteral("compareWith")));
        Waterfall& waterfall = trace->pane().waterfall();
        waterfall.setFocus();
        QTest::keyClick(&waterfall, Qt::Key_D);
        QTRY_COMPARE(asked.count(), 2);
        QCOMPARE(asked[1][0].value<EvidenceRequest>().evidence.view, std::string("trace_diff"));
        // The sentence on top says which requests the median is of.
        const auto says = [&asked](int request, const QString& place) {
            const QString caption = QString::fromStdString(asked[request][0].value<EvidenceRequest>().evidence.caption);
            const auto match = QRegularExpression(QStringLiteral("^Median of the ([0-9,]+) other requests of the operation in %1 \\(A, ").arg(place)).match(caption);
            return match.captured(1).remove(QLatin1Char(',')).toInt();
        };
        const int in_baseline = says(1, QStringLiteral("window baseline"));
        QVERIFY(in_baseline > 1);
        const auto caption_of = [](const MedianOf& of) { return QString::fromStdString(compare_with_median(of, "a1", "a", "b1", "b").caption); };
        QCOMPARE(caption_of({41, "before"}), QStringLiteral("Median of the 41 other requests of the operation in window before (A, trace a1) against a request of trace b1 (B)"));
        QCOMPARE(caption_of({1, {}}), QStringLiteral("The only other request of the operation in the whole case (A, trace a1) against a request of trace b1 (B)"));
        auto* diff = opener_->open<TraceDiffView>(asked[1][0].value<EvidenceRequest>().evidence);
        QVERIFY(diff && diff->pane().model().rowCount() > 0);

        // A window of another name takes the place of those proposed: there is no baseline any more.
        session_->setWindow("lunch", {1, 2});
        QVERIFY(wait_idle(*session_));
        trace = opener_->open<WaterfallView>(asked[0][0].value<EvidenceRequest>().evidence);
        QVERIFY(trace);
        trace->pane().waterfall().setFocus();
        QTest::keyClick(&trace->pane().waterfall(), Qt::Key_D);
        QTRY_COMPARE(asked.count(), 3);
        QVERIFY(says(2, QStringLiteral("the whole case")) > in_baseline);
        session_->removeWindow("lunch");
        QVERIFY(wait_idle(*session_));
    }

    void next_difference_works_as_soon_as_the_tab_is_there()
    {
        opener_->close();
        EvidenceTabs tabs(*session_);
        tabs.resize(1000, 640);
        tabs.show();
        QVERIFY(QTest::qWaitForWindowActive(&tabs));
        session_->openEvidence(*kind_named("traces")->explore());
        QVERIFY(wait_idle(*session_));
        tabs.currentView()->setFocus();
        session_->openEvidence(compare_slow_with_fast("orders-api", "GET /orders"));
        QVERIFY(wait_idle(*session_));
        auto* diff = qobject_cast<TraceDiffView*>(tabs.currentView());
        QVERIFY(diff && diff->pane().model().comparison() != nullptr);
        const auto& ranked = diff->pane().model().comparison()->ranked;
        QVERIFY(ranked.size() > 1);
        QCOMPARE(diff->pane().view().current_node(), ranked[0]);
        QCOMPARE(QApplication::focusWidget(), static_cast<QWidget*>(&diff->pane().view()));
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_N);
        QCOMPARE(diff->pane().view().current_node(), ranked[1]);
        // In the table of differences as well, which begins with the largest.
        diff->findChild<DataTable*>()->view().setFocus();
        QCOMPARE(diff->pane().view().current_node(), ranked[0]);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_N);
        QCOMPARE(diff->pane().view().current_node(), ranked[1]);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_N, Qt::ShiftModifier);
        QCOMPARE(diff->pane().view().current_node(), ranked[0]);
    }

    void groups_of_an_operation_are_compared_and_nothing_says_what_to_do()
    {
        auto* empty = opener_->explore<TraceDiffView>("trace_diff");
        QVERIFY(empty && empty->copyText().isEmpty());
        bool said = false;
        for (const QLabel* label : empty->findChildren<QLabel*>()) said = said || (label->isVisible() && label->text().contains(QStringLiteral("select two")));
        QVERIFY(said);
        auto* diff = opener_->open<TraceDiffView>(compare_slow_with_fast("orders-api", "GET /orders"));
        QVERIFY(diff && diff->pane().model().comparison() != nullptr);
        QVERIFY(diff->pane().model().comparison()->diff.requests_a > diff->pane().model().comparison()->diff.requests_b);
        QVERIFY(diff->pane().headline_text().contains(QStringLiteral("slower on average")));
        auto* missing = opener_->open<TraceDiffView>(compare_traces("0123456789abcdef", "0123456789abcdef"));
        QVERIFY(missing && !missing->is_loading() && missing->copyText().isEmpty());
    }

private:
    std::unique_ptr<Session> session_;
    std::unique_ptr<ViewOpener> opener_;
};

QTEST_MAIN(TestTraceDiffView)
#include "tst_views_trace_diff.moc"
