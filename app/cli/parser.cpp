#include "app/cli/parser.h"

// The only file that includes CLI11: it costs more to compile than the rest of the program.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <deque>

namespace casebook::cli {

const std::vector<Option>& common_options()
{
    static const std::vector<Option> options{
        {"--quiet", "", "no progress and no remarks on stderr"},
        {"--help", "", "this text"},
    };
    return options;
}

namespace {

struct Received {
    std::string_view name;
    CLI::Option* option = nullptr;
    std::vector<std::string> words;
    bool flag = false;
};

void add_option(CLI::App& app, Received& received, const Option& option)
{
    received.name = option.name;
    received.flag = option.value.empty();
    const std::string names = option.name == "--help" ? "-h,--help" : option.name == "--quiet" ? "-q,--quiet"
                              : option.name == "-o"   ? "-o,--output"
                                                      : std::string(option.name);
    if (received.flag) {
        received.option = app.add_flag(names);
        return;
    }
    received.option = app.add_option(names, received.words);
    // Exactly one word each time, whatever it looks like: `--bind -5` is a value.
    received.option->type_size(1)->expected(1)->allow_extra_args(false);
    received.option->multi_option_policy(option.repeatable ? CLI::MultiOptionPolicy::TakeAll
                                                           : CLI::MultiOptionPolicy::Throw);
}

/// CLI11's own words, less its internal names and with a small first letter.
std::string message_of(const CLI::ParseError& error)
{
    std::string text = error.what();
    while (!text.empty() && (text.back() == '\n' || text.back() == '.')) text.pop_back();
    return text;
}

tl::unexpected<Error> usage_error(const Command& command, std::string what)
{
    return fail(Error::Code::usage, std::string(command.name) + ": " + std::move(what),
                "usage: casebook-cli " + std::string(command.name) + " " + std::string(command.synopsis));
}

}  // namespace

Result<Arguments> parse(const Command& command, const std::vector<std::string>& words)
{
    CLI::App app;
    app.set_help_flag();
    app.allow_windows_style_options(false);
    std::deque<Received> received;  // addresses must hold: CLI11 writes into them

    for (const Option& option : command.options) add_option(app, received.emplace_back(), option);
    for (const Option& option : common_options()) add_option(app, received.emplace_back(), option);
    for (const Positional& positional : command.positionals) {
        Received& entry = received.emplace_back();
        entry.name = positional.name;
        entry.option = app.add_option(std::string(positional.name), entry.words);
        entry.option->type_size(1);
        if (positional.count == Positional::Count::many) entry.option->expected(0, 1 << 29);
        else entry.option->expected(0, 1);
    }

    // CLI11 wants the words last first.
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    try {
        app.parse(reversed);
    }
    catch (const CLI::ExtrasError&) {
        // Ours names the word; CLI11's sentence lists all of them.
        const auto extras = app.remaining();
        const std::string word = extras.empty() ? std::string() : extras.front();
        if (word.size() > 1 && word.front() == '-') return usage_error(command, "there is no option '" + word + "'");
        return usage_error(command, "'" + word + "' is one word too many");
    }
    catch (const CLI::ArgumentMismatch&) {
        for (const Received& entry : received)
            if (entry.option->count() > 1 && !entry.flag && entry.name.front() == '-' && entry.words.size() != 1)
                return usage_error(command, std::string(entry.name) + " may be given once, with one value");
        return usage_error(command, "an option lacks its value");
    }
    catch (const CLI::ParseError& error) {
        return usage_error(command, message_of(error));
    }

    Arguments arguments;
    for (const Received& entry : received)
        if (entry.option->count() > 0) arguments.set(entry.name, entry.words);
    if (arguments.has("--help")) return arguments;
    for (const Positional& positional : command.positionals)
        if (positional.count == Positional::Count::one && !arguments.has(positional.name))
            return usage_error(command, std::string(positional.name) + " is missing");
    return arguments;
}

}  // namespace casebook::cli
