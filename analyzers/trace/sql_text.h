#pragma once

#include <string>
#include <string_view>

namespace casebook {

/// What one lexical pass over a statement tells. Works for any SQL dialect and for truncated text; never fails.
struct SqlSummary {
    std::string normalized;   ///< literals and parameters (with sign and cast) -> ?, IN lists and repeated VALUES rows -> one,
                              ///< comments out, blanks single; else as written
    std::string fingerprint;  ///< 16 hex digits: hash64 of the folded tokens; equal for client text and pg_stat_statements text
    std::string verb;         ///< SELECT INSERT UPDATE DELETE BEGIN COMMIT SET ... upper case; of WITH the main statement's; START
                              ///< TRANSACTION is BEGIN, END is COMMIT
    std::string table;        ///< first table of FROM / INTO / UPDATE / CREATE TABLE …, lower case unless quoted, quotes and
                              ///< schema "public" dropped; may be empty
    bool truncated = false;   ///< ends inside a literal, a comment or with "..."
};
SqlSummary summarize_sql(std::string_view sql);

/// summarize_sql(sql).fingerprint without building the rest.
std::string sql_fingerprint(std::string_view sql);

/// "SELECT … WHERE order_id = ?": the normalized text shortened for a headline or a subject.
std::string short_sql(std::string_view normalized, std::size_t max_chars = 80);

}  // namespace casebook
