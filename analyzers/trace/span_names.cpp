#include "analyzers/trace/span_names.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <array>

namespace casebook {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_word_char(char c) { return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_any(std::string_view word, std::initializer_list<std::string_view> words)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::vector<std::string> name_words(std::string_view name)
{
    std::vector<std::string> words;
    bool in_word = false;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (!is_word_char(c)) {
            in_word = false;
            continue;
        }
        // getConnection, but also HTTPPool
        const bool hump = is_upper(c) && i > 0 && (!is_upper(name[i - 1]) || (i + 1 < name.size() && name[i + 1] >= 'a' && name[i + 1] <= 'z'));
        if (!in_word || hump) words.emplace_back();
        words.back() += is_upper(c) ? static_cast<char>(c + 32) : c;
        in_word = true;
    }
    return words;
}

bool names_acquire(std::string_view name)
{
    const std::vector<std::string> words = name_words(name);
    const auto has = [&](std::initializer_list<std::string_view> any) {
        return std::any_of(words.begin(), words.end(), [&](const std::string& word) { return is_any(word, any); });
    };
    if (has({"thread", "threads", "worker", "workers", "executor", "lock", "mutex", "semaphore"})) return false;
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
        if (is_any(words[i], {"get", "acquire", "obtain", "borrow", "checkout", "lease"}) && is_any(words[i + 1], {"connection", "conn", "connections", "client"}))
            return true;
    const auto pool = std::find_if(words.begin(), words.end(), [](const std::string& word) { return word.ends_with("pool") && word != "carpool"; });
    if (std::any_of(pool, words.end(), [](const std::string& word) {
            return is_any(word, {"connect", "acquire", "checkout", "borrow", "lease", "wait", "get", "getconnection"});
        }))
        return true;
    if (has({"getconnection"}) || (has({"acquire", "checkout"}) && has({"connection", "conn", "db", "database"}))) return true;
    return equals_ignoring_case(name, "prisma:engine:connection");
}

bool names_connect(std::string_view name)
{
    const std::string text = lower(name);
    return text == "connect" || text.ends_with(".connect") || text.ends_with(" connect");
}

bool is_transaction_verb(std::string_view verb)
{
    static constexpr std::array<std::string_view, 17> verbs{"BEGIN", "START", "COMMIT", "ROLLBACK", "END", "ABORT", "SAVEPOINT", "RELEASE", "SET",
                                                            "RESET", "SHOW", "DISCARD", "DEALLOCATE", "PREPARE", "USE", "PING", "ISOLATION"};
    return std::any_of(verbs.begin(), verbs.end(), [&](std::string_view known) { return equals_ignoring_case(verb, known); });
}

bool names_transaction(std::string_view name)
{
    const std::string_view after_colon = name.substr(name.find_last_of(':') + 1);
    if (is_transaction_verb(after_colon.substr(0, after_colon.find(' ')))) return true;
    const std::vector<std::string> words = name_words(name);
    return !words.empty() && (is_any(words.back(), {"commit", "rollback"}) || (words.size() > 1 && is_any(words[words.size() - 2], {"begin", "start"})
                              && is_any(words.back(), {"tx", "transaction"})));
}

}  // namespace casebook
