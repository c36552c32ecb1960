#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace casebook {

struct SqlToken {
    enum class Kind : std::uint8_t {
        word,    ///< keyword or identifier as written
        quoted,  ///< identifier with its quotes: "a", `a`, [a]
        value,   ///< literal or parameter
        symbol,  ///< operator or punctuation
    };
    Kind kind = Kind::symbol;
    bool blank_before = false;  ///< blanks or a comment stood before it
    bool is_text = false;       ///< value written as a string
    std::string_view text;      ///< into the statement

    bool is_symbol(std::string_view symbol) const { return kind == Kind::symbol && text == symbol; }
    /// `lower_word` in lower case.
    bool is_word(std::string_view lower_word) const;
};

struct SqlTokens {
    std::vector<SqlToken> tokens;  ///< views into the statement given
    bool truncated = false;        ///< ended inside a literal, a quoted name or a comment, or with "..."
};

/// Splits a statement of any SQL dialect into tokens, without comments. Never fails: bytes it does not know are symbols,
/// bytes above 0x7f belong to words. What dialects disagree on is decided by the text itself: \' ends a string unless
/// a letter follows or the statement would not end otherwise (MySQL), "x" is a string beside `names` (MySQL) and an
/// identifier else, [x] is an identifier where no subscript can stand (SQL Server). O(length).
SqlTokens lex_sql(std::string_view sql);

/// True when after `previous` (null at the start) an operand comes next, so that + and - are signs.
bool expects_operand(const SqlToken* previous);

}  // namespace casebook
