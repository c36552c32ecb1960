#pragma once

// The rows of evidence as importers produce them, one struct per view of the case (see resources/schema).
// Text fields are views: the row is copied into the store before the call that takes it returns.
// An empty optional is SQL NULL: "the source did not say", never 0.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

enum class SpanKind : std::uint8_t { internal, server, client, producer, consumer };
enum class SpanStatus : std::uint8_t { unset, ok, error };

std::string_view name_of(SpanKind kind);
std::string_view name_of(SpanStatus status);

struct AttributeView {
    std::string_view key;
    std::string_view value;  ///< always text; numbers and booleans in their JSON spelling, arrays and maps as JSON
};

struct SpanRow {
    std::uint64_t trace_high = 0;
    std::uint64_t trace_low = 0;
    std::uint64_t span_id = 0;
    std::uint64_t parent_id = 0;  ///< 0 = root
    SpanKind kind = SpanKind::internal;
    SpanStatus status = SpanStatus::unset;
    std::int64_t start_ns = 0;  ///< since the epoch
    std::int64_t duration_ns = 0;
    std::string_view service;
    std::string_view name;      ///< as the client gave it; the templated operation is derived when spans are loaded
    std::string_view instance;
    std::string_view version;
    /// Span attributes, then resource attributes that are not service, instance or version. Exception events are
    /// also given as exception.type / exception.message. Other events and links: key "event" or "link", value JSON.
    std::span<const AttributeView> attributes;
};

/// One number of one series. Histograms become `name.count`, `name.sum`, `name.min`, `name.max` and `name.bucket`
/// with label `le` (cumulative over buckets, as Prometheus has it). Deltas are accumulated to cumulative values.
struct MetricPoint {
    std::string_view name;
    std::string_view labels;  ///< JSON object of strings, keys sorted; `service` and `instance` come from the resource
    std::string_view unit;
    std::int64_t at_ns = 0;
    double value = 0;
};

struct StatementRow {
    std::optional<std::int64_t> snapshot_at_ns;
    std::string_view query_id;
    std::string_view query;
    std::int64_t calls = 0;
    std::optional<std::int64_t> rows;
    double total_ms = 0;
    std::optional<double> mean_ms, min_ms, max_ms, stddev_ms;
    std::optional<std::int64_t> shared_hit, shared_read, temp_written;  ///< blocks
};

struct PlanNodeRow {
    int node_id = 0;               ///< pre-order, from 0
    std::optional<int> parent_id;
    int depth = 0;
    std::string node_type;         ///< as text EXPLAIN prints it, less "Parallel "
    std::string relation, index_name;
    std::optional<double> plan_rows, actual_rows, loops;  ///< actual_rows per loop
    std::optional<double> total_ms, self_ms;              ///< over all loops
    std::optional<double> rows_removed;                   ///< over all loops
    std::optional<std::int64_t> shared_hit, shared_read, temp_written;
    std::optional<int> workers;    ///< launched
    std::string detail;            ///< every other property as a JSON object: "Filter", "Index Cond", "Sort Method", ...
};

struct PlanRow {
    std::string format;            ///< text json yaml xml
    std::string query_id;
    std::string query;
    std::optional<std::int64_t> at_ns;
    std::optional<double> planning_ms, execution_ms;
    std::optional<std::int64_t> source_line;
    std::string detail;            ///< settings, JIT, triggers as a JSON object
    std::vector<PlanNodeRow> nodes;
};

struct HeapClassRow {
    std::optional<std::int64_t> at_ns;
    std::string_view class_name;
    std::int64_t instances = 0;
    std::int64_t bytes = 0;
};

struct GcPauseRow {
    std::optional<std::int64_t> at_ns;  ///< absolute when the log says so, else nanoseconds since process start
    std::string_view collector, kind, cause;
    double pause_ms = 0;
    std::optional<std::int64_t> before_bytes, after_bytes, capacity_bytes;
};

struct ThreadRow {
    std::optional<std::int64_t> at_ns;
    std::string_view name, state, waiting_on, holding, top_frame;
    std::string_view stack;  ///< frames and "- waiting to lock X", innermost first, one a line
};

struct EventRow {
    std::int64_t at_ns = 0;
    std::string_view kind;  ///< deploy config restart oom failover cron ... as given, lower case
    std::string_view service, text;
};

struct SessionRow {
    std::optional<std::int64_t> at_ns;
    std::int64_t pid = 0;
    std::string_view user, database, application, state, wait_event_type, wait_event;
    std::string_view blocked_by;  ///< comma separated pids
    std::optional<double> xact_age_ms, query_age_ms;
    std::string_view query;
    std::optional<double> state_age_ms;
    std::string_view backend_type;  ///< "client backend", "walsender", ...
    std::optional<std::int64_t> leader_pid, backend_xid, backend_xmin;
    std::string_view lock_type, lock_mode, lock_relation;  ///< what it waits for, from pg_locks where granted is false
    std::optional<double> lock_wait_ms;                    ///< since pg_locks.waitstart
};

struct TableStatRow {
    std::optional<std::int64_t> at_ns;
    std::string_view table;
    std::optional<std::int64_t> live_rows, dead_rows, seq_scans, index_scans, last_vacuum_ns, last_analyze_ns;
    std::optional<std::int64_t> heap_hit, heap_read, index_hit, index_read;
    std::optional<std::int64_t> modified_since_analyze, size_bytes;
    std::string_view database;
};

struct ProfileRow {
    std::string_view kind;   ///< cpu alloc wall lock ...
    std::string_view stack;  ///< folded, root first, frames separated by ';'
    double value = 0;
    std::string_view unit;
};

struct LogLineRow {
    std::optional<std::int64_t> at_ns;
    std::string_view service, level, text;
    std::int64_t source_line = 0;
};

struct SettingRow {
    std::string_view source, name, value, unit;
};

}  // namespace casebook
