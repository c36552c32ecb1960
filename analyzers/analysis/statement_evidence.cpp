// pg_stat_statements: dumps grouped by fingerprint, and what happened between two of them.

#include "analyzers/analysis/evidence.h"
#include "analyzers/analysis/row_values.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

template <class Number>
void sum_into(std::optional<Number>& sum, std::optional<Number> more)
{
    if (more) sum = sum.value_or(0) + *more;
}

void sort_by_time_spent(std::vector<StatementEntry>& entries)
{
    std::sort(entries.begin(), entries.end(), [](const StatementEntry& a, const StatementEntry& b) {
        if (a.total_ms != b.total_ms) return a.total_ms > b.total_ms;
        return a.fingerprint < b.fingerprint;
    });
}

/// Rounding of the program that wrote the dump is no fall.
bool fell(double before, double after) { return after < before - std::max(0.01, before * 1e-6); }

/// later - earlier per fingerprint. A counter that fell means a reset in between: the later values stand alone.
StatementInterval difference(const StatementSnapshot* earlier, const StatementSnapshot& later, bool reset)
{
    StatementInterval interval;
    interval.lone = earlier == nullptr;
    interval.reset = reset;
    if (earlier && earlier->at_ns && later.at_ns) interval.range = TimeRange{*earlier->at_ns, *later.at_ns};
    std::map<std::string_view, const StatementEntry*> before;
    if (earlier)
        for (const StatementEntry& entry : earlier->entries) before.emplace(entry.fingerprint, &entry);
    for (const StatementEntry& entry : later.entries)
        if (const auto old = before.find(entry.fingerprint); old != before.end() && (old->second->calls > entry.calls || fell(old->second->total_ms, entry.total_ms))) interval.reset = true;
    for (const StatementEntry& entry : later.entries) {
        StatementEntry delta = entry;
        if (const auto old = before.find(entry.fingerprint); old != before.end() && !interval.reset) {
            const StatementEntry& base = *old->second;
            delta.calls -= base.calls;
            delta.total_ms = std::max(0.0, delta.total_ms - base.total_ms);
            for (auto field : {&StatementEntry::rows, &StatementEntry::shared_hit, &StatementEntry::shared_read, &StatementEntry::temp_written})
                if (delta.*field && base.*field) *(delta.*field) -= *(base.*field);
            if (delta.squares_ms2 && base.squares_ms2) *delta.squares_ms2 -= *base.squares_ms2;
            else delta.squares_ms2.reset();
        }
        if (delta.calls <= 0) continue;
        interval.total_ms += delta.total_ms;
        interval.entries.push_back(std::move(delta));
    }
    sort_by_time_spent(interval.entries);
    return interval;
}

/// What pg_stat_statements_info said: when the counters were reset, and how often statements had been thrown out.
struct StatementsInfo {
    struct Reading {
        std::optional<std::int64_t> at_ns;
        std::int64_t thrown_out = 0;
    };
    std::vector<Reading> readings;
    std::vector<std::int64_t> resets_ns;

    explicit StatementsInfo(const std::vector<Setting>& settings)
    {
        std::optional<std::int64_t> at_ns;
        for (const Setting& setting : settings) {
            if (setting.source != "pg_stat_statements_info") continue;
            if (setting.name == "stats_reset") {
                if (const auto reset = parse_instant(setting.value)) resets_ns.push_back(*reset);
            } else if (setting.name == "dealloc") {
                if (const auto count = parse_int(trim(setting.value))) readings.push_back({at_ns, *count});
                at_ns.reset();
            } else if (const auto at = parse_instant(setting.value)) {
                at_ns = at;
            }
        }
    }

    bool reset_in(const StatementSnapshot& earlier, const StatementSnapshot& later) const
    {
        if (!earlier.at_ns || !later.at_ns) return false;
        return std::any_of(resets_ns.begin(), resets_ns.end(), [&](std::int64_t at) { return at > *earlier.at_ns && at <= *later.at_ns; });
    }

