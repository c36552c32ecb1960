#include "analyzers/capture/statement_look.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <vector>

namespace casebook::capture_detail {

namespace {

bool begins_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool continues_word(char c) { return begins_word(c) || (c >= '0' && c <= '9') || c == '$'; }

struct Token {
    enum class Kind { word, quotedName, parameter, semicolon, open, other, end, broken };
    Kind kind = Kind::other;
    std::string text;  ///< of a word, lower case; the number of a parameter
};

/// PostgreSQL's lexical rules as far as they decide where words are:
/// https://www.postgresql.org/docs/current/sql-syntax-lexical.html
class Tokens {
public:
    explicit Tokens(std::string_view sql) : sql_(sql) {}

    Token next()
    {
        for (;;) {
            while (at_ < sql_.size() && (sql_[at_] == ' ' || (sql_[at_] >= '\t' && sql_[at_] <= '\r'))) ++at_;
            if (ahead("--")) {
                at_ = std::min(sql_.find('\n', at_), sql_.size());
            } else if (ahead("/*")) {
                if (!skip_comment()) return {Token::Kind::broken, {}};
            } else {
                break;
            }
        }
        if (at_ >= sql_.size()) return {Token::Kind::end, {}};
        const char c = sql_[at_];
        if (c == '\'') return literal(false);
        if (c == '"') return quoted_name();
        if (c == '$') return dollar();
        if (begins_word(c)) return word();
        ++at_;
        if (c == ';') return {Token::Kind::semicolon, {}};
        if (c == '(') return {Token::Kind::open, {}};
        return {};
    }

private:
    bool ahead(std::string_view text) const { return sql_.substr(at_).starts_with(text); }

    bool skip_comment()  // they nest
    {
        int depth = 0;
        while (at_ < sql_.size()) {
            if (ahead("/*")) {
                ++depth;
                at_ += 2;
            } else if (ahead("*/")) {
                at_ += 2;
                if (--depth == 0) return true;
            } else {
                ++at_;
            }
        }
        return false;
    }

    Token literal(bool escapes)
    {
        for (++at_; at_ < sql_.size(); ++at_) {
            if (escapes && sql_[at_] == '\\') {
                ++at_;
            } else if (sql_[at_] == '\'') {
                ++at_;
                if (at_ >= sql_.size() || sql_[at_] != '\'') return {};
            }
        }
        return {Token::Kind::broken, {}};
    }

    Token quoted_name()
    {
        std::string name;
        for (++at_; at_ < sql_.size(); ++at_) {
            if (sql_[at_] == '"') {
                ++at_;
                if (at_ >= sql_.size() || sql_[at_] != '"') return {Token::Kind::quotedName, lower(name)};
            }
            name += sql_[at_];
        }
        return {Token::Kind::broken, {}};
    }

    Token dollar()
    {
        std::size_t end = at_ + 1;
        while (end < sql_.size() && sql_[end] >= '0' && sql_[end] <= '9') ++end;
        if (end > at_ + 1) {
            Token token{Token::Kind::parameter, std::string(sql_.substr(at_ + 1, end - at_ - 1))};
            at_ = end;
            return token;
        }
        while (end < sql_.size() && continues_word(sql_[end]) && sql_[end] != '$') ++end;
        if (end >= sql_.size() || sql_[end] != '$') {
            ++at_;
            return {};
        }
        const std::string_view tag = sql_.substr(at_, end + 1 - at_);
        const std::size_t close = sql_.find(tag, end + 1);
        if (close == std::string_view::npos) return {Token::Kind::broken, {}};
        at_ = close + tag.size();
        return {};
    }

    Token word()
    {
        const std::size_t begin = at_;
        while (at_ < sql_.size() && continues_word(sql_[at_])) ++at_;
        const std::string_view text = sql_.substr(begin, at_ - begin);
        if (at_ < sql_.size() && sql_[at_] == '\'' && text.size() == 1)  // E'...' B'...' X'...' N'...'
            return literal(text == "e" || text == "E");
        return {Token::Kind::word, lower(text)};
    }

    std::string_view sql_;
    std::size_t at_ = 0;
};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 8> explainable{"select", "insert", "update", "delete",
                                                      "merge",  "values", "table",  "with"};
constexpr std::array<std::string_view, 4> reading{"select", "values", "table", "with"};
constexpr std::array<std::string_view, 5> writing{"insert", "update", "delete", "merge", "into"};
/// Functions named pg_... that only look. Any other may signal, lock, write files or reload.
constexpr std::array<std::string_view, 22> harmless{
    "pg_typeof", "pg_size_pretty", "pg_size_bytes", "pg_column_size", "pg_relation_size", "pg_total_relation_size",
    "pg_table_size", "pg_indexes_size", "pg_database_size", "pg_get_indexdef", "pg_get_viewdef", "pg_get_constraintdef",
    "pg_get_expr", "pg_get_userbyid", "pg_get_functiondef", "pg_table_is_visible", "pg_encoding_to_char",
    "pg_backend_pid", "pg_is_in_recovery", "pg_postmaster_start_time", "pg_sequence_last_value", "pg_blocking_pids"};

/// Whether a function acts outside of its transaction, so that rolling back undoes nothing.
bool acts_at_once(std::string_view function)
{
    if (is_one_of(function, harmless)) return false;
    return function.starts_with("pg_") || function.starts_with("lo_") || function.starts_with("dblink") ||
           function == "nextval" || function == "setval" || function == "set_config" || function == "txid_current" ||
           function.find("advisory") != std::string_view::npos || function.find("_exec") != std::string_view::npos;
}

}  // namespace

StatementLook look_at_statement(std::string_view sql)
{
    StatementLook look;
    Tokens tokens(sql);
    std::string first, before;
    bool ended = false, named_before = false;
    const auto refuse_run = [&](std::string why) {
        if (look.not_runnable.empty()) look.not_runnable = std::move(why);
    };
    for (Token token = tokens.next(); token.kind != Token::Kind::end; token = tokens.next()) {
        if (token.kind == Token::Kind::broken) {
            look.not_explainable = look.not_runnable = "its text is cut or has an open quote";
            return look;
        }
        if (token.kind == Token::Kind::semicolon) {
            ended = true;
            continue;
        }
        if (ended) {
            look.not_explainable = look.not_runnable = "it is more than one statement";
            return look;
        }
        if (token.kind == Token::Kind::parameter)
            look.parameters = static_cast<int>(
                std::max<std::int64_t>(look.parameters, std::min<std::int64_t>(parse_int(token.text).value_or(100'000), 100'000)));
        if (token.kind == Token::Kind::open && named_before && acts_at_once(before))
            refuse_run("it calls " + before + ", which acts at once whatever becomes of the transaction");
        if (token.kind == Token::Kind::word) {
            if (first.empty()) first = token.text;
            if (is_one_of(token.text, writing)) refuse_run("it has the word " + token.text + " in it and might write");
            if (before == "for" && (token.text == "share" || token.text == "no" || token.text == "key"))
                refuse_run("it locks rows");
        } else if (first.empty() && token.kind != Token::Kind::open) {
            first = "?";
        }
        named_before = token.kind == Token::Kind::word || token.kind == Token::Kind::quotedName;
        if (named_before || token.kind != Token::Kind::open) before = token.text;
    }
    if (!is_one_of(first, explainable)) look.not_explainable = "EXPLAIN knows no statement of its kind";
    if (!look.not_explainable.empty()) look.not_runnable = look.not_explainable;
    if (!is_one_of(first, reading)) refuse_run("it is no SELECT");
    return look;
}

}  // namespace casebook::capture_detail
