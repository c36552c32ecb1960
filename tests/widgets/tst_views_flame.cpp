#include "tests/widgets/views_fixtures.h"
#include "widgets/charts/picture.h"
#include "widgets/models/views/flame_data.h"
#include "widgets/models/views/service_graph.h"
#include "widgets/panels/views/flame_graph.h"
#include "widgets/panels/views/service_map.h"
#include "widgets/panels/views/treemap.h"

#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QImage>
#include <QPixmap>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>

using namespace casebook;

namespace {

constexpr std::int64_t ms = 1'000'000;

QString label(const FlameData& data, FlameData::Node node) { return QString::fromStdString(std::string(data.text(data.label(node)))); }

std::shared_ptr<const FlameData> stacks()
{
    return flame_of_stacks({{"main;a.run;b.parse", 30}, {"main;a.run", 10}, {"main;c.wait", 60}, {"main;a.run;b.parse;b.parse", 5}, {"", 7}, {"main;;a.run", 1}, {"idle", 0}}, QStringLiteral("samples"));
}

}  // namespace

class TestViewsFlame : public QObject {
    Q_OBJECT

private slots:
    void equal_paths_are_one_node()
    {
        const auto data = stacks();
        QCOMPARE(data->size(), std::size_t{5});
        QCOMPARE(label(*data, 0), QStringLiteral("main"));
        QCOMPARE(data->total(), 106.0);
        QCOMPARE(data->total(0), 106.0);
        QCOMPARE(data->self(0), 0.0);
        QCOMPARE(label(*data, 1), QStringLiteral("c.wait"));  // the largest child first
        QCOMPARE(label(*data, 2), QStringLiteral("a.run"));
        QCOMPARE(data->total(2), 46.0);
        QCOMPARE(data->self(2), 11.0);
        QCOMPARE(data->left(2), 60.0);
        QCOMPARE(data->depth_count(), 4u);
        QCOMPARE(QString::fromStdString(std::string(data->group(data->label(2)))), QStringLiteral("a"));
        QVERIFY(flame_of_stacks({}, QStringLiteral("samples"))->empty());
    }

    void spans_weigh_by_their_own_time()
    {
        const auto data = flame_of_spans(fixtures::shop_trace(12), {0});
        QCOMPARE(data->size(), std::size_t{3});
        QCOMPARE(data->total(), 80.0 * ms);
        QCOMPARE(data->count(2), std::uint64_t{12});
        QCOMPARE(data->self(2), 12 * 4'123'456.0);
    }

    void keys_and_clicks_walk_and_zoom()
    {
        FlameGraph graph;
        graph.resize(600, 200);
        graph.set_data(stacks());
        graph.show();
        graph.activateWindow();
        graph.setFocus();
        QVERIFY(QTest::qWaitForWindowExposed(&graph));
        QSignalSpy changed(&graph, &FlameGraph::current_changed);
        QTest::mouseClick(graph.viewport(), Qt::LeftButton, {}, graph.rect_of(2).center());
        QCOMPARE(graph.current(), 2u);
        QTest::keyClick(&graph, Qt::Key_Left);
        QCOMPARE(graph.current(), 1u);
        QTest::keyClick(&graph, Qt::Key_Right);
        QTest::keyClick(&graph, Qt::Key_Down);
        QCOMPARE(label(*graph.data(), graph.current()), QStringLiteral("b.parse"));
        QTest::keyClick(&graph, Qt::Key_Return);
        QCOMPARE(graph.zoomed(), graph.current());
        QVERIFY(graph.rect_of(graph.current()).width() >= graph.viewport()->width() - 1);
        QTest::keyClick(&graph, Qt::Key_Escape);
        QCOMPARE(graph.zoomed(), FlameData::none);
        QTest::keyClick(&graph, Qt::Key_Up);
        QCOMPARE(graph.current(), 2u);
        QTest::mouseClick(graph.viewport(), Qt::LeftButton, {}, graph.rect_of(1).center());
        QCOMPARE(graph.zoomed(), 1u);
        QVERIFY(!graph.shows_everything());
        // Its ancestor stays in sight as context; a click on it zooms back out.
        QTest::mouseClick(graph.viewport(), Qt::LeftButton, {}, graph.rect_of(0).center());
        QVERIFY(graph.shows_everything());
        QVERIFY(changed.count() >= 4);
        QVERIFY(graph.node_text(2).contains(QStringLiteral("With all below: 46 samples (43 %)")));
    }

