// The path is the registration: ids match paths, and every entry is complete. An analyzer comes with a case that it confirms
// (or, where nothing more can be said, suspects), one that it rules out, and a decoy that looks alike.

#include "analyzers/core/analyzer.h"
#include "analyzers/core/importer.h"
#include "tests/support/places.h"

#include <fstream>
#include <iostream>
#include <regex>
#include <set>
#include <string>

namespace {

namespace fs = std::filesystem;
using namespace casebook;

int broken = 0;

void expect(bool holds, const std::string& subject, const std::string& rule)
{
    if (holds) return;
    ++broken;
    std::cout << subject << ": " << rule << "\n";
}

std::set<std::string> ids_of_folder(const fs::path& folder)
{
    std::set<std::string> ids;
    if (!fs::is_directory(folder)) return ids;
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.is_regular_file() && entry.path().extension() == ".cpp") ids.insert(entry.path().stem().string());
    return ids;
}

/// A case file that runs this analyzer, or all of them, and looks at something.
bool tests_analyzer(const fs::path& path, const std::string& id)
{
    std::ifstream in(path);
    bool runs = false, looks = false;
    for (std::string line; std::getline(in, line);) {
        const bool command = line.starts_with("> analyze") || line.starts_with("> diagnose");
        runs = runs || (command && (line.find(" --only ") == std::string::npos || line.find(id) != std::string::npos));
        looks = looks || line == "----" || line.starts_with("stdout ");
    }
    return runs && looks;
}

void check_cases(const fs::path& root, const std::string& id)
{
    const std::size_t dot = id.find('.');
    if (dot == std::string::npos) return;
    const fs::path folder = root / "tests/cases" / id.substr(0, dot);
    const std::string stem = id.substr(dot + 1);
    const auto expect_one_of = [&](std::initializer_list<const char*> endings) {
        bool found = false;
        for (const char* ending : endings) found = found || tests_analyzer(folder / (stem + "_" + ending + ".case"), id);
        expect(found, id, "tests/cases/" + id.substr(0, dot) + "/" + stem + "_" + *endings.begin() + ".case, a case that runs it, is missing");
    };
    expect_one_of({"confirmed", "suspected"});
    expect_one_of({"ruled_out"});
    expect_one_of({"decoy"});
}

void check_importers(const fs::path& root)
{
    const std::set<std::string> files = ids_of_folder(root / "analyzers/importers");
    std::set<std::string> ids;
    for (const Importer* importer : all_importers()) {
        const std::string id(importer->id);
        expect(files.count(id) == 1, id, "the id of an importer is the name of its file");
        expect(ids.insert(id).second, id, "two importers have this id");
        expect(!importer->title.empty(), id, "title is missing");
        expect(!importer->brings.empty(), id, "it does not say which evidence it brings");
        expect(!importer->how.empty(), id, "it does not say how to get such a file from a live system");
        expect(importer->sniff != nullptr && importer->read != nullptr, id, "a function is missing");
    }
    expect(ids == files, "analyzers/importers", "files and registered importers differ");
}

void check_analyzers(const fs::path& root)
{
    static const std::regex snake("[a-z][a-z0-9_]*");
    static const std::regex unpublished("patterns-|formats/|MAP|elsewhere");
    std::set<std::string> files;
    if (fs::is_directory(root / "analyzers/modules"))
        for (const auto& domain : fs::directory_iterator(root / "analyzers/modules"))
            if (domain.is_directory() && domain.path().filename() != "support")
                for (const std::string& name : ids_of_folder(domain.path())) files.insert(domain.path().filename().string() + "." + name);
    std::set<std::string> ids;
    for (const Analyzer* analyzer : all_analyzers()) {
        const std::string id(analyzer->id);
        expect(files.count(id) == 1, id, "the id of an analyzer is <folder>.<file>");
        expect(ids.insert(id).second, id, "two analyzers have this id");
        expect(!analyzer->question.empty() && analyzer->question.back() == '?', id, "the question is no question");
        expect(!analyzer->needs.empty(), id, "it does not say which evidence it needs");
        expect(analyzer->run != nullptr, id, "the function is missing");
        expect(fs::is_regular_file(root / "resources/handbook" / (id + ".md")), id, "resources/handbook/" + id + ".md is missing");
        check_cases(root, id);
        std::set<std::string> names;
        for (const Threshold& threshold : analyzer->thresholds) {
            const std::string name(threshold.name);
            expect(std::regex_match(name, snake), id, "threshold '" + name + "' is not in snake_case");
            expect(names.insert(name).second, id, "threshold '" + name + "' is there twice");
            expect(!threshold.unit.empty(), id, "threshold '" + name + "' has no unit");
            expect(!threshold.source.empty(), id, "threshold '" + name + "' has no source");
            expect(!std::regex_search(std::string(threshold.source), unpublished), id, "threshold '" + name + "' names a source that users do not have");
        }
    }
    expect(ids == files, "analyzers/modules", "files and registered analyzers differ");
}

}  // namespace

int main()
{
    const fs::path root = casebook::tests::source_folder();
    check_importers(root);
    check_analyzers(root);
    std::cout << all_importers().size() << " importers, " << all_analyzers().size() << " analyzers, " << broken << " broken rules\n";
    return broken == 0 ? 0 : 1;
}
