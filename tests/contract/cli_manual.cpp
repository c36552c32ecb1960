// The manual page and the usage lines speak of every command and option there is.

#include "app/cli/command_table.h"
#include "app/cli/help.h"
#include "app/cli/parser.h"
#include "tests/support/places.h"

#include <fstream>
#include <iostream>
#include <sstream>

using namespace casebook::cli;

int main()
{
    std::ifstream in(casebook::tests::source_folder() / "installer/casebook-cli.1", std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    std::string manual;  // less the roff escapes of '-'
    for (const char c : text.str())
        if (c != '\\') manual += c;

    int broken = 0;
    const auto expect = [&](bool holds, const std::string& subject, const std::string& rule) {
        if (holds) return;
        ++broken;
        std::cout << subject << ": " << rule << "\n";
    };
    for (const Command* command : all_commands()) {
        const std::string name(command->name);
        expect(find_command(name) == command, name, "another command has the same name");
        expect(overview().find("\n  " + name + " ") != std::string::npos, name, "not in the overview");
        const std::size_t from = manual.find("\n.BI \"" + name + " ");
        expect(from != std::string::npos, name, "not in installer/casebook-cli.1");
        if (from == std::string::npos) continue;
        const std::string section = manual.substr(from, manual.find("\n.TP", from) - from);
        // diagnose takes analyze's options: the page says so instead of repeating them.
        const bool borrows = section.find("analyze's options") != std::string::npos;
        for (const Option& option : command->options) {
            const std::string word(option.name);
            const bool of_analyze = borrows && manual.find("\n.BI \"analyze ") != std::string::npos;
            expect(section.find(word) != std::string::npos || of_analyze, name + " " + word, "not in installer/casebook-cli.1");
            const bool in_synopsis = command->synopsis.find(option.name) != std::string_view::npos ||
                                     command->synopsis.find("analyze's options") != std::string_view::npos;
            expect(in_synopsis || word == "--timeout", name + " " + word, "not in the usage line");
            expect(!option.help.empty(), name + " " + word, "no word of help");
        }
        // Lines of the help stay readable on a terminal of 132 columns.
        std::istringstream lines(help_of(*command));
        for (std::string line; std::getline(lines, line);)
            if (line.rfind("usage:", 0) != 0) expect(line.size() <= 132, name, "a line of its help is too long: " + line);
    }
    std::cout << all_commands().size() << " commands, " << broken << " broken rules\n";
    return broken == 0 ? 0 : 1;
}
