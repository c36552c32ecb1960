#pragma once

#include <optional>
#include <string>
#include <vector>

namespace casebook::tests {

/// One command of a case file and what is expected of it.
struct Step {
    int line = 0;  ///< of the command, 1-based
    std::string command;
    int exit_status = 0;
    std::vector<std::string> stdout_parts, stderr_parts, keep;
    std::string standard_input;
    int interrupt_after_ms = -1;
    std::optional<std::string> expected;  ///< whole lines, each with its end

    /// A file to write before the next command.
    struct File {
        std::string name, content;
    };
    std::vector<File> files_before;

    // Where the expected lines stand in the file, as line indices [from, to), for rewriting.
    std::size_t expected_from = 0, expected_to = 0;
};

struct CaseText {
    std::vector<std::string> lines;
    std::vector<Step> steps;
    bool needs_shared = false;
    std::string error;  ///< why the file makes no sense; empty when it does
};

CaseText parse_case(const std::string& text);

/// Replaces the expected lines of each step that has some by `printed` (one text per step); keeps everything else.
std::string rewrite(const CaseText& parsed, const std::vector<std::string>& printed);

/// Splits a command into words as a shell does with quotes and backslashes, and nothing else. Nothing for an
/// unclosed quote.
std::optional<std::vector<std::string>> words_of(const std::string& command);

/// Text as whole lines.
std::vector<std::string> lines_of(const std::string& text);

/// Expected lines with '-', printed ones with '+', common ones with ' '.
std::string difference(const std::string& expected, const std::string& printed);

}  // namespace casebook::tests
