#include "analyzers/playbook/cause_links.h"

#include "analyzers/playbook/playbook_data.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace casebook {
namespace {

constexpr std::size_t looked_at = 64;  // findings of one analyzer, strongest first

/// Subjects that mean the same thing whichever service names them.
constexpr std::string_view global_kinds[] = {"statement", "table", "relation", "attribute", "key", "instance"};
/// Subjects that mean something within their service only.
constexpr std::string_view local_kinds[] = {"operation", "pool", "class"};
/// A cause that names one of these harms the whole service, whichever operation it was seen in.
constexpr std::string_view shared_resources[] = {"pool", "instance", "class", "collector", "cause"};

enum class Kinship { different, unknown, same };

bool has(const Finding& finding, std::string_view kind)
{
    return std::any_of(finding.subjects.begin(), finding.subjects.end(), [&](const Subject& one) { return one.kind == kind; });
}

bool share(const Finding& a, const Finding& b, std::string_view kind)
{
    for (const Subject& one : a.subjects)
        if (one.kind == kind && std::any_of(b.subjects.begin(), b.subjects.end(),
                                            [&](const Subject& other) { return other.kind == kind && other.name == one.name; }))
            return true;
    return false;
}

/// Whether a cause and what it may explain speak of the same thing. A statement, a table, a group of requests decides by
/// itself; an operation only within one service, and not against something that all operations share.
Kinship kinship(const Finding& cause, const Finding& effect)
{
    bool same = false;
    for (const std::string_view kind : global_kinds) {
        if (!has(cause, kind) || !has(effect, kind)) continue;
        if (!share(cause, effect, kind)) return Kinship::different;
        same = true;
    }
    const bool services_known = has(cause, "service") && has(effect, "service");
    const bool one_service = services_known && share(cause, effect, "service");
    if (services_known && !one_service) return same ? Kinship::same : Kinship::unknown;
    const bool for_all = std::any_of(std::begin(shared_resources), std::end(shared_resources),
                                     [&](std::string_view kind) { return has(cause, kind); });
    for (const std::string_view kind : local_kinds) {
        if (!has(cause, kind) || !has(effect, kind)) continue;
        if (share(cause, effect, kind)) same = true;
        else if (kind != "operation" || !for_all) return Kinship::different;
    }
    return same || one_service ? Kinship::same : Kinship::unknown;
}

bool apart(const Finding& a, const Finding& b)
{
    return a.when && b.when && (a.when->to_ns <= b.when->from_ns || b.when->to_ns <= a.when->from_ns);
}

class Links {
public:
    using Deeper = std::map<std::string, std::vector<std::string>>;

    Links(std::span<const Finding* const> findings, const Deeper& deeper)
        : findings_(findings), deeper_(deeper), made_(findings.size())
    {
        std::map<std::string_view, AnalyzerKind> kinds;
        for (const Analyzer* analyzer : all_analyzers()) kinds[analyzer->id] = analyzer->kind;
        for (std::size_t i = 0; i < findings.size(); ++i) {
            made_[i].cause = made_[i].root = i;
            if (const auto kind = kinds.find(findings[i]->analyzer); kind != kinds.end()) made_[i].kind = kind->second;
            by_name_.try_emplace({findings[i]->analyzer, findings[i]->key}, i);
            auto& of = by_analyzer_[findings[i]->analyzer];
            if (of.size() < looked_at) of.push_back(i);
        }
    }

    std::vector<Explanation> take()
    {
        // From the last on: of a circle the first, strongest finding is the one left without a cause.
        const auto named = named_causes();
        for (std::size_t i = findings_.size(); i-- > 0;) take_named(i, named[i]);
        for (std::size_t i = findings_.size(); i-- > 0;) find_same_thing(i);
        for (std::size_t i = 0; i < findings_.size(); ++i) root_of(i);
        for (std::size_t i = 0; i < findings_.size(); ++i) find_perhaps(i);
        return std::move(made_);
    }

private:
    bool may_explain(std::size_t cause, std::size_t effect) const
    {
        return cause != effect && findings_[cause]->verdict <= findings_[effect]->verdict &&
               findings_[cause]->verdict <= Verdict::suspected && !apart(*findings_[cause], *findings_[effect]);
    }

