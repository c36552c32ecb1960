// Does one request run the same statement once per row?
//
// Spans: the statements below one entry span are grouped by fingerprint. A group of at least `repeats` that runs mostly
// one after another, and whose time (with the connection waits before each) is worth saving, is an N+1. Without spans two
// snapshots of pg_stat_statements can only raise the suspicion: a child statement called once per row of a parent.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/sessions.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>
#include <set>

namespace casebook::database {
namespace {

constexpr std::array<Threshold, 7> thresholds{{{"repeats", 5, "calls", "Sentry's N+1 rule counts 5"},
                                               {"min_requests", 3, "requests", "Sentry opens an issue at the third sighting"},
                                               {"request_share", 20, "%", "Casebook's own"},
                                               {"sequential", 80, "%", "Casebook's own: eased for clients that round start times"},
                                               {"rows_per_call", 1.5, "rows", "Casebook's own", Bound::atMost},
                                               {"severity_floor", 50, "ms", "Sentry's N+1 rule"},
                                               {"parent_match", 25, "%", "Casebook's own"}}};

using Row = SpanTable::Row;

/// One request in which one statement repeats.
struct Sighting {
    std::uint32_t trace = 0;
    Row entry = 0;
    std::vector<Row> calls;
    double request_ms = 0, repeated_ms = 0, saved_ms = 0, sequential = 0;
};

struct Candidate {
    SpanTable::Id service = 0, operation = 0, fingerprint = 0;
    std::vector<Sighting> sightings;
};

struct Survey {
    std::map<std::tuple<SpanTable::Id, SpanTable::Id, SpanTable::Id>, Candidate> candidates;
    std::map<std::pair<SpanTable::Id, SpanTable::Id>, std::uint64_t> requests;  ///< entry spans per operation
    std::uint64_t statements = 0, without_entry = 0;
    std::size_t most_repeats = 0;
};

bool reads_rows(std::string_view verb) { return verb == "SELECT" || verb == "WITH" || verb == "FIND" || verb == "GET" || verb == "QUERY" || verb == "SCAN"; }

/// Clients that round start times to milliseconds make neighbours overlap by up to that; others are taken at their word.
std::int64_t tolerance_ns(const SpanTable& spans, const std::vector<Row>& calls)
{
    const bool rounded = std::all_of(calls.begin(), calls.end(), [&](Row row) { return spans.start_ns[row] % 1'000'000 == 0; });
    return rounded ? 1'000'000 : 50'000;
}

/// Share of neighbours where the later starts after the earlier ended; 0 when the calls as a whole overlapped, which
/// rounding cannot explain away.
double sequential_share(const SpanTable& spans, const std::vector<Row>& calls)
{
    const std::int64_t tolerance = tolerance_ns(spans, calls);
    std::size_t after = 0;
    std::int64_t sum = 0, begin = spans.start_ns[calls.front()], end = begin;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        if (i > 0 && spans.start_ns[calls[i]] + tolerance >= spans.end_ns(calls[i - 1])) ++after;
        sum += spans.duration_ns[calls[i]];
        end = std::max(end, spans.end_ns(calls[i]));
    }
    if (sum > (end - begin + tolerance) * 3 / 2) return 0;
    return static_cast<double>(after) / static_cast<double>(calls.size() - 1);
}

/// The same statement with the same literals again and again is a value that could be remembered, not one call per row.
bool asks_the_same_again(const SpanTable& spans, const std::vector<Row>& calls)
{
    const SpanTable::Id first = spans.statement[calls.front()];
    if (std::any_of(calls.begin(), calls.end(), [&](Row row) { return spans.statement[row] != first; })) return false;
    const std::string_view text = spans.text(first);
    // Parameters: their values tell when the client records them, else they are taken to differ.
    if (text.find('$') != std::string_view::npos || text.find('?') != std::string_view::npos || text.find(':') != std::string_view::npos ||
        text.find("%s") != std::string_view::npos || text.find('@') != std::string_view::npos) {
        std::set<std::string> values;
        for (const Row row : calls) {
            std::string all;
            for (std::uint32_t i = spans.attribute_begin[row]; i < spans.attribute_begin[row + 1]; ++i)
                if (spans.text(spans.attribute_key[i]).starts_with("db.query.parameter")) all += std::string(spans.text(spans.attribute_value[i])) + "\n";
            if (all.empty()) return false;
            values.insert(all);
        }
        return values.size() == 1;
    }
    return true;
}

Survey survey(const SpanTable& spans, const SpanClasses& classes, const AnalysisWindows& windows, std::size_t repeats)
{
    Survey result;
    std::map<SpanTable::Id, bool> reads;  // by statement text
    for (std::uint32_t t = 0; t < spans.traces.size(); ++t) {
        const SpanTable::Trace& trace = spans.traces[t];
        std::map<std::pair<Row, SpanTable::Id>, std::vector<Row>> groups;
        std::map<Row, std::vector<Row>> acquires;  // by entry, in start order
        for (Row row = trace.first; row < trace.first + trace.count; ++row) {
            if (!windows.analysed.contains(spans.start_ns[row])) continue;
            const Row entry = classes.entry[row];
            if (classes.of[row] == SpanClass::entry) ++result.requests[{spans.service[row], spans.operation[row]}];
            if (classes.of[row] == SpanClass::acquire && entry != SpanTable::no_row) acquires[entry].push_back(row);
            if (classes.of[row] != SpanClass::statement) continue;
            ++result.statements;
            if (entry == SpanTable::no_row) {
                ++result.without_entry;
                continue;
            }
            auto [known, fresh] = reads.try_emplace(spans.statement[row], false);
            if (fresh) known->second = reads_rows(summarize_sql(spans.text(spans.statement[row])).verb);
            if (known->second) groups[{entry, spans.fingerprint[row]}].push_back(row);
        }
        for (auto& [key, calls] : groups) {
            result.most_repeats = std::max(result.most_repeats, calls.size());
            if (calls.size() < repeats) continue;
            const Row entry = key.first;
            Sighting sighting{t, entry, calls, static_cast<double>(spans.duration_ns[entry]) / 1e6, 0, 0, 0};
            sighting.sequential = asks_the_same_again(spans, calls) ? 0 : sequential_share(spans, calls);
            double longest_ms = 0;
            for (const Row row : calls) {
                const double ms = static_cast<double>(spans.duration_ns[row]) / 1e6;
                sighting.repeated_ms += ms;
                longest_ms = std::max(longest_ms, ms);
            }
            // The wait for a connection belongs to the call that follows it.
            const auto& waits = acquires[entry];
            for (std::size_t i = 0; i < waits.size(); ++i) {
                const std::int64_t next = i + 1 < waits.size() ? spans.start_ns[waits[i + 1]] : INT64_MAX;
                const std::int64_t from = spans.end_ns(waits[i]) - 1'000'000;
                const auto call = std::lower_bound(calls.begin(), calls.end(), from, [&](Row row, std::int64_t at) { return spans.start_ns[row] < at; });
                if (call != calls.end() && spans.start_ns[*call] <= next && spans.start_ns[*call] - spans.end_ns(waits[i]) <= 1'000'000)
                    sighting.repeated_ms += static_cast<double>(spans.duration_ns[waits[i]]) / 1e6;
            }
            sighting.repeated_ms = std::min(sighting.repeated_ms, sighting.request_ms);
            sighting.saved_ms = std::max(0.0, sighting.repeated_ms - longest_ms);
            Candidate& candidate = result.candidates[{spans.service[entry], spans.operation[entry], key.second}];
            candidate.service = spans.service[entry];
            candidate.operation = spans.operation[entry];
            candidate.fingerprint = key.second;
            candidate.sightings.push_back(std::move(sighting));
        }
    }
    return result;
}

double median_of(const std::vector<Sighting>& sightings, double Sighting::*field)
{
    std::vector<double> values;
    for (const Sighting& sighting : sightings) values.push_back(sighting.*field);
    return median(std::move(values));
}

/// The entry of the statement in an interval of pg_stat_statements, when it was imported too.
Result<const StatementEntry*> entry_in_statements(CaseEvidence& evidence, const std::string& fingerprint)
{
    TRY_ASSIGN(const auto* intervals, evidence.statement_intervals());
    const StatementEntry* most = nullptr;
    for (const StatementInterval& interval : *intervals)
        for (const StatementEntry& entry : interval.entries)
            if (entry.fingerprint == fingerprint && (!most || entry.calls > most->calls)) most = &entry;
    return most;
}

Status judge(AnalysisContext& context, const SpanTable& spans, const Survey& all, Candidate& candidate, std::string& near_miss)
{
    std::vector<Sighting> sequential;
    for (Sighting& sighting : candidate.sightings)
        if (sighting.sequential * 100 >= context.threshold("sequential")) sequential.push_back(sighting);
    const std::string operation(spans.text(candidate.operation)), service(spans.text(candidate.service));
    if (sequential.empty()) {
        near_miss = "repeated statements of " + operation + " run at the same time or ask the same again, not once per row";
        return {};
    }
    double saved_ms = 0, request_ms = 0;
    for (const Sighting& sighting : sequential) {
        saved_ms += sighting.saved_ms;
        request_ms += sighting.request_ms;
    }
    const double mean_saved_ms = saved_ms / static_cast<double>(sequential.size());
    const double saved_share = request_ms > 0 ? saved_ms / request_ms : 0;
    if (saved_share * 100 < context.threshold("common.saving_share") && mean_saved_ms < context.threshold("common.saving_ms")) {
        near_miss = operation + " repeats a statement, but one batch would save only " + format_ms(mean_saved_ms) + " (" + format_percent(saved_share) + ") per request";
        return {};
    }
    // A window may begin inside a request: its statements are in it, the request itself is not.
    const auto counted = all.requests.find({candidate.service, candidate.operation});
    const std::uint64_t of_operation = std::max<std::uint64_t>(counted == all.requests.end() ? 0 : counted->second, sequential.size());
    const double request_share = static_cast<double>(sequential.size()) / static_cast<double>(of_operation);

    const Sighting& widest = *std::max_element(sequential.begin(), sequential.end(), [](const Sighting& a, const Sighting& b) {
        if (a.calls.size() != b.calls.size()) return a.calls.size() < b.calls.size();
        return a.trace > b.trace;
    });
    const SqlSummary sql = summarize_sql(spans.text(spans.statement[widest.calls.front()]));
    const std::string fingerprint(spans.text(candidate.fingerprint));
    std::vector<double> counts;
    for (const Sighting& sighting : sequential) counts.push_back(static_cast<double>(sighting.calls.size()));
    const double calls_per_request = median(counts);
    const double typical_ms = median_of(sequential, &Sighting::request_ms), repeated_ms = median_of(sequential, &Sighting::repeated_ms);

    Finding finding;
    finding.key = finding_key({service, operation, fingerprint});
    const bool enough = static_cast<double>(sequential.size()) >= context.threshold("min_requests") || (request_share * 100 >= context.threshold("request_share") && of_operation >= 5);
    finding.verdict = sql.truncated ? Verdict::inconclusive : enough ? Verdict::confirmed : Verdict::suspected;
    finding.headline = operation + " runs one " + (sql.table.empty() ? sql.verb : sql.verb + " on " + sql.table) + " per row: " + format_number(calls_per_request) +
                       " calls per request, " + format_ms(repeated_ms) + " of " + format_ms(typical_ms);
    finding.subjects = {{"service", service}, {"operation", operation}, {"statement", sql.normalized}};
    if (!sql.table.empty()) finding.subjects.push_back({"table", sql.table});
    finding.figures = {context.figure("calls_per_request", calls_per_request, "calls", "repeats"),
                       context.figure("requests", static_cast<double>(sequential.size()), "requests", "min_requests"),
                       context.figure("request_share", request_share * 100, "%", "request_share"),
                       context.figure("sequential", median_of(sequential, &Sighting::sequential) * 100, "%", "sequential"),
                       context.figure("saving", mean_saved_ms, "ms", "common.saving_ms"),
                       context.figure("saving_share", saved_share * 100, "%", "common.saving_share"),
                       {"most_calls", static_cast<double>(widest.calls.size()), "calls", {}, {}}};
    std::map<std::uint32_t, std::int64_t> explained;
    TimeRange when{INT64_MAX, INT64_MIN};
    for (const Sighting& sighting : sequential) {
        explained[sighting.trace] += static_cast<std::int64_t>(sighting.saved_ms * 1e6);
        when.from_ns = std::min(when.from_ns, spans.start_ns[sighting.entry]);
        when.to_ns = std::max(when.to_ns, spans.end_ns(sighting.entry));
    }
    finding.when = when;
    finding.impact = context.impact(explained);
    TRY_ASSIGN(const Felt felt, context.felt(explained));
    finding.severity = mean_saved_ms < context.threshold("severity_floor") ? Severity::note : severity_of(felt);
    finding.refutes_if = "no request runs the statement more than " + format_number(context.threshold("repeats") - 1) + " times, or one batch saves less than " +
                         format_number(context.threshold("common.saving_share")) + " %";

    finding.evidence.push_back(span_tree_evidence(spans, widest.trace, "The request with the most calls: " + std::to_string(widest.calls.size()) + " of one statement"));
    finding.evidence.push_back({"Calls per request", "table", "span",
                                "SELECT trace_id, count(*) AS calls, sum(duration_ns) / 1e6 AS statement_ms, min(start_ns) AS first_ns FROM span WHERE fingerprint = ?1 "
                                "AND service = ?2 AND start_ns >= ?3 AND start_ns < ?4 GROUP BY trace_id HAVING count(*) >= ?5 ORDER BY calls DESC, trace_id",
                                {fingerprint, service, when.from_ns, when.to_ns, static_cast<std::int64_t>(context.threshold("repeats"))}});
    TRY_ASSIGN(const StatementEntry* statement, entry_in_statements(context.evidence(), fingerprint));
    if (statement) {
        finding.figures.push_back({"statement_calls", static_cast<double>(statement->calls), "calls", {}, {}});
        if (statement->rows)
            finding.figures.push_back(context.figure("rows_per_call", static_cast<double>(*statement->rows) / static_cast<double>(statement->calls), "rows", "rows_per_call"));
        finding.evidence.push_back({"The same statement as the database counted it", "table", "statement",
                                    "SELECT snapshot_at_ns, query, calls, rows, total_ms, mean_ms FROM statement WHERE fingerprint = ?1 ORDER BY snapshot_at_ns, calls DESC",
                                    {fingerprint}});
    }
    const std::string effect = format_ms(typical_ms) + " -> ~" + format_ms(std::max(0.0, typical_ms - median_of(sequential, &Sighting::saved_ms))) + " per request";
    finding.fixes = {{"Fetch all rows in one statement: WHERE key = ANY($1), a JOIN, or the ORM's eager loading", "5-15 min", effect,
                      "rows returned per call and memory of the request; keep the list of keys bounded"},
                     {"Batch the lookups of one request with a data loader", "1-2 h", effect, "the batch window adds its delay to single lookups"}};
    finding.proof = "calls of this statement per request fall from " + format_number(calls_per_request) + " to 1";
    finding.rollback = "P99 of " + operation + " rises, or the batch statement takes longer than " + format_ms(repeated_ms);
    if (sql.truncated) finding.note = "the recorded statement text is cut off, so different statements may look like one";
    else if (!enough) finding.note = "seen in " + std::to_string(sequential.size()) + " requests only";
    context.add(std::move(finding));
    return {};
}

/// Statements of an interval that read rows, by the rows they returned: who may be the parent of how many calls.
class Parents {
public:
    explicit Parents(const StatementInterval& interval)
    {
        for (std::size_t i = 0; i < interval.entries.size(); ++i) {
            const StatementEntry& entry = interval.entries[i];
            if (entry.rows && *entry.rows > 0 && entry.calls > 0 && reads_rows(summarize_sql(entry.query).verb)) by_rows_.push_back({*entry.rows, i});
        }
        std::sort(by_rows_.begin(), by_rows_.end());
    }
    /// The parent that took most time: another statement whose rows are the child's calls but for `tolerance` %, called at most
    /// once per `repeats` of them. Of many with that number of rows the nearest are looked at.
    const StatementEntry* of(const StatementInterval& interval, std::size_t child, double repeats, double tolerance) const
    {
        const auto calls = static_cast<double>(interval.entries[child].calls);
        const auto from = std::lower_bound(by_rows_.begin(), by_rows_.end(), std::pair(static_cast<std::int64_t>(calls / (1 + tolerance / 100)), std::size_t{0}));
        std::optional<std::size_t> first;
        std::size_t looked = 0;
        for (auto at = from; at != by_rows_.end() && looked < most_looked_at; ++at, ++looked) {
            const auto [rows, i] = *at;
            const double per_row = calls / static_cast<double>(rows);
            if (per_row < 1 - tolerance / 100) break;
            if (per_row > 1 + tolerance / 100 || i == child || interval.entries[i].fingerprint == interval.entries[child].fingerprint) continue;
            if (calls / static_cast<double>(interval.entries[i].calls) >= repeats && (!first || i < *first)) first = i;
        }
        return first ? &interval.entries[*first] : nullptr;
    }

private:
    static constexpr std::size_t most_looked_at = 1000;
    std::vector<std::pair<std::int64_t, std::size_t>> by_rows_;
};

/// Without spans: a statement that is called once for every row another one returned, within one interval.
Result<Answer> from_statements(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* snapshots, context.evidence().statement_snapshots());
    TRY_ASSIGN(const auto* intervals, context.evidence().statement_intervals());
    const AnalysisWindows& windows = context.windows();
    const double repeats = context.threshold("repeats");
    std::string broken;
    std::size_t used = 0;
    for (std::size_t i = 0; i < intervals->size(); ++i) {
        const StatementInterval& interval = (*intervals)[i];
        if (interval.lone) continue;
        const bool inside = interval.range ? interval.range->from_ns < windows.analysed.to_ns && interval.range->to_ns > windows.analysed.from_ns
                                           : in_analysed_window(windows, {}, (*snapshots)[i + 1].window);
        if (!inside) continue;
        if (interval.reset || interval.thrown_out) {
            broken = interval.reset ? "the counters were reset between the snapshots" : "statements were deallocated between the snapshots";
            continue;
        }
        ++used;
        const Parents parents(interval);
        for (std::size_t c = 0; c < interval.entries.size(); ++c) {
            const StatementEntry& child = interval.entries[c];
            if (!child.rows || child.calls < 100 || !reads_rows(summarize_sql(child.query).verb)) continue;
            if (static_cast<double>(*child.rows) / static_cast<double>(child.calls) > context.threshold("rows_per_call")) continue;
            if (const StatementEntry* found = parents.of(interval, c, repeats, context.threshold("parent_match"))) {
                const StatementEntry& parent = *found;
                const double ratio = static_cast<double>(child.calls) / static_cast<double>(parent.calls);
                const SqlSummary sql = summarize_sql(child.query);
                Finding finding;
                finding.key = finding_key({"", "", child.fingerprint});
                finding.verdict = Verdict::suspected;
                finding.severity = severity_of({interval.total_ms > 0 ? child.total_ms / interval.total_ms : 0, 0, false, false, true});
                finding.headline = "One " + sql.verb + (sql.table.empty() ? "" : " on " + sql.table) + " per row of another: " + format_number(ratio) +
                                   " calls for each call of the parent statement, " + format_ms(child.total_ms) + " in the interval";
                finding.subjects = {{"statement", sql.normalized}, {"statement", summarize_sql(parent.query).normalized}};
                finding.figures = {context.figure("calls_per_parent_call", ratio, "calls", "repeats"),
                                   context.figure("rows_per_call", static_cast<double>(*child.rows) / static_cast<double>(child.calls), "rows", "rows_per_call")};
                finding.when = interval.range;
                finding.impact = interval.range ? child.total_ms / 1000 / std::max(interval.range->seconds(), 1e-3) : 0;
                finding.refutes_if = "a trace shows the statement at most " + format_number(repeats - 1) + " times per request";
                finding.evidence = {{"Child and parent in both snapshots", "table", "statement",
                                     "SELECT snapshot_at_ns, query, calls, rows, total_ms FROM statement WHERE fingerprint IN (?1, ?2) ORDER BY query, snapshot_at_ns",
                                     {child.fingerprint, parent.fingerprint}}};
                finding.fixes = {{"Fetch the child rows in one statement", "5-15 min", format_ms(child.total_ms) + " -> ~" + format_ms(child.mean_ms() * static_cast<double>(parent.calls)), "rows per call"}};
                finding.proof = "calls of the child statement per parent call fall to 1";
                finding.note = "statement counters cannot show which request makes the calls; a trace would confirm it";
                context.add(std::move(finding));
            }
        }
    }
    if (!broken.empty()) return Answer{Verdict::inconclusive, broken, {}};
    if (used == 0) return Answer{Verdict::inconclusive, "no two snapshots of the statements fall into the window", {missing_evidence("span", "shows which request runs what")}};
    return Answer{Verdict::ruledOut, "no statement is called once per row of another", {}};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    if (spans->empty()) return from_statements(context);
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    Survey all = survey(*spans, *classes, context.windows(), static_cast<std::size_t>(std::max(2.0, context.threshold("repeats"))));
    if (all.statements == 0)
        return Answer{Verdict::notEnoughEvidence, "the traces hold no database statements",
                      {{"span", "database client spans show which request runs what", "turn on the database instrumentation of the OpenTelemetry SDK and record again"}}};
    std::string near_miss;
    for (auto& [key, candidate] : all.candidates) TRY(judge(context, *spans, all, candidate, near_miss));
    if (all.without_entry * 2 > all.statements)
        return Answer{Verdict::inconclusive, format_count(static_cast<std::int64_t>(all.without_entry)) + " of " + format_count(static_cast<std::int64_t>(all.statements)) +
                                                 " statements have no request in the recording", {}};
    if (!near_miss.empty()) return Answer{Verdict::ruledOut, near_miss, {}};
    return Answer{Verdict::ruledOut, "no request runs one statement more than " + (all.most_repeats > 1 ? std::to_string(all.most_repeats) + " times" : std::string("once")), {}};
}

}  // namespace

extern const Analyzer n_plus_one;
const Analyzer n_plus_one{"database.n_plus_one", "Does one request run the same statement once per row?", AnalyzerKind::cause, "span or statement*2",
                          "plan_node, statement", thresholds, run, {.absence = true, .attributes = true}};

}  // namespace casebook::database
