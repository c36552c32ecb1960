#include "analyzers/trace/sql_lexer.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <array>

namespace casebook {

namespace {

using Kind = SqlToken::Kind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool starts_word(char c) { return is_letter(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool continues_word(char c) { return starts_word(c) || is_digit(c) || c == '$'; }
bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

// Longest first. A run of operator characters is not taken whole: "=@p1" and "=-1" are written without blanks.
constexpr std::string_view operators[] = {
    "!~~*", "->>", "#>>", "<=>", "<->", "!~*", "~~*", "!~~", "**=", "::", ":=", "||", "&&", "@>", "<@", "<>", "!=",
    "<=",   ">=",  "->",  "#>",  "#-",  "~*",  "!~",  "~~",  "@@",  "@?", "=>", "<<", ">>", "==", "^=", "+=", "-=",
};

constexpr std::string_view ellipsis = "\xE2\x80\xA6";

/// What the text taught about its dialect; a second pass starts with it.
struct Dialect {
    bool backslash_escapes = false;     ///< in plain strings
    bool double_quotes_are_text = false;
};

class Lexer {
public:
    Lexer(std::string_view sql, Dialect dialect) : sql_(sql), dialect_(dialect) {}

    void run()
    {
        if (sql_.starts_with("\xEF\xBB\xBF"))
            at_ = 3;
        result.tokens.reserve(sql_.size() / 5 + 4);
        while (skip_blanks_and_comments())
            next();
    }

    SqlTokens result;
    bool saw_backtick_name = false, saw_double_quotes = false;
    bool closed_after_backslash = false;  ///< a plain string ended with \'

private:
    char peek(std::size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }
    bool looking_at(std::string_view text) const { return sql_.compare(at_, text.size(), text) == 0; }
    const SqlToken* previous() const { return result.tokens.empty() ? nullptr : &result.tokens.back(); }

    void emit(Kind kind, std::size_t begin, bool is_text = false)
    {
        result.tokens.push_back({kind, blank_, is_text, sql_.substr(begin, at_ - begin)});
        blank_ = false;
    }

    void run_off_the_end()
    {
        at_ = sql_.size();
        result.truncated = true;
    }

    /// False at the end of the text.
    bool skip_blanks_and_comments()
    {
        while (at_ < sql_.size())
        {
            const char c = sql_[at_];
            if (c == '\n')
                line_start_ = true;
            if (is_blank(c))
                ++at_;
            else if (c == '\xC2' && peek(1) == '\xA0')
                at_ += 2;
            else if (looking_at("--") || (c == '#' && line_start_ && (is_blank(peek(1)) || peek(1) == '#')))
                at_ = std::min(sql_.find('\n', at_), sql_.size());
            else if (looking_at("/*"))
                skip_block_comment();
            else
            {
                line_start_ = false;
                return true;
            }
            blank_ = true;
        }
        return false;
    }

    /// Comments nest in PostgreSQL and SQL Server, not in MySQL: nesting that never closes was none.
    void skip_block_comment()
    {
        const std::size_t begin = at_ + 2;
        if (comments_nest_)
        {
            std::size_t depth = 1;
            for (std::size_t i = begin; i + 1 < sql_.size(); ++i)
            {
                if (sql_[i] == '/' && sql_[i + 1] == '*')
                    ++depth, ++i;
                else if (sql_[i] == '*' && sql_[i + 1] == '/')
                {
                    ++i;
                    if (--depth == 0)
                    {
                        at_ = i + 1;
                        return;
                    }
                }
            }
            comments_nest_ = false;
        }
        const std::size_t end = sql_.find("*/", begin);
        if (end == std::string_view::npos)
            run_off_the_end();
        else
            at_ = end + 2;
    }

    void next()
    {
        const char c = sql_[at_];
        if (take_uuid())
            return;
        if (starts_word(c))
            word();
        else if (is_digit(c) || (c == '.' && is_digit(peek(1)) && !is_part_of_name()))
            number();
        else if (c == '\'')
            text_literal(at_, dialect_.backslash_escapes, true);
        else if (c == '"')
            double_quoted();
        else if (c == '`')
        {
            saw_backtick_name = true;
            quoted_name('`');
        }
        else if (!parameter() && !bracketed_name())
            symbol();
    }

    bool is_part_of_name() const
    {
        return !blank_ && previous() && (previous()->kind == Kind::word || previous()->kind == Kind::quoted);
    }

    bool take_uuid()
    {
        constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
        if (!is_hex(sql_[at_]) || sql_.size() - at_ < shape.size() || sql_[at_ + 8] != '-')
            return false;
        for (std::size_t i = 0; i < shape.size(); ++i)
            if (shape[i] == '-' ? sql_[at_ + i] != '-' : !is_hex(sql_[at_ + i]))
                return false;
        if (continues_word(peek(shape.size())))
            return false;
        at_ += shape.size();
        emit(Kind::value, at_ - shape.size());
        return true;
    }

    void word()
    {
        const std::size_t begin = at_;
        while (at_ < sql_.size() && continues_word(sql_[at_]) && !looking_at("\xC2\xA0"))
            ++at_;
        const std::string_view text = sql_.substr(begin, at_ - begin);
        if (text == ellipsis)
            return emit(Kind::value, begin);
        if (peek() == '\'' && is_text_prefix(text))
            return text.size() == 1 && lower(text) == "q" ? oracle_quote(begin)
                                                          : text_literal(begin, lower(text) == "e", false);
        if (looking_at("&'") && lower(text) == "u")
        {
            ++at_;
            return text_literal(begin, false, false);
        }
        emit(Kind::word, begin);
    }

    static bool is_text_prefix(std::string_view text)
    {
        return text.front() == '_' || (text.size() == 1 && std::string_view("eEnNbBxXrRqQ").find(text[0]) != text.npos);
    }

    void number()
    {
        const std::size_t begin = at_;
        if (sql_[at_] == '0' && (peek(1) == 'x' || peek(1) == 'X') && is_hex(peek(2)))
        {
            at_ += 2;
            while (is_hex(peek()))
                ++at_;
            return emit(Kind::value, begin);
        }
        bool plain = true;  // digits only
        while (is_digit(peek()) || (peek() == '_' && is_digit(peek(1))))
            ++at_;
        if (peek() == '.' && peek(1) != '.')
        {
            plain = false;
            ++at_;
            while (is_digit(peek()))
                ++at_;
        }
        if ((peek() == 'e' || peek() == 'E')
            && (is_digit(peek(1)) || ((peek(1) == '-' || peek(1) == '+') && is_digit(peek(2)))))
        {
            at_ += 2;
            while (is_digit(peek()))
                ++at_;
        }
        const bool is_compared = previous() && previous()->kind == Kind::symbol
                                 && std::string_view("=<>+-*/%").find(previous()->text.back()) != std::string_view::npos;
        if (plain && !is_compared && continues_word(peek()))  // MySQL: a name may start with digits, but "a=1AND b"
        {
            while (continues_word(peek()))
                ++at_;
            return emit(Kind::word, begin);
        }
        emit(Kind::value, begin);
    }

    /// at_ is at the opening quote; `begin` at a prefix, if there is one.
    void text_literal(std::size_t begin, bool backslash_escapes, bool may_learn)
    {
        for (++at_; at_ < sql_.size(); ++at_)
        {
            if (sql_[at_] == '\\' && backslash_escapes)
                ++at_;
            else if (sql_[at_] == '\'')
            {
                const char after = peek(1);
                if (after == '\'')
                {
                    ++at_;
                    continue;
                }
                if (may_learn && sql_[at_ - 1] == '\\' && at_ - 1 > begin)
                {
                    if (starts_word(after) || is_digit(after))  // nothing goes on like that after a string: \' was escaped
                    {
                        dialect_.backslash_escapes = backslash_escapes = true;
                        continue;
                    }
                    closed_after_backslash = true;
                }
                ++at_;
                return emit(Kind::value, begin, true);
            }
        }
        run_off_the_end();
        emit(Kind::value, begin, true);
    }

    /// q'[it's]'
    void oracle_quote(std::size_t begin)
    {
        const char open = peek(1);
        const char close = open == '[' ? ']' : open == '(' ? ')' : open == '{' ? '}' : open == '<' ? '>' : open;
        const char end[] = {close, '\''};
        const std::size_t found = sql_.find(std::string_view(end, 2), std::min(at_ + 2, sql_.size()));
        if (found == std::string_view::npos)
            run_off_the_end();
        else
            at_ = found + 2;
        emit(Kind::value, begin, true);
    }

    void quoted_name(char quote, bool backslash_escapes = false)
    {
        const std::size_t begin = at_;
        for (++at_; at_ < sql_.size(); ++at_)
            if (sql_[at_] == '\\' && backslash_escapes)
                ++at_;
            else if (sql_[at_] == quote)
            {
                if (peek(1) == quote)
                    ++at_;
                else
                {
                    ++at_;
                    return emit(Kind::quoted, begin);
                }
            }
        run_off_the_end();
        emit(Kind::quoted, begin);
    }

    void double_quoted()
    {
        saw_double_quotes = true;
        const std::size_t begin = at_;
        quoted_name('"', dialect_.double_quotes_are_text);
        SqlToken& token = result.tokens.back();
        const std::string_view content = token.text.substr(1, token.text.size() - (token.text.size() > 1 ? 2 : 1));
        if (dialect_.double_quotes_are_text || (!is_name(content) && is_compared(begin)))
        {
            token.kind = Kind::value;
            token.is_text = true;
        }
    }

    static bool is_name(std::string_view text)
    {
        return !text.empty() && starts_word(text.front()) && std::all_of(text.begin(), text.end(), continues_word);
    }

    /// True when the token just emitted stands right of a comparison: "a = "x y"" holds text in any dialect.
    bool is_compared(std::size_t begin) const
    {
        if (result.tokens.size() < 2 || (begin > 0 && sql_[begin - 1] == '.') || peek() == '.')
            return false;
        const SqlToken& before = result.tokens[result.tokens.size() - 2];
        if (before.kind == Kind::symbol)
            return std::string_view("=<>!~").find(before.text.back()) != std::string_view::npos;
        return before.is_word("like") || before.is_word("ilike") || before.is_word("rlike") || before.is_word("regexp");
    }

    /// $1 ? ?1 :name @name %s %(name)s, and PostgreSQL's $tag$ strings, which start like the first.
    bool parameter()
    {
        const char c = sql_[at_];
        const std::size_t begin = at_;
        std::size_t length = 0;
        if (c == '?')
        {
            length = peek(1) == '?' ? 2 : 1;  // JDBC writes ?? for PostgreSQL's operator ?
            while (length > 0 && is_digit(peek(length)))
                ++length;
        }
        else if (c == '$' && dollar_quote())
            return true;
        else if (c == '$' && continues_word(peek(1)))
            length = 1;
        else if (c == '@' && starts_word(peek(1)))
            length = 1;
        else if (c == ':' && (starts_word(peek(1)) || (is_digit(peek(1)) && brackets_ == 0)) && !follows_name_closely())
            length = 1;
        else if (c == '%' && peek(1) == 's' && !continues_word(peek(2)) && expects_operand(previous()))
            length = 2;
        else if (c == '%' && peek(1) == '(' && expects_operand(previous()))
        {
            const std::size_t close = sql_.substr(at_, max_name_).find(")s");
            if (close == std::string_view::npos)
                return false;
            length = close + 2;
        }
        else if (looking_at("..."))  // a list somebody left out
            length = 3;
        else
            return false;
        at_ += length;
        if (c == '$' || c == '@' || c == ':')
            while (continues_word(peek()))
                ++at_;
        emit(Kind::value, begin);
        return true;
    }

    bool follows_name_closely() const
    {
        return at_ > 0 && (continues_word(sql_[at_ - 1]) || sql_[at_ - 1] == '"' || sql_[at_ - 1] == ')');
    }

    bool dollar_quote()
    {
        std::size_t length = 1;
        if (is_digit(peek(1)))
            return false;
        while (length < max_name_ && (starts_word(peek(length)) || is_digit(peek(length))))
            ++length;
        if (peek(length) != '$')
            return false;
        const std::size_t begin = at_;
        const std::string_view tag = sql_.substr(at_, length + 1);
        const std::size_t end = sql_.find(tag, at_ + tag.size());
        if (end == std::string_view::npos)
            run_off_the_end();
        else
            at_ = end + tag.size();
        emit(Kind::value, begin, true);
        return true;
    }

    bool bracketed_name()
    {
        if (sql_[at_] != '[')
            return false;
        const SqlToken* before = previous();
        const bool may_be_subscript =
            before && (before->is_word("array") || before->is_symbol("[") || before->is_symbol(")") || before->is_symbol("]")
                       || (!blank_ && before->kind != Kind::symbol));
        if (may_be_subscript)
            return false;
        const std::size_t close = sql_.substr(at_, max_name_).find(']');
        if (close == std::string_view::npos || close < 2 || !starts_word(peek(1)))
            return false;
        const std::string_view content = sql_.substr(at_ + 1, close - 1);
        if (!std::all_of(content.begin(), content.end(),
                         [](char c) { return continues_word(c) || c == ' ' || c == '.' || c == '-'; }))
            return false;
        at_ += close + 1;
        emit(Kind::quoted, at_ - close - 1);
        return true;
    }

    void symbol()
    {
        const std::size_t begin = at_;
        const char c = sql_[at_];
        // Words that carry a sign: @@rowcount, #temporary and ##temporary tables.
        if ((looking_at("@@") && starts_word(peek(2))) || (c == '#' && starts_word(peek(1)))
            || (looking_at("##") && starts_word(peek(2))))
        {
            while (peek() == '@' || peek() == '#' || continues_word(peek()))
                ++at_;
            return emit(Kind::word, begin);
        }
        std::size_t length = 1;
        for (const std::string_view op : operators)
            if (op[0] == c && looking_at(op))
            {
                length = op.size();
                break;
            }
        if (looking_at("<@") && starts_word(peek(2)))
            length = 1;  // "a<@limit": a variable of SQL Server
        at_ += length;
        if (c == '[')
            ++brackets_;
        else if (c == ']' && brackets_ > 0)
            --brackets_;
        emit(Kind::symbol, begin);
    }

    static constexpr std::size_t max_name_ = 130;  // bounds what is looked ahead for the end of a name

    std::string_view sql_;
    Dialect dialect_;
    std::size_t at_ = 0;
    std::size_t brackets_ = 0;
    bool blank_ = false, line_start_ = true, comments_nest_ = true;
};

// After these an operand follows; sorted.
constexpr std::array operand_keywords = std::to_array<std::string_view>({
    "all", "and", "any", "as", "between", "by", "call", "case", "default", "distinct", "div", "else", "except",
    "from", "having", "ilike", "in", "interval", "intersect", "is", "like", "limit", "mod", "not", "offset", "on", "or",
    "over", "regexp", "return", "returning", "rlike", "select", "set", "similar", "some", "then", "to", "top", "union",
    "using", "values", "when", "where", "xor",
});

}  // namespace

bool SqlToken::is_word(std::string_view lower_word) const
{
    return kind == Kind::word && equals_ignoring_case(text, lower_word);
}

bool expects_operand(const SqlToken* previous)
{
    if (!previous)
        return true;
    if (previous->kind == Kind::symbol)
        return previous->text != ")" && previous->text != "]" && previous->text != "}" && previous->text != ".";
    if (previous->kind != Kind::word || previous->text.size() > 10)
        return false;
    return std::any_of(operand_keywords.begin(), operand_keywords.end(),
                       [&](std::string_view keyword) { return equals_ignoring_case(previous->text, keyword); });
}

SqlTokens lex_sql(std::string_view sql)
{
    sql = trim(sql);
    const bool shortened = sql.ends_with("...") || sql.ends_with(ellipsis);
    if (shortened)
        sql.remove_suffix(3);
    Lexer lexer(sql, {});
    lexer.run();
    lexer.result.truncated |= shortened;
    Dialect learned;
    learned.double_quotes_are_text = lexer.saw_backtick_name && lexer.saw_double_quotes;
    learned.backslash_escapes = lexer.result.truncated && lexer.closed_after_backslash;
    if (!learned.double_quotes_are_text && !learned.backslash_escapes)
        return std::move(lexer.result);
    Lexer again(sql, learned);
    again.run();
    again.result.truncated |= shortened;
    const bool better = !again.result.truncated || learned.double_quotes_are_text;
    return std::move(better ? again.result : lexer.result);
}

}  // namespace casebook
