#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace casebook {

class Database;

struct Blob {
    std::string bytes;
    bool operator==(const Blob&) const = default;
};
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

/// One prepared statement. Bind by position from 1; step; read columns from 0. Views from text() and blob() are
/// valid until the next step or reset. Belongs to the thread of its database.
class Statement {
public:
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;
    ~Statement();

    Statement& bind(int index, std::int64_t value);
    Statement& bind(int index, double value);
    Statement& bind(int index, std::string_view text);
    Statement& bind_blob(int index, std::string_view bytes);
    Statement& bind_null(int index);
    Statement& bind(int index, const Value& value);
    template <class T>
    Statement& bind(int index, const std::optional<T>& value)
    {
        if (value) return bind(index, *value);
        return bind_null(index);
    }

    /// True with a row, false at the end. A finished statement is reset and can be bound and run again.
    Result<bool> step();
    /// Runs to the end and resets.
    Status run();
    void reset();

    int column_count() const;
    std::string_view column_name(int index) const;
    bool is_null(int index) const;
    std::int64_t integer(int index) const;
    double real(int index) const;
    std::string_view text(int index) const;
    std::string_view blob(int index) const;
    Value value(int index) const;
    std::optional<std::int64_t> optional_integer(int index) const;
    std::optional<double> optional_real(int index) const;

private:
    friend class Database;
    Statement(Database* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
    Database* database_;
    sqlite3_stmt* statement_;
};

/// A connection. One thread at a time.
class Database {
    struct GuardState;

public:
    enum class Mode { readOnly, readWrite, create };
    static Result<std::unique_ptr<Database>> open(const std::string& path, Mode mode);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    Result<Statement> prepare(std::string_view sql);
    /// Runs one or more statements without results.
    Status execute(std::string_view sql);
    std::int64_t last_row_id() const;
    std::int64_t changes() const;

    /// While alive, statements stop with `cancelled` when the control says so, and with `limitExceeded` after
    /// `max_ms` milliseconds or `max_steps` virtual machine steps (0 = no limit).
    class Guard {
    public:
        Guard(Database& database, const Control& control, std::int64_t max_ms = 0, std::int64_t max_steps = 0);
        ~Guard();
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;
    private:
        Database& database_;
        std::unique_ptr<GuardState> outer_;
    };

    sqlite3* handle() const { return handle_; }  ///< for analyzers/store only

private:
    explicit Database(sqlite3* handle);
    Error error_of(int code) const;
    static int check_guard(void* state);

    sqlite3* handle_;
    std::unique_ptr<GuardState> guard_;  // the innermost Guard alive
    friend class Statement;
};

/// A savepoint or transaction that rolls back unless committed.
class Transaction {
public:
    static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept : database_(other.database_) { other.database_ = nullptr; }
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    Status commit();
private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

}  // namespace casebook
