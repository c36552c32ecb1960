// Who may include whom (ARCHITECTURE.md, "Direction"), and what may be included where.

#include "tests/support/places.h"

#include <fstream>
#include <iostream>
#include <map>
#include <regex>
#include <set>
#include <vector>

namespace {

namespace fs = std::filesystem;

/// Folders of the engine from the bottom up; a folder includes itself and lower levels.
const std::map<std::string, int> engine_levels{
    {"core", 0}, {"store", 1}, {"trace", 2}, {"plan", 2}, {"analysis", 3}, {"importers", 4}, {"modules", 4}, {"report", 4},
    {"capture", 4}, {"playbook", 5},
};
const std::map<std::string, int> top_levels{{"analyzers", 0}, {"widgets", 1}, {"app", 2}};

/// Headers that only one folder may include.
const std::vector<std::pair<std::string, std::string>> reserved{
    {"sqlite3.h", "analyzers/store/"},
    {"libpq-fe.h", "analyzers/capture/"},
    {"qcustomplot.h", "widgets/charts/"},
    {"CLI/CLI.hpp", "app/cli/parser.cpp"},
};

struct Include {
    std::string name;
    bool quoted = false;
    int line = 0;
};

std::vector<Include> includes_of(const fs::path& file, bool& pumps_events)
{
    static const std::regex pattern(R"re(^\s*#\s*include\s*(["<])([^">]+)[">])re");
    std::vector<Include> found;
    std::ifstream in(file);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        std::smatch match;
        if (std::regex_search(line, match, pattern)) found.push_back({match[2], match[1] == "\"", number});
        const std::string code = line.substr(0, line.find("//"));
        if (code.find("processEvents") != std::string::npos) pumps_events = true;
    }
    return found;
}

std::vector<std::string> parts_of(const std::string& path)
{
    std::vector<std::string> parts;
    for (const auto& part : fs::path(path)) parts.push_back(part.string());
    return parts;
}

bool is_qt(const std::string& name)
{
    static const std::regex pattern("^(Qt[A-Z][A-Za-z]*/.*|Q[A-Z][A-Za-z]*|q[a-z]+global\\.h|qobject\\.h)$");
    return std::regex_match(name, pattern);
}

/// What is wrong with an include; empty when nothing is.
std::string objection(const std::string& file, const Include& include)
{
    const auto from = parts_of(file), to = parts_of(include.name);
    for (const auto& [header, place] : reserved)
        if (include.name == header && file.rfind(place, 0) != 0) return header + " belongs to " + place + " only";
    if (from[0] == "analyzers" && is_qt(include.name)) return "Qt in the engine";
    if (!include.quoted) return {};
    if (to.size() < 2) return "includes are written from the project's root";
    if (!top_levels.count(to[0])) return {};
    if (top_levels.at(to[0]) > top_levels.at(from[0])) return from[0] + " must not know " + to[0];
    if (from[0] == "app" && to[0] == "app" && from.size() > 1 && to.size() > 1 && from[1] != to[1])
        return "the programs do not include each other";
    if (from[0] != "analyzers" || to[0] != "analyzers" || from.size() < 3 || to.size() < 3) return {};
    if (!engine_levels.count(from[1])) return "folder analyzers/" + from[1] + " has no level: add it to this test and ARCHITECTURE.md";
    if (!engine_levels.count(to[1])) return "folder analyzers/" + to[1] + " has no level: add it to this test and ARCHITECTURE.md";
    const int low = engine_levels.at(to[1]), high = engine_levels.at(from[1]);
    if (low > high || (low == high && from[1] != to[1])) return from[1] + " must not know " + to[1];
    const bool shared_part = to[2] == "support";
    if (from[1] == "importers" && to[1] == "importers" && !shared_part) return "importers do not include each other";
    if (from[1] == "modules" && to[1] == "modules" && !shared_part) return "analyzers do not include each other";
    return {};
}

}  // namespace

int main()
{
    const fs::path root = casebook::tests::source_folder();
    int files = 0, broken = 0;
    for (const auto& [top, level] : top_levels) {
        if (!fs::is_directory(root / top)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
            const std::string extension = entry.path().extension().string();
            if (!entry.is_regular_file() || (extension != ".cpp" && extension != ".h")) continue;
            const std::string file = fs::relative(entry.path(), root).generic_string();
            ++files;
            bool pumps_events = false;
            for (const Include& include : includes_of(entry.path(), pumps_events)) {
                const std::string wrong = objection(file, include);
                if (wrong.empty()) continue;
                ++broken;
                std::cout << file << ":" << include.line << ": " << include.name << ": " << wrong << "\n";
            }
            if (pumps_events) {
                ++broken;
                std::cout << file << ": processEvents: long work belongs to a job\n";
            }
        }
    }
    std::cout << files << " files, " << broken << " broken rules\n";
    return broken == 0 && files > 0 ? 0 : 1;
}
