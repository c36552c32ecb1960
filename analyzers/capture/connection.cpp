#include "analyzers/capture/connection.h"

#include "analyzers/core/text.h"

#include <condition_variable>
#include <cstring>
#include <libpq-fe.h>
#include <mutex>
#include <optional>
#include <thread>

namespace casebook::capture_detail {

namespace {

using Clock = Waiter::Clock;

/// One line; libpq ends its messages with a line end and puts several under each other.
std::string one_line(std::string_view message)
{
    std::string out;
    for (const std::string_view line : split(trim(message), '\n')) {
        if (trim(line).empty()) continue;
        if (!out.empty()) out += ' ';
        out += trim(line);
    }
    return out;
}

/// Whether the server ended the session with this state: shutdown, crash of another session, or not yet up.
bool ends_session(std::string_view sql_state)
{
    return sql_state == "57P01" || sql_state == "57P02" || sql_state == "57P03" || sql_state == "57P05" ||
           sql_state.starts_with("08");
}

}  // namespace

Answer::Answer(pg_result* result)
    : result_(result, PQclear), rows_(static_cast<std::size_t>(PQntuples(result))),
      columns_(static_cast<std::size_t>(PQnfields(result)))
{}

std::string_view Answer::name(std::size_t column) const
{
    return PQfname(result_.get(), static_cast<int>(column));
}

bool Answer::is_null(std::size_t row, std::size_t column) const
{
    return PQgetisnull(result_.get(), static_cast<int>(row), static_cast<int>(column)) != 0;
}

std::string_view Answer::cell(std::size_t row, std::size_t column) const
{
    return {PQgetvalue(result_.get(), static_cast<int>(row), static_cast<int>(column)),
            static_cast<std::size_t>(PQgetlength(result_.get(), static_cast<int>(row), static_cast<int>(column)))};
}

std::size_t Answer::find(std::string_view wanted) const
{
    for (std::size_t i = 0; i < columns_; ++i)
        if (name(i) == wanted) return i;
    return npos;
}

std::string_view Answer::get(std::size_t row, std::string_view wanted) const
{
    const std::size_t column = find(wanted);
    return column == npos || row >= rows_ ? std::string_view() : cell(row, column);
}

void Connection::Closer::operator()(pg_conn* connection) const { PQfinish(connection); }

Connection::Connection(Handle handle, Secrets secrets, const Control& control)
    : handle_(std::move(handle)), secrets_(std::move(secrets)), waiter_(control.stop_token())
{}

Connection::~Connection() = default;

Outcome<Answer> Connection::run(const std::string& statements, int timeout_ms)
{
    if (lost_) return tl::unexpected(Failure{Failure::Kind::lost, {}, loss_});
    if (PQsendQuery(handle_.get(), statements.c_str()) == 0)
        return tl::unexpected(loss_of(PQerrorMessage(handle_.get())));
    return collect(timeout_ms);
}

Outcome<Answer> Connection::run_one(const std::string& statement, const std::vector<const char*>& parameters,
                                    int timeout_ms)
{
    if (lost_) return tl::unexpected(Failure{Failure::Kind::lost, {}, loss_});
    if (PQsendQueryParams(handle_.get(), statement.c_str(), static_cast<int>(parameters.size()), nullptr,
                          parameters.data(), nullptr, nullptr, 0) == 0)
        return tl::unexpected(loss_of(PQerrorMessage(handle_.get())));
    return collect(timeout_ms);
}

/// Takes all results of what was sent: the last table, or the first error.
Outcome<Answer> Connection::collect(int timeout_ms)
{
    const auto until = Clock::now() + std::chrono::milliseconds(timeout_ms);
    Answer answer;
    std::optional<Failure> failure;
    for (;;) {
        const int unsent = PQflush(handle_.get());
        while (unsent >= 0 && PQisBusy(handle_.get()) != 0) {
            switch (waiter_.wait(PQsocket(handle_.get()), PQflush(handle_.get()) == 1, until)) {
            case Waiter::Woken::stopped:
                cancel();
                return tl::unexpected(Failure{Failure::Kind::cancelled, {}, "cancelled"});
            case Waiter::Woken::timeout:
                cancel();
                return tl::unexpected(loss_of("the server has not answered for " + format_ms(timeout_ms)));
            case Waiter::Woken::ready: break;
            }
            if (PQconsumeInput(handle_.get()) == 0) break;
        }
        // After a lost connection PQgetResult hands out what the server managed to say, then nothing.
        pg_result* const raw = PQgetResult(handle_.get());
        if (!raw) break;
        Answer result(raw);
        switch (PQresultStatus(raw)) {
        case PGRES_TUPLES_OK: answer = std::move(result); break;
        case PGRES_COMMAND_OK:
        case PGRES_EMPTY_QUERY: break;
        default: {
            const char* state = PQresultErrorField(raw, PG_DIAG_SQLSTATE);
            const char* said = PQresultErrorField(raw, PG_DIAG_MESSAGE_PRIMARY);
            if (!failure)
                failure = Failure{Failure::Kind::refused, state ? state : "",
                                  secrets_.scrub(one_line(said ? said : PQresultErrorMessage(raw)))};
            // COPY and its kind never end by themselves; nothing here sends it.
            if (PQresultStatus(raw) == PGRES_COPY_IN || PQresultStatus(raw) == PGRES_COPY_OUT ||
                PQresultStatus(raw) == PGRES_COPY_BOTH)
                return tl::unexpected(loss_of("the server wants to copy"));
        }
        }
    }
    if (PQstatus(handle_.get()) != CONNECTION_OK || (failure && ends_session(failure->sql_state)))
        return tl::unexpected(loss_of(failure ? failure->message : PQerrorMessage(handle_.get())));
    if (failure) return tl::unexpected(*failure);
    return answer;
}

Failure Connection::loss_of(std::string_view message)
{
    lost_ = true;
    loss_ = secrets_.scrub(one_line(message));
    if (loss_.empty()) loss_ = "the connection is gone";
    return {Failure::Kind::lost, {}, loss_};
}

/// Tells the server to stop. PQcancel makes a connection of its own and waits for it, which takes for ever when the way
/// to the server is broken: so it has a thread of its own, which is left behind after 100 ms.
void Connection::cancel()
{
    struct Request {
        std::unique_ptr<PGcancel, void (*)(PGcancel*)> handle{nullptr, PQfreeCancel};
        std::mutex mutex;
        std::condition_variable_any done;
        bool finished = false;
    };
    const auto request = std::make_shared<Request>();
    request->handle.reset(PQgetCancel(handle_.get()));
    if (request->handle) {
        std::thread([request] {
            char message[256];
            PQcancel(request->handle.get(), message, sizeof message);
            const std::lock_guard lock(request->mutex);
            request->finished = true;
            request->done.notify_all();
        }).detach();
        std::unique_lock lock(request->mutex);
        request->done.wait_for(lock, std::chrono::milliseconds(100), [&] { return request->finished; });
    }
    lost_ = true;  // what it says from now on belongs to no question
    loss_ = "cancelled";
    handle_.reset();
}

bool Connection::pause(Clock::time_point until)
{
    for (;;) {
        switch (waiter_.wait(lost_ ? -1 : PQsocket(handle_.get()), false, until)) {
        case Waiter::Woken::timeout: return true;
        case Waiter::Woken::stopped: return false;
        case Waiter::Woken::ready: break;
        }
        // Unasked: a notice, a changed parameter, or the end.
        if (PQconsumeInput(handle_.get()) == 0 || PQstatus(handle_.get()) != CONNECTION_OK) {
            loss_of(PQerrorMessage(handle_.get()));
            return false;
        }
        if (pg_result* const result = PQgetResult(handle_.get())) {  // the reason, as far as the server gave one
            const Answer kept(result);
            const char* said = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
            const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
            if (state && ends_session(state)) {
                loss_of(said ? said : PQresultErrorMessage(result));
                return false;
            }
        }
    }
}

bool Connection::in_transaction() const
{
    const auto status = handle_ ? PQtransactionStatus(handle_.get()) : PQTRANS_UNKNOWN;
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

int Connection::server_version() const { return handle_ ? PQserverVersion(handle_.get()) : 0; }

std::string Connection::parameter(const char* name) const
{
    const char* value = handle_ ? PQparameterStatus(handle_.get(), name) : nullptr;
    return value ? value : "";
}

namespace {
std::string or_empty(const char* text) { return text ? text : ""; }
}  // namespace

std::string Connection::host() const { return secrets_.scrub(or_empty(PQhost(handle_.get()))); }
std::string Connection::port() const { return or_empty(PQport(handle_.get())); }
std::string Connection::database() const { return or_empty(PQdb(handle_.get())); }
std::string Connection::user() const { return or_empty(PQuser(handle_.get())); }

std::string Connection::encryption() const
{
    if (PQsslInUse(handle_.get()) != 0) return or_empty(PQsslAttribute(handle_.get(), "protocol"));
    return PQhost(handle_.get()) && *PQhost(handle_.get()) == '/' ? "unix socket" : "none";
}

}  // namespace casebook::capture_detail
