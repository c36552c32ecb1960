#include "analyzers/plan/plan_times.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <unordered_map>

namespace casebook::plan {

namespace {

using Index = std::size_t;

bool is_gather(std::string_view type)
{
    return type == "Gather" || type == "Gather Merge";
}

// What a node is to its parent.
enum class Role { child, initPlan, cte };

Role role_of(const Node& node)
{
    const std::string name = node.properties.text("Subplan Name");
    if (name.starts_with("CTE ")) return Role::cte;
    if (name.starts_with("InitPlan") || node.properties.text("Parent Relationship") == "InitPlan") return Role::initPlan;
    return Role::child;
}

class Times {
public:
    explicit Times(const Tree& tree) : tree_(tree), ends_(subtree_ends(tree)), times_(tree.nodes.size()) {}

    std::vector<NodeTime> run()
    {
        totals();
        bound_by_parents();
        charge_children();
        charge_init_plans();
        charge_ctes();
        for (NodeTime& time : times_) time.self_ms = std::max(0.0, time.self_ms);
        return std::move(times_);
    }

private:
    const Node& node(Index i) const { return tree_.nodes[i]; }
    Index end(Index i) const { return static_cast<Index>(ends_[i]); }

    void totals()
    {
        roles_.reserve(tree_.nodes.size());
        for (Index i = 0; i < tree_.nodes.size(); ++i) {
            const Properties& properties = node(i).properties;
            roles_.push_back(role_of(node(i)));
            const double loops = properties.number("Actual Loops").value_or(0);
            if (node(i).parent >= 0) times_[i].processes = processes(i, static_cast<Index>(node(i).parent), loops);
            times_[i].total_ms = properties.number("Actual Total Time").value_or(0) * loops / times_[i].processes;
        }
    }

    double processes(Index i, Index parent, double loops) const
    {
        if (!is_gather(node(parent).node_type) || roles_[i] != Role::child) return times_[parent].processes;
        const Properties& gather = node(parent).properties;
        const double most = gather.number("Workers Launched").value_or(0) + 1;
        const double gathered = gather.number("Actual Loops").value_or(0);
        if (gathered <= 0) return times_[parent].processes;
        return std::clamp(loops / gathered, 1.0, std::max(1.0, most)) * times_[parent].processes;
    }

    // The printed mean of a loop is rounded to 0.001 ms, which over 100,000 loops makes 50 ms; then children can take
    // longer than their parent. What is too much is taken off them by their share of the rounding, so that self times
    // add up; what rounding does not explain (children that ran at the same time) by their share of the time.
    void bound_by_parents()
    {
        constexpr double rounding_ms = 0.0005;
        std::vector<std::vector<Index>> children(tree_.nodes.size());
        bounded_.resize(tree_.nodes.size());
        for (Index i = 0; i < tree_.nodes.size(); ++i) {
            bounded_[i] = times_[i].total_ms;
            if (node(i).parent >= 0 && roles_[i] == Role::child) children[static_cast<Index>(node(i).parent)].push_back(i);
        }
        for (Index i = 0; i < tree_.nodes.size(); ++i) {
            double sum = 0;
            double rounding = 0;
            const auto error_of = [&](Index child) {
                return rounding_ms * node(child).properties.number("Actual Loops").value_or(0) / times_[child].processes;
            };
            for (const Index child : children[i]) {
                sum += bounded_[child];
                rounding += error_of(child);
            }
            const double excess = sum - bounded_[i];
            if (excess <= 0 || sum <= 0) continue;
            const double by_rounding = rounding > 0 ? std::min(excess, rounding) / rounding : 0;
            double left = 0;
            for (const Index child : children[i]) {
                bounded_[child] = std::max(0.0, bounded_[child] - by_rounding * error_of(child));
                left += bounded_[child];
            }
            if (left <= bounded_[i]) continue;
            for (const Index child : children[i]) bounded_[child] *= bounded_[i] / left;
        }
    }

    void charge_children()
    {
        for (Index i = 0; i < tree_.nodes.size(); ++i) times_[i].self_ms = bounded_[i];
        for (Index i = 0; i < tree_.nodes.size(); ++i) {
            const int parent = node(i).parent;
            if (parent < 0 || roles_[i] != Role::child) continue;
            times_[static_cast<Index>(parent)].self_ms -= bounded_[i];
        }
    }

