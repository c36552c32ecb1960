#include "widgets/models/views/trace_table.h"

#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "widgets/models/views/table_column.h"

#include <QCoreApplication>
#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace casebook {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("TraceTable", text); }

bool is_entry(const SpanTable& spans, SpanTable::Row row)
{
    return spans.parent[row] == SpanTable::no_row || spans.kind[row] == SpanKind::server || spans.kind[row] == SpanKind::consumer;
}

SpanTable::Row first_row(const SpanTable::Trace& trace) { return trace.root == SpanTable::no_row ? trace.first : trace.root; }

/// A filter as numbers of the string pool; what the pool does not hold no span has.
class EntryFilter {
public:
    EntryFilter(const SpanTable& spans, const TraceFilter& filter) : spans_(spans), filter_(filter)
    {
        const auto number = [&](const std::string& text) { return text.empty() ? StringPool::none : spans.strings.find(text); };
        service_ = number(filter.service);
        operation_ = number(filter.operation);
        possible_ = (filter.service.empty() || service_ != StringPool::none) && (filter.operation.empty() || operation_ != StringPool::none);
    }

    bool names_something() const { return !filter_.service.empty() || !filter_.operation.empty(); }
    bool matches(SpanTable::Row row) const
    {
        return is_entry(spans_, row) && (filter_.service.empty() || spans_.service[row] == service_) && (filter_.operation.empty() || spans_.operation[row] == operation_);
    }
    bool passes(const SpanTable::Trace& trace) const
    {
        if (trace.count == 0 || !possible_ || (filter_.range && !filter_.range->contains(trace.start_ns))) return false;
        if (!names_something()) return true;
        for (SpanTable::Row row = trace.first; row < trace.first + trace.count; ++row)
            if (matches(row)) return true;
        return false;
    }

private:
    const SpanTable& spans_;
    const TraceFilter& filter_;
    SpanTable::Id service_ = StringPool::none, operation_ = StringPool::none;
    bool possible_ = true;
};

}  // namespace

std::vector<SpanTable::Row> request_rows(const SpanTable& spans, const TraceFilter& filter)
{
    const EntryFilter entries(spans, filter);
    std::vector<SpanTable::Row> rows;
    std::vector<std::uint8_t> inside;  // lies below a row that was taken, or is one
    std::vector<SpanTable::Row> stack;
    for (const SpanTable::Trace& trace : spans.traces) {
        if (!entries.passes(trace)) continue;
        if (!entries.names_something()) {
            rows.push_back(first_row(trace));
            continue;
        }
        if (inside.empty()) inside.resize(spans.size(), 0);
        const std::size_t before = rows.size();
        // From the top down, so that a request which calls its own operation is one request.
        for (SpanTable::Row row = trace.first; row < trace.first + trace.count; ++row)
            if (spans.parent[row] == SpanTable::no_row) stack.push_back(row);
        while (!stack.empty()) {
            const SpanTable::Row row = stack.back();
            stack.pop_back();
            if (!inside[row] && entries.matches(row)) {
                inside[row] = 1;
                rows.push_back(row);
            }
            for (const SpanTable::Row child : spans.children(row)) {
                inside[child] = inside[row];
                stack.push_back(child);
            }
        }
        std::sort(rows.begin() + static_cast<std::ptrdiff_t>(before), rows.end());
    }
    return rows;
}

std::shared_ptr<TableData> trace_table(std::shared_ptr<const SpanTable> owner, const TraceFilter& filter)
{
    using Kind = TableColumn::Kind;
    auto table = std::make_shared<TableData>();
    if (!owner) return table;
    const SpanTable& spans = *owner;
    table->owners.push_back(owner);
    TableColumn start = named_column("start_ns", tr("start"), Kind::instant), duration = named_column("duration_ns", tr("duration"), Kind::duration, TableColumn::Decor::bar);
    TableColumn service = named_column("service", tr("service"), Kind::text), operation = named_column("operation", tr("operation"), Kind::text);
    TableColumn count = named_column("spans", tr("spans"), Kind::count), errors = named_column("errors", tr("errors"), Kind::count), services = named_column("services", tr("services"), Kind::count);
    TableColumn id = named_column("trace_id", tr("trace id"), Kind::text), index = named_column("trace_index", tr("index"), Kind::count);
    const EntryFilter entries(spans, filter);
    std::vector<std::uint32_t> seen_in(spans.strings.size(), 0);  // service -> last trace it was seen in, plus one
    for (std::size_t i = 0; i < spans.traces.size(); ++i) {
        const SpanTable::Trace& trace = spans.traces[i];
        if (!entries.passes(trace)) continue;
        const SpanTable::Row root = first_row(trace);
        std::int64_t failed = 0, distinct = 0;
        for (SpanTable::Row row = trace.first; row < trace.first + trace.count; ++row) {
            failed += spans.status[row] == SpanStatus::error;
            if (seen_in[spans.service[row]] == i + 1) continue;
            seen_in[spans.service[row]] = static_cast<std::uint32_t>(i + 1);
            ++distinct;
        }
        start.integers.push_back(trace.start_ns);
        duration.integers.push_back(trace.end_ns - trace.start_ns);
        service.texts.push_back(spans.text(spans.service[root]));
        operation.texts.push_back(spans.text(spans.operation[root]));
        count.integers.push_back(trace.count);
        errors.integers.push_back(failed);
        services.integers.push_back(distinct);
        id.texts.push_back(table->keep(hex64(trace.high) + hex64(trace.low)));
        index.integers.push_back(static_cast<std::int64_t>(i));
        ++table->rows;
    }
    for (TableColumn* made : {&start, &duration, &service, &operation, &count, &errors, &services, &id, &index}) table->columns.push_back(std::move(*made));
    finish_table(*table);
    return table;
}

