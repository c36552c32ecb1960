#include "analyzers/trace/sql_text.h"

#include "analyzers/core/text.h"
#include "analyzers/trace/sql_rewrite.h"

#include <algorithm>

namespace casebook {

namespace {

using Kind = SqlToken::Kind;
using Tokens = std::vector<SqlToken>;

bool is_word(const Tokens& tokens, std::size_t index, std::string_view word)
{
    return index < tokens.size() && tokens[index].is_word(word);
}

bool is_symbol(const Tokens& tokens, std::size_t index, std::string_view symbol)
{
    return index < tokens.size() && tokens[index].is_symbol(symbol);
}

bool is_name(const Tokens& tokens, std::size_t index)
{
    return index < tokens.size() && (tokens[index].kind == Kind::word || tokens[index].kind == Kind::quoted);
}

bool is_any_word(const Tokens& tokens, std::size_t index, std::initializer_list<std::string_view> words)
{
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return is_word(tokens, index, word); });
}

/// What the hash is taken of. Part of finding keys: a change here changes the keys of every saved case.
std::string folded_text(const Tokens& tokens)
{
    std::string text;
    text.reserve(tokens.size() * 6);
    std::string token;
    for (std::size_t i = 0; i < tokens.size(); ++i)
    {
        token.clear();
        append_folded(tokens[i], token);
        if (token == "public" && is_symbol(tokens, i + 1, ".") && is_name(tokens, i + 2)
            && (i == 0 || !is_symbol(tokens, i - 1, ".")))
        {
            ++i;  // the schema everybody has on the search path
            continue;
        }
        if (token == "{" && is_name(tokens, i + 1) && i + 2 < tokens.size() && tokens[i + 2].kind == Kind::value
            && is_symbol(tokens, i + 3, "}"))
        {
            i += 3;  // {ts '…'}
            token = "?";
        }
        else if (token == "in" && i + 1 < tokens.size() && tokens[i + 1].kind == Kind::value)
        {
            ++i;  // the driver writes the list
            token = "in ( ? )";
        }
        if (!text.empty())
            text += ' ';
        text += token;
    }
    return text;
}

std::string fingerprint_of(const Tokens& tokens) { return hex64(hash64(folded_text(tokens))); }

std::string normalized_text(const Tokens& tokens)
{
    std::string text;
    for (const SqlToken& token : tokens)
    {
        if (token.blank_before && !text.empty())
            text += ' ';
        text += token.text;
    }
    std::replace(text.begin(), text.end(), '\n', ' ');  // inside quoted names
    return text;
}

std::string upper(std::string_view text)
{
    std::string result(text);
    for (char& c : result)
        if (c >= 'a' && c <= 'z')
            c = static_cast<char>(c - 32);
    return result;
}

std::string verb_of(const Tokens& tokens)
{
    std::size_t first = 0;
    while (first < tokens.size() && tokens[first].kind != Kind::word)
        ++first;  // "(SELECT …) UNION", "{call f(?)}", "{? = call f(?)}"
    if (first == tokens.size())
        return {};
    if (is_word(tokens, first, "with"))
    {
        std::int64_t depth = 0;
        for (std::size_t i = first + 1; i < tokens.size(); ++i)
        {
            depth += is_symbol(tokens, i, "(") ? 1 : is_symbol(tokens, i, ")") ? -1 : 0;
            if (depth == 0 && is_any_word(tokens, i, {"select", "insert", "update", "delete", "merge", "values"}))
                return upper(tokens[i].text);
        }
    }
    if (is_word(tokens, first, "start") && is_word(tokens, first + 1, "transaction"))
        return "BEGIN";
    if (is_word(tokens, first, "end") && !is_word(tokens, first + 1, "if"))
        return "COMMIT";
    if (is_word(tokens, first, "abort"))
        return "ROLLBACK";
    return upper(tokens[first].text);
}

/// The name at `index`, "" when there is none; `end` is set behind it.
std::string name_at(const Tokens& tokens, std::size_t index, std::size_t& end)
{
    while (is_any_word(tokens, index, {"only", "lateral", "ignore", "low_priority", "table", "if", "not", "exists",
                                         "verbose", "full", "freeze"}))
        ++index;
    std::string name;
    while (is_name(tokens, index))
    {
        const SqlToken& token = tokens[index];
        const std::string part = token.kind == Kind::quoted && token.text.size() > 1
                                     ? std::string(token.text.substr(1, token.text.size() - 2))
                                     : lower(token.text);
        if (name == "public.")
            name.clear();
        name += part;
        ++index;
        if (!is_symbol(tokens, index, "."))
            break;
        while (is_symbol(tokens, index, "."))  // SQL Server: database..table
        {
            name += '.';
            ++index;
        }
    }
    while (name.ends_with('.'))  // cut off there
        name.pop_back();
    end = index;
    return name;
}

