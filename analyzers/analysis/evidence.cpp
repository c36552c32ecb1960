#include "analyzers/analysis/evidence.h"

#include "analyzers/analysis/metric_roles.h"
#include "analyzers/analysis/row_values.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/span_cache.h"

#include <algorithm>
#include <array>
#include <simdjson.h>

namespace casebook {
namespace {

std::map<std::string, std::string> parse_labels(simdjson::dom::parser& parser, std::string_view json)
{
    std::map<std::string, std::string> labels;
    simdjson::dom::object object;
    if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) return labels;
    for (const auto field : object) {
        std::string_view text;
        if (field.value.get(text) == simdjson::SUCCESS) labels.emplace(field.key, text);
    }
    return labels;
}

/// "state=used" holds for a label `state` or `db.client.connection.state` with that value.
bool label_holds(const std::map<std::string, std::string>& labels, std::string_view condition)
{
    if (condition.empty()) return true;
    const std::string_view key = condition.substr(0, condition.find('='));
    const std::string_view value = condition.substr(condition.find('=') + 1);
    for (const auto& [name, text] : labels) {
        const bool same = name == key || (name.size() > key.size() && name.ends_with(key) && (name[name.size() - key.size() - 1] == '.' || name[name.size() - key.size() - 1] == '_'));
        if (same && equals_ignoring_case(text, value)) return true;
    }
    return false;
}

/// To milliseconds, for percentiles of latency whose name does not say their unit but whose column or metadata does.
double scale_of_unit(const MetricRole& role, std::string_view unit)
{
    if (!role.role.starts_with("latency_p") || role.scale != 1 || role.name.ends_with("_ms")) return 1;
    if (unit == "s" || unit == "sec" || unit == "seconds") return 1e3;
    if (unit == "us" || unit == "microseconds") return 1e-3;
    return unit == "ns" || unit == "nanoseconds" ? 1e-6 : 1;
}

}  // namespace

double Series::increase(TimeRange range) const
{
    double total = 0;
    std::optional<double> last;
    const auto first = static_cast<std::size_t>(std::lower_bound(at_ns.begin(), at_ns.end(), range.from_ns) - at_ns.begin());
    for (std::size_t i = first > 0 ? first - 1 : 0; i < at_ns.size(); ++i) {
        if (at_ns[i] >= range.to_ns) break;
        const double current = value[i];
        if (at_ns[i] >= range.from_ns && last) total += counter && current < *last ? current : current - *last;
        last = current;
    }
    return total;
}

std::string Series::label(const std::string& key) const
{
    const auto found = labels.find(key);
    return found == labels.end() ? std::string() : found->second;
}

CaseEvidence::CaseEvidence(CaseFile& file, const Control& control) : file_(file), control_(control) {}
CaseEvidence::~CaseEvidence() = default;

Result<const SpanTable*> CaseEvidence::spans()
{
    if (!spans_) {
        TRY_ASSIGN(spans_, cached_spans(file_, control_));
    }
    return spans_.get();
}

Result<const SpanClasses*> CaseEvidence::span_classes()
{
    if (!classes_) {
        TRY_ASSIGN(const SpanTable* table, spans());
        classes_ = classify(*table);
    }
    return &*classes_;
}

