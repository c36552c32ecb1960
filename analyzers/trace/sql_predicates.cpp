#include "analyzers/trace/sql_predicates.h"

#include "analyzers/core/text.h"
#include "analyzers/trace/sql_lexer.h"

#include <algorithm>
#include <map>
#include <set>

namespace casebook {
namespace {

using Kind = SqlToken::Kind;

bool is_name(const SqlToken& token) { return token.kind == Kind::word || token.kind == Kind::quoted; }

bool is_one_of(const SqlToken& token, std::initializer_list<std::string_view> words)
{
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return token.is_word(word); });
}

std::string plain_name(const SqlToken& token)
{
    if (token.kind == Kind::quoted && token.text.size() >= 2) return std::string(token.text.substr(1, token.text.size() - 2));
    return lower(token.text);
}

bool ends_clause(const SqlToken& token)
{
    return is_one_of(token, {"where", "group", "order", "limit", "having", "union", "intersect", "except", "returning", "for", "window", "offset", "fetch", "set", "values", "select"});
}

/// `a.b.c` from tokens[i] on: the last part, and the part before it; i moves behind it.
std::string dotted(const std::vector<SqlToken>& tokens, std::size_t& i, std::string& qualifier)
{
    std::string name = plain_name(tokens[i++]);
    qualifier.clear();
    while (i + 1 < tokens.size() && tokens[i].is_symbol(".") && is_name(tokens[i + 1])) {
        qualifier = name;
        name = plain_name(tokens[i + 1]);
        i += 2;
    }
    return name;
}

/// Aliases and names of the tables of the statement's own level.
std::map<std::string, std::string> tables_of(const std::vector<SqlToken>& tokens, const std::vector<int>& depth)
{
    std::map<std::string, std::string> tables;
    bool in_from = false;
    for (std::size_t i = 0; i < tokens.size();) {
        if (depth[i] != 0) {
            ++i;
            continue;
        }
        const bool opens = is_one_of(tokens[i], {"from", "join", "update", "into"}) || (in_from && tokens[i].is_symbol(","));
        if (is_one_of(tokens[i], {"from"})) in_from = true;
        else if (ends_clause(tokens[i])) in_from = false;
        ++i;
        if (!opens) continue;
        while (i < tokens.size() && is_one_of(tokens[i], {"only", "lateral"})) ++i;
        if (i >= tokens.size() || !is_name(tokens[i]) || depth[i] != 0 || ends_clause(tokens[i])) continue;
        std::string schema;
        const std::string table = dotted(tokens, i, schema);
        tables.emplace(table, table);
        if (i < tokens.size() && tokens[i].is_word("as")) ++i;
        if (i < tokens.size() && is_name(tokens[i]) && depth[i] == 0 && !ends_clause(tokens[i]) &&
            !is_one_of(tokens[i], {"on", "join", "inner", "left", "right", "full", "cross", "natural", "using", "tablesample"}))
            tables.emplace(plain_name(tokens[i++]), table);
    }
    return tables;
}

}  // namespace

std::vector<SqlEquality> equality_predicates(std::string_view sql)
{
    const std::vector<SqlToken> tokens = lex_sql(sql).tokens;
    // Brackets that only group conditions keep their level; those of subqueries and function calls open a new one.
    std::vector<int> depth(tokens.size(), 0);
    std::vector<bool> opened;
    int level = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (tokens[i].is_symbol(")") && !opened.empty()) {
            level -= opened.back();
            opened.pop_back();
        }
        depth[i] = level;
        if (!tokens[i].is_symbol("(")) continue;
        const bool call = i > 0 && is_name(tokens[i - 1]) && !is_one_of(tokens[i - 1], {"where", "and", "or", "on", "not", "in", "any", "from", "join", "having", "when"});
        const bool query = i + 1 < tokens.size() && is_one_of(tokens[i + 1], {"select", "with", "values"});
        const bool list = i > 0 && is_one_of(tokens[i - 1], {"in", "any"});
        opened.push_back(call || query || list);
        level += opened.back();
    }
    const std::map<std::string, std::string> tables = tables_of(tokens, depth);
    std::set<std::string> distinct;
    for (const auto& [alias, table] : tables) distinct.insert(table);

    std::map<std::string, std::set<std::string>> found;
    bool in_condition = false, alternatives = false;
    for (std::size_t i = 0; i < tokens.size(); ++i)
        if (depth[i] == 0 && tokens[i].is_word("or")) alternatives = true;
    for (std::size_t i = 0; i < tokens.size() && !alternatives;) {
        if (depth[i] != 0) {
            ++i;
            continue;
        }
        if (is_one_of(tokens[i], {"where", "on"})) in_condition = true;
        else if (ends_clause(tokens[i]) || is_one_of(tokens[i], {"from"})) in_condition = false;
        const bool negated = i > 0 && tokens[i - 1].is_word("not");
        const bool operand_before = i > 0 && (tokens[i - 1].kind == Kind::symbol && !tokens[i - 1].is_symbol("(") && !tokens[i - 1].is_symbol(","));
        if (!in_condition || !is_name(tokens[i]) || negated || operand_before) {
            ++i;
            continue;
        }
        const std::size_t start = i;
        std::string qualifier;
        const std::string column = dotted(tokens, i, qualifier);
        if (i + 1 >= tokens.size()) break;
        bool equal = false;
        if (tokens[i].is_symbol("=")) {
            const SqlToken& right = tokens[i + 1];
            equal = right.kind == Kind::value || right.is_word("any") || right.is_symbol("?") || right.is_symbol(":") || right.is_symbol("@");
        } else if (tokens[i].is_word("in") && tokens[i + 1].is_symbol("(")) {
            equal = !(i + 2 < tokens.size() && is_one_of(tokens[i + 2], {"select", "with"}));
        }
        if (!equal) {
            i = std::max(i, start + 1);
            continue;
        }
        if (!qualifier.empty()) {
            if (const auto table = tables.find(qualifier); table != tables.end()) found[table->second].insert(column);
        } else if (distinct.size() == 1) {
            found[*distinct.begin()].insert(column);
        }
    }
    std::vector<SqlEquality> result;
    for (const auto& [table, columns] : found) result.push_back({table, {columns.begin(), columns.end()}});
    return result;
}

}  // namespace casebook
