#include "analyzers/analysis/heap_growth.h"

#include "analyzers/analysis/growth_shape.h"
#include "analyzers/core/statistics.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace casebook {
namespace {

constexpr double steady = 0.3, not_saturating = 0.6, proportional = 0.05, whole = 0.02, exact = 0.002, rarest = 100;
constexpr double slow_end = 0.8, by_chance = 0.05;  // of the mean pace, at the end; that the steps are in such an order
constexpr double noise = 0.005;        // of the instances: five times what an idle heap jitters
constexpr std::size_t most_leaders = 64; // compared with, so that the cost stays linear in the classes
constexpr std::size_t most_movers = 16;
constexpr std::size_t fewest_significant = 5;  // snapshots: exact Mann-Kendall
constexpr double heavy_share = 0.0005; // of the heap

/// `moments` of the snapshots, in any unit.
void measure(GrowingClass& c, const std::vector<double>& moments)
{
    const std::size_t n = c.instances.size();
    const double mean_step = c.growth() / static_cast<double>(n - 1);
    double weakest = mean_step;
    for (std::size_t i = 1; i < n; ++i) weakest = std::min(weakest, c.instances[i] - c.instances[i - 1]);
    c.weakest_step = mean_step > 0 ? weakest / mean_step : 0;
    // Halves by slope: with an even number of steps they are equally long.
    const std::size_t middle = n / 2;
    const double first = (c.instances[middle] - c.instances.front()) / static_cast<double>(middle);
    const double second = (c.instances.back() - c.instances[middle]) / static_cast<double>(std::max<std::size_t>(n - 1 - middle, 1));
    c.second_half = n == 2 ? 1 : first > 0 ? second / first : second > 0 ? 10 : 0;
    std::vector<double> paces;  // backwards: slower and slower is an increase
    for (std::size_t i = n - 1; i > 0; --i) paces.push_back((c.instances[i] - c.instances[i - 1]) / std::max(moments[i] - moments[i - 1], 1e-9));
    c.slows = slows_down(moments, c.instances, slow_end) && mann_kendall(paces).p_increase < by_chance;
}

bool keeps_growing(const GrowingClass& c) { return c.weakest_step >= steady && c.second_half >= not_saturating; }

/// Every step of `other` is its overall ratio to `culprit` times the culprit's step, within 5 % of its mean step. One step
/// alone is in proportion to any other: then an object brings a whole number of them.
bool in_proportion(const GrowingClass& culprit, const GrowingClass& other, double& ratio)
{
    ratio = other.growth() / culprit.growth();
    const std::size_t steps = other.instances.size() - 1;
    if (steps == 1) return ratio > 0.5 && std::abs(ratio - std::round(ratio)) <= whole;
    const double mean_step = other.growth() / static_cast<double>(steps);
    for (std::size_t i = 1; i <= steps; ++i) {
        const double expected = ratio * (culprit.instances[i] - culprit.instances[i - 1]), actual = other.instances[i] - other.instances[i - 1];
        if (std::abs(actual - expected) > proportional * std::max(mean_step, std::abs(actual)) + 2) return false;
    }
    return true;
}

LeakMolecule molecule_of(const std::vector<GrowingClass>& classes, std::size_t culprit, const std::vector<bool>& taken)
{
    LeakMolecule molecule;
    molecule.culprit = culprit;
    const GrowingClass& c = classes[culprit];
    molecule.members.push_back({culprit, 1});
    molecule.bytes = c.byte_growth();
    for (std::size_t i = 0; i < classes.size(); ++i) {
        double ratio = 0;
        if (i == culprit || taken[i] || !in_proportion(c, classes[i], ratio)) continue;
        molecule.members.push_back({i, ratio});
        molecule.bytes += classes[i].byte_growth();
    }
    std::sort(molecule.members.begin() + 1, molecule.members.end(), [&](const auto& a, const auto& b) {
        const double x = classes[a.index].byte_growth(), y = classes[b.index].byte_growth();
        return x != y ? x > y : classes[a.index].name < classes[b.index].name;
    });
    return molecule;
}

/// After one step: what holds the candidate, a rarer class of the application of which each brings a whole number of them,
/// and that weighs something beside it; else the candidate.
std::size_t owner_by_one_step(const std::vector<GrowingClass>& classes, std::size_t candidate, const std::vector<bool>& taken)
{
    const GrowingClass& held = classes[candidate];
    std::size_t owner = candidate;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        double ratio = 0;
        if (taken[i] || !classes[i].application || classes[i].growth() >= classes[owner].growth() || 10 * classes[i].byte_growth() < held.byte_growth()) continue;
        if (in_proportion(classes[i], held, ratio)) owner = i;
    }
    return owner;
}

