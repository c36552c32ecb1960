#include "analyzers/store/query.h"

#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sqlite3.h>

namespace casebook {
namespace {

/// Functions that SQLite offers and that can neither write, load code nor leave the case.
constexpr std::array safe_functions{
    "abs", "avg", "ceil", "ceiling", "changes", "char", "coalesce", "count", "cume_dist", "date", "datetime", "dense_rank", "exp", "fingerprint",
    "first_value", "floor", "format", "glob", "group_concat", "hex", "ifnull", "iif", "instr", "json", "json_array", "json_array_length", "json_each",
    "json_extract", "json_group_array", "json_group_object", "json_object", "json_quote", "json_tree", "json_type", "json_valid", "julianday", "lag",
    "last_value", "lead", "length", "like", "likelihood", "likely", "ln", "log", "log10", "log2", "lower", "ltrim", "max", "min", "mod", "nth_value",
    "ntile", "nullif", "percent_rank", "percentile", "pow", "power", "printf", "quote", "rank", "replace", "round", "row_number", "rtrim", "sign",
    "sqrt", "strftime", "substr", "substring", "sum", "template", "time", "total", "trim", "trunc", "typeof", "unicode", "unixepoch", "unlikely", "upper",
    "->", "->>"};

bool starts_with(const char* text, std::string_view prefix) { return text && std::string_view(text).substr(0, prefix.size()) == prefix; }

int authorize(void*, int action, const char* first, const char* second, const char*, const char*)
{
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_READ:
        // Shadow and statistics tables of SQLite itself are nobody's evidence.
        return starts_with(first, "sqlite_") && std::string_view(first) != "sqlite_master" && std::string_view(first) != "sqlite_schema" ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_FUNCTION:
        for (const char* name : safe_functions)
            if (second && equals_ignoring_case(second, name)) return SQLITE_OK;
        return SQLITE_DENY;
    default: return SQLITE_DENY;
    }
}

/// SQLite declares a table of its own when a table-valued function is met first, which an authorizer that only lets read
/// forbids; so they are met before it is there.
void meet_table_functions(sqlite3* handle)
{
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(handle, "SELECT 1 FROM json_each('[]'), json_tree('[]')", -1, &statement, nullptr);
    sqlite3_finalize(statement);
}

struct Authorizer {
    explicit Authorizer(sqlite3* handle) : handle_(handle) { sqlite3_set_authorizer(handle_, authorize, nullptr); }
    ~Authorizer() { sqlite3_set_authorizer(handle_, nullptr, nullptr); }
    Authorizer(const Authorizer&) = delete;
    Authorizer& operator=(const Authorizer&) = delete;
    sqlite3* handle_;
};

constexpr std::string_view place_line = ", at line ", place_column = ", column ";

/// ", at line 2, column 8", or nothing where SQLite does not say it.
std::string place_text(sqlite3* handle, std::string_view sql)
{
    const int offset = sqlite3_error_offset(handle);
    if (offset < 0 || static_cast<std::size_t>(offset) > sql.size()) return {};
    const std::string_view before = sql.substr(0, static_cast<std::size_t>(offset));
    const std::string_view line = before.substr(before.find_last_of('\n') + 1);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const auto characters = std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    return std::string(place_line) + std::to_string(lines + 1) + std::string(place_column) + std::to_string(characters + 1);
}

/// sqlite3_prepare compiles the first statement only; whatever follows it must be nothing.
Status check_single(sqlite3* handle, const std::string& sql)
{
    sqlite3_stmt* statement = nullptr;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v2(handle, sql.c_str(), static_cast<int>(sql.size()), &statement, &tail);
    const bool nothing = code == SQLITE_OK && !statement;
    const bool reads = statement && sqlite3_stmt_readonly(statement);
    sqlite3_finalize(statement);
    if (code == SQLITE_AUTH) return fail(Error::Code::usage, "only reading is allowed here: " + std::string(sqlite3_errmsg(handle)), "Use a SELECT over the views of the case");
    if (code != SQLITE_OK) return fail(Error::Code::usage, sqlite3_errmsg(handle) + place_text(handle, sql), "The views are listed in the data dictionary and in README");
    if (nothing) return fail(Error::Code::usage, "there is no query", "Give a SELECT");
    if (!reads) return fail(Error::Code::usage, "only reading is allowed here", "Use a SELECT over the views of the case");
    sqlite3_stmt* second = nullptr;
    const int second_code = sqlite3_prepare_v2(handle, tail, -1, &second, nullptr);
    sqlite3_finalize(second);
    if (second_code != SQLITE_OK || second) return fail(Error::Code::usage, "only one statement is allowed", "Run the statements one by one");
    return {};
}

std::string hex(std::string_view bytes)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text += digits[static_cast<unsigned char>(c) >> 4];
        text += digits[static_cast<unsigned char>(c) & 15];
    }
    return text;
}

}  // namespace

