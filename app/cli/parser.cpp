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

/// CLI11's own words, for what is not told more exactly below.
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

/// Hands the words out to the positionals in their order.
Status place(const Command& command, std::vector<std::string> words, Arguments& arguments)
{
    std::size_t at = 0;
    for (const Positional& positional : command.positionals) {
        if (at == words.size()) {
            if (positional.count == Positional::Count::optional) continue;
            return usage_error(command, std::string(positional.name) + " is missing");
        }
        const std::size_t taken = positional.count == Positional::Count::many ? words.size() - at : 1;
        const auto from = words.begin() + static_cast<std::ptrdiff_t>(at);
        arguments.set(positional.name, {from, from + static_cast<std::ptrdiff_t>(taken)});
        at += taken;
    }
    if (at < words.size()) return usage_error(command, "'" + words[at] + "' is one word too many");
    return {};
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
    // Which positional a word belongs to is told here, not by CLI11: it hands all words to the first one.
    std::vector<std::string> placed;
    app.add_option("words", placed)->expected(0, 1 << 29);

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
    catch (const CLI::ArgumentMismatch& error) {
        const std::string text = error.what();  // "--as: 1 required TEXT missing", "--as: At Most 1 required but ..."
        const std::string name = text.substr(0, text.find(':'));
        if (text.find("At Most") != std::string::npos) return usage_error(command, name + " may be given once only");
        return usage_error(command, name + " lacks its value");
    }
    catch (const CLI::ParseError& error) {
        return usage_error(command, message_of(error));
    }

    Arguments arguments;
    for (const Received& entry : received)
        if (entry.option->count() > 0) arguments.set(entry.name, entry.words);
    if (arguments.has("--help")) return arguments;
    TRY(place(command, std::move(placed), arguments));
    return arguments;
}

}  // namespace casebook::cli