    /// Between the two snapshots; at any time, when readings or snapshots have none.
    bool thrown_out_in(const StatementSnapshot& earlier, const StatementSnapshot& later) const
    {
        if (readings.empty()) return false;
        const bool timed = earlier.at_ns && later.at_ns && std::all_of(readings.begin(), readings.end(), [](const Reading& reading) { return reading.at_ns.has_value(); });
        if (!timed) {
            const auto [least, most] = std::minmax_element(readings.begin(), readings.end(), [](const Reading& a, const Reading& b) { return a.thrown_out < b.thrown_out; });
            return least->thrown_out < most->thrown_out;
        }
        const auto nearest = [&](std::int64_t at) {
            return std::min_element(readings.begin(), readings.end(), [at](const Reading& a, const Reading& b) { return std::llabs(clamp_instant(*a.at_ns) - at) < std::llabs(clamp_instant(*b.at_ns) - at); })->thrown_out;
        };
        return nearest(*earlier.at_ns) < nearest(*later.at_ns);
    }
};

}  // namespace

std::optional<double> StatementEntry::variation() const
{
    if (!squares_ms2 || calls <= 0 || total_ms <= 0) return {};
    const double mean = mean_ms();
    if (!std::isfinite(*squares_ms2) || !std::isfinite(mean)) return {};
    return std::sqrt(std::max(0.0, *squares_ms2 / static_cast<double>(calls) - mean * mean)) / mean;
}

Result<const std::vector<StatementSnapshot>*> CaseEvidence::statement_snapshots()
{
    if (snapshots_) return &*snapshots_;
    TRY_ASSIGN(Statement rows, file_.database().prepare(
                                   "SELECT s.file_id, s.snapshot_at_ns, coalesce(f.window, ''), s.fingerprint, s.query, s.query_id, s.calls, s.rows, s.total_ms, "
                                   "s.shared_hit, s.shared_read, s.temp_written, s.max_ms, s.stddev_ms FROM statements s JOIN import_files f ON f.id = s.file_id "
                                   "ORDER BY s.snapshot_at_ns, f.path, s.file_id, s.fingerprint, s.query_id, s.total_ms"));
    std::vector<StatementSnapshot> snapshots;
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) break;
        if (snapshots.empty() || snapshots.back().file_id != rows.integer(0) || snapshots.back().at_ns != instant_at(rows, 1))
            snapshots.push_back({rows.integer(0), instant_at(rows, 1), std::string(rows.text(2)), {}});
        auto& entries = snapshots.back().entries;
        const bool first = entries.empty() || entries.back().fingerprint != rows.text(3) || rows.text(3).empty();
        if (first) {
            StatementEntry entry;
            entry.fingerprint = rows.text(3);
            entry.query = rows.text(4);
            entry.query_id = rows.text(5);
            entries.push_back(std::move(entry));
        }
        StatementEntry& entry = entries.back();
        const std::int64_t calls = count_at(rows, 6);
        const double total_ms = rows.real(8);
        entry.calls += calls;
        entry.total_ms += total_ms;
        sum_into(entry.rows, optional_count_at(rows, 7));
        sum_into(entry.shared_hit, optional_count_at(rows, 9));
        sum_into(entry.shared_read, optional_count_at(rows, 10));
        sum_into(entry.temp_written, optional_count_at(rows, 11));
        if (const auto max = rows.optional_real(12)) entry.max_ms = std::max(entry.max_ms.value_or(0), *max);
        // Of some of its query ids is of none.
        if (const auto deviation = rows.optional_real(13); deviation && calls > 0 && (first || entry.squares_ms2))
            entry.squares_ms2 = entry.squares_ms2.value_or(0) + static_cast<double>(calls) * *deviation * *deviation + total_ms * total_ms / static_cast<double>(calls);
        else if (calls > 0) entry.squares_ms2.reset();
    }
    for (StatementSnapshot& snapshot : snapshots) sort_by_time_spent(snapshot.entries);
    snapshots_ = std::move(snapshots);
    return &*snapshots_;
}

Result<const std::vector<StatementInterval>*> CaseEvidence::statement_intervals()
{
    if (intervals_) return &*intervals_;
    TRY_ASSIGN(const auto* snapshots, statement_snapshots());
    TRY_ASSIGN(const auto* all_settings, settings());
    const StatementsInfo info(*all_settings);
    std::vector<StatementInterval> intervals;
    if (snapshots->size() == 1) intervals.push_back(difference(nullptr, snapshots->front(), false));
    for (std::size_t i = 1; i < snapshots->size(); ++i) {
        const StatementSnapshot &earlier = (*snapshots)[i - 1], &later = (*snapshots)[i];
        intervals.push_back(difference(&earlier, later, info.reset_in(earlier, later)));
        intervals.back().thrown_out = info.thrown_out_in(earlier, later);
    }
    intervals_ = std::move(intervals);
    return &*intervals_;
}

}  // namespace casebook
