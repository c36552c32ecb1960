#include "analyzers/store/verdict_history.h"

#include "analyzers/core/finding.h"
#include "analyzers/core/instant.h"

#include <map>

namespace casebook {
namespace {

using Name = std::pair<std::string, std::string>;  // analyzer, key

Result<std::map<Name, std::string>> last_verdicts(CaseFile& file)
{
    TRY_ASSIGN(Statement statement, file.database().prepare("SELECT analyzer, key, verdict, max(id) FROM verdict_changes GROUP BY analyzer, key"));
    std::map<Name, std::string> last;
    for (;;) {
        TRY_ASSIGN(const bool more, statement.step());
        if (!more) return last;
        last[{std::string(statement.text(0)), std::string(statement.text(1))}] = statement.text(2);
    }
}

bool says_not_there(const std::string& verdict) { return verdict == name_of(Verdict::ruledOut) || verdict == name_of(Verdict::notEnoughEvidence); }

}  // namespace

Result<std::vector<VerdictChange>> verdict_history(CaseFile& file)
{
    TRY_ASSIGN(Statement statement, file.database().prepare("SELECT at_ns, analyzer, key, before, verdict, cause FROM verdict_changes ORDER BY id"));
    std::vector<VerdictChange> all;
    for (;;) {
        TRY_ASSIGN(const bool more, statement.step());
        if (!more) return all;
        all.push_back({clamp_instant(statement.integer(0)), std::string(statement.text(1)), std::string(statement.text(2)), std::string(statement.text(3)),
                       std::string(statement.text(4)), std::string(statement.text(5))});
    }
}

Status append_verdict_changes(CaseFile& file, const std::vector<VerdictChange>& now, const std::string& cause, std::int64_t at_ns)
{
    TRY_ASSIGN(const auto last, last_verdicts(file));
    std::map<Name, std::string> current;
    for (const VerdictChange& entry : now) current[{entry.analyzer, entry.key}] = entry.verdict;
    for (const auto& [name, verdict] : last) {
        const auto answer = current.find({name.first, ""});
        if (name.second.empty() || answer == current.end() || current.contains(name)) continue;
        const bool was_found = !verdict.empty() && !says_not_there(verdict);
        if (was_found) current[name] = says_not_there(answer->second) ? answer->second : "";
    }
    TRY_ASSIGN(Statement insert, file.database().prepare("INSERT INTO verdict_changes (at_ns, analyzer, key, before, verdict, cause) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    for (const auto& [name, verdict] : current) {
        auto before = last.find(name);
        // A finding that is new was until now what its analyzer answered.
        if (before == last.end() && !name.second.empty()) {
            const auto answer = last.find({name.first, ""});
            if (answer != last.end() && says_not_there(answer->second)) before = answer;
        }
        const std::string was = before == last.end() ? "" : before->second;
        if (before != last.end() && was == verdict) continue;
        insert.bind(1, at_ns).bind(2, std::string_view(name.first)).bind(3, std::string_view(name.second)).bind(4, std::string_view(was));
        TRY(insert.bind(5, std::string_view(verdict)).bind(6, std::string_view(cause)).run());
    }
    return {};
}

}  // namespace casebook
