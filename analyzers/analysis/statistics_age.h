#pragma once

#include "analyzers/analysis/evidence.h"
#include "analyzers/analysis/table_states.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// What is known of the statistics that the planner had of a table when it made a plan.
struct StatisticsAge {
    enum class State : std::uint8_t {
        unknown,
        stale, ///< the table changed at large after its last ANALYZE and before the plan
        fresh, ///< analyzed before the plan, and little changed since
    };
    State state = State::unknown;
    std::string
        how; ///< for people: "40 % of its rows changed since the last ANALYZE at …"; empty when nothing is known

    bool is_stale() const { return state == State::stale; }
    bool is_fresh() const { return state == State::fresh; }
};

/// Events that speak of one table.
struct TableEvents {
    std::vector<std::int64_t> analyzed_ns; ///< it was analyzed
    std::vector<const Event*> changes;     ///< rows were loaded into it, or taken out of it, at large; in time order
};
TableEvents events_of_table(const std::vector<Event>& events, const std::string& relation);

/// `history` may be null. `plan_at_ns`: nothing for a plan without a time, which is taken to be as old as the newest
/// state. Rows that changed until a state after the plan are taken to have changed evenly: only the part before the
/// plan makes statistics stale. `modified_percent` is the share of the live rows from which on they are.
StatisticsAge statistics_age(const TableHistory* history, const TableEvents& events,
                             std::optional<std::int64_t> plan_at_ns, double modified_percent);

} // namespace casebook
