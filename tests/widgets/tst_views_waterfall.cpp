#include "tests/widgets/views_fixtures.h"
#include "widgets/panels/views/waterfall.h"

#include <QApplication>
#include <QClipboard>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

using namespace casebook;

namespace {

constexpr std::int64_t ms = 1'000'000;

/// A waterfall on screen with the shop trace: gateway, orders, twelve queries, the last one failed.
struct Shown {
    explicit Shown(std::shared_ptr<const SpanTable> spans = fixtures::shop_trace(12))
    {
        view.resize(1000, 420);
        view.set_trace(std::move(spans), 0);
        view.show();
        view.activateWindow();
        view.setFocus();
        (void)QTest::qWaitForWindowExposed(&view);
    }
    void key(int key, Qt::KeyboardModifiers modifiers = {}) { QTest::keyClick(&view, static_cast<Qt::Key>(key), modifiers); }
    QPoint bar(Waterfall::Node node) const
    {
        const double middle = static_cast<double>(view.rows().offset_ns(node)) + static_cast<double>(view.rows().duration_ns(node)) / 2;
        return {view.x_of(middle), view.row_rect(node).center().y()};
    }
    void drag(QPoint from, QPoint to, Qt::KeyboardModifiers modifiers = {})
    {
        QTest::mousePress(view.viewport(), Qt::LeftButton, modifiers, from);
        for (int step = 1; step <= 4; ++step) {
            const QPoint at = from + (to - from) * step / 4;
            QMouseEvent move(QEvent::MouseMove, at, view.viewport()->mapToGlobal(at), Qt::NoButton, Qt::LeftButton, modifiers);
            QApplication::sendEvent(view.viewport(), &move);
        }
        QTest::mouseRelease(view.viewport(), Qt::LeftButton, modifiers, to);
    }
    void wheel(QPoint at, int notches, Qt::KeyboardModifiers modifiers = {})
    {
        QWheelEvent event(at, view.viewport()->mapToGlobal(at), {}, {0, notches * 120}, Qt::NoButton, modifiers, Qt::NoScrollPhase, false);
        QApplication::sendEvent(view.viewport(), &event);
    }
    Waterfall view;
};

}  // namespace

class TestViewsWaterfall : public QObject {
    Q_OBJECT

private slots:
    void flat_tree_folds()
    {
        FlatTree tree;
        tree.assign({0, 1, 2, 2, 1, 9, 0});  // the 9 hangs under its predecessor
        QCOMPARE(tree.descendants(0), 5u);
        QCOMPARE(tree.depth(5), 2u);
        QCOMPARE(tree.parent(5), 4u);
        tree.set_collapsed(1, true);
        QCOMPARE(tree.visible_count(), std::size_t{5});
        QCOMPARE(tree.row_of(3), std::size_t{1});
        QVERIFY(!tree.is_visible(3));
        tree.set_collapsed(0, true);
        QVERIFY(tree.reveal({3, 2}));
        QVERIFY(tree.is_visible(3));
        tree.collapse_from(0);
        QCOMPARE(tree.visible_count(), std::size_t{2});
        tree.expand_all();
        QCOMPARE(tree.visible_count(), std::size_t{7});
        tree.set_collapsed(6, true);
        QVERIFY(!tree.is_collapsed(6));
    }

    void order_is_depth_first_by_start_with_orphans_after()
    {
        fixtures::Spans spans;
        spans.begin_trace();
        const auto root = spans.add(SpanTable::no_row, 0, 10 * ms, "a", "root");
        const auto late = spans.add(root, 1 * ms, 2 * ms, "a", "first child");
        spans.add(root, 5 * ms, 2 * ms, "a", "second child");
        spans.add(late, 2 * ms, 1 * ms, "a", "grandchild", SpanStatus::error);
        spans.add(SpanTable::no_row, 3 * ms, 20 * ms, "b", "another root");
        const auto table = spans.finish();
        const TraceRows rows(*table, 0);
        std::vector<unsigned> order;
        for (unsigned node = 0; node < rows.size(); ++node) order.push_back(rows.row(node));
        QCOMPARE(order, (std::vector<unsigned>{0, 1, 3, 2, 4}));
        QCOMPARE(rows.node_of(3), 2u);
        QCOMPARE(rows.errors_below(0), 1u);
        QCOMPARE(rows.errors_below(4), 0u);
        QCOMPARE(rows.end_ns() - rows.start_ns(), 23 * ms);
        const auto covered = rows.covered_by_children(0);
        QCOMPARE(covered.size(), std::size_t{2});
        QCOMPARE(covered[1].second - rows.start_ns(), 7 * ms);
        QCOMPARE(rows.open_spans(23)[6], 3u);
        QVERIFY(TraceRows(*table, 7).empty());
    }

