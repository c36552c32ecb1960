// Frame times of the charts, a large plan and a large flame graph, offscreen. Prints; asserts nothing.
//   gui_charts [part of a name]

#include "tests/bench/frames.h"
#include "tests/widgets/views_fixtures.h"
#include "widgets/charts/latency_chart.h"
#include "widgets/charts/time_chart.h"
#include "widgets/models/views/flame_data.h"
#include "widgets/panels/views/flame_graph.h"
#include "widgets/panels/views/latency_pane.h"
#include "widgets/panels/views/plan_pane.h"
#include "widgets/style/theme.h"

#include <QApplication>
#include <QScrollBar>
#include <QTableView>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

using namespace casebook;
using bench::say;

namespace {

constexpr int frames = 120;
constexpr std::int64_t epoch_ns = fixtures::Spans::epoch_ns;

LatencyPoints requests(std::size_t count, double failed_share)
{
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> duration(std::log(20e6), 1.2);
    LatencyPoints points;
    for (std::size_t i = 0; i < count; ++i) {
        points.start_ns.push_back(epoch_ns + static_cast<std::int64_t>(i) * 700'000 + static_cast<std::int64_t>(random() % 900'000));
        points.duration_ns.push_back(static_cast<std::int64_t>(duration(random)));
        points.failed.push_back(static_cast<double>(random() % 1'000'000) < failed_share * 1e6);
    }
    return points;
}

/// Pans over everything with a share of it in sight, then jumps about and zooms.
template <class Chart>
void move_about(const char* name, QWidget& whole, Chart& chart, std::int64_t from_ns, std::int64_t length_ns)
{
    char what[128];
    for (const int parts : {2, 10, 40, 100, 1000}) {
        std::snprintf(what, sizeof what, "%s: pan, 1/%d in sight", name, parts);
        const std::int64_t seen = length_ns / parts, room = length_ns - seen;
        bench::measure(what, whole, frames, [&](int frame) { chart.set_range(from_ns + room / frames * frame, from_ns + room / frames * frame + seen); });
    }
    std::snprintf(what, sizeof what, "%s: jump to any time, 1/10 in sight", name);
    std::mt19937_64 random(3);
    bench::measure(what, whole, frames, [&](int) {
        const std::int64_t at = from_ns + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(length_ns / 10 * 9));
        chart.set_range(at, at + length_ns / 10);
    });
    std::snprintf(what, sizeof what, "%s: zoom in", name);
    bench::measure(what, whole, frames, [&](int frame) {
        const auto half = static_cast<std::int64_t>(static_cast<double>(length_ns) / 2 * std::pow(0.94, frame));
        chart.set_range(from_ns + length_ns / 2 - half, from_ns + length_ns / 2 + half);
    });
}