    /// Of each finding without a link: never one under which it stands itself.
    bool link(std::size_t effect, std::size_t cause, CauseLink how)
    {
        if (root_of(cause) == effect) return false;
        made_[effect].link = how;
        made_[effect].cause = made_[effect].root = cause;
        return true;
    }

    /// Where the chain of causes ends. Shortens the way, so that all links together stay near linear.
    std::size_t root_of(std::size_t at)
    {
        std::size_t root = at;
        while (made_[root].root != root) root = made_[root].root;
        for (std::size_t next; at != root; at = next) next = std::exchange(made_[at].root, root);
        return root;
    }

    /// By effect: the causes that findings name, those it names itself first.
    std::vector<std::vector<std::size_t>> named_causes() const
    {
        std::vector<std::vector<std::size_t>> causes(findings_.size());
        for (const bool own : {true, false})
            for (std::size_t i = 0; i < findings_.size(); ++i)
                for (const RelatedFinding& related : findings_[i]->related) {
                    if (related.relation != (own ? "explained_by" : "explains")) continue;
                    const auto other = by_name_.find({related.analyzer, related.key});
                    if (other == by_name_.end()) continue;
                    const std::size_t cause = own ? other->second : i, effect = own ? i : other->second;
                    if (may_explain(cause, effect)) causes[effect].push_back(cause);
                }
        return causes;
    }

    void take_named(std::size_t effect, const std::vector<std::size_t>& causes)
    {
        std::set<std::size_t> also;
        for (const std::size_t cause : causes) {
            if (made_[effect].link == CauseLink::none) link(effect, cause, CauseLink::named);
            else if (cause != made_[effect].cause) also.insert(cause);
        }
        made_[effect].also.assign(also.begin(), also.end());
    }

    /// Calls `use` with each finding that the rules allow as the reason behind another, in the rules' order.
    template <class Use>
    void each_deeper(std::size_t effect, Use use) const
    {
        const auto rules = deeper_.find(findings_[effect]->analyzer);
        if (rules == deeper_.end()) return;
        for (const std::string& analyzer : rules->second)
            if (const auto known = by_analyzer_.find(analyzer); known != by_analyzer_.end())
                for (const std::size_t cause : known->second)
                    if (may_explain(cause, effect)) use(cause);
    }

    void find_same_thing(std::size_t effect)
    {
        if (made_[effect].link != CauseLink::none) return;
        std::optional<std::size_t> best;
        each_deeper(effect, [&](std::size_t cause) {
            if (root_of(cause) == effect || (best && findings_[*best]->verdict <= findings_[cause]->verdict)) return;
            if (kinship(*findings_[cause], *findings_[effect]) == Kinship::same) best = cause;
        });
        if (best) link(effect, *best, CauseLink::sameThing);
    }

    void find_perhaps(std::size_t effect)
    {
        if (!made_[effect].is_unexplained_symptom()) return;
        std::set<std::size_t> roots;
        each_deeper(effect, [&](std::size_t cause) {
            const std::size_t root = made_[cause].root;
            if (made_[root].kind != AnalyzerKind::cause || findings_[root]->verdict != Verdict::confirmed) return;
            if (kinship(*findings_[cause], *findings_[effect]) == Kinship::unknown) roots.insert(root);
        });
        made_[effect].perhaps.assign(roots.begin(), roots.end());
    }

    std::span<const Finding* const> findings_;
    const Deeper& deeper_;
    std::vector<Explanation> made_;
    std::map<std::pair<std::string_view, std::string_view>, std::size_t> by_name_;
    std::map<std::string_view, std::vector<std::size_t>> by_analyzer_;
};

}  // namespace

std::vector<Explanation> explain_findings(std::span<const Finding* const> findings,
                                          const std::map<std::string, std::vector<std::string>>& deeper)
{
    return Links(findings, deeper).take();
}

std::vector<Explanation> explain_findings(std::span<const Finding* const> findings)
{
    static const WalkRules rules = walk_rules().value_or(WalkRules());
    return explain_findings(findings, rules.deeper);
}

}  // namespace casebook