    // Parameters a text mentions: "$3" as "$3", "InitPlan 3" as "3".
    template <class Visit>
    static void each_parameter(std::string_view text, Visit visit)
    {
        constexpr std::string_view by_name = "InitPlan ";
        for (Index at = 0; at < text.size(); ++at) {
            const bool named = text[at] == 'I' && text.substr(at, by_name.size()) == by_name;
            if (text[at] != '$' && !named) continue;
            const Index digits = at + (named ? by_name.size() : 1);
            Index stop = digits;
            while (stop < text.size() && text[stop] >= '0' && text[stop] <= '9') ++stop;
            if (stop > digits) visit(named ? text.substr(digits, stop - digits) : text.substr(at, stop - at));
            at = std::max(at, stop - 1);
        }
    }

    void charge_init_plans()
    {
        if (std::find(roles_.begin(), roles_.end(), Role::initPlan) == roles_.end()) return;
        std::unordered_map<std::string, std::vector<Index>> users;
        for (Index i = 0; i < tree_.nodes.size(); ++i) {
            for (const Property& property : node(i).properties.all()) {
                if (property.key == "Subplan Name" || !(property.value.front() == '"' || property.value.front() == '['))
                    continue;
                each_parameter(property.value, [&](std::string_view name) {
                    auto& list = users[std::string(name)];
                    if (list.empty() || list.back() != i) list.push_back(i);
                });
            }
        }
        for (Index i = 0; i < tree_.nodes.size(); ++i) {
            if (roles_[i] != Role::initPlan || node(i).parent < 0) continue;
            const auto parent = static_cast<Index>(node(i).parent);
            Index payer = parent;
            bool found = false;
            const auto consider = [&](std::string_view name) {
                const auto known = users.find(std::string(name));
                if (known == users.end()) return;
                const auto& list = known->second;
                for (auto at = std::lower_bound(list.begin(), list.end(), parent); at != list.end(); ++at) {
                    if (*at >= end(parent)) break;
                    if (*at >= i && *at < end(i)) continue;
                    if (!found || times_[*at].self_ms > times_[payer].self_ms) payer = *at;
                    found = true;
                }
            };
            each_parameter(node(i).properties.text("Subplan Name"), consider);
            times_[payer].self_ms -= times_[i].total_ms;
        }
    }

    void charge_ctes()
    {
        // Scans by the CTE they read: the innermost one of that name which is in sight.
        struct Declared { Index cte, until; };
        std::unordered_map<std::string, std::vector<Declared>> in_sight;
        std::vector<std::vector<Index>> declared_by(tree_.nodes.size());
        bool any = false;
        for (Index i = 0; i < tree_.nodes.size(); ++i) {
            if (roles_[i] != Role::cte || node(i).parent < 0) continue;
            declared_by[static_cast<Index>(node(i).parent)].push_back(i);
            any = true;
        }
        if (!any) return;
        std::unordered_map<Index, std::vector<Index>> scans;
        for (Index i = 0; i < tree_.nodes.size(); ++i) {
            for (const Index cte : declared_by[i])
                in_sight[node(cte).properties.text("Subplan Name").substr(4)].push_back({cte, end(i)});
            if (node(i).node_type != "CTE Scan") continue;
            auto& declared = in_sight[node(i).properties.text("CTE Name")];
            while (!declared.empty() && declared.back().until <= i) declared.pop_back();
            constexpr int most_tried = 8;  // CTEs of one name that are being defined around this scan
            for (int tried = 0; tried < most_tried && tried < static_cast<int>(declared.size()); ++tried) {
                const Index cte = declared[declared.size() - 1 - static_cast<Index>(tried)].cte;
                if (i >= cte && i < end(cte)) continue;
                scans[cte].push_back(i);
                break;
            }
        }
        for (Index cte = 0; cte < tree_.nodes.size(); ++cte) {
            const auto found = scans.find(cte);
            if (found == scans.end()) continue;
            double self = 0;
            for (const Index scan : found->second) self += std::max(0.0, times_[scan].self_ms);
            if (self <= 0) continue;
            const double share = std::min(1.0, times_[cte].total_ms / self);
            for (const Index scan : found->second) times_[scan].self_ms -= std::max(0.0, times_[scan].self_ms) * share;
        }
    }

    const Tree& tree_;
    std::vector<int> ends_;
    std::vector<Role> roles_;
    std::vector<NodeTime> times_;
    std::vector<double> bounded_;  // total times, no longer than those of the parents
};

}  // namespace

std::vector<NodeTime> node_times(const Tree& tree)
{
    if (!tree.timed()) return {};
    return Times(tree).run();
}

}  // namespace casebook::plan
