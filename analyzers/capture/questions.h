#pragma once

#include "analyzers/capture/options.h"

#include <string>
#include <string_view>

namespace casebook::capture_detail {

/// Marks every statement that capture sends, so that it can leave itself out of pg_stat_statements.
inline constexpr std::string_view statement_mark = "/* casebook capture */";

/// What the SQL of a question depends on.
struct SqlVersion {
    int server = 0;                   ///< 15 for 15.20
    std::string statements_schema;    ///< quoted; empty when pg_stat_statements is not installed
    std::string statements_version;   ///< "1.10"
};

/// The file of resources/capture that asks `question` of this version: the newest step that is not newer than it, for
/// pg_stat_statements by the version of the extension. Empty when there is none.
std::string_view sql_file_for(std::string_view question, const SqlVersion& version);

/// The statement in that file, without its comment and with the placeholders filled in; without ';' at its end.
std::string sql_for(std::string_view question, const SqlVersion& version, bool with_sizes);

/// The major version whose pg_stat_statements is like this one: 13 for "1.8"; 12 for older ones.
int server_of_statements_version(std::string_view extension_version);

/// The question of that id; null when there is none.
const CaptureQuestion* find_question(std::string_view id);

}  // namespace casebook::capture_detail
