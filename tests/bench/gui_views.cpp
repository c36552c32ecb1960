// Frame times of the real views over big cases, offscreen. Prints; asserts nothing.

#include "tests/bench/frames.h"
#include "tests/widgets/views_fixtures.h"
#include "widgets/models/views/table_from_query.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/waterfall.h"
#include "widgets/style/theme.h"

#include <QApplication>
#include <QScrollBar>
#include <QTableView>
#include <cstdio>
#include <cstring>
#include <functional>
#include <vector>

using namespace casebook;

namespace {

using bench::say;

constexpr int frames = 120;
const char* only = nullptr;

bool wanted(const char* name) { return only == nullptr || std::strstr(name, only) != nullptr; }

void waterfall(const char* name, const std::function<std::shared_ptr<const SpanTable>()>& make)
{
    if (!wanted("waterfall")) return;
    const auto spans = make();
    Waterfall view;
    view.resize(1600, 900);
    view.show();
    char what[128];
    const auto label = [&](const char* part) { std::snprintf(what, sizeof what, "waterfall %s: %s", name, part); return what; };
    say(label("open"), [&] { view.set_trace(spans, 0); view.grab(); });
    QScrollBar* bar = view.verticalScrollBar();
    bench::measure(label("scroll over everything"), view, frames, [&](int frame) { bar->setValue(static_cast<int>(static_cast<double>(bar->maximum()) * frame / frames)); });
    bar->setValue(0);
    view.zoom(8, view.view_to() / 2);
    bench::measure(label("pan in time at 8x"), view, frames, [&](int frame) {
        const double width = view.view_to() - view.view_from();
        view.set_view(width * 7 * frame / frames, width * 7 * frame / frames + width);
    });
    bench::measure(label("zoom in"), view, frames, [&](int frame) { if (frame == 0) view.reset_view(); else view.zoom(1.1, view.view_from() * 0.6 + view.view_to() * 0.4); });
    view.reset_view();
    say(label("close and open all"), [&] { view.collapse_below(1); view.expand_all(); view.grab(); });
    say(label("find a text"), [&] { view.find(QStringLiteral("operation 17")); view.grab(); });
}

void table()
{
    if (!wanted("table")) return;
    auto result = std::make_shared<QueryResult>();
    result->columns = {"trace_id", "service", "operation", "start_ns", "duration_ns", "status"};
    constexpr std::uint64_t rows = 1'000'000;
    for (std::uint64_t i = 0; i < rows; ++i) {
        const std::uint64_t mixed = (i + 1) * 0x9e3779b97f4a7c15ull;
        char id[40];
        std::snprintf(id, sizeof id, "%016llx%016llx", static_cast<unsigned long long>(mixed), static_cast<unsigned long long>(mixed * 31));
        result->rows.push_back({std::string(id), "service-" + std::to_string(mixed % 12), "GET /things/:id/part-" + std::to_string(mixed >> 56),
                                fixtures::Spans::epoch_ns + static_cast<std::int64_t>(i * 1000), static_cast<std::int64_t>(mixed >> 36),
                                std::string(mixed % 50 == 0 ? "error" : "ok")});
    }
    DataTable view;
    view.resize(1600, 900);
    view.show();
    std::shared_ptr<const TableData> data;
    say("table 1 M rows: query rows to columns", [&] { data = table_from_query(result); });
    say("table 1 M rows: open", [&] { view.set_table(data); view.grab(); });
    QScrollBar* bar = view.view().verticalScrollBar();
    bench::measure("table 1 M rows: scroll over everything", view, frames, [&](int frame) { bar->setValue(static_cast<int>(static_cast<double>(bar->maximum()) * frame / frames)); });
    say("table 1 M rows: sort by integer", [&] { view.sort_by(4, Qt::DescendingOrder); view.grab(); });
    say("table 1 M rows: sort by text of few values", [&] { view.sort_by(1, Qt::AscendingOrder); view.grab(); });
    say("table 1 M rows: sort by text of many values", [&] { view.sort_by(0, Qt::AscendingOrder); view.grab(); });
    say("table 1 M rows: filter by word", [&] { view.set_filter(QStringLiteral("part-7 error")); view.grab(); });
    say("table 1 M rows: filter by number", [&] { view.set_filter(QStringLiteral("duration>100ms")); view.grab(); });
}

}  // namespace

int main(int argc, char** argv)
{
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    if (argc > 1) only = argv[1];
    set_theme(Theme::Id::light);
    waterfall("1 M spans, fan-out 40", [] { return fixtures::wide_trace(1'000'000, 40); });
    waterfall("1 M spans, binary", [] { return fixtures::wide_trace(1'000'000, 2); });
    waterfall("chain 100,000 deep", [] { return fixtures::deep_trace(100'000); });
    waterfall("1 M children of one span", [] { return fixtures::wide_trace(1'000'001, 1'000'000); });
    table();
    return 0;
}
