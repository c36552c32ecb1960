#include "analyzers/store/database.h"

#include <chrono>
#include <memory>
#include <sqlite3.h>

namespace casebook {
struct Database::GuardState {
    Control control;
    std::chrono::steady_clock::time_point deadline;
    bool has_deadline = false;
    std::int64_t steps_left = 0;
    bool has_steps = false;
    bool exceeded = false;
};

namespace {
constexpr int steps_per_check = 1000;
}  // namespace

int Database::check_guard(void* data)
{
    auto* state = static_cast<GuardState*>(data);
    if (state->control.cancelled()) return 1;
    if (state->has_steps && (state->steps_left -= steps_per_check) < 0) state->exceeded = true;
    if (state->has_deadline && std::chrono::steady_clock::now() > state->deadline) state->exceeded = true;
    return state->exceeded;
}

Error Database::error_of(int code) const
{
    const char* message = sqlite3_errmsg(handle_);
    switch (code & 0xff) {
    case SQLITE_INTERRUPT:
        if (guard_ && guard_->exceeded)
            return {Error::Code::limitExceeded, "the query took longer than its budget", "Narrow it with WHERE or LIMIT"};
        return {Error::Code::cancelled, "cancelled", {}};
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {Error::Code::busy, "another process is writing to the case", "Wait for it to finish, then try again"};
    case SQLITE_FULL: return {Error::Code::caseFile, "the disk is full", "Free some space, then try again; the case is unchanged"};
    case SQLITE_READONLY: return {Error::Code::caseFile, "the case is open for reading only", "Copy it to a place where you may write"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return {Error::Code::caseFile, std::string("the case file is damaged: ") + message, "Restore it from a copy, or import the evidence into a new case"};
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG: return {Error::Code::limitExceeded, std::string("a value is too large: ") + message, {}};
    case SQLITE_ERROR:
    case SQLITE_AUTH: return {Error::Code::usage, message, {}};
    default: return {Error::Code::caseFile, std::string("SQLite: ") + message, {}};
    }
}

// --- Statement

Statement::Statement(Statement&& other) noexcept : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept
{
    if (this != &other) {
        sqlite3_finalize(statement_);
        database_ = other.database_;
        statement_ = std::exchange(other.statement_, nullptr);
    }
    return *this;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int index, std::int64_t value)
{
    sqlite3_bind_int64(statement_, index, value);
    return *this;
}

Statement& Statement::bind(int index, double value)
{
    sqlite3_bind_double(statement_, index, value);
    return *this;
}

Statement& Statement::bind(int index, std::string_view text)
{
    sqlite3_bind_text64(statement_, index, text.data() ? text.data() : "", text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes)
{
    sqlite3_bind_blob64(statement_, index, bytes.data() ? bytes.data() : "", bytes.size(), SQLITE_TRANSIENT);
    return *this;
}

Statement& Statement::bind_null(int index)
{
    sqlite3_bind_null(statement_, index);
    return *this;
}

Statement& Statement::bind(int index, const Value& value)
{
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return bind(index, *integer);
    if (const auto* real = std::get_if<double>(&value)) return bind(index, *real);
    if (const auto* text = std::get_if<std::string>(&value)) return bind(index, std::string_view(*text));
    if (const auto* blob = std::get_if<Blob>(&value)) return bind_blob(index, blob->bytes);
    return bind_null(index);
}

Result<bool> Statement::step()
{
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        sqlite3_reset(statement_);
        return false;
    }
    Error error = database_->error_of(code);
    sqlite3_reset(statement_);
    return tl::unexpected<Error>(std::move(error));
}

Status Statement::run()
{
    for (;;) {
        TRY_ASSIGN(const bool more, step());
        if (!more) return {};
    }
}

void Statement::reset() { sqlite3_reset(statement_); }
int Statement::column_count() const { return sqlite3_column_count(statement_); }
std::string_view Statement::column_name(int index) const
{
    const char* name = sqlite3_column_name(statement_, index);
    return name ? name : "";
}
bool Statement::is_null(int index) const { return sqlite3_column_type(statement_, index) == SQLITE_NULL; }
std::int64_t Statement::integer(int index) const { return sqlite3_column_int64(statement_, index); }
double Statement::real(int index) const { return sqlite3_column_double(statement_, index); }

std::string_view Statement::text(int index) const
{
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, index));
    return bytes ? std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, index))) : std::string_view();
}

std::string_view Statement::blob(int index) const
{
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, index));
    return bytes ? std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, index))) : std::string_view();
}

Value Statement::value(int index) const
{
    switch (sqlite3_column_type(statement_, index)) {
    case SQLITE_INTEGER: return integer(index);
    case SQLITE_FLOAT: return real(index);
    case SQLITE_TEXT: return std::string(text(index));
    case SQLITE_BLOB: return Blob{std::string(blob(index))};
    default: return std::monostate{};
    }
}

std::optional<std::int64_t> Statement::optional_integer(int index) const
{
    if (is_null(index)) return {};
    return integer(index);
}

std::optional<double> Statement::optional_real(int index) const
{
    if (is_null(index)) return {};
    return real(index);
}

// --- Database

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Mode mode)
{
    int flags = SQLITE_OPEN_NOMUTEX;
    switch (mode) {
    case Mode::readOnly: flags |= SQLITE_OPEN_READONLY; break;
    case Mode::readWrite: flags |= SQLITE_OPEN_READWRITE; break;
    case Mode::create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE; break;
    }
    if (path.rfind("file:", 0) == 0) flags |= SQLITE_OPEN_URI;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    if (code != SQLITE_OK) {
        std::string message = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
        sqlite3_close_v2(handle);
        return fail(Error::Code::caseFile, "cannot open " + path + ": " + message, "Check that the path exists and that you may read it");
    }
    std::unique_ptr<Database> database(new Database(handle));
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, 5000);
    // A case file may come from a stranger: no SQL of its schema may call anything with side effects.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    return database;
}

Database::Database(sqlite3* handle) : handle_(handle) {}
Database::~Database() { sqlite3_close_v2(handle_); }

Result<Statement> Database::prepare(std::string_view sql)
{
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return tl::unexpected<Error>(error_of(code));
    return Statement(this, statement);
}

Status Database::execute(std::string_view sql)
{
    const std::string text(sql);
    const int code = sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return tl::unexpected<Error>(error_of(code));
    return {};
}

std::int64_t Database::last_row_id() const { return sqlite3_last_insert_rowid(handle_); }
std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }

Database::Guard::Guard(Database& database, const Control& control, std::int64_t max_ms, std::int64_t max_steps)
    : database_(database), outer_(std::move(database.guard_))
{
    database.guard_ = std::make_unique<GuardState>(GuardState{control, {}, max_ms > 0, max_steps, max_steps > 0, false});
    if (max_ms > 0) database.guard_->deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(max_ms);
    sqlite3_progress_handler(database.handle_, steps_per_check, check_guard, database.guard_.get());
}

Database::Guard::~Guard()
{
    database_.guard_ = std::move(outer_);
    sqlite3_progress_handler(database_.handle_, database_.guard_ ? steps_per_check : 0, database_.guard_ ? check_guard : nullptr,
                             database_.guard_.get());
}

// --- Transaction

Result<Transaction> Transaction::begin(Database& database)
{
    TRY(database.execute("BEGIN IMMEDIATE"));
    return Transaction(database);
}

Transaction::~Transaction()
{
    if (database_) (void)database_->execute("ROLLBACK");
}

Status Transaction::commit()
{
    TRY(database_->execute("COMMIT"));
    database_ = nullptr;
    return {};
}

}  // namespace casebook
