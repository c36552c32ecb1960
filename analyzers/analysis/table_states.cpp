#include "analyzers/analysis/table_states.h"

#include "analyzers/core/instant.h"
#include "analyzers/store/case_file.h"

#include <algorithm>

namespace casebook {
namespace {

constexpr double block_bytes = 8192;

std::optional<double> amount(const Statement& rows, int column)
{
    const auto value = rows.optional_real(column);
    if (!value || !(*value >= 0)) return {};
    return value;
}

std::optional<std::int64_t> instant(const Statement& rows, int column)
{
    if (rows.is_null(column)) return {};
    return clamp_instant(rows.integer(column));
}

} // namespace

double TableState::dead_share() const
{
    if (!dead || *dead <= 0) return 0;
    return *dead / std::max(live.value_or(0), 1.0);
}

bool TableState::is_full_of_dead_rows(double share_percent, double rows) const
{
    return dead.value_or(0) >= rows && dead_share() * 100 >= share_percent;
}

std::optional<double> TableState::blocks_per_row() const
{
    if (!size_bytes || !live || *live < 1) return {};
    return *size_bytes / block_bytes / *live;
}

Result<TableStates> load_table_states(CaseFile& file, const Control& control)
{
    TableStates states;
    TRY_ASSIGN(
        Statement rows,
        file.database().prepare(
            "SELECT t.relation, t.database, coalesce(f.window, ''), t.at_ns, t.last_vacuum_ns, t.last_analyze_ns, "
            "t.live_rows, t.dead_rows, t.size_bytes, t.modified_since_analyze FROM table_stats t "
            "LEFT JOIN import_files f ON f.id = t.file_id ORDER BY t.at_ns, f.path, t.rowid"));
    for (std::size_t count = 0;; ++count) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) return states;
        if (count % 4096 == 0) TRY(control.check());
        TableState state;
        state.name = rows.text(0);
        state.database = rows.text(1);
        state.window = rows.text(2);
        state.at_ns = instant(rows, 3);
        state.last_vacuum_ns = instant(rows, 4);
        state.last_analyze_ns = instant(rows, 5);
        state.live = amount(rows, 6);
        state.dead = amount(rows, 7);
        state.size_bytes = amount(rows, 8);
        state.modified = amount(rows, 9);
        states[{state.database, state.name}].push_back(std::move(state));
    }
}

std::string_view bare_table(std::string_view name)
{
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

const TableHistory* history_of(const TableStates& states, std::string_view schema, std::string_view relation)
{
    const TableHistory *found = nullptr, *in_public = nullptr;
    std::size_t fitting = 0, fitting_in_public = 0;
    for (const auto& [name, history] : states) {
        const std::string_view table = name.second;
        if (bare_table(table) != relation) continue;
        const bool has_schema = table.size() > relation.size();
        if (!schema.empty() && (has_schema ? table.substr(0, table.size() - relation.size() - 1) : "public") != schema)
            continue;
        ++fitting;
        found = &history;
        if (has_schema) continue;
        ++fitting_in_public;
        in_public = &history;
    }
    return fitting == 1 ? found : fitting_in_public == 1 ? in_public : nullptr;
}

} // namespace casebook
