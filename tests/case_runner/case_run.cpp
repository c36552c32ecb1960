#include "tests/case_runner/case_run.h"

#include "tests/case_runner/case_text.h"
#include "tests/case_runner/process.h"
#include "tests/support/places.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <ostream>
#include <sstream>

namespace casebook::tests {

namespace {

namespace fs = std::filesystem;

constexpr int seconds_per_command = 60;

std::string read_file(const fs::path& path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void replace_all(std::string& text, const std::string& from, const std::string& to)
{
    if (from.empty()) return;
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

/// The names a case file uses for places, and the places. Longer places first, so that none hides another.
std::vector<std::pair<std::string, std::string>> places(const fs::path& folder)
{
    std::vector<std::pair<std::string, std::string>> names{
        {"@tmp/", folder.string() + "/"},
        {"@samples/", (source_folder() / "tests/samples").string() + "/"},
        {"@resources/", (source_folder() / "resources").string() + "/"},
    };
    if (const auto shared = shared_folder()) names.emplace_back("@shared/", (*shared / "samples").string() + "/");
    return names;
}

std::string case_name(int number)
{
    return number == 1 ? "CASE" : "CASE" + std::to_string(number);
}

/// A word of a command with its places filled in.
std::string expanded(std::string word, const fs::path& folder)
{
    for (int i = 1; i <= 9; ++i)
        if (word == case_name(i)) return (folder / ("case" + std::to_string(i) + ".casebook")).string();
    for (const auto& [name, place] : places(folder)) replace_all(word, name, place);
    return word;
}

/// Printed text with places taken out again, and the only figure that differs from run to run.
std::string comparable(std::string text, const fs::path& folder, const std::vector<std::string>& keep)
{
    for (int i = 1; i <= 9; ++i) {
        const std::string file = "case" + std::to_string(i) + ".casebook";
        replace_all(text, (folder / file).string(), case_name(i));
        replace_all(text, "\"" + file + "\"", "\"" + case_name(i) + "\"");
    }
    for (const auto& [name, place] : places(folder)) replace_all(text, place, name);
    const std::string seconds = "\"seconds\":";
    for (std::size_t at = text.find(seconds); at != std::string::npos; at = text.find(seconds, at + 1)) {
        const std::size_t from = at + seconds.size();
        std::size_t to = from;
        while (to < text.size() && std::string_view("0123456789.eE+-").find(text[to]) != std::string_view::npos) ++to;
        if (to > from) text.replace(from, to - from, "0");
    }
    if (!text.empty() && text.back() != '\n') text += '\n';
    if (keep.empty()) return text;
    std::string kept;
    for (const std::string& line : lines_of(text))
        if (std::any_of(keep.begin(), keep.end(), [&](const std::string& part) { return line.find(part) != std::string::npos; }))
            kept += line + "\n";
    return kept;
}

int time_limit()
{
    const char* factor = std::getenv("CASEBOOK_TIMEOUT_FACTOR");
    return seconds_per_command * std::max(1, factor ? std::atoi(factor) : 1);
}

/// What is wrong with how a command ended, apart from its stdout; empty when nothing is.
std::string wrong_end(const Step& step, const Finished& done, const fs::path& folder)
{
    if (!done.failure.empty()) return done.failure;
    if (done.timed_out) return "did not end in time and was killed";
    if (done.signal != 0) return "ended by signal " + std::to_string(done.signal);
    if (done.exit_status != step.exit_status)
        return "exit status " + std::to_string(done.exit_status) + ", expected " + std::to_string(step.exit_status);
    const auto lacks = [&](const std::string& text, const std::string& part) {
        const auto lines = lines_of(comparable(text, folder, {}));
        return std::none_of(lines.begin(), lines.end(), [&](const std::string& line) { return line.find(part) != std::string::npos; });
    };
    for (const std::string& part : step.stdout_parts)
        if (lacks(done.out, part)) return "no line of stdout contains: " + part;
    for (const std::string& part : step.stderr_parts)
        if (lacks(done.err, part)) return "no line of stderr contains: " + part;
    return {};
}

}  // namespace

Outcome run_case(const std::string& path, const RunOptions& options, std::ostream& log)
{
    if (!fs::is_regular_file(path)) {
        log << path << ": no such file\n";
        return Outcome::failed;
    }
    const CaseText parsed = parse_case(read_file(path));
    if (!parsed.error.empty()) {
        log << path << ": " << parsed.error << "\n";
        return Outcome::failed;
    }
    if (parsed.needs_shared && !shared_folder()) {
        log << path << ": skipped, the folder of shared samples is absent (set CASEBOOK_SHARED)\n";
        return Outcome::skipped;
    }

    const TemporaryFolder temporary;
    const fs::path& folder = temporary.path();
    bool failed = false;
    std::vector<std::string> printed;
    for (const Step& step : parsed.steps) {
        for (const auto& [name, content] : step.files_before) {
            const fs::path file = folder / name;
            fs::create_directories(file.parent_path());
            std::ofstream(file, std::ios::binary) << content;
        }
        const auto words = words_of(step.command);
        if (!words) {
            log << path << ":" << step.line << ": unclosed quote\n";
            return Outcome::failed;
        }
        std::vector<std::string> command{options.program};
        for (const std::string& word : *words) command.push_back(expanded(word, folder));
        const Finished done = run_process(command, {expanded(step.standard_input, folder), folder.string(), time_limit(),
                                                       step.interrupt_after_ms});
        printed.push_back(comparable(done.out, folder, step.keep));

        const std::string wrong = wrong_end(step, done, folder);
        const bool differs = step.expected && *step.expected != printed.back();
        if (wrong.empty() && (!differs || options.update)) continue;
        failed = true;
        log << path << ":" << step.line << ": > " << step.command << "\n";
        if (!wrong.empty()) log << "  " << wrong << "\n";
        if (!wrong.empty() && !done.err.empty()) log << "  stderr:\n" << comparable(done.err, folder, {});
        if (differs) log << "  expected (-) and printed (+):\n" << difference(*step.expected, printed.back());
    }
    if (options.update) {
        const std::string updated = rewrite(parsed, printed);
        if (updated != read_file(path)) {
            std::ofstream(path, std::ios::binary) << updated;
            log << path << ": updated\n";
        }
    }
    return failed ? Outcome::failed : Outcome::passed;
}

}  // namespace casebook::tests