Result<const std::vector<PlanEntry>*> CaseEvidence::plans()
{
    if (plans_) return &*plans_;
    std::vector<PlanEntry> plans;
    TRY_ASSIGN(Statement rows, file_.database().prepare(
                                   "SELECT p.id, p.file_id, p.format, p.query_id, p.fingerprint, p.query, coalesce(f.window, ''), p.detail, p.at_ns, p.planning_ms, "
                                   "p.execution_ms FROM plans p JOIN import_files f ON f.id = p.file_id ORDER BY p.at_ns, f.path, p.source_line, p.id"));
    std::map<std::int64_t, std::size_t> by_id;
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) break;
        PlanEntry plan;
        plan.id = rows.integer(0);
        plan.file_id = rows.integer(1);
        plan.format = rows.text(2);
        plan.query_id = rows.text(3);
        plan.fingerprint = rows.text(4);
        plan.query = rows.text(5);
        plan.window = rows.text(6);
        plan.detail = rows.text(7);
        plan.at_ns = instant_at(rows, 8);
        plan.planning_ms = rows.optional_real(9);
        plan.execution_ms = rows.optional_real(10);
        by_id.emplace(plan.id, plans.size());
        plans.push_back(std::move(plan));
    }
    TRY_ASSIGN(Statement nodes, file_.database().prepare("SELECT plan_id, node_id, parent_id, depth, node_type, relation, index_name, plan_rows, actual_rows, loops, total_ms, "
                                                         "self_ms, rows_removed, shared_hit, shared_read, temp_written, workers, detail FROM plan_nodes ORDER BY plan_id, node_id"));
    for (;;) {
        TRY_ASSIGN(const bool more, nodes.step());
        if (!more) break;
        const auto plan = by_id.find(nodes.integer(0));
        if (plan == by_id.end()) continue;
        PlanNode node;
        node.node_id = static_cast<int>(nodes.integer(1));
        node.parent_id = nodes.is_null(2) ? -1 : static_cast<int>(nodes.integer(2));
        node.depth = static_cast<int>(nodes.integer(3));
        node.node_type = nodes.text(4);
        node.relation = nodes.text(5);
        node.index_name = nodes.text(6);
        node.plan_rows = nodes.optional_real(7);
        node.actual_rows = nodes.optional_real(8);
        node.loops = nodes.optional_real(9);
        node.total_ms = nodes.optional_real(10);
        node.self_ms = nodes.optional_real(11);
        node.rows_removed = nodes.optional_real(12);
        node.shared_hit = optional_count_at(nodes, 13);
        node.shared_read = optional_count_at(nodes, 14);
        node.temp_written = optional_count_at(nodes, 15);
        if (const auto workers = nodes.optional_integer(16)) node.workers = static_cast<int>(*workers);
        node.detail = nodes.text(17);
        plans[plan->second].nodes.push_back(std::move(node));
    }
    plans_ = std::move(plans);
    return &*plans_;
}

Result<std::vector<Series>> CaseEvidence::load_series(const std::string& role, const std::string& name)
{
    simdjson::dom::parser parser;
    std::vector<Series> found;
    TRY_ASSIGN(Statement all, file_.database().prepare("SELECT id, name, labels, unit FROM metric_series ORDER BY name, labels, unit, id"));
    for (;;) {
        TRY_ASSIGN(const bool more, all.step());
        if (!more) break;
        const MetricRole* match = nullptr;
        std::map<std::string, std::string> labels;
        if (role.empty()) {
            if (!same_metric_name(all.text(1), name)) continue;
            labels = parse_labels(parser, all.text(2));
        } else {
            for (const MetricRole& candidate : metric_roles()) {
                if (candidate.role != role || !same_metric_name(candidate.name, all.text(1))) continue;
                if (labels.empty()) labels = parse_labels(parser, all.text(2));
                if (label_holds(labels, candidate.label)) match = &candidate;
            }
            if (!match) continue;
        }
        Series series;
        series.series_id = all.integer(0);
        series.role = role;
        series.name = all.text(1);
        series.unit = all.text(3);
        series.labels = std::move(labels);
        for (const char* key : {"service", "service.name", "service_name", "job", "application", "app"})
            if (series.service.empty()) series.service = series.label(key);
        for (const char* key : {"instance", "service.instance.id", "pod", "host.name", "host"})
            if (series.instance.empty()) series.instance = series.label(key);
        if (match) {
            series.scale = match->scale * scale_of_unit(*match, series.unit);
            series.counter = match->counter;
        }
        found.push_back(std::move(series));
    }
    TRY_ASSIGN(Statement points, file_.database().prepare("SELECT at_ns, value FROM metric_samples WHERE series_id = ?1 ORDER BY at_ns, rowid"));
    std::vector<Series> merged;
    for (Series& series : found) {
        points.bind(1, series.series_id);
        for (;;) {
            TRY_ASSIGN(const bool more, points.step());
            if (!more) break;
            series.at_ns.push_back(clamp_instant(points.integer(0)));
            series.value.push_back(points.real(1) * series.scale);
        }
        // The same series from several files is one series.
        if (!merged.empty() && merged.back().name == series.name && merged.back().labels == series.labels && merged.back().unit == series.unit) {
            std::vector<std::pair<std::int64_t, double>> both;
            for (const Series* part : {&merged.back(), &series})
                for (std::size_t i = 0; i < part->at_ns.size(); ++i) both.emplace_back(part->at_ns[i], part->value[i]);
            std::sort(both.begin(), both.end());
            both.erase(std::unique(both.begin(), both.end(), [](const auto& a, const auto& b) { return a.first == b.first; }), both.end());
            merged.back().at_ns.clear();
            merged.back().value.clear();
            for (const auto& [at, value] : both) {
                merged.back().at_ns.push_back(at);
                merged.back().value.push_back(value);
            }
        } else {
            merged.push_back(std::move(series));
        }
    }
    return merged;
}