/// How far the steps of `other` are from a fixed proportion to those of `culprit`, relative to its mean step.
double misfit(const GrowingClass& culprit, const GrowingClass& other)
{
    const double ratio = other.growth() / culprit.growth();
    double off = 0;
    for (std::size_t i = 1; i < other.instances.size(); ++i)
        off += std::abs(other.instances[i] - other.instances[i - 1] - ratio * (culprit.instances[i] - culprit.instances[i - 1]));
    return off / other.growth();
}

/// y = a x + b z over the steps of three classes, a and b not negative, every step met within 5 %.
bool explained_by_two(const GrowingClass& y, const GrowingClass& x, const GrowingClass& z, double& a, double& b)
{
    const auto step = [](const GrowingClass& c, std::size_t i) { return c.instances[i] - c.instances[i - 1]; };
    double xx = 0, xz = 0, zz = 0, xy = 0, zy = 0;
    for (std::size_t i = 1; i < y.instances.size(); ++i) {
        xx += step(x, i) * step(x, i);
        xz += step(x, i) * step(z, i);
        zz += step(z, i) * step(z, i);
        xy += step(x, i) * step(y, i);
        zy += step(z, i) * step(y, i);
    }
    const double determinant = xx * zz - xz * xz;
    if (determinant <= 1e-6 * xx * zz) return false;  // the two grow alike: nothing tells them apart
    a = (xy * zz - zy * xz) / determinant;
    b = (zy * xx - xy * xz) / determinant;
    if (a < 0 || b < 0) return false;
    const double mean_step = y.growth() / static_cast<double>(y.instances.size() - 1);
    for (std::size_t i = 1; i < y.instances.size(); ++i)
        if (std::abs(a * step(x, i) + b * step(z, i) - step(y, i)) > proportional * std::max(mean_step, std::abs(step(y, i))) + 2) return false;
    return true;
}

/// Two leaks share strings and arrays, which then grow in proportion to neither; so do a leak and a cache that fills up. What
/// two application classes explain together is divided between them.
void divide_shared(HeapGrowth& growth, const std::vector<const GrowingClass*>& movers)
{
    constexpr std::size_t most_pairs_of = 8;
    std::vector<std::size_t> owners;
    for (std::size_t i = 0; i < growth.molecules.size() && owners.size() < most_pairs_of; ++i)
        if (growth.classes[growth.molecules[i].culprit].application) owners.push_back(i);
    const auto give = [&](std::size_t to, double ratio, const LeakMolecule& shared) {
        LeakMolecule& owner = growth.molecules[to];
        const double share = ratio * growth.classes[owner.culprit].growth() / growth.classes[shared.culprit].growth();
        for (const auto& member : shared.members) {
            owner.members.push_back({member.index, ratio * member.per_culprit});
            owner.bytes += share * growth.classes[member.index].byte_growth();
        }
    };
    const auto divide = [&](const LeakMolecule& shared) {
        const GrowingClass& y = growth.classes[shared.culprit];
        const auto culprit = [&](std::size_t owner) -> const GrowingClass& { return growth.classes[growth.molecules[owner].culprit]; };
        double a = 0, b = 0;
        for (std::size_t i = 0; i < owners.size(); ++i)
            for (std::size_t k = i + 1; k < owners.size(); ++k) {
                if (!explained_by_two(y, culprit(owners[i]), culprit(owners[k]), a, b)) continue;
                give(owners[i], a, shared);
                give(owners[k], b, shared);
                return true;
            }
        for (const std::size_t owner : owners)
            for (const GrowingClass* mover : movers) {
                if (!explained_by_two(y, culprit(owner), *mover, a, b)) continue;
                give(owner, a, shared);
                return true;
            }
        return false;
    };
    std::vector<LeakMolecule> kept;
    for (const LeakMolecule& molecule : std::vector<LeakMolecule>(growth.molecules))
        if (growth.classes[molecule.culprit].application || !divide(molecule)) kept.push_back(molecule);
    // Owners have grown meanwhile; they are kept in the same order.
    for (LeakMolecule& molecule : kept)
        for (const std::size_t owner : owners)
            if (growth.molecules[owner].culprit == molecule.culprit) molecule = growth.molecules[owner];
    growth.molecules = std::move(kept);
}