    void keys_walk_and_fold()
    {
        Shown shown;
        QSignalSpy changed(&shown.view, &Waterfall::current_changed);
        shown.key(Qt::Key_Down);
        shown.key(Qt::Key_Down);
        QCOMPARE(shown.view.current_node(), 2u);
        QCOMPARE(changed.count(), 2);
        shown.key(Qt::Key_Left);
        QCOMPARE(shown.view.current_node(), 1u);
        shown.key(Qt::Key_Left);
        QVERIFY(shown.view.rows().tree.is_collapsed(1));
        QCOMPARE(shown.view.rows().tree.visible_count(), std::size_t{2});
        shown.key(Qt::Key_End);
        QCOMPARE(shown.view.current_node(), 1u);
        shown.key(Qt::Key_Right);
        QCOMPARE(shown.view.rows().tree.visible_count(), std::size_t{14});
        shown.key(Qt::Key_Right);
        QCOMPARE(shown.view.current_node(), 2u);
        shown.key(Qt::Key_Home);
        shown.key(Qt::Key_Slash);
        QCOMPARE(shown.view.rows().tree.visible_count(), std::size_t{1});
        QVERIFY(shown.view.accessibleDescription().contains(QStringLiteral("13 below")));
        shown.key(Qt::Key_E);  // the failed query is opened
        QCOMPARE(shown.view.current_node(), 13u);
        QVERIFY(shown.view.rows().tree.is_visible(13));
    }

    void keys_zoom_and_pan()
    {
        Shown shown;
        QCOMPARE(shown.view.view_to(), 80.0 * ms);
        shown.key(Qt::Key_Plus);
        QVERIFY(qFuzzyCompare(shown.view.view_to() - shown.view.view_from(), 80.0 * ms / 1.5));
        const double from = shown.view.view_from();
        shown.key(Qt::Key_Right, Qt::ShiftModifier);
        QVERIFY(shown.view.view_from() > from);
        shown.key(Qt::Key_0);
        QCOMPARE(shown.view.view_from(), 0.0);
        QCOMPARE(shown.view.view_to(), 80.0 * ms);
        shown.view.go_to(4);
        shown.key(Qt::Key_Return);
        QVERIFY(shown.view.view_from() > 16.0 * ms && shown.view.view_from() < 18.0 * ms);
        QVERIFY(shown.view.view_to() - shown.view.view_from() < 5.0 * ms);
        for (int i = 0; i < 100; ++i) shown.key(Qt::Key_Plus);
        QVERIFY(shown.view.view_to() > shown.view.view_from());
        for (int i = 0; i < 200; ++i) shown.key(Qt::Key_Minus);
        QCOMPARE(shown.view.view_to() - shown.view.view_from(), 80.0 * ms);
    }

    void clicks_select_and_fold()
    {
        Shown shown;
        QTest::mouseClick(shown.view.viewport(), Qt::LeftButton, {}, shown.bar(6));
        QCOMPARE(shown.view.current_node(), 6u);
        // The twisty of "orders" is at the indent of depth 1.
        const QPoint twisty(6 + 14 + 5, shown.view.row_rect(1).center().y());
        QTest::mouseClick(shown.view.viewport(), Qt::LeftButton, {}, twisty);
        QVERIFY(shown.view.rows().tree.is_collapsed(1));
        QCOMPARE(shown.view.current_node(), 1u);
        QTest::mouseClick(shown.view.viewport(), Qt::LeftButton, {}, twisty);
        QVERIFY(!shown.view.rows().tree.is_collapsed(1));
        QTest::mouseDClick(shown.view.viewport(), Qt::LeftButton, {}, shown.bar(3));
        QVERIFY(shown.view.view_to() - shown.view.view_from() < 5.0 * ms);
        QVERIFY(!shown.view.node_at({500, 415}));
    }

    void wheel_zooms_around_the_pointer_and_pans()
    {
        Shown shown;
        const QPoint at = shown.bar(8);
        const double under = shown.view.time_at(at.x());
        shown.wheel(at, 3, Qt::ControlModifier);
        QVERIFY(std::abs(shown.view.time_at(at.x()) - under) < 0.2 * ms);
        QVERIFY(shown.view.view_to() - shown.view.view_from() < 30.0 * ms);
        const double from = shown.view.view_from();
        shown.wheel(at, -1, Qt::ShiftModifier);
        QVERIFY(shown.view.view_from() > from);
    }

