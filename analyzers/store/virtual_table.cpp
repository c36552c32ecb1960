#include "analyzers/store/virtual_table.h"

#include <sqlite3.h>

namespace casebook {

void ColumnSink::set(std::int64_t value) { sqlite3_result_int64(context_, value); }
void ColumnSink::set(double value) { sqlite3_result_double(context_, value); }
void ColumnSink::set(std::string_view text)
{
    sqlite3_result_text64(context_, text.data() ? text.data() : "", text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
void ColumnSink::set_null() { sqlite3_result_null(context_); }

namespace {

using TablePointer = std::shared_ptr<VirtualTable>;

struct Table : sqlite3_vtab {
    TablePointer table;
    std::vector<int> keys;
};

struct Cursor : sqlite3_vtab_cursor {
    std::unique_ptr<VirtualCursor> rows;
    std::int64_t row_id = 0;
};

Value value_of(sqlite3_value* value)
{
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER: return sqlite3_value_int64(value);
    case SQLITE_FLOAT: return sqlite3_value_double(value);
    case SQLITE_TEXT:
        return std::string(reinterpret_cast<const char*>(sqlite3_value_text(value)), static_cast<std::size_t>(sqlite3_value_bytes(value)));
    case SQLITE_BLOB: {
        const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
        return Blob{bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_value_bytes(value))) : std::string()};
    }
    default: return std::monostate{};
    }
}

void set_result(sqlite3_context* context, const Value& value)
{
    ColumnSink sink(context);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) sink.set(*integer);
    else if (const auto* real = std::get_if<double>(&value)) sink.set(*real);
    else if (const auto* text = std::get_if<std::string>(&value)) sink.set(std::string_view(*text));
    else if (const auto* blob = std::get_if<Blob>(&value))
        sqlite3_result_blob64(context, blob->bytes.data() ? blob->bytes.data() : "", blob->bytes.size(), SQLITE_TRANSIENT);
    else sink.set_null();
}

int connect(sqlite3* database, void* data, int, const char* const*, sqlite3_vtab** result, char** message)
{
    const TablePointer& table = *static_cast<TablePointer*>(data);
    const int code = sqlite3_declare_vtab(database, ("CREATE TABLE t(" + table->declaration() + ")").c_str());
    if (code != SQLITE_OK) {
        *message = sqlite3_mprintf("%s", sqlite3_errmsg(database));
        return code;
    }
    sqlite3_vtab_config(database, SQLITE_VTAB_INNOCUOUS);
    auto* made = new Table();
    made->table = table;
    made->keys = table->key_columns();
    *result = made;
    return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table)
{
    delete static_cast<Table*>(table);
    return SQLITE_OK;
}