/// Better suspect first: of the application, then rarer, then larger instances, then by name. A single step cannot tell what
/// belongs together: then the one with the most bytes.
bool better_culprit(const GrowingClass& a, const GrowingClass& b)
{
    if (a.application != b.application) return a.application;
    if (a.instances.size() == 2 && a.byte_growth() != b.byte_growth()) return a.byte_growth() > b.byte_growth();
    const double x = a.growth(), y = b.growth();
    if (std::abs(x - y) > 0.02 * std::max(x, y)) return x < y;
    if (a.byte_growth() != b.byte_growth()) return a.byte_growth() > b.byte_growth();
    return a.name < b.name;
}

/// A class that is added to once per interval (a bucket of statistics, say) is rare and keeps the pace of a leak under a
/// steady load, by chance and not exactly. The rarest class whose steps fit the heaviest of the rest as well as any class of
/// the application does, and that is not out of all proportion to the one that fits best, is the culprit.
std::size_t best_fit(const std::vector<GrowingClass>& classes, const LeakMolecule& molecule, const std::vector<bool>& taken)
{
    const auto rest = std::max_element(molecule.members.begin(), molecule.members.end(), [&](const auto& a, const auto& b) {
        const auto weight = [&](const auto& member) { return classes[member.index].application ? -1 : classes[member.index].byte_growth(); };
        return weight(a) < weight(b);
    });
    if (classes[rest->index].application || !classes[molecule.culprit].application) return molecule.culprit;
    const GrowingClass& held = classes[rest->index];
    std::vector<std::pair<std::size_t, double>> misfits;
    std::pair<std::size_t, double> closest{molecule.culprit, misfit(classes[molecule.culprit], held)};
    for (std::size_t i = 0; i < classes.size(); ++i) {
        double ratio = 0;
        if (taken[i] || !classes[i].application || !in_proportion(classes[i], held, ratio)) continue;
        misfits.emplace_back(i, misfit(classes[i], held));
        if (misfits.back().second < closest.second) closest = misfits.back();
    }
    std::size_t culprit = closest.first;
    for (const auto& [i, off] : misfits) {
        const bool fits = off <= 2 * closest.second + exact && rarest * classes[i].growth() >= classes[closest.first].growth();
        if (fits && better_culprit(classes[i], classes[culprit])) culprit = i;
    }
    return culprit;
}

}  // namespace

