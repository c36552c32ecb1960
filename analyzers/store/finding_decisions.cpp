#include "analyzers/store/finding_decisions.h"

#include "analyzers/core/instant.h"

#include <chrono>

namespace casebook {

std::string_view name_of(FindingState state)
{
    return state == FindingState::accepted ? "accepted" : state == FindingState::dismissed ? "dismissed" : "open";
}

Result<std::vector<StoredDecision>> finding_decisions(CaseFile& file)
{
    TRY_ASSIGN(Statement statement, file.database().prepare("SELECT analyzer, key, state, reason, note, pinned, changed_at_ns FROM finding_decisions "
                                                            "ORDER BY analyzer, key"));
    std::vector<StoredDecision> all;
    for (;;) {
        TRY_ASSIGN(const bool more, statement.step());
        if (!more) return all;
        StoredDecision row{std::string(statement.text(0)), std::string(statement.text(1)), {}};
        const std::string_view state = statement.text(2);
        row.decision.state = state == "accepted" ? FindingState::accepted : state == "dismissed" ? FindingState::dismissed : FindingState::open;
        row.decision.reason = statement.text(3);
        row.decision.note = statement.text(4);
        row.decision.pinned = statement.integer(5) != 0;
        row.decision.changed_at_ns = clamp_instant(statement.integer(6));
        all.push_back(std::move(row));
    }
}

Status store_decision(CaseFile& file, const std::string& analyzer, const std::string& key, const FindingDecision& decision)
{
    if (decision.state == FindingState::dismissed && decision.reason.empty())
        return fail(Error::Code::usage, "a finding is dismissed with a reason", "Say why, for those who read the case later");
    if (decision.is_empty()) {
        TRY_ASSIGN(Statement statement, file.database().prepare("DELETE FROM finding_decisions WHERE analyzer = ?1 AND key = ?2"));
        return statement.bind(1, std::string_view(analyzer)).bind(2, std::string_view(key)).run();
    }
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    TRY_ASSIGN(Statement statement, file.database().prepare("INSERT OR REPLACE INTO finding_decisions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
    statement.bind(1, std::string_view(analyzer)).bind(2, std::string_view(key)).bind(3, name_of(decision.state));
    statement.bind(4, std::string_view(decision.reason)).bind(5, std::string_view(decision.note));
    statement.bind(6, static_cast<std::int64_t>(decision.pinned ? 1 : 0));
    return statement.bind(7, static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count())).run();
}

}  // namespace casebook
