#pragma once

#include "analyzers/analysis/sessions.h"
#include "analyzers/core/control.h"
#include "analyzers/core/finding.h"
#include "analyzers/core/result.h"
#include "analyzers/store/case_file.h"
#include "analyzers/trace/span_class.h"
#include "analyzers/trace/span_table.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// One series of a metric in some role: points in time order, values in the role's unit.
struct Series {
    std::string role, name, unit;
    std::map<std::string, std::string> labels;
    std::string service, instance;
    std::vector<std::int64_t> at_ns;
    std::vector<double> value;
    bool counter = false;
    double scale = 1;            ///< what values (and `le` bounds of buckets) were multiplied by
    std::int64_t series_id = 0;

    bool empty() const { return at_ns.empty(); }
    /// Increase of a counter inside [from, to), resets counted from zero; for a gauge last minus first.
    double increase(TimeRange range) const;
    std::string label(const std::string& key) const;
};

struct StatementEntry {
    std::string fingerprint, query, query_id;  ///< summed over query ids of one fingerprint; the first id is kept
    std::int64_t calls = 0;
    std::optional<std::int64_t> rows;
    double total_ms = 0;
    std::optional<std::int64_t> shared_hit, shared_read, temp_written;
    std::optional<double> max_ms;
    /// Sum of the squared durations, ms^2: what mean and standard deviation amount to and, unlike them, can be added and
    /// subtracted.
    std::optional<double> squares_ms2;
    double mean_ms() const { return calls > 0 ? total_ms / static_cast<double>(calls) : 0; }
    /// Standard deviation over mean; nothing without the standard deviation or when it took no time.
    std::optional<double> variation() const;
};

/// One dump of pg_stat_statements, grouped by fingerprint; statements of transaction control, of utility commands and of
/// the capture itself are kept: rules decide.
struct StatementSnapshot {
    std::int64_t file_id = 0;
    std::optional<std::int64_t> at_ns;
    std::string window;
    std::vector<StatementEntry> entries;  ///< by total_ms, largest first
};

/// What happened between two consecutive snapshots (or a lone one from zero, `lone`).
struct StatementInterval {
    std::optional<TimeRange> range;
    bool lone = false;        ///< counters since the last reset, not an interval
    bool reset = false;       ///< a counter fell, or the server says so: the later snapshot is taken as it is
    bool thrown_out = false;  ///< the server made room: counters of statements are missing
    std::vector<StatementEntry> entries;  ///< calls > 0, by total_ms, largest first
    double total_ms = 0;
};

struct PlanNode {
    int node_id = 0, parent_id = -1, depth = 0;
    std::string node_type, relation, index_name;
    std::optional<double> plan_rows, actual_rows, loops, total_ms, self_ms, rows_removed;
    std::optional<std::int64_t> shared_hit, shared_read, temp_written;
    std::optional<int> workers;
    std::string detail;  ///< JSON
};

struct PlanEntry {
    std::int64_t id = 0, file_id = 0;
    std::string format, query_id, fingerprint, query, window, detail;
    std::optional<std::int64_t> at_ns;
    std::optional<double> planning_ms, execution_ms;
    std::vector<PlanNode> nodes;  ///< pre-order
};

struct HeapSnapshot {
    std::int64_t file_id = 0;
    std::string path;
    std::optional<std::int64_t> at_ns;
    struct Class { std::string name; std::int64_t instances = 0, bytes = 0; };
    std::vector<Class> classes;
};

struct GcPause {
    std::int64_t file_id = 0, at_ns = 0;
    bool has_time = false;
    std::string collector, kind, cause;
    double pause_ms = 0;
    std::optional<std::int64_t> before_bytes, after_bytes, capacity_bytes;
};

struct Event { std::int64_t at_ns = 0; std::string kind, service, text; };

/// A value as somebody wrote it, "30", "30s" or "on"; `source` is the service or server it belongs to.
struct Setting { std::string source, name, value, unit; };

/// All evidence of a case as analyzers read it, loaded on first use and kept for the run. Belongs to one thread.
/// Results are ordered deterministically, whatever the order of import. Errors: caseFile, cancelled.
class CaseEvidence {
public:
    CaseEvidence(CaseFile& file, const Control& control);
    ~CaseEvidence();

    CaseFile& file() { return file_; }
    const Control& control() const { return control_; }

    Result<const SpanTable*> spans();
    /// What each span is about, and the operation that ran it.
    Result<const SpanClasses*> span_classes();
    Result<const std::vector<StatementSnapshot>*> statement_snapshots();
    /// Intervals between consecutive snapshots of increasing time; a single snapshot gives one `lone` interval.
    Result<const std::vector<StatementInterval>*> statement_intervals();
    Result<const std::vector<PlanEntry>*> plans();
    /// Series of a role; empty when no metric plays it.
    Result<const std::vector<Series>*> metric(const std::string& role);
    /// Series by metric name (same_metric_name).
    Result<std::vector<Series>> metric_named(const std::string& name);
    Result<const std::vector<HeapSnapshot>*> heap_snapshots();  ///< in time order, else natural order of file names
    Result<const std::vector<GcPause>*> gc_pauses();
    Result<const std::vector<Event>*> events();
    /// Snapshots of pg_stat_activity, in time order; those without time first.
    Result<const std::vector<SessionSample>*> session_samples();
    /// Settings in the order in which they were given, those typed in last.
    Result<const std::vector<Setting>*> settings();
    /// Value of a setting typed in or imported, the last one given.
    Result<std::optional<double>> setting(const std::string& name);

    /// How much of an atom of Analyzer::needs the case has: "span" spans, "statement*2" 1 when there are two snapshots,
    /// "metric(cpu)" series, "event" events, "plan_node" nodes of plans that were executed, ...
    Result<std::int64_t> amount(const std::string& atom);
    /// [earliest, latest] of a source of findings that has times (span metric statement session gc); nothing when it has none here.
    Result<std::optional<TimeRange>> recorded(std::string_view source);
    /// [earliest, latest] over everything that has a time; nothing when nothing has.
    Result<std::optional<TimeRange>> time_range();

private:
    Result<std::vector<Series>> load_series(const std::string& role, const std::string& name);

    CaseFile& file_;
    const Control& control_;
    std::shared_ptr<const SpanTable> spans_;
    std::optional<SpanClasses> classes_;
    std::optional<std::vector<StatementSnapshot>> snapshots_;
    std::optional<std::vector<StatementInterval>> intervals_;
    std::optional<std::vector<PlanEntry>> plans_;
    std::map<std::string, std::vector<Series>> metrics_;
    std::optional<std::vector<HeapSnapshot>> heap_;
    std::optional<std::vector<GcPause>> gc_;
    std::optional<std::vector<Event>> events_;
    std::optional<std::vector<Setting>> settings_;
    std::optional<SessionSamples> sessions_;
    std::map<std::string, std::int64_t> amounts_;
};

}  // namespace casebook
