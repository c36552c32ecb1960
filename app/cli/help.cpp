#include "app/cli/help.h"

#include "app/cli/command_table.h"
#include "app/cli/parser.h"

#include <algorithm>

namespace casebook::cli {

namespace {

/// Two columns: the terms, and their explanations aligned.
void append_terms(std::string& text, const std::vector<std::pair<std::string, std::string_view>>& terms)
{
    std::size_t width = 0;
    for (const auto& [term, help] : terms) width = std::max(width, term.size());
    for (const auto& [term, help] : terms) {
        text += "  " + term + std::string(width - term.size() + 2, ' ');
        text += help;
        text += '\n';
    }
}

}  // namespace

std::string overview()
{
    std::string text = "Casebook finds out why a system is slow, from the evidence you have.\n\n"
                       "usage: casebook-cli COMMAND ...\n\n";
    std::vector<std::pair<std::string, std::string_view>> terms;
    for (const Command* command : all_commands()) terms.emplace_back(command->name, command->summary);
    append_terms(text, terms);
    text += "\n  casebook-cli COMMAND --help   what a command takes\n"
            "  casebook-cli --version        the version\n\n"
            "First try: casebook-cli diagnose FILE|DIR ...\n\n"
            "Exit status: 0 done, 1 confirmed (analyze --exit-code), 2 usage, 3 a named file could not be read or\n"
            "understood, 4 the case file or a server failed, 130 cancelled.\n";
    return text;
}

std::string help_of(const Command& command)
{
    std::string text = std::string(command.summary) + "\n\nusage: casebook-cli " + std::string(command.name) + " " +
                       std::string(command.synopsis) + "\n\n";
    std::vector<std::pair<std::string, std::string_view>> terms;
    for (const Positional& positional : command.positionals) terms.emplace_back(positional.name, positional.help);
    for (const std::vector<Option>* options : {&command.options, &common_options()})
        for (const Option& option : *options) {
            std::string term(option.name);
            if (!option.value.empty()) term += " " + std::string(option.value);
            terms.emplace_back(std::move(term), option.help);
        }
    append_terms(text, terms);
    if (!command.details.empty()) {
        text += '\n';
        text += command.details;
        text += '\n';
    }
    return text;
}

}  // namespace casebook::cli
