#include "analyzers/analysis/statistics_age.h"

#include "analyzers/analysis/releases.h"
#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

namespace casebook {
namespace {

/// A word of the text begins so: "reload" and "workload" load no rows.
bool has_word_from(std::string_view text, std::span<const std::string_view> beginnings)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i > 0 && std::isalnum(static_cast<unsigned char>(text[i - 1]))) continue;
        for (const std::string_view beginning : beginnings)
            if (equals_ignoring_case(text.substr(i, beginning.size()), beginning)) return true;
    }
    return false;
}

constexpr std::array<std::string_view, 4> bulk_words{"bulk", "backfill", "data migrat", "data-migrat"};
constexpr std::array<std::string_view, 11> change_words{"load",   "import", "purge",   "delet",  "trunc", "archiv",
                                                        "restor", "insert", "populat", "ingest", "etl"};
constexpr std::array<std::string_view, 5> other_loads{"load test", "load-test", "loadtest", "load balanc",
                                                      "load average"};
constexpr std::array<std::string_view, 1> analyze_words{"analyz"};

bool is_of(const Event& event, const std::string& relation, std::span<const std::string_view> words)
{
    return names_word(event.text, relation) && has_word_from(event.kind + " " + event.text, words);
}

/// Rows came or went by the thousand. A release that mentions imports or deletions changes code.
bool is_bulk_change(const Event& event, const std::string& relation)
{
    if (is_of(event, relation, bulk_words)) return true;
    return !is_release(event) && is_of(event, relation, change_words) && !has_word_from(event.text, other_loads);
}

bool not_after(std::int64_t at_ns, std::optional<std::int64_t> plan_at_ns)
{
    return !plan_at_ns || at_ns <= *plan_at_ns;
}

/// The last ANALYZE before the plan that is known of, and whether only a later one is.
struct Analyzed {
    std::optional<std::int64_t> at_ns;
    bool later = false;

    void take(std::int64_t moment, std::optional<std::int64_t> plan_at_ns)
    {
        if (!not_after(moment, plan_at_ns)) later = true;
        else if (!at_ns || moment > *at_ns) at_ns = moment;
    }
};

/// The state that tells most of the plan: the first after it that no ANALYZE came before, else the last one.
const TableState* state_for(const TableHistory& history, const Analyzed& analyzed,
                            std::optional<std::int64_t> plan_at_ns)
{
    const TableState* chosen = nullptr;
    for (const TableState& state : history) {
        if (state.last_analyze_ns && analyzed.at_ns && *state.last_analyze_ns < *analyzed.at_ns) continue;
        if (state.last_analyze_ns && !not_after(*state.last_analyze_ns, plan_at_ns)) continue;
        if (state.at_ns && analyzed.at_ns && *state.at_ns < *analyzed.at_ns) continue;
        if (!state.modified || !state.live) continue;
        chosen = &state;
        if (plan_at_ns && state.at_ns && *state.at_ns >= *plan_at_ns) break;
    }
    return chosen;
}

} // namespace

TableEvents events_of_table(const std::vector<Event>& events, const std::string& relation)
{
    TableEvents found;
    for (const Event& event : events) {
        if (is_of(event, relation, analyze_words)) found.analyzed_ns.push_back(event.at_ns);
        if (is_bulk_change(event, relation)) found.changes.push_back(&event);
    }
    return found;
}

StatisticsAge statistics_age(const TableHistory* history, const TableEvents& events,
                             std::optional<std::int64_t> plan_at_ns, double modified_percent)
{
    StatisticsAge age;
    Analyzed analyzed;
    if (history)
        for (const TableState& state : *history)
            if (state.last_analyze_ns) analyzed.take(*state.last_analyze_ns, plan_at_ns);
    for (const std::int64_t at_ns : events.analyzed_ns) analyzed.take(at_ns, plan_at_ns);

    const std::string since = analyzed.at_ns ? " at " + format_instant(*analyzed.at_ns) : "";
    for (const Event* event : events.changes)
        if (analyzed.at_ns && event->at_ns > *analyzed.at_ns && not_after(event->at_ns, plan_at_ns))
            return {StatisticsAge::State::stale, "'" + event->text + "' came after its last ANALYZE" + since};
    const TableState* state = history ? state_for(*history, analyzed, plan_at_ns) : nullptr;
    if (!state) {
        if (analyzed.later) age.how = "it was analyzed after the plan was taken"; // what the planner knew then is gone
        else if (history && !analyzed.at_ns) age.how = "no ANALYZE of it is known";
        return age;
    }
    const double percent = 100 * *state->modified / std::max(*state->live, 1.0);
    double before = 1; // part of the changes that came before the plan
    if (plan_at_ns && state->at_ns && *state->at_ns > *plan_at_ns && analyzed.at_ns)
        before =
            static_cast<double>(*plan_at_ns - *analyzed.at_ns) / static_cast<double>(*state->at_ns - *analyzed.at_ns);
    age.how = format_number(percent, 2) + " % of its rows changed since the last ANALYZE" + since;
    if (percent * before >= modified_percent) age.state = StatisticsAge::State::stale;
    else if (percent < modified_percent && analyzed.at_ns) age.state = StatisticsAge::State::fresh;
    else if (percent >= modified_percent) age.how += ", most of them after the plan was taken";
    return age;
}

} // namespace casebook