/// idxStr carries the looked-up columns, comma separated, in argument order.
int best_index(sqlite3_vtab* base, sqlite3_index_info* info)
{
    const auto* table = static_cast<Table*>(base);
    std::string columns;
    int arguments = 0;
    for (int i = 0; i < info->nConstraint; ++i) {
        const auto& constraint = info->aConstraint[i];
        if (!constraint.usable || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
        for (const int key : table->keys)
            if (key == constraint.iColumn && columns.find("," + std::to_string(key) + ",") == std::string::npos) {
                info->aConstraintUsage[i].argvIndex = ++arguments;
                columns += (columns.empty() ? "," : "") + std::to_string(key) + ",";
            }
    }
    info->idxStr = sqlite3_mprintf("%s", columns.c_str());
    info->needToFreeIdxStr = 1;
    info->estimatedCost = arguments > 0 ? 1000.0 / arguments : 1e7;
    info->estimatedRows = arguments > 0 ? 100 : 1'000'000;
    return SQLITE_OK;
}

int open_cursor(sqlite3_vtab*, sqlite3_vtab_cursor** cursor)
{
    *cursor = new Cursor();
    return SQLITE_OK;
}

int close_cursor(sqlite3_vtab_cursor* cursor)
{
    delete static_cast<Cursor*>(cursor);
    return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* base, int, const char* columns, int count, sqlite3_value** values)
{
    auto* cursor = static_cast<Cursor*>(base);
    auto* table = static_cast<Table*>(base->pVtab);
    std::vector<std::pair<int, Value>> equal;
    const char* at = columns && *columns ? columns + 1 : columns;
    for (int i = 0; i < count; ++i) {
        char* end = nullptr;
        equal.emplace_back(static_cast<int>(std::strtol(at, &end, 10)), value_of(values[i]));
        at = end + 1;
    }
    auto rows = table->table->open(equal);
    if (!rows) {
        sqlite3_free(base->pVtab->zErrMsg);
        base->pVtab->zErrMsg = sqlite3_mprintf("%s", rows.error().what.c_str());
        if (rows.error().code == Error::Code::cancelled) return SQLITE_INTERRUPT;
        return rows.error().code == Error::Code::caseFile ? SQLITE_CORRUPT_VTAB : SQLITE_ERROR;
    }
    cursor->rows = std::move(*rows);
    cursor->row_id = 0;
    return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* base)
{
    auto* cursor = static_cast<Cursor*>(base);
    cursor->rows->advance();
    ++cursor->row_id;
    return SQLITE_OK;
}

int at_end(sqlite3_vtab_cursor* base) { return static_cast<Cursor*>(base)->rows->at_end(); }

int column(sqlite3_vtab_cursor* base, sqlite3_context* context, int index)
{
    ColumnSink sink(context);
    static_cast<Cursor*>(base)->rows->column(index, sink);
    return SQLITE_OK;
}

int row_id(sqlite3_vtab_cursor* base, sqlite3_int64* result)
{
    *result = static_cast<Cursor*>(base)->row_id;
    return SQLITE_OK;
}

const sqlite3_module module = [] {
    sqlite3_module m{};
    m.iVersion = 1;
    m.xCreate = nullptr;  // eponymous only: no schema entry, nothing a case file could redirect
    m.xConnect = connect;
    m.xBestIndex = best_index;
    m.xDisconnect = disconnect;
    m.xDestroy = disconnect;
    m.xOpen = open_cursor;
    m.xClose = close_cursor;
    m.xFilter = filter;
    m.xNext = next;
    m.xEof = at_end;
    m.xColumn = column;
    m.xRowid = row_id;
    return m;
}();

using Function = std::function<Result<Value>(const std::vector<Value>&)>;

void call_function(sqlite3_context* context, int count, sqlite3_value** values)
{
    std::vector<Value> arguments;
    for (int i = 0; i < count; ++i) arguments.push_back(value_of(values[i]));
    const Result<Value> result = (*static_cast<Function*>(sqlite3_user_data(context)))(arguments);
    if (result) set_result(context, *result);
    else sqlite3_result_error(context, result.error().what.c_str(), -1);
}

struct PercentileState {
    std::vector<double>* values;
    double p;
};

void percentile_step(sqlite3_context* context, int, sqlite3_value** arguments)
{
    auto* state = static_cast<PercentileState*>(sqlite3_aggregate_context(context, sizeof(PercentileState)));
    if (!state) return sqlite3_result_error_nomem(context);
    if (!state->values) state->values = new std::vector<double>();
    state->p = sqlite3_value_double(arguments[1]);
    if (!(state->p >= 0 && state->p <= 100)) return sqlite3_result_error(context, "percentile(x, p) takes p from 0 to 100", -1);
    if (sqlite3_value_numeric_type(arguments[0]) != SQLITE_NULL) state->values->push_back(sqlite3_value_double(arguments[0]));
}

void percentile_final(sqlite3_context* context)
{
    auto* state = static_cast<PercentileState*>(sqlite3_aggregate_context(context, 0));
    if (!state || !state->values || state->values->empty()) sqlite3_result_null(context);
    else {
        using Compute = double (*)(std::vector<double>, double);
        const auto compute = reinterpret_cast<Compute>(sqlite3_user_data(context));
        sqlite3_result_double(context, compute(std::move(*state->values), state->p));
    }
    if (state) delete state->values;
}

constexpr int function_flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

Status checked(Database& database, int code)
{
    if (code == SQLITE_OK) return {};
    return fail(Error::Code::internal, std::string("SQLite: ") + sqlite3_errmsg(database.handle()));
}

}  // namespace

Status add_virtual_table(Database& database, const char* name, std::shared_ptr<VirtualTable> table)
{
    TRY(checked(database, sqlite3_create_module_v2(database.handle(), name, &module, new TablePointer(std::move(table)),
                                                   [](void* data) { delete static_cast<TablePointer*>(data); })));
    // Connects it now: SQLite 3.40 asks the authorizer about the declaration, and that of a query would refuse.
    return database.prepare("SELECT 1 FROM " + std::string(name)).map([](const Statement&) {});
}

Status add_function(Database& database, const char* name, int arguments, std::function<Result<Value>(const std::vector<Value>&)> function)
{
    return checked(database, sqlite3_create_function_v2(database.handle(), name, arguments, function_flags, new Function(std::move(function)),
                                                        call_function, nullptr, nullptr, [](void* data) { delete static_cast<Function*>(data); }));
}

Status add_percentile(Database& database, const char* name, double (*compute)(std::vector<double>, double))
{
    return checked(database, sqlite3_create_function_v2(database.handle(), name, 2, function_flags, reinterpret_cast<void*>(compute), nullptr,
                                                        percentile_step, percentile_final, nullptr));
}

}  // namespace casebook
