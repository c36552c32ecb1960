#pragma once

#include "analyzers/capture/secrets.h"
#include "analyzers/capture/waiter.h"
#include "analyzers/core/control.h"
#include "analyzers/core/result.h"

#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

struct pg_conn;
struct pg_result;

namespace casebook::capture_detail {

/// Why a question got no answer. Messages are scrubbed.
struct Failure {
    enum class Kind {
        cancelled,  ///< a stop was requested; the server was told
        refused,    ///< the server said no: `sql_state` has why; the connection is usable
        lost,       ///< there is no connection any more
    };
    Kind kind = Kind::refused;
    std::string sql_state;  ///< five characters; empty when the server said nothing
    std::string message;    ///< one line
};

/// A table as the server sent it.
class Answer {
public:
    Answer() = default;
    explicit Answer(pg_result* result);

    std::size_t rows() const { return rows_; }
    std::size_t columns() const { return columns_; }
    std::string_view name(std::size_t column) const;
    bool is_null(std::size_t row, std::size_t column) const;
    std::string_view cell(std::size_t row, std::size_t column) const;  ///< empty for NULL

    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
    std::size_t find(std::string_view name) const;  ///< column, npos when there is none
    /// The cell of a column by name; empty when there is no such column.
    std::string_view get(std::size_t row, std::string_view name) const;

private:
    std::shared_ptr<pg_result> result_;
    std::size_t rows_ = 0, columns_ = 0;
};

template <class T>
using Outcome = tl::expected<T, Failure>;

/// One connection to a server. Every wait ends within 200 ms of a stop request, also while a name is looked up. Used by
/// one thread at a time.
class Connection {
public:
    /// Errors: usage, server, cancelled. `timeout_ms` counts when neither string nor environment has a limit.
    static Result<std::unique_ptr<Connection>> open(const std::string& conninfo, int timeout_ms, const Control& control);
    ~Connection();

    /// Runs statements separated by ';' and returns the last table among their results. `timeout_ms`: after that the
    /// server counts as gone.
    Outcome<Answer> run(const std::string& statements, int timeout_ms);
    /// Runs exactly one statement (the protocol sees to that) with parameters of whatever types it wants; null pointers
    /// are NULL.
    Outcome<Answer> run_one(const std::string& statement, const std::vector<const char*>& parameters, int timeout_ms);

    /// Waits without a question. False when a stop was requested or the server closed the connection meanwhile; lost()
    /// tells which.
    bool pause(Waiter::Clock::time_point until);

    /// Whether a transaction is open, failed ones included, by what the server said last.
    bool in_transaction() const;
    bool lost() const { return lost_; }
    const std::string& loss() const { return loss_; }  ///< what there was to hear about it, one line

    int server_version() const;                     ///< 150020
    std::string parameter(const char* name) const;  ///< what the server reported: "server_version", ...
    std::string host() const, port() const, database() const, user() const;
    std::string encryption() const;  ///< "TLSv1.3", "unix socket", "none"
    const Secrets& secrets() const { return secrets_; }

private:
    struct Closer {
        void operator()(pg_conn* connection) const;
    };
    using Handle = std::unique_ptr<pg_conn, Closer>;
    Connection(Handle handle, Secrets secrets, const Control& control);

    Outcome<Answer> collect(int timeout_ms);
    Failure loss_of(std::string_view message);
    void cancel();

    Handle handle_;
    Secrets secrets_;
    Waiter waiter_;
    bool lost_ = false;
    std::string loss_;
};

}  // namespace casebook::capture_detail
