#include "app/cli/case_summary.h"

#include "analyzers/store/query.h"

#include <array>

namespace casebook::cli {

namespace {

struct View {
    const char* name;
    const char* time;  ///< the column that says when a row happened; null when rows have no time
};

// Spans are counted by their chunks: that takes no time, and a damaged chunk does not keep the list of files from whoever wants to
// forget its file.
constexpr const char* count_spans = "SELECT CAST(total(spans) AS INTEGER), min(min_start_ns), max(max_start_ns) FROM span_chunks";

constexpr std::array views{
    View{"span", "start_ns"},       View{"statement", "snapshot_at_ns"}, View{"plan", "at_ns"},
    View{"heap_class", "at_ns"},    View{"gc_pause", "at_ns"},           View{"thread", "at_ns"},
    View{"metric_point", "at_ns"},  View{"event", "at_ns"},              View{"session", "at_ns"},
    View{"table_stat", "at_ns"},    View{"profile", nullptr},            View{"log_line", "at_ns"},
    View{"setting", nullptr},
};

std::optional<std::int64_t> integer_of(const Value& value)
{
    if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
    return std::nullopt;
}

}  // namespace

Result<std::vector<EvidenceSummary>> evidence_in(CaseFile& file, const Control& control)
{
    std::vector<EvidenceSummary> found;
    for (const View& view : views) {
        const std::string time = view.time ? view.time : "NULL";
        const std::string count = "SELECT count(*), min(" + time + "), max(" + time + ") FROM " + view.name;
        TRY_ASSIGN(const QueryResult result, run_query(file, std::string_view(view.name) == "span" ? count_spans : count, {}, {.max_ms = 0}, control));
        if (result.rows.empty()) continue;
        const auto& row = result.rows.front();
        const std::int64_t rows = integer_of(row[0]).value_or(0);
        if (rows > 0) found.push_back({view.name, rows, integer_of(row[1]), integer_of(row[2])});
    }
    return found;
}

}  // namespace casebook::cli