Result<const std::vector<Series>*> CaseEvidence::metric(const std::string& role)
{
    const auto known = metrics_.find(role);
    if (known != metrics_.end()) return &known->second;
    TRY_ASSIGN(std::vector<Series> series, load_series(role, {}));
    return &metrics_.emplace(role, std::move(series)).first->second;
}

Result<std::vector<Series>> CaseEvidence::metric_named(const std::string& name) { return load_series({}, name); }

Result<const std::vector<HeapSnapshot>*> CaseEvidence::heap_snapshots()
{
    if (heap_) return &*heap_;
    std::vector<HeapSnapshot> snapshots;
    TRY_ASSIGN(Statement rows, file_.database().prepare("SELECT h.file_id, f.path, h.at_ns, h.class, h.instances, h.bytes FROM heap_classes h JOIN import_files f ON f.id = h.file_id "
                                                        "ORDER BY h.file_id, h.at_ns, h.class, h.rowid"));
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) break;
        if (snapshots.empty() || snapshots.back().file_id != rows.integer(0) || snapshots.back().at_ns != instant_at(rows, 2))
            snapshots.push_back({rows.integer(0), std::string(rows.text(1)), instant_at(rows, 2), {}});
        snapshots.back().classes.push_back({std::string(rows.text(3)), count_at(rows, 4), count_at(rows, 5)});
    }
    const bool timed = std::all_of(snapshots.begin(), snapshots.end(), [](const HeapSnapshot& s) { return s.at_ns.has_value(); });
    std::stable_sort(snapshots.begin(), snapshots.end(), [timed](const HeapSnapshot& a, const HeapSnapshot& b) {
        if (timed && *a.at_ns != *b.at_ns) return *a.at_ns < *b.at_ns;
        return natural_less(a.path, b.path);
    });
    heap_ = std::move(snapshots);
    return &*heap_;
}

Result<const std::vector<GcPause>*> CaseEvidence::gc_pauses()
{
    if (gc_) return &*gc_;
    std::vector<GcPause> pauses;
    TRY_ASSIGN(Statement rows, file_.database().prepare("SELECT file_id, at_ns, collector, kind, cause, pause_ms, before_bytes, after_bytes, capacity_bytes FROM gc_pauses "
                                                        "ORDER BY at_ns, file_id, rowid"));
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) break;
        GcPause pause;
        pause.file_id = rows.integer(0);
        pause.has_time = !rows.is_null(1);
        pause.at_ns = clamp_instant(rows.integer(1));
        pause.collector = rows.text(2);
        pause.kind = rows.text(3);
        pause.cause = rows.text(4);
        pause.pause_ms = rows.real(5);
        pause.before_bytes = optional_count_at(rows, 6);
        pause.after_bytes = optional_count_at(rows, 7);
        pause.capacity_bytes = optional_count_at(rows, 8);
        pauses.push_back(std::move(pause));
    }
    gc_ = std::move(pauses);
    return &*gc_;
}

Result<const std::vector<Event>*> CaseEvidence::events()
{
    if (events_) return &*events_;
    std::vector<Event> events;
    TRY_ASSIGN(Statement rows, file_.database().prepare("SELECT at_ns, kind, service, text FROM events ORDER BY at_ns, kind, service, text"));
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) break;
        events.push_back({clamp_instant(rows.integer(0)), std::string(rows.text(1)), std::string(rows.text(2)), std::string(rows.text(3))});
    }
    events_ = std::move(events);
    return &*events_;
}

Result<const std::vector<SessionSample>*> CaseEvidence::session_samples()
{
    if (!sessions_) {
        TRY_ASSIGN(sessions_, load_session_samples(file_, control_));
    }
    return &sessions_->samples;
}

