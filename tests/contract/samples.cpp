// Every sniffer wins its own samples and no other: sample_importers.tsv says which importer takes which file of the
// shared samples and of tests/samples. Skipped when neither folder is there.
//   contract_samples             checks
//   contract_samples --list      prints file, importer and score of all files, for writing the table

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/import_run.h"
#include "analyzers/importers/support/source.h"
#include "analyzers/importers/support/utf16_source.h"
#include "tests/support/places.h"

#include <algorithm>
#include <fnmatch.h>
#include <fstream>
#include <iostream>
#include <set>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace casebook;

struct Rule {
    std::string pattern, importer;
    int line = 0;
    int files = 0;
};

/// Rules in order; the first that fits a file holds. '*' also matches '/'.
std::vector<Rule> read_rules(const fs::path& path)
{
    std::vector<Rule> rules;
    std::ifstream in(path);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        const std::size_t tab = line.find('\t');
        if (line.empty() || line.front() == '#' || tab == std::string::npos) continue;
        rules.push_back({line.substr(0, tab), line.substr(tab + 1), number});
    }
    return rules;
}

std::vector<fs::path> files_below(const fs::path& folder)
{
    std::vector<fs::path> files;
    if (!fs::is_directory(folder)) return files;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<SniffScore> scores_of(const fs::path& file)
{
    const Control control;
    const auto source = Source::open(file.string(), control);
    if (!source) return {};
    constexpr std::size_t head_bytes = 64 << 10;
    const auto mark = (*source)->window(2);
    const auto text = mark && is_utf16(*mark) ? utf16_source(**source, control) : nullptr;
    const auto window = (text ? *text : **source).window(head_bytes + 1);
    if (!window) return {};
    return sniff_scores(file.string(), window->substr(0, head_bytes), window->size() <= head_bytes);
}

std::string importer_of(const std::vector<SniffScore>& scores)
{
    return scores.empty() || scores.front().score == 0 ? "none" : scores.front().importer;
}

}  // namespace

int main(int count, char**)
{
    const bool list = count > 1;
    const fs::path root = tests::source_folder();
    const auto shared = tests::shared_folder();
    std::set<std::string> registered;
    for (const Importer* importer : all_importers()) registered.insert(std::string(importer->id));

    std::vector<std::pair<std::string, fs::path>> files;  // name in the table, file
    for (const fs::path& file : files_below(root / "tests/samples"))
        files.emplace_back("tests/" + fs::relative(file, root / "tests/samples").generic_string(), file);
    for (const fs::path& file : shared ? files_below(*shared / "samples") : std::vector<fs::path>())
        files.emplace_back(fs::relative(file, *shared / "samples").generic_string(), file);

    std::vector<Rule> rules = read_rules(root / "tests/contract/sample_importers.tsv");
    int broken = 0, ties = 0;
    for (const auto& [name, file] : files) {
        const auto scores = scores_of(file);
        const std::string winner = importer_of(scores);
        if (list) {
            std::cout << name << "\t" << winner << "\t" << (scores.empty() ? 0 : scores.front().score) << "\n";
            continue;
        }
        if (scores.size() > 1 && scores[0].score > 0 && scores[0].score == scores[1].score) {
            ++ties;
            std::cout << name << ": a tie of " << scores[0].importer << " and " << scores[1].importer << "\n";
        }
        const auto rule = std::find_if(rules.begin(), rules.end(), [&name = name](const Rule& candidate) {
            return fnmatch(candidate.pattern.c_str(), name.c_str(), 0) == 0;
        });
        if (rule == rules.end()) {
            ++broken;
            std::cout << name << ": no line of sample_importers.tsv speaks of it (" << winner << " takes it)\n";
            continue;
        }
        ++rule->files;
        if (rule->importer == "any") continue;
        // An importer that is not there yet takes nothing, and nobody else may take its samples.
        const std::string expected = registered.count(rule->importer) ? rule->importer : "none";
        if (winner == expected) continue;
        ++broken;
        std::cout << name << ": taken by " << winner << ", line " << rule->line << " says " << rule->importer << "\n";
    }
    if (list) return 0;
    if (!shared) std::cout << "the folder of shared samples is absent (set CASEBOOK_SHARED): only tests/samples was looked at\n";
    std::cout << files.size() << " files, " << ties << " ties, " << broken << " taken by the wrong importer\n";
    if (broken + ties > 0) return 1;
    return files.empty() ? tests::skipped : 0;
}