    void drags_pan_zoom_and_move_the_overview()
    {
        Shown shown(fixtures::shop_trace(200));
        const double whole = shown.view.view_to();
        const int axis = shown.view.header_height() - 8;
        shown.drag({shown.view.label_width() + 100, axis}, {shown.view.label_width() + 200, axis});
        const double width = shown.view.view_to() - shown.view.view_from();
        QVERIFY(width < whole / 5 && width > whole / 8);
        const double from = shown.view.view_from();
        shown.drag({800, 300}, {700, 200});
        QVERIFY(shown.view.view_from() > from);
        QVERIFY(qFuzzyCompare(shown.view.view_to() - shown.view.view_from(), width));
        QCOMPARE(shown.view.verticalScrollBar()->value(), 100);
        shown.drag({shown.view.label_width() + 20, 10}, {shown.view.viewport()->width() - 2, 10});
        QVERIFY(shown.view.view_to() > whole * 0.99);
        shown.key(Qt::Key_0);
        shown.drag({600, 200}, {700, 260}, Qt::ShiftModifier);
        QVERIFY(shown.view.view_to() - shown.view.view_from() < whole / 4);
        const int label = shown.view.label_width();
        shown.drag({label, 300}, {label + 60, 300});
        QCOMPARE(shown.view.label_width(), label + 60);
    }

    void finds_in_names_and_attributes()
    {
        Shown shown;
        QCOMPARE(shown.view.find(QStringLiteral("ORDER_ID = 7")), std::size_t{1});
        shown.key(Qt::Key_N);
        QCOMPARE(shown.view.current_node(), 9u);
        QCOMPARE(shown.view.find(QStringLiteral("select order_item")), std::size_t{12});
        shown.key(Qt::Key_N);
        QCOMPARE(shown.view.current_node(), 10u);
        shown.key(Qt::Key_N, Qt::ShiftModifier);
        QCOMPARE(shown.view.current_node(), 9u);
        QCOMPARE(shown.view.find(QStringLiteral("nowhere")), std::size_t{0});
        QCOMPARE(shown.view.find(QString()), std::size_t{0});
    }

    void evidence_is_opened_and_reached()
    {
        Shown shown;
        shown.view.collapse_below(0);
        shown.view.set_evidence({5, 9, 9999});
        QCOMPARE(shown.view.current_row(), std::optional<SpanTable::Row>(5));
        QVERIFY(shown.view.rows().tree.is_visible(9));
        shown.key(Qt::Key_G);
        QCOMPARE(shown.view.current_row(), std::optional<SpanTable::Row>(9));
        shown.key(Qt::Key_G);
        QCOMPARE(shown.view.current_row(), std::optional<SpanTable::Row>(5));
    }

    void texts_are_exact()
    {
        Shown shown;
        const SpanTable& spans = shown.view.rows().spans();
        shown.view.set_critical_path({{2, spans.start_ns[2], spans.end_ns(2)}});
        const QString text = shown.view.span_text(2);
        QVERIFY(text.contains(QStringLiteral("Duration: 4.123456 ms")));
        QVERIFY(text.contains(QStringLiteral("Start: 2026-11-18 10:53:20.008000000 UTC")) || text.contains(QStringLiteral(".008000000 UTC (8 ms into the trace)")));
        QVERIFY(text.contains(QStringLiteral("On the critical path: 4.123456 ms")));
        QVERIFY(shown.view.span_text(1).contains(QStringLiteral("Children: 12 direct, 12 in all")));
        shown.view.go_to(2);
        shown.key(Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QApplication::clipboard()->text(), text);
    }

    void million_spans_deep_and_wide_answer_at_once()
    {
        Shown deep(fixtures::deep_trace(100'000));
        deep.key(Qt::Key_End);
        QCOMPARE(deep.view.current_node(), 99'999u);
        deep.key(Qt::Key_Left);
        QCOMPARE(deep.view.current_node(), 99'998u);
        QVERIFY(!deep.view.grab().isNull());
        deep.view.collapse_below(0);
        std::vector<SpanTable::Row> all(100'000);
        for (unsigned i = 0; i < all.size(); ++i) all[i] = i;
        deep.view.set_evidence(all);
        QCOMPARE(deep.view.rows().tree.visible_count(), std::size_t{100'000});

        Shown wide(fixtures::wide_trace(200'001, 200'000));
        QCOMPARE(wide.view.rows().tree.descendants(0), 200'000u);
        wide.key(Qt::Key_End);
        QCOMPARE(wide.view.current_node(), 200'000u);
        QVERIFY(!wide.view.grab().isNull());
    }

    void nothing_shown_says_how_to_fill_it()
    {
        Waterfall view;
        view.resize(400, 200);
        view.set_trace(nullptr, 0);
        QVERIFY(!view.grab().isNull());
        QTest::keyClick(&view, Qt::Key_Down);
        QTest::keyClick(&view, Qt::Key_E);
        QCOMPARE(view.current_row(), std::optional<SpanTable::Row>());
        view.set_trace(fixtures::shop_trace(1), 5);
        QVERIFY(view.rows().empty());
    }
};

QTEST_MAIN(TestViewsWaterfall)
#include "tst_views_waterfall.moc"