Result<const std::vector<Setting>*> CaseEvidence::settings()
{
    if (settings_) return &*settings_;
    std::vector<Setting> settings;
    TRY_ASSIGN(Statement rows, file_.database().prepare("SELECT source, name, value, unit FROM settings ORDER BY file_id = 0, rowid"));
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) break;
        settings.push_back({std::string(rows.text(0)), std::string(rows.text(1)), std::string(rows.text(2)), std::string(rows.text(3))});
    }
    settings_ = std::move(settings);
    return &*settings_;
}

Result<std::optional<double>> CaseEvidence::setting(const std::string& name)
{
    TRY_ASSIGN(const auto* all, settings());
    std::optional<double> value;
    for (const Setting& setting : *all)
        if (setting.name == name)
            if (const auto number = parse_double(trim(setting.value))) value = number;
    return value;
}

Result<std::int64_t> CaseEvidence::amount(const std::string& atom)
{
    if (const auto known = amounts_.find(atom); known != amounts_.end()) return known->second;
    std::int64_t count = 0;
    const auto count_rows = [&](const std::string& sql) -> Result<std::int64_t> {
        TRY_ASSIGN(Statement statement, file_.database().prepare(sql));
        TRY_ASSIGN(const bool row, statement.step());
        return row ? statement.integer(0) : 0;
    };
    if (atom.starts_with("metric(") && atom.ends_with(")")) {
        const std::string role = atom.substr(7, atom.size() - 8);
        TRY_ASSIGN(const auto* series, metric(role));
        count = static_cast<std::int64_t>(series->size());
    } else if (atom == "span") {
        TRY_ASSIGN(count, count_rows("SELECT coalesce(sum(spans), 0) FROM span_chunks"));
    } else if (atom == "statement*2") {
        TRY_ASSIGN(const auto* snapshots, statement_snapshots());
        count = snapshots->size() >= 2;
    } else if (atom == "plan_node") {
        TRY_ASSIGN(count, count_rows("SELECT count(*) FROM plan_nodes WHERE loops IS NOT NULL"));
    } else if (atom.starts_with("event(")) {
        TRY_ASSIGN(const auto* all, events());
        const std::string kind = atom.substr(6, atom.size() - 7);
        count = std::count_if(all->begin(), all->end(), [&](const Event& event) { return contains_ignoring_case(event.kind, kind); });
    } else {
        static const std::map<std::string, std::string> tables{
            {"statement", "statements"}, {"plan", "plans"},       {"heap_class", "heap_classes"}, {"gc_pause", "gc_pauses"},  {"thread", "threads"},
            {"event", "events"},         {"session", "sessions"}, {"table_stat", "table_stats"},  {"profile", "profiles"},    {"log_line", "log_lines"},
            {"setting", "settings"},     {"metric_point", "metric_series"}};
        const auto table = tables.find(atom);
        if (table == tables.end()) return fail(Error::Code::internal, "unknown evidence " + atom);
        TRY_ASSIGN(count, count_rows("SELECT count(*) FROM " + table->second));
    }
    amounts_.emplace(atom, count);
    return count;
}

Result<std::optional<TimeRange>> CaseEvidence::recorded(std::string_view source)
{
    struct Times { std::string_view source, sql; };
    // Uptime stamps of collections are small numbers; anything after 2001 is a wall clock.
    static constexpr std::array<Times, 5> all{{{"span", "SELECT min(min_start_ns), max(max_start_ns) FROM span_chunks"},
                                               {"metric", "SELECT min(at_ns), max(at_ns) FROM metric_samples"},
                                               {"statement", "SELECT min(snapshot_at_ns), max(snapshot_at_ns) FROM statements"},
                                               {"session", "SELECT min(at_ns), max(at_ns) FROM sessions"},
                                               {"gc", "SELECT min(at_ns), max(at_ns) FROM gc_pauses WHERE at_ns > 1000000000000000000"}}};
    std::optional<TimeRange> range;
    for (const Times& times : all) {
        if (!source.empty() && times.source != source) continue;
        TRY_ASSIGN(Statement statement, file_.database().prepare(std::string(times.sql)));
        TRY_ASSIGN(const bool row, statement.step());
        if (!row || statement.is_null(0)) continue;
        const TimeRange found{clamp_instant(statement.integer(0)), clamp_instant(statement.integer(1)) + 1};
        range = range ? TimeRange{std::min(range->from_ns, found.from_ns), std::max(range->to_ns, found.to_ns)} : found;
    }
    return range;
}

Result<std::optional<TimeRange>> CaseEvidence::time_range() { return recorded({}); }

}  // namespace casebook