HeapGrowth heap_growth(const HeapSeries& series, double fdr)
{
    HeapGrowth growth;
    const std::size_t n = series.snapshots.size();
    if (n < 2) return growth;
    std::map<std::string, GrowingClass> all;
    for (std::size_t i = 0; i < n; ++i)
        for (const HeapSnapshot::Class& entry : series.snapshots[i]->classes) {
            GrowingClass& c = all[entry.name];
            if (c.instances.empty()) {
                c.name = entry.name;
                c.instances.assign(n, 0);
                c.bytes.assign(n, 0);
            }
            c.instances[i] += static_cast<double>(entry.instances);
            c.bytes[i] += static_cast<double>(entry.bytes);
            if (i == 0) growth.heap_first += static_cast<double>(entry.bytes);
            if (i + 1 == n) growth.heap_last += static_cast<double>(entry.bytes);
        }
    growth.tested = all.size();
    // The rank test of six values cannot be significant over thousands of classes. Only those enter that move more than an
    // idle heap does and weigh something: how far values are apart says nothing about their order, so the choice does not
    // favour growth (independent filtering, Bourgon, Gentleman and Huber 2010).
    std::vector<double> p;
    std::vector<GrowingClass*> tested, light;
    for (auto& [name, c] : all) {
        const auto [least, most] = std::minmax_element(c.instances.begin(), c.instances.end());
        const auto [least_bytes, most_bytes] = std::minmax_element(c.bytes.begin(), c.bytes.end());
        if (*most - *least < noise * *most) continue;
        c.application = is_application_class(name);
        if (*most_bytes - *least_bytes < heavy_share * growth.heap_last) {
            light.push_back(&c);
            continue;
        }
        c.p = mann_kendall(c.instances).p_increase;
        p.push_back(c.p);
        tested.push_back(&c);
    }
    growth.family = p.size();
    const std::vector<double> q = benjamini_hochberg(p);
    std::vector<double> moments;
    for (std::size_t i = 0; i < n; ++i) moments.push_back(series.timed ? static_cast<double>(*series.snapshots[i]->at_ns - *series.snapshots[0]->at_ns) / 1e9 : static_cast<double>(i));
    const auto steadily = [&](GrowingClass& c) {
        if (c.growth() < static_cast<double>(n - 1)) return false;
        measure(c, moments);
        return keeps_growing(c);
    };
    for (std::size_t i = 0; i < tested.size(); ++i) {
        GrowingClass& c = *tested[i];
        c.q = q[i];
        // Fewer than five snapshots may raise a suspicion.
        if (steadily(c) && (n >= fewest_significant ? c.q < fdr : c.weakest_step > 0)) growth.classes.push_back(c);
    }
    // A light class counts when it grows in proportion to one that does: then its steps are told by those, not by chance. A
    // few steps tell nothing of the sort.
    const std::size_t significant = growth.classes.size();
    for (GrowingClass* c : light) {
        if (significant == 0 || n < fewest_significant || !steadily(*c)) continue;
        for (std::size_t i = 0; i < std::min(significant, most_leaders); ++i)
            if (double ratio = 0; in_proportion(*c, growth.classes[i], ratio)) {
                c->p = growth.classes[i].p;
                c->q = growth.classes[i].q;
                growth.classes.push_back(*c);
                break;
            }
    }
    std::sort(growth.classes.begin(), growth.classes.end(), [](const GrowingClass& a, const GrowingClass& b) { return a.name < b.name; });
    growth.growing = growth.classes.size();

    std::vector<bool> taken(growth.classes.size());
    std::vector<std::size_t> order(growth.classes.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return better_culprit(growth.classes[a], growth.classes[b]); });
    for (const std::size_t candidate : order)
        while (!taken[candidate]) {
            std::size_t culprit = n == 2 ? owner_by_one_step(growth.classes, candidate, taken) : candidate;
            LeakMolecule molecule = molecule_of(growth.classes, culprit, taken);
            if (n > 2 && (culprit = best_fit(growth.classes, molecule, taken)) != candidate) molecule = molecule_of(growth.classes, culprit, taken);
            for (const auto& member : molecule.members) taken[member.index] = true;
            growth.molecules.push_back(std::move(molecule));
        }
    std::vector<const GrowingClass*> movers;
    if (n >= fewest_significant)
        for (const GrowingClass* c : tested)
            if (c->application && std::none_of(growth.classes.begin(), growth.classes.end(), [&](const GrowingClass& one) { return one.name == c->name; })) movers.push_back(c);
    const auto moved = [](const GrowingClass& c) {
        const auto [least, most] = std::minmax_element(c.bytes.begin(), c.bytes.end());
        return *most - *least;
    };
    std::stable_sort(movers.begin(), movers.end(), [&](const GrowingClass* a, const GrowingClass* b) { return moved(*a) > moved(*b); });
    movers.resize(std::min(movers.size(), most_movers));
    divide_shared(growth, movers);
    std::stable_sort(growth.molecules.begin(), growth.molecules.end(), [&](const LeakMolecule& a, const LeakMolecule& b) {
        const bool x = growth.classes[a.culprit].application, y = growth.classes[b.culprit].application;
        if (x != y) return x;
        return a.bytes > b.bytes;
    });
    return growth;
}

}  // namespace casebook
