#include "tests/case_runner/case_text.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace casebook::tests {

namespace {

bool starts_with(const std::string& text, const char* prefix)
{
    return text.rfind(prefix, 0) == 0;
}

bool begins_block(const std::string& line)
{
    return starts_with(line, "> ") || starts_with(line, "< ");
}

/// Index of the end of a block of free text that starts at `from`: before the blank line that precedes the next block.
std::size_t end_of_block(const std::vector<std::string>& lines, std::size_t from)
{
    for (std::size_t i = from; i < lines.size(); ++i) {
        if (begins_block(lines[i]) && i == from) return i;
        if (lines[i].empty() && i + 1 < lines.size() && begins_block(lines[i + 1])) return i;
    }
    std::size_t end = lines.size();
    while (end > from && lines[end - 1].empty()) --end;  // blank lines at the end of the file
    return end;
}

std::string joined(const std::vector<std::string>& lines, std::size_t from, std::size_t to)
{
    std::string text;
    for (std::size_t i = from; i < to; ++i) text += lines[i] + "\n";
    return text;
}

/// Reads the annotations after a command and its expectation; returns the index of the first line after it.
std::size_t parse_step(CaseText& parsed, std::size_t at, Step& step)
{
    const auto& lines = parsed.lines;
    while (at < lines.size()) {
        const std::string& line = lines[at];
        if (starts_with(line, "exit ")) step.exit_status = std::atoi(line.c_str() + 5);
        else if (starts_with(line, "stdout ")) step.stdout_parts.push_back(line.substr(7));
        else if (starts_with(line, "stderr ")) step.stderr_parts.push_back(line.substr(7));
        else if (starts_with(line, "stdin ")) step.standard_input = line.substr(6);
        else if (starts_with(line, "interrupt ")) step.interrupt_after_ms = std::atoi(line.c_str() + 10);
        else if (starts_with(line, "keep ")) step.keep.push_back(line.substr(5));
        else break;
        ++at;
    }
    if (at < lines.size() && lines[at] == "----") {
        step.expected_from = at + 1;
        step.expected_to = end_of_block(lines, at + 1);
        step.expected = joined(lines, step.expected_from, step.expected_to);
        return step.expected_to;
    }
    if (!step.keep.empty()) parsed.error = "line " + std::to_string(at) + ": keep without ---- compares nothing";
    return at;
}

}  // namespace

std::vector<std::string> lines_of(const std::string& text)
{
    std::vector<std::string> lines;
    std::size_t from = 0;
    while (from < text.size()) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        lines.push_back(text.substr(from, end - from));
        from = end + 1;
    }
    return lines;
}

CaseText parse_case(const std::string& text)
{
    CaseText parsed;
    parsed.lines = lines_of(text);
    const auto& lines = parsed.lines;
    parsed.needs_shared = !lines.empty() && lines.front() == "# needs shared";

    std::vector<Step::File> files;
    for (std::size_t at = 0; at < lines.size();) {
        const std::string& line = lines[at];
        if (starts_with(line, "> ")) {
            Step step;
            step.line = static_cast<int>(at) + 1;
            step.command = line.substr(2);
            step.files_before = std::move(files);
            files.clear();
            at = parse_step(parsed, at + 1, step);
            parsed.steps.push_back(std::move(step));
        } else if (starts_with(line, "< ")) {
            const std::size_t end = end_of_block(lines, at + 1);
            files.push_back({line.substr(2), joined(lines, at + 1, end)});
            at = end;
        } else if (line.empty() || starts_with(line, "#")) {
            ++at;
        } else {
            parsed.error = "line " + std::to_string(at + 1) + ": expected '> command', '< file', '#' or a blank line, not: " + line;
            return parsed;
        }
    }
    if (!parsed.error.empty()) return parsed;
    if (parsed.steps.empty()) parsed.error = "no command in it";
    const bool asserts = std::any_of(parsed.steps.begin(), parsed.steps.end(), [](const Step& step) {
        return step.expected || step.exit_status != 0 || !step.stderr_parts.empty() || !step.stdout_parts.empty();
    });
    if (parsed.error.empty() && !asserts) parsed.error = "it expects nothing";
    return parsed;
}

std::string rewrite(const CaseText& parsed, const std::vector<std::string>& printed)
{
    std::string text;
    std::size_t at = 0;
    for (std::size_t s = 0; s < parsed.steps.size(); ++s) {
        const Step& step = parsed.steps[s];
        if (!step.expected) continue;
        text += joined(parsed.lines, at, step.expected_from) + printed[s];
        at = step.expected_to;
    }
    return text + joined(parsed.lines, at, parsed.lines.size());
}

std::optional<std::vector<std::string>> words_of(const std::string& command)
{
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    char quote = 0;
    for (std::size_t i = 0; i < command.size(); ++i) {
        const char c = command[i];
        if (c == '\\' && quote != '\'' && i + 1 < command.size()) {
            word += command[++i];
            in_word = true;
        } else if (quote) {
            if (c == quote) quote = 0;
            else word += c;
        } else if (c == '"' || c == '\'') {
            quote = c;
            in_word = true;
        } else if (c == ' ') {
            if (in_word) words.push_back(word);
            word.clear();
            in_word = false;
        } else {
            word += c;
            in_word = true;
        }
    }
    if (quote) return std::nullopt;
    if (in_word) words.push_back(word);
    return words;
}

std::string difference(const std::string& expected, const std::string& printed)
{
    const auto a = lines_of(expected), b = lines_of(printed);
    // Longest common subsequence over what lies between the equal beginning and end; large differences are shown as
    // one block, so that the table stays small.
    std::size_t head = 0;
    while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
    std::size_t tail = 0;
    while (tail < a.size() - head && tail < b.size() - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
    const std::size_t n = a.size() - head - tail, m = b.size() - head - tail;

    std::string text;
    for (std::size_t i = head > 3 ? head - 3 : 0; i < head; ++i) text += "    " + a[i] + "\n";
    if (n * m > 4'000'000) {
        for (std::size_t i = 0; i < n; ++i) text += "  - " + a[head + i] + "\n";
        for (std::size_t j = 0; j < m; ++j) text += "  + " + b[head + j] + "\n";
    } else {
        std::vector<std::vector<std::uint32_t>> common(n + 1, std::vector<std::uint32_t>(m + 1));
        for (std::size_t i = n; i-- > 0;)
            for (std::size_t j = m; j-- > 0;)
                common[i][j] = a[head + i] == b[head + j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
        for (std::size_t i = 0, j = 0; i < n || j < m;) {
            if (i < n && j < m && a[head + i] == b[head + j]) {
                text += "    " + a[head + i] + "\n";
                ++i;
                ++j;
            } else if (i < n && (j == m || common[i + 1][j] >= common[i][j + 1])) {
                text += "  - " + a[head + i++] + "\n";
            } else {
                text += "  + " + b[head + j++] + "\n";
            }
        }
    }
    for (std::size_t i = a.size() - tail; i < a.size() && i < a.size() - tail + 3; ++i) text += "    " + a[i] + "\n";
    return text;
}

}  // namespace casebook::tests
