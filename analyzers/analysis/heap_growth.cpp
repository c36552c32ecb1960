#include "analyzers/analysis/heap_growth.h"

#include "analyzers/analysis/live_floor.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace casebook {
namespace {

constexpr double steady = 0.3, not_saturating = 0.6, proportional = 0.05, whole = 0.02, exact = 0.002, rarest = 100;
constexpr double noise = 0.005;        // of the instances: five times what an idle heap jitters
constexpr std::size_t most_leaders = 64; // compared with, so that the cost stays linear in the classes
constexpr std::size_t most_movers = 16;
constexpr double heavy_share = 0.0005; // of the heap

std::string without_digits(std::string_view path)
{
    std::string name;
    for (const char c : path) {
        if (c >= '0' && c <= '9') {
            if (!name.ends_with('#')) name += '#';
        } else {
            name += c;
        }
    }
    return name;
}

/// Runs of digits of a file's name.
std::vector<std::string> numbers_of(std::string_view path)
{
    std::vector<std::string> numbers(1);
    for (const char c : path.substr(folder_of(path).size())) {
        if (c >= '0' && c <= '9') numbers.back() += c;
        else if (!numbers.back().empty()) numbers.emplace_back();
    }
    if (numbers.back().empty()) numbers.pop_back();
    return numbers;
}

bool is_of_this_age(const std::string& number) { return number.starts_with("19") || number.starts_with("20"); }

/// Process ids have three to seven digits; years, days, the time that follows a day, and seconds since the epoch are
/// something else.
bool may_be_process_id(const std::vector<std::string>& numbers, std::size_t k)
{
    const std::string& number = numbers[k];
    const bool year = number.size() == 4 && is_of_this_age(number);
    const bool time = k > 0 && numbers[k - 1].size() == 8 && is_of_this_age(numbers[k - 1]) && (number.size() == 4 || number.size() == 6);
    return number.size() >= 3 && number.size() <= 7 && !year && !time;
}

/// Of files whose names are equal but for digits: what tells processes apart stands in several names each, what numbers the
/// snapshots does not. Folders first, then the first number of the name that may be a process id.
std::map<std::string, std::vector<const HeapSnapshot*>> by_process(const std::vector<const HeapSnapshot*>& alike)
{
    using Groups = std::map<std::string, std::vector<const HeapSnapshot*>>;
    const auto grouped = [&](const auto& name_of) {
        Groups groups;
        for (const HeapSnapshot* snapshot : alike) groups[name_of(*snapshot)].push_back(snapshot);
        return groups;
    };
    const auto tells = [](const Groups& groups) {
        return groups.size() > 1 && std::all_of(groups.begin(), groups.end(), [](const auto& group) { return group.second.size() >= 2; });
    };
    if (Groups folders = grouped([](const HeapSnapshot& s) { return folder_of(s.path); }); tells(folders)) return folders;
    // A file with several histograms is one process each.
    if (Groups files = grouped([](const HeapSnapshot& s) { return s.path; }); tells(files)) return files;
    const std::size_t numbers = alike.empty() ? 0 : numbers_of(alike.front()->path).size();
    for (std::size_t k = 0; k < numbers; ++k) {
        Groups ids = grouped([&](const HeapSnapshot& s) { return numbers_of(s.path)[k]; });
        if (tells(ids) && std::all_of(alike.begin(), alike.end(), [&](const HeapSnapshot* s) { return may_be_process_id(numbers_of(s->path), k); })) return ids;
    }
    return {{std::string(), alike}};
}

void measure(GrowingClass& c)
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

/// A class that is added to once per interval (a bucket of statistics, say) is rare and keeps the pace of a leak under a
/// steady load, by chance and not exactly. The rarest class whose steps fit the rest as well as any class of the application
/// does, and that is not out of all proportion to the one that fits best, is the culprit.
void prefer_what_fits(const std::vector<GrowingClass>& classes, LeakMolecule& molecule)
{
    const auto rest = std::max_element(molecule.members.begin(), molecule.members.end(), [&](const auto& a, const auto& b) {
        const auto weight = [&](const auto& member) { return classes[member.index].application ? -1 : classes[member.index].byte_growth(); };
        return weight(a) < weight(b);
    });
    if (classes[rest->index].application || !classes[molecule.culprit].application) return;
    const GrowingClass& held = classes[rest->index];
    std::size_t closest = molecule.culprit;
    for (const auto& member : molecule.members)
        if (classes[member.index].application && misfit(classes[member.index], held) < misfit(classes[closest], held)) closest = member.index;
    const double best = misfit(classes[closest], held);
    const auto fits = [&](const GrowingClass& c) {
        return misfit(c, held) <= 2 * best + exact && rarest * c.growth() >= classes[closest].growth();
    };
    std::size_t culprit = molecule.culprit;
    for (const auto& member : molecule.members) {
        const GrowingClass& c = classes[member.index];
        if (!c.application || !fits(c)) continue;
        if (!fits(classes[culprit]) || c.growth() < classes[culprit].growth()) culprit = member.index;
    }
    if (culprit == molecule.culprit) return;
    molecule.culprit = culprit;
    for (auto& member : molecule.members) member.per_culprit = classes[member.index].growth() / classes[culprit].growth();
    const auto first = std::find_if(molecule.members.begin(), molecule.members.end(), [&](const auto& member) { return member.index == culprit; });
    std::rotate(molecule.members.begin(), first, first + 1);
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

}  // namespace

bool is_application_class(std::string_view name)
{
    while (!name.empty() && name.front() == '[') name.remove_prefix(1);
    if (name.size() == 1) return false;  // an array of primitives
    if (name.size() > 2 && name.front() == 'L' && name.back() == ';') name = name.substr(1, name.size() - 2);
    if (name.ends_with("[]")) return is_application_class(name.substr(0, name.size() - 2));
    for (const std::string_view platform : {"byte", "char", "int", "long", "short", "double", "float", "boolean"})
        if (name == platform) return false;
    for (const std::string_view prefix : {"java.", "javax.", "jdk.", "sun.", "com.sun.", "kotlin.", "scala.", "groovy.", "<"})
        if (name.starts_with(prefix)) return false;
    return !name.empty();
}

std::string readable_class(std::string_view name)
{
    std::string suffix;
    while (!name.empty() && name.front() == '[') {
        suffix += "[]";
        name.remove_prefix(1);
    }
    if (suffix.empty()) return std::string(name);
    static constexpr std::array<std::pair<char, std::string_view>, 8> primitives{
        {{'B', "byte"}, {'C', "char"}, {'I', "int"}, {'J', "long"}, {'S', "short"}, {'D', "double"}, {'F', "float"}, {'Z', "boolean"}}};
    if (name.size() == 1)
        for (const auto& [code, word] : primitives)
            if (code == name.front()) return std::string(word) + suffix;
    if (name.size() > 2 && name.front() == 'L' && name.back() == ';') name = name.substr(1, name.size() - 2);
    return std::string(name) + suffix;
}

std::vector<HeapSeries> heap_series(const std::vector<const HeapSnapshot*>& snapshots)
{
    std::map<std::string, std::vector<const HeapSnapshot*>> by_name;
    for (const HeapSnapshot* snapshot : snapshots) by_name[without_digits(snapshot->path)].push_back(snapshot);
    std::vector<HeapSeries> result;
    for (const auto& [name, alike] : by_name)
        for (auto& [process, own] : by_process(alike)) {
            const bool timed = std::all_of(own.begin(), own.end(), [](const HeapSnapshot* s) { return s->at_ns && *s->at_ns > wall_clock_ns; });
            result.push_back({name, folder_of(own.front()->path), std::move(own), timed});
        }
    return result;
}

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
    const auto steadily = [&](GrowingClass& c) {
        if (c.growth() < static_cast<double>(n - 1)) return false;
        measure(c);
        return keeps_growing(c);
    };
    for (std::size_t i = 0; i < tested.size(); ++i) {
        GrowingClass& c = *tested[i];
        c.q = q[i];
        // Fewer than five snapshots may raise a suspicion.
        if (steadily(c) && (n >= 5 ? c.q < fdr : c.weakest_step > 0)) growth.classes.push_back(c);
    }
    // A light class counts when it grows in proportion to one that does: then its steps are told by those, not by chance.
    const std::size_t significant = growth.classes.size();
    for (GrowingClass* c : light) {
        if (significant == 0 || n == 2 || !steadily(*c)) continue;
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
    for (std::size_t candidate : order) {
        if (taken[candidate]) continue;
        if (n == 2) candidate = owner_by_one_step(growth.classes, candidate, taken);
        LeakMolecule molecule = molecule_of(growth.classes, candidate, taken);
        for (const auto& member : molecule.members) taken[member.index] = true;
        prefer_what_fits(growth.classes, molecule);
        growth.molecules.push_back(std::move(molecule));
    }
    std::vector<const GrowingClass*> movers;
    if (n >= 5)
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
