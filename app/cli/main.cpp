#include "app/cli/command_table.h"
#include "app/cli/exit_status.h"
#include "app/cli/help.h"
#include "app/cli/interrupt.h"
#include "app/cli/parser.h"
#include "app/cli/terminal.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <new>

namespace casebook::cli {

namespace {

Result<int> run_command(const Command& command, const std::vector<std::string>& words, Terminal& terminal)
{
    TRY_ASSIGN(const Arguments arguments, parse(command, words));
    if (arguments.has("--help")) {
        terminal.print(help_of(command));
        return exit_status::done;
    }
    terminal.set_quiet(arguments.has("--quiet"));
    return command.run(arguments, terminal);
}

Result<int> run(std::vector<std::string> words, Terminal& terminal)
{
    // --quiet may stand before the command, as in many tools.
    std::vector<std::string> common;
    while (!words.empty() && (words.front() == "--quiet" || words.front() == "-q")) {
        common.push_back(words.front());
        words.erase(words.begin());
    }
    if (words.empty())
        return fail(Error::Code::usage, "no command given", "casebook-cli --help lists the commands");
    if (words.front() == "--help" || words.front() == "-h") {
        terminal.print(overview());
        return exit_status::done;
    }
    if (words.front() == "--version") {
        terminal.print("casebook-cli " CASEBOOK_VERSION "\n");
        return exit_status::done;
    }
    const std::string name = words.front();
    const Command* command = find_command(name);
    if (!command) {
        const Command* meant = closest_command(name);
        return fail(Error::Code::usage, "'" + name + "' is not a command",
                    meant ? "did you mean '" + std::string(meant->name) + "'? casebook-cli --help lists the commands"
                          : "casebook-cli --help lists the commands");
    }
    words.erase(words.begin());
    words.insert(words.begin(), common.begin(), common.end());
    return run_command(*command, words, terminal);
}

/// Runs, and turns what no function expects (out of memory) into an error like any other.
Result<int> run_guarded(std::vector<std::string> words, Terminal& terminal)
{
    try {
        return run(std::move(words), terminal);
    }
    catch (const std::bad_alloc&) {
        return fail(Error::Code::internal, "out of memory", "close other programs, or import fewer or smaller files");
    }
    catch (const std::exception& error) {
        return fail(Error::Code::internal, std::string("this should not have happened: ") + error.what(),
                    "please report it with the command line and, if you can share it, the file");
    }
}

}  // namespace

}  // namespace casebook::cli

int main(int count, char** values)
{
    using namespace casebook;
    using namespace casebook::cli;

    Terminal terminal(install_interrupt_handling());
    const Result<int> result = run_guarded(std::vector<std::string>(values + (count > 0 ? 1 : 0), values + count), terminal);
    int status = result ? *result : exit_status_of(result.error().code);
    // A cancelled job says nothing (the user knows); its status does.
    if (!result && result.error().code != Error::Code::cancelled) terminal.error(result.error());
    if (const int failed = terminal.finish(); failed == EPIPE) {
        // The reader went away (`| head`): end as every filter does, after clean-up.
        std::signal(SIGPIPE, SIG_DFL);
        std::raise(SIGPIPE);
    } else if (failed != 0) {
        terminal.error({Error::Code::internal, std::string("cannot write the result: ") + std::strerror(failed), "Free some space, or write it somewhere else"});
        status = exit_status::store;
    }
    return status;
}
