#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace casebook {

enum class Verdict : std::uint8_t { confirmed, suspected, inconclusive, ruledOut, notEnoughEvidence };  // strongest first
enum class Severity : std::uint8_t { critical, warning, note };

std::string_view name_of(Verdict verdict);    ///< "confirmed", "ruled_out", "not_enough_evidence", ...
std::string_view name_of(Severity severity);  ///< "critical", "warning", "note"

/// Times are nanoseconds since the epoch, half-open [from_ns, to_ns).
struct TimeRange {
    std::int64_t from_ns = 0;
    std::int64_t to_ns = 0;
    bool contains(std::int64_t at_ns) const { return at_ns >= from_ns && at_ns < to_ns; }
    /// Negative when the ends are the wrong way round. Exact also for ends as far apart as numbers go.
    double seconds() const
    {
        const auto from = static_cast<std::uint64_t>(from_ns), to = static_cast<std::uint64_t>(to_ns);
        return to_ns >= from_ns ? static_cast<double>(to - from) / 1e9 : -static_cast<double>(from - to) / 1e9;
    }
    bool operator==(const TimeRange&) const = default;
};

struct Subject {
    std::string kind;  ///< service operation statement relation pool class attribute instance version key table thread metric
    std::string name;
};

/// On which side of its threshold a figure must be to count for the finding.
enum class Bound : std::uint8_t { atLeast, atMost };

/// A number the verdict rests on, beside the threshold it was held against.
struct Figure {
    std::string name;
    double value = 0;
    std::string unit;                 ///< "1" "ms" "%" "calls" "bytes" ...
    std::optional<double> threshold;
    std::string threshold_name;       ///< full name, "database.n_plus_one.repeats"; empty without threshold
    Bound bound = Bound::atLeast;
    /// Whether it reaches its threshold; true without one.
    bool holds() const { return !threshold || (bound == Bound::atLeast ? value >= *threshold : value <= *threshold); }
};

/// Proof that a click re-runs: a query over the views of the case, and how to look at its rows.
struct Evidence {
    std::string caption;
    std::string view;    ///< span_tree table series distribution plan text
    std::string source;  ///< span statement plan metric heap gc event ...
    std::string sql;     ///< with ?1, ?2, ...
    std::vector<std::variant<std::int64_t, double, std::string>> arguments;
    std::int64_t rows = 0;  ///< how many rows it returned when the verdict was given; filled in by the runner
};

struct Fix {
    std::string title;
    std::string effort;  ///< "5-15 min"
    std::string effect;  ///< computed from this case: "260 ms -> ~55 ms"
    std::string watch;   ///< side effect to watch
};

struct RelatedFinding {
    std::string analyzer, key;
    std::string relation;  ///< explains explained_by same_as
};

/// What users feel in the analysed window; severity follows from it by CONTRACT's rule (severity.h).
struct Felt {
    double slow_time_share = 0;    ///< share of the slow requests' time (or of the p99 excess over base), 0..1
    double failed_share = 0;       ///< share of requests that failed because of this, 0..1
    bool exhausted = false;        ///< a resource is exhausted, or will be within an hour
    bool over_alert_line = false;  ///< a resource is over its alert line
    bool database_time_only = false;  ///< the shares are of database time, not of requests: never above warning
};

struct Finding {
    std::string analyzer;
    std::string key;  ///< stable facts joined by '|' (finding_key)
    Verdict verdict = Verdict::suspected;
    Severity severity = Severity::note;
    std::string headline;   ///< a sentence with a number in it
    double impact = 0;      ///< seconds of request (or database) time per second of window
    std::vector<Subject> subjects;  ///< culprit first
    std::vector<Figure> figures;
    std::optional<TimeRange> when;
    std::string refutes_if;
    std::vector<Evidence> evidence;  ///< never empty for confirmed or suspected
    std::vector<Fix> fixes;
    std::string proof;      ///< the metric that proves the fix
    std::string rollback;   ///< when to take the fix back
    /// An analyzer's: what this would explain or be explained by. A report's: what is borne out of it, told from both sides.
    std::vector<RelatedFinding> related;
    std::string note;       ///< why it is not confirmed, or other caveats
};

/// Joins facts with '|'; control characters and '|' inside a fact become spaces.
std::string finding_key(std::initializer_list<std::string_view> facts);

Severity severity_of(const Felt& felt);

struct Missing {
    std::string evidence;  ///< "plan", "metric(cpu)"
    std::string why;
    std::string command;   ///< brings it
};

/// An analyzer's answer when it has no finding, or the reason behind the strongest one.
struct Answer {
    Verdict verdict = Verdict::ruledOut;
    std::string reason;
    std::vector<Missing> missing;
};

}  // namespace casebook