    void the_root_may_be_at_the_bottom()
    {
        FlameGraph graph;
        graph.resize(600, 200);
        graph.set_data(stacks());
        graph.show();
        graph.setFocus();
        QVERIFY(QTest::qWaitForWindowExposed(&graph));
        QCOMPARE(graph.rect_of(0).top(), 0);
        graph.set_root_on_top(false);
        QCOMPARE(graph.rect_of(0).bottom() + 1, graph.viewport()->height());
        QVERIFY(graph.rect_of(1).bottom() < graph.rect_of(0).top() + 1);
        for (FlameGraph::Node node = 0; node < graph.data()->size(); ++node) QCOMPARE(graph.node_at(graph.rect_of(node).center()), node);
        // Up is up as drawn: to the callee.
        graph.go_to(0);
        QTest::keyClick(&graph, Qt::Key_Up);
        QCOMPARE(graph.current(), 1u);
        QTest::keyClick(&graph, Qt::Key_Down);
        QCOMPARE(graph.current(), 0u);
        // Deeper than the window: the root is in sight, and stays when the window grows.
        graph.set_data(flame_of_spans(fixtures::deep_trace(5'000), {0}));
        QCOMPARE(graph.rect_of(0).bottom() + 1, graph.viewport()->height());
        graph.resize(600, 300);
        QTRY_COMPARE(graph.rect_of(0).bottom() + 1, graph.viewport()->height());
        graph.go_to(4'999);
        QVERIFY(graph.viewport()->rect().contains(graph.rect_of(4'999).center()));
    }

    void matches_are_walked_and_bring_themselves_into_sight()
    {
        FlameGraph graph;
        graph.resize(600, 200);
        graph.set_data(stacks());
        QVERIFY(graph.find(QStringLiteral("parse")) > 0);
        std::vector<FlameGraph::Node> seen;
        for (int i = 0; i < 8; ++i) {
            graph.go_to_next_match();
            QVERIFY(label(*graph.data(), graph.current()).contains(QStringLiteral("parse"), Qt::CaseInsensitive));
            if (!seen.empty() && seen.front() == graph.current()) break;
            seen.push_back(graph.current());
            graph.zoom_to(graph.current());
        }
        QVERIFY(seen.size() >= 2);
        QVERIFY(seen.front() != seen.back());
    }

    void found_shares_count_nested_frames_once()
    {
        FlameGraph graph;
        graph.set_data(stacks());
        QVERIFY(std::abs(graph.find(QStringLiteral("PARSE")) - 35.0 / 106) < 1e-9);
        QCOMPARE(graph.find(QStringLiteral("nothing")), 0.0);
        QCOMPARE(graph.find(QString()), 0.0);
    }

    void deep_and_wide_are_painted()
    {
        FlameGraph graph;
        graph.resize(800, 400);
        const auto deep = fixtures::deep_trace(100'000);
        graph.set_data(flame_of_spans(deep, {0}));
        QCOMPARE(graph.data()->depth_count(), 100'000u);
        graph.go_to(99'999);
        QVERIFY(!graph.grab().isNull());
        graph.set_data(flame_of_spans(fixtures::wide_trace(300'000, 2), {0}));
        QCOMPARE(graph.data()->size(), std::size_t{300'000});
        QVERIFY(!graph.grab().isNull());
        std::vector<FoldedStack> wide;
        for (int i = 0; i < 100'000; ++i) wide.push_back({"main;f" + std::to_string(i), 1});
        graph.set_data(flame_of_stacks(wide, QStringLiteral("samples")));
        QCOMPARE(graph.data()->size(), std::size_t{100'001});
        QVERIFY(!graph.grab().isNull());
        graph.set_data(nullptr);
        QVERIFY(!graph.grab().isNull());
    }

    void services_and_peers_with_layers()
    {
        fixtures::Spans spans;
        spans.begin_trace();
        const auto root = spans.add(SpanTable::no_row, 0, 100 * ms, "gateway", "GET /");
        const auto call = spans.add(root, 1 * ms, 50 * ms, "orders", "GET /orders", SpanStatus::error);
        spans.add(call, 2 * ms, 10 * ms, "orders", "SELECT", SpanStatus::ok, {{"db.system.name", "postgresql"}, {"server.address", "db-1"}, {"db.query.text", "SELECT 1"}});
        spans.add(call, 20 * ms, 10 * ms, "gateway", "callback");
        const auto table = spans.finish();
        const ServiceGraph graph = service_graph(*table, {});
        QCOMPARE(graph.nodes.size(), std::size_t{3});
        const auto find = [&](const char* part) {
            for (const auto& node : graph.nodes)
                if (node.name.find(part) != std::string::npos) return node;
            return ServiceGraph::Node{};
        };
        QCOMPARE(find("gateway").layer, 0);
        QCOMPARE(find("orders").layer, 1);
        QCOMPARE(find("orders").errors, std::uint64_t{1});
        QVERIFY(find("postgresql").peer);
        QCOMPARE(find("postgresql").layer, 2);
        std::size_t back = 0;
        for (const auto& edge : graph.edges) back += edge.back;
        QCOMPARE(back, std::size_t{1});
        QCOMPARE(service_graph(*table, TimeRange{0, 1}).nodes.size(), std::size_t{0});
        QCOMPARE(service_graph(*table, {}, 1).left_out, std::size_t{2});

        ServiceMap map;
        map.resize(700, 300);
        map.set_graph(graph);
        map.show();
        QVERIFY(QTest::qWaitForWindowExposed(&map));
        QSignalSpy chosen(&map, &ServiceMap::service_chosen);
        for (std::size_t node = 0; node < graph.nodes.size(); ++node) QVERIFY(QRectF(map.rect()).contains(map.rect_of(node)));
        map.set_current(QStringLiteral("gateway"));
        QTest::keyClick(&map, Qt::Key_Right);
        QTest::keyClick(&map, Qt::Key_Return);
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen.first().first().toString(), QStringLiteral("orders"));
        QVERIFY(map.text().contains(QStringLiteral("gateway calls orders; Calls: 1")));
        map.set_graph({});
        QVERIFY(!map.grab().isNull());
    }

    void what_is_shown_becomes_a_picture()
    {
        FlameGraph graph;
        graph.resize(600, 200);
        graph.set_data(stacks());
        graph.show();
        QVERIFY(QTest::qWaitForWindowExposed(&graph));
        QTemporaryDir folder;
        const QString png = folder.filePath(QStringLiteral("flame.png")), svg = folder.filePath(QStringLiteral("flame.svg"));
        QCOMPARE(export_picture(*graph.viewport(), png), QString());
        const QImage picture(png);
        QCOMPARE(picture.size(), graph.viewport()->size() * 2);
        QVERIFY(picture.pixelColor(100, 2 * graph.row_height() + 5) != picture.pixelColor(100, picture.height() - 4));  // frames above, ground below
        QCOMPARE(export_picture(*graph.viewport(), svg), QString());
        QFile file(svg);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray text = file.readAll();
        QVERIFY(text.contains("<svg") && text.trimmed().endsWith("</svg>"));
        for (const char* name : {"main", "a.run", "c.wait", "b.parse"}) QVERIFY2(text.contains(name), name);  // every level, the first included
        QVERIFY(export_picture(graph, folder.filePath(QStringLiteral("no/such/folder.png"))).contains(QStringLiteral("folder.png")));
        add_picture_actions(graph, *graph.viewport(), {});
        QCOMPARE(graph.actions().size(), 2);
        graph.actions().first()->trigger();
        QVERIFY(!QApplication::clipboard()->pixmap().isNull());
    }

    void treemap_fills_its_area_by_size()
    {
        Treemap map;
        map.resize(400, 300);
        std::vector<Treemap::Item> items;
        for (int i = 0; i < 1000; ++i) items.push_back({QStringLiteral("class %1").arg(i), 1000.0 - i, QString()});
        map.set_items(items, QStringLiteral("Size of classes (bytes)"));
        map.show();
        QVERIFY(QTest::qWaitForWindowExposed(&map));
        QSignalSpy clicked(&map, &Treemap::item_clicked);
        QTest::mouseClick(&map, Qt::LeftButton, {}, {10, 30});
        QCOMPARE(clicked.count(), 1);
        QVERIFY(!map.item_at({395, 295}).isEmpty());
        map.set_items({}, QString());
        QVERIFY(map.item_at({10, 30}).isEmpty());
        QVERIFY(!map.grab().isNull());
    }
};

QTEST_MAIN(TestViewsFlame)
#include "tst_views_flame.moc"