/// True when the word at `index` is followed by the name of a table.
bool introduces_table(const Tokens& tokens, std::size_t index)
{
    const bool first = index == 0 || is_symbol(tokens, index - 1, ";");
    if (is_word(tokens, index, "from"))
        return first || !tokens[index - 1].is_word("distinct");  // IS DISTINCT FROM
    if (is_word(tokens, index, "into"))
        return true;
    if (is_word(tokens, index, "update"))
        return first || !is_any_word(tokens, index - 1, {"for", "on", "do", "key", "before", "after", "or", "of"});
    if (is_word(tokens, index, "table"))
        return !first && is_any_word(tokens, index - 1, {"create", "alter", "drop", "temporary", "temp", "unlogged", "foreign"});
    return first && is_any_word(tokens, index, {"truncate", "copy", "lock", "analyze", "vacuum"});
}

std::string table_of(const Tokens& tokens)
{
    std::vector<bool> in_function;  // extract(epoch FROM x): the FROM inside is none
    if (is_any_word(tokens, 0, {"fetch", "move"}))
        return {};
    for (std::size_t i = 0; i < tokens.size(); ++i)
    {
        if (is_symbol(tokens, i, "("))
            in_function.push_back(i > 0 && is_any_word(tokens, i - 1, {"extract", "substring", "trim", "overlay"}));
        else if (is_symbol(tokens, i, ")") && !in_function.empty())
            in_function.pop_back();
        if (tokens[i].kind != Kind::word || (!in_function.empty() && in_function.back()) || !introduces_table(tokens, i))
            continue;
        std::size_t end = 0;
        std::string name = name_at(tokens, i + 1, end);
        const bool is_function = is_word(tokens, i, "from") && is_symbol(tokens, end, "(");
        if (!name.empty() && !is_function)
            return name;
    }
    return {};
}

std::size_t characters(std::string_view text)
{
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Where `word` stands outside brackets and as a word of its own, from `from`; npos when nowhere.
std::size_t find_clause(std::string_view text, std::string_view word, std::size_t from)
{
    std::int64_t depth = 0;
    for (std::size_t i = from; i + word.size() <= text.size(); ++i)
    {
        if (text[i] == '(')
            ++depth;
        else if (text[i] == ')')
            --depth;
        else if (depth == 0 && i > 0 && text[i - 1] == ' ' && equals_ignoring_case(text.substr(i, word.size()), word)
                 && (i + word.size() == text.size() || text[i + word.size()] == ' ' || text[i + word.size()] == '('))
            return i;
    }
    return std::string_view::npos;
}

constexpr std::string_view ellipsis = "\xE2\x80\xA6";

}  // namespace

SqlSummary summarize_sql(std::string_view sql)
{
    const SqlTokens lexed = lex_sql(sql);
    const Tokens tokens = rewrite_sql(lexed.tokens);
    return {normalized_text(tokens), fingerprint_of(tokens), verb_of(tokens), table_of(tokens), lexed.truncated};
}

std::string sql_fingerprint(std::string_view sql) { return fingerprint_of(rewrite_sql(lex_sql(sql).tokens)); }

std::string short_sql(std::string_view normalized, std::size_t max_chars)
{
    if (characters(normalized) <= max_chars)
        return std::string(normalized);
    const std::size_t verb_end = std::min(normalized.find(' '), normalized.size());
    const std::string_view verb = normalized.substr(0, verb_end);
    const auto leave_out = [&](std::string_view begin, std::size_t clause) {
        return std::string(begin) + " " + std::string(ellipsis) + " " + std::string(normalized.substr(clause));
    };
    // The column list says least: leave it out, then what stands before WHERE.
    std::size_t keep_until = verb_end;
    std::size_t clause = std::string_view::npos;
    if (equals_ignoring_case(verb, "select"))
        clause = find_clause(normalized, "from", verb_end);
    else if (equals_ignoring_case(verb, "update"))
    {
        const std::size_t set = find_clause(normalized, "set", verb_end);
        clause = find_clause(normalized, "where", verb_end);
        if (set != std::string_view::npos)
            keep_until = set + 3;
    }
    std::string text(normalized);
    if (clause != std::string_view::npos)
    {
        text = leave_out(normalized.substr(0, keep_until), clause);
        if (characters(text) > max_chars)
            if (const std::size_t where = find_clause(normalized, "where", verb_end); where != std::string_view::npos)
                if (std::string shorter = leave_out(verb, where); characters(shorter) <= max_chars)
                    text = std::move(shorter);
    }
    if (characters(text) <= max_chars)
        return text;
    std::size_t end = 0;
    for (std::size_t kept = 0; end < text.size(); ++end)
        if ((text[end] & 0xC0) != 0x80 && ++kept >= std::max<std::size_t>(max_chars, 1))
            break;  // `kept` characters would leave no room for the ellipsis
    while (end > 0 && text[end - 1] == ' ')
        --end;
    return text.substr(0, end) + std::string(ellipsis);
}

}  // namespace casebook
