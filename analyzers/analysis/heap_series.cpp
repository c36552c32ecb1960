#include "analyzers/analysis/heap_series.h"

#include "analyzers/analysis/collections.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook {
namespace {

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

}  // namespace casebook
