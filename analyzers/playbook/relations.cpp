#include "analyzers/playbook/relations.h"

#include "analyzers/playbook/cause_links.h"

#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace casebook {
namespace {

using Pairs = std::set<std::pair<std::size_t, std::size_t>>;

/// Pairs of findings of which one says that it is the same thing as the other, each both ways round.
Pairs same_things(const std::vector<Finding>& findings)
{
    std::map<std::pair<std::string_view, std::string_view>, std::size_t> known;
    for (std::size_t i = 0; i < findings.size(); ++i) known.try_emplace({findings[i].analyzer, findings[i].key}, i);
    Pairs same;
    for (std::size_t i = 0; i < findings.size(); ++i)
        for (const RelatedFinding& said : findings[i].related) {
            if (said.relation != "same_as") continue;
            const auto other = known.find({said.analyzer, said.key});
            if (other == known.end() || other->second == i) continue;
            same.emplace(i, other->second);
            same.emplace(other->second, i);
        }
    return same;
}

}  // namespace

void link_findings(std::vector<Finding>& findings)
{
    std::vector<const Finding*> all;
    for (const Finding& finding : findings) all.push_back(&finding);
    const std::vector<Explanation> explained = explain_findings(all);
    const Pairs same = same_things(findings);

    for (Finding& finding : findings) finding.related.clear();
    const auto say = [&](std::size_t of, std::size_t other, const char* relation) {
        findings[of].related.push_back({findings[other].analyzer, findings[other].key, relation});
    };
    Pairs links;  // cause, effect
    for (std::size_t i = 0; i < findings.size(); ++i)
        if (explained[i].link != CauseLink::none && links.emplace(explained[i].cause, i).second) say(i, explained[i].cause, "explained_by");
    for (std::size_t i = 0; i < findings.size(); ++i)
        for (const std::size_t cause : explained[i].also)  // what contradicts a link that is there already is not said
            if (!links.contains({i, cause}) && links.emplace(cause, i).second) say(i, cause, "explained_by");
    for (const auto& [cause, effect] : links) say(cause, effect, "explains");
    for (const auto& [one, other] : same) say(one, other, "same_as");
}

}  // namespace casebook