void scatter(const char* name, std::size_t count, double failed_share)
{
    char what[128];
    LatencyPane pane;
    pane.resize(1600, 900);
    pane.show();
    LatencyPoints points = requests(count, failed_share);
    PreparedRequests prepared;
    std::snprintf(what, sizeof what, "%s: count (a job)", name);
    say(what, [&] { prepared = prepare_requests(std::move(points)); });
    std::snprintf(what, sizeof what, "%s: open", name);
    say(what, [&] { pane.show_requests(std::move(prepared)); pane.grab(); });
    std::vector<quint32> places;
    QObject::connect(&pane, &LatencyPane::selection_changed, &pane, [&](const std::vector<quint32>& selected) { places = selected; });
    std::snprintf(what, sizeof what, "%s: select half of all", name);
    say(what, [&] { pane.chart().select_box(LatencyBox{epoch_ns, epoch_ns + static_cast<std::int64_t>(count) * 350'000, 0, INT64_MAX}); pane.grab(); });
    RequestSplit split;
    std::snprintf(what, sizeof what, "%s: divide them (a job)", name);
    say(what, [&] { split = split_requests(*pane.chart().requests(), places); });
    std::snprintf(what, sizeof what, "%s: show the two sides", name);
    say(what, [&] { pane.show_split(split); pane.grab(); });
    pane.chart().select_box({});
    move_about(name, pane, pane.chart(), epoch_ns, static_cast<std::int64_t>(count) * 700'000);
}

void lines(const char* name, std::size_t count, int series)
{
    char what[128];
    TimeChart chart;
    chart.resize(1600, 900);
    chart.show();
    TimeChart::Data data;
    std::mt19937_64 random(5);
    for (int i = 0; i < series; ++i) {
        ChartSeries line{QStringLiteral("pool.%1").arg(i), QStringLiteral("1"), {}, {}};
        double value = 100;
        for (std::size_t at = 0; at < count / static_cast<std::size_t>(series); ++at) {
            value += static_cast<double>(random() % 2001) / 1000 - 1;
            line.at_ns.push_back(epoch_ns + static_cast<std::int64_t>(at) * 1'000'000'000);
            line.values.push_back(value);
        }
        data.series.push_back(std::move(line));
    }
    std::snprintf(what, sizeof what, "%s: open", name);
    say(what, [&] { chart.set_data(std::move(data)); chart.grab(); });
    move_about(name, chart, chart, epoch_ns, static_cast<std::int64_t>(count) / series * 1'000'000'000);
}

void plan(const char* name, bool chain)
{
    char what[128];
    PlanView view;
    for (int i = 0; i < 10'000; ++i) {
        PlanNodeRow node;
        node.node_id = i;
        if (i > 0) node.parent_id = chain ? i - 1 : 0;
        node.depth = chain ? i : i == 0 ? 0 : 1;
        node.node_type = i % 3 ? "Nested Loop" : "Seq Scan";
        node.relation = "orders_" + std::to_string(i % 977);
        node.plan_rows = 10 + i % 50;
        node.actual_rows = i * 7 % 5000;
        node.loops = 1 + i % 3;
        node.total_ms = chain ? 10'000 - i : i == 0 ? 10'000 : 1;
        node.self_ms = 1;
        node.detail = "{\"Filter\": \"(status = 'open'::text)\", \"Output\": [\"id\", \"status\"]}";
        view.nodes.push_back(std::move(node));
    }
    PlanPane pane;
    pane.resize(1600, 900);
    pane.show();
    std::snprintf(what, sizeof what, "%s: open", name);
    say(what, [&] { pane.set_plan(std::move(view)); pane.grab(); });
    QScrollBar* bar = pane.view().verticalScrollBar();
    std::snprintf(what, sizeof what, "%s: scroll over everything", name);
    bench::measure(what, pane, frames, [&](int frame) { bar->setValue(bar->maximum() * frame / frames); });
    std::snprintf(what, sizeof what, "%s: next node by key", name);
    pane.go_to(0);
    bench::measure(what, pane, frames, [&](int frame) { pane.go_to(static_cast<FlatTree::Node>(frame * 83)); });
    std::snprintf(what, sizeof what, "%s: fold and open the root", name);
    bench::measure(what, pane, frames, [&](int frame) { pane.model().set_collapsed(0, frame % 2 == 0); });
}

void flame(const char* name, const std::shared_ptr<const SpanTable>& spans)
{
    char what[128];
    FlameGraph graph;
    graph.resize(1600, 900);
    graph.show();
    std::snprintf(what, sizeof what, "%s: merge and open", name);
    say(what, [&] { graph.set_data(flame_of_spans(spans, {0})); graph.grab(); });
    QScrollBar* bar = graph.verticalScrollBar();
    std::snprintf(what, sizeof what, "%s: scroll over everything", name);
    bench::measure(what, graph, frames, [&](int frame) { bar->setValue(static_cast<int>(static_cast<double>(bar->maximum()) * frame / frames)); });
    std::snprintf(what, sizeof what, "%s: zoom to nodes", name);
    const auto size = graph.data()->size();
    bench::measure(what, graph, frames, [&](int frame) { graph.zoom_to(static_cast<FlameGraph::Node>(size * static_cast<std::size_t>(frame) / frames)); });
}

}  // namespace

int main(int argc, char** argv)
{
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    const char* only = argc > 1 ? argv[1] : "";
    set_theme(Theme::Id::light);
    const auto part = [only](const char* name, auto&& run) {
        if (std::strstr(name, only) != nullptr) run(name);
    };
    part("scatter of 5 M requests", [](const char* name) { scatter(name, 5'000'000, 0.001); });
    part("scatter of 5 M requests, half failed", [](const char* name) { scatter(name, 5'000'000, 0.5); });
    part("scatter of 100,000 requests", [](const char* name) { scatter(name, 100'000, 0.01); });
    part("lines, 1 M points", [](const char* name) { lines(name, 1'000'000, 1); });
    part("lines, 40 of 25,000 points", [](const char* name) { lines(name, 1'000'000, 40); });
    part("plan, chain of 10,000", [](const char* name) { plan(name, true); });
    part("plan, 10,000 below one", [](const char* name) { plan(name, false); });
    part("flame, 1 M spans in a tree of two", [](const char* name) { flame(name, fixtures::wide_trace(1'000'000, 2)); });
    part("flame, chain 100,000 deep", [](const char* name) { flame(name, fixtures::deep_trace(100'000)); });
    return 0;
}