std::size_t trace_of_row(const TableData& table, std::size_t row) { return static_cast<std::size_t>(table.columns.back().integers[row]); }

std::shared_ptr<TableData> operation_table(std::shared_ptr<const SpanTable> owner, std::optional<TimeRange> range, std::optional<TimeRange> baseline)
{
    using Kind = TableColumn::Kind;
    using Decor = TableColumn::Decor;
    auto table = std::make_shared<TableData>();
    if (!owner || owner->empty()) return table;
    const SpanTable& spans = *owner;
    table->owners.push_back(owner);
    struct Group { std::vector<double> now, before; std::int64_t errors = 0, errors_before = 0, total_ns = 0; };
    std::map<std::pair<std::string_view, std::string_view>, Group> groups;
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if (!is_entry(spans, row)) continue;
        const bool now = !range || range->contains(spans.start_ns[row]), before = baseline && baseline->contains(spans.start_ns[row]);
        if (!now && !before) continue;
        Group& group = groups[{spans.text(spans.service[row]), spans.text(spans.operation[row])}];
        if (before) {
            group.before.push_back(static_cast<double>(spans.duration_ns[row]));
            group.errors_before += spans.status[row] == SpanStatus::error;
        }
        if (!now) continue;
        group.now.push_back(static_cast<double>(spans.duration_ns[row]));
        group.total_ns += spans.duration_ns[row];
        group.errors += spans.status[row] == SpanStatus::error;
    }
    // A window may reach beyond the traces: nobody counted requests there.
    const auto observed = [all = spans.time_range()](const std::optional<TimeRange>& window) {
        if (!window) return std::max(1e-3, all.seconds());
        return std::max(1e-3, TimeRange{std::max(window->from_ns, all.from_ns), std::min(window->to_ns, all.to_ns)}.seconds());
    };
    const double seconds = observed(range), seconds_before = observed(baseline);
    TableColumn service = named_column("service", tr("service"), Kind::text), operation = named_column("operation", tr("operation"), Kind::text);
    TableColumn calls = named_column("calls", tr("calls"), Kind::count), rate = named_column("calls_per_s", tr("rate"), Kind::count), errors = named_column("error_share", tr("errors"), Kind::share);
    rate.unit = QStringLiteral("1/s");
    TableColumn total = named_column("total_ns", tr("total"), Kind::duration, Decor::bar);
    total.help = tr("Sum of all durations in the window");
    TableColumn rate_change = named_column("rate_change_share", tr("Δ rate"), Kind::share, Decor::drift), error_change = named_column("error_change_share", tr("Δ errors"), Kind::share, Decor::change);
    rate_change.help = tr("Against the rate in the baseline");
    error_change.help = tr("Percentage points more or fewer than in the baseline");
    // Fewer requests than this on either side say nothing about how a percentile moved.
    struct Percentile { double p; std::size_t needs; TableColumn value, change; };
    std::array<Percentile, 3> percentiles{Percentile{50, 2, named_column("p50_ns", tr("P50"), Kind::duration), named_column("p50_change_ns", tr("Δ P50"), Kind::duration, Decor::change)},
                                          {95, 20, named_column("p95_ns", tr("P95"), Kind::duration, Decor::bar), named_column("p95_change_ns", tr("Δ P95"), Kind::duration, Decor::change)},
                                          {99, 100, named_column("p99_ns", tr("P99"), Kind::duration), named_column("p99_change_ns", tr("Δ P99"), Kind::duration, Decor::change)}};
    for (Percentile& one : percentiles) one.change.help = tr("Against the baseline; empty with fewer than %1 requests on either side").arg(one.needs);
    TableColumn most = named_column("max_ns", tr("longest"), Kind::duration);
    for (auto& [name, group] : groups) {
        if (group.now.empty()) continue;
        service.texts.push_back(name.first);
        operation.texts.push_back(name.second);
        calls.integers.push_back(static_cast<std::int64_t>(group.now.size()));
        rate.numbers.push_back(static_cast<double>(group.now.size()) / seconds);
        errors.numbers.push_back(static_cast<double>(group.errors) / static_cast<double>(group.now.size()));
        for (Percentile& one : percentiles) {
            one.value.numbers.push_back(percentile_in_place(group.now, one.p));
            const bool known = std::min(group.now.size(), group.before.size()) >= one.needs;
            one.change.null.push_back(!known);
            one.change.numbers.push_back(known ? one.value.numbers.back() - percentile_in_place(group.before, one.p) : 0);
        }
        most.numbers.push_back(percentile_in_place(group.now, 100));
        total.integers.push_back(group.total_ns);
        const auto count_before = static_cast<double>(group.before.size());
        rate_change.null.push_back(group.before.empty());
        rate_change.numbers.push_back(group.before.empty() ? 0 : rate.numbers.back() / (count_before / seconds_before) - 1);
        error_change.null.push_back(group.before.empty());
        error_change.numbers.push_back(group.before.empty() ? 0 : errors.numbers.back() - static_cast<double>(group.errors_before) / count_before);
        ++table->rows;
    }
    const auto add = [&](TableColumn& made) { table->columns.push_back(std::move(made)); };
    // First what is looked at first: rate, errors, durations, and how the slow ones moved.
    auto& [p50, p95, p99] = percentiles;
    for (TableColumn* made : {&service, &operation, &rate, &errors, &p50.value, &p95.value}) add(*made);
    if (baseline) add(p95.change);
    add(p99.value);
    if (baseline)
        for (TableColumn* made : {&p99.change, &p50.change, &rate_change, &error_change}) add(*made);
    for (TableColumn* made : {&total, &calls, &most}) add(*made);
    finish_table(*table);
    return table;
}

}  // namespace casebook