Result<QueryResult> run_query(CaseFile& file, std::string_view sql, const std::vector<Value>& arguments, const QueryLimits& limits,
                              const Control& control)
{
    Database& database = file.database();
    Database::Guard guard(database, control, limits.max_ms, limits.max_steps * 1000);
    meet_table_functions(database.handle());
    Authorizer authorizer(database.handle());
    const std::string text(sql);
    TRY(check_single(database.handle(), text));
    TRY_ASSIGN(Statement statement, database.prepare(text));
    for (std::size_t i = 0; i < arguments.size(); ++i) statement.bind(static_cast<int>(i) + 1, arguments[i]);

    QueryResult result;
    for (int i = 0; i < statement.column_count(); ++i) result.columns.emplace_back(statement.column_name(i));
    for (;;) {
        TRY_ASSIGN(const bool more, statement.step());
        if (!more) return result;
        if (limits.max_rows > 0 && static_cast<std::int64_t>(result.rows.size()) == limits.max_rows) {
            result.cut = true;
            return result;
        }
        std::vector<Value> row;
        row.reserve(result.columns.size());
        for (int i = 0; i < statement.column_count(); ++i) row.push_back(statement.value(i));
        result.rows.push_back(std::move(row));
    }
}

std::optional<QueryPlace> place_of(const Error& error)
{
    const std::size_t at = error.what.rfind(place_line);
    if (at == std::string::npos) return {};
    const std::string_view numbers = std::string_view(error.what).substr(at + place_line.size());
    const std::size_t comma = numbers.find(place_column);
    if (comma == std::string_view::npos) return {};
    const auto line = parse_int(numbers.substr(0, comma)), column = parse_int(numbers.substr(comma + place_column.size()));
    if (!line || !column) return {};
    return QueryPlace{static_cast<int>(*line), static_cast<int>(*column)};
}

std::string to_text(const Value& value)
{
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
    if (const auto* real = std::get_if<double>(&value)) {
        std::array<char, 40> buffer{};
        const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *real);
        return error == std::errc() ? std::string(buffer.data(), end) : std::string();
    }
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* blob = std::get_if<Blob>(&value)) return hex(blob->bytes);
    return {};
}

std::string to_json(const QueryResult& result)
{
    JsonWriter json;
    json.begin_array();
    for (const auto& row : result.rows) {
        json.begin_object();
        for (std::size_t i = 0; i < row.size(); ++i) {
            json.key(result.columns[i]);
            if (const auto* integer = std::get_if<std::int64_t>(&row[i])) json.value(*integer);
            else if (const auto* real = std::get_if<double>(&row[i])) json.value(*real);
            else if (std::holds_alternative<std::monostate>(row[i])) json.null();
            else json.value(to_text(row[i]));
        }
        json.end_object();
    }
    json.end_array();
    return json.take();
}

std::string to_csv(const QueryResult& result)
{
    const auto append = [](std::string& out, std::string_view text) {
        if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
            out += text;
            return;
        }
        out += '"';
        for (const char c : text) {
            if (c == '"') out += '"';
            out += c;
        }
        out += '"';
    };
    std::string csv;
    for (std::size_t i = 0; i < result.columns.size(); ++i) {
        if (i > 0) csv += ',';
        append(csv, result.columns[i]);
    }
    csv += '\n';
    for (const auto& row : result.rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i > 0) csv += ',';
            append(csv, to_text(row[i]));
        }
        csv += '\n';
    }
    return csv;
}

}  // namespace casebook
