#pragma once

#include "analyzers/core/result.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace casebook::cli {

class Terminal;

/// A word of the command line that is told by its place.
struct Positional {
    enum class Count { one, optional, many };
    std::string_view name;  ///< "CASE", as printed and as asked for
    std::string_view help;
    Count count = Count::one;
};

/// A word of the command line that is told by its name.
struct Option {
    std::string_view name;   ///< "--window"
    std::string_view value;  ///< what follows it, "NAME"; empty for a flag
    std::string_view help;
    bool repeatable = false;
};

/// The words given, by the name of the positional or option.
class Arguments {
public:
    bool has(std::string_view name) const { return words_.find(name) != words_.end(); }
    /// The word given for `name`; empty text when it was not given.
    std::string value(std::string_view name) const
    {
        const auto found = words_.find(name);
        return found == words_.end() || found->second.empty() ? std::string() : found->second.back();
    }
    std::vector<std::string> values(std::string_view name) const
    {
        const auto found = words_.find(name);
        return found == words_.end() ? std::vector<std::string>() : found->second;
    }
    void set(std::string_view name, std::vector<std::string> words) { words_[std::string(name)] = std::move(words); }

private:
    std::map<std::string, std::vector<std::string>, std::less<>> words_;
};

/// One command of casebook-cli: a file of app/cli/commands and a line of command_table.cpp.
struct Command {
    std::string_view name;
    std::string_view synopsis;  ///< what follows the name in the usage line
    std::string_view summary;   ///< one line for the overview
    std::string_view details;   ///< paragraphs of `COMMAND --help` after the options; may be empty
    std::vector<Positional> positionals;
    std::vector<Option> options;
    /// Does it and returns the exit status; results go to the terminal's output. Errors are printed by main.
    Result<int> (*run)(const Arguments&, Terminal&);
};

}  // namespace casebook::cli
