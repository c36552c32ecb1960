#include "analyzers/playbook/relations.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace casebook {
namespace {

std::string seen_from_the_other(const std::string& relation)
{
    if (relation == "explains") return "explained_by";
    return relation == "explained_by" ? "explains" : relation;
}

bool borne_out(const Finding& one, const Finding& other, const std::string& relation)
{
    if (relation != "explains" && relation != "explained_by") return true;
    return one.verdict == Verdict::confirmed && other.verdict == Verdict::confirmed;
}

}  // namespace

void link_findings(std::vector<Finding>& findings)
{
    std::map<std::pair<std::string_view, std::string_view>, std::size_t> known;
    for (std::size_t i = 0; i < findings.size(); ++i) known.emplace(std::pair(std::string_view(findings[i].analyzer), std::string_view(findings[i].key)), i);
    std::set<std::tuple<std::size_t, std::size_t, std::string>> links;  // from, to, relation
    for (std::size_t i = 0; i < findings.size(); ++i)
        for (const RelatedFinding& said : findings[i].related) {
            const auto other = known.find({said.analyzer, said.key});
            if (other == known.end() || other->second == i || !borne_out(findings[i], findings[other->second], said.relation)) continue;
            links.emplace(i, other->second, said.relation);
            links.emplace(other->second, i, seen_from_the_other(said.relation));
        }
    for (Finding& finding : findings) finding.related.clear();
    for (const auto& [from, to, relation] : links) findings[from].related.push_back({findings[to].analyzer, findings[to].key, relation});
}

}  // namespace casebook
