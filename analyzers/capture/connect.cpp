// How a connection comes about. libpq looks up names and speaks to Kerberos in calls that block, so the attempt runs in
// a thread of its own; whoever waits for it can leave at any time.

#include "analyzers/capture/conninfo.h"
#include "analyzers/capture/connection.h"
#include "analyzers/core/text.h"

#include <array>
#include <condition_variable>
#include <libpq-fe.h>
#include <mutex>
#include <thread>

namespace casebook::capture_detail {

namespace {

using Clock = Waiter::Clock;
using Handle = std::unique_ptr<pg_conn, void (*)(pg_conn*)>;

/// An attempt to connect, owned by the thread that makes it and the one that waits.
struct Attempt {
    std::string conninfo;
    Clock::time_point until;
    std::stop_source abandoned;
    std::mutex mutex;
    std::condition_variable_any changed;
    bool finished = false;
    bool timed_out = false;
    Handle handle{nullptr, PQfinish};
};

void make(Attempt& attempt)
{
    const std::array keywords{"dbname", "application_name", "client_encoding", static_cast<const char*>(nullptr)};
    const std::array values{attempt.conninfo.c_str(), "casebook capture", "UTF8", static_cast<const char*>(nullptr)};
    Handle handle(PQconnectStartParams(keywords.data(), values.data(), 1), PQfinish);
    Waiter waiter(attempt.abandoned.get_token());
    bool timed_out = false;
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;
    while (handle && PQstatus(handle.get()) != CONNECTION_BAD && step != PGRES_POLLING_OK &&
           step != PGRES_POLLING_FAILED) {
        const auto woken = waiter.wait(PQsocket(handle.get()), step == PGRES_POLLING_WRITING, attempt.until);
        timed_out = woken == Waiter::Woken::timeout;
        if (woken != Waiter::Woken::ready) break;
        step = PQconnectPoll(handle.get());
    }
    const std::lock_guard lock(attempt.mutex);
    attempt.timed_out = timed_out;
    attempt.handle = std::move(handle);
    attempt.finished = true;
    attempt.changed.notify_all();
}

/// What can be done about a refusal, by what libpq said.
std::string hint_for(std::string_view message, bool needs_password, bool used_password)
{
    const auto says = [&](std::string_view part) { return message.find(part) != std::string_view::npos; };
    if (says("password authentication failed"))
        return used_password ? "check user and password; PGPASSWORD and ~/.pgpass count too"
                             : "put the password into ~/.pgpass or PGPASSWORD";
    if (needs_password || says("no password supplied"))
        return "put the password into ~/.pgpass or PGPASSWORD; a connection string on a command line shows it to others";
    if (says("Connection refused") || says("No such file or directory"))
        return "is the server running there? check host and port";
    if (says("could not translate host name")) return "check the host's name";
    if (says("does not exist")) return "check the names of database and user";
    if (says("pg_hba.conf")) return "the server lets nobody in this way: ask for a line in its pg_hba.conf";
    if (says("certificate") || says("SSL")) return "check sslmode, sslrootcert and sslcert";
    if (says("too many clients") || says("remaining connection slots"))
        return "the server is out of connections, which is a finding too; a role with pg_use_reserved_connections or a "
               "superuser may still get in";
    if (says("service")) return "check the service file: ~/.pg_service.conf, PGSERVICEFILE";
    return "try the same string with psql";
}

/// libpq's message without the name and address of the host it tried, which the caller knows, on one line.
std::string shown(std::string_view message)
{
    std::string out;
    for (const std::string_view line : split(trim(message), '\n')) {
        if (trim(line).empty()) continue;
        if (!out.empty()) out += ' ';
        out += trim(line);
    }
    return out;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::string& conninfo, int timeout_ms,
                                                     const Control& control)
{
    TRY(control.check());
    TRY_ASSIGN(const ConninfoLook look, look_at_conninfo(conninfo));
    const int limit_ms = look.connect_timeout_ms.value_or(timeout_ms);
    const auto attempt = std::make_shared<Attempt>();
    attempt->conninfo = conninfo;
    attempt->until = Clock::now() + std::chrono::milliseconds(limit_ms);
    std::thread([attempt] { make(*attempt); }).detach();

    std::unique_lock lock(attempt->mutex);
    // A name server that does not answer is not seen by the attempt's own clock: hence one here, a little later.
    const bool finished = attempt->changed.wait_until(lock, control.stop_token(), attempt->until + std::chrono::seconds(1),
                                                      [&] { return attempt->finished; });
    attempt->abandoned.request_stop();
    if (control.cancelled()) return fail(Error::Code::cancelled, "cancelled");
    if (!finished || attempt->timed_out)
        return fail(Error::Code::server, "the server did not answer within " + format_ms(limit_ms),
                    "check host and port; a firewall that drops packets looks like this");
    Handle handle(attempt->handle.release());
    if (!handle) return fail(Error::Code::internal, "out of memory while connecting");
    if (PQstatus(handle.get()) != CONNECTION_OK) {
        Secrets secrets = look.secrets;
        if (const char* password = PQpass(handle.get())) secrets.add(password);
        const std::string message = secrets.scrub(shown(PQerrorMessage(handle.get())));
        return fail(Error::Code::server, "cannot connect: " + message,
                    hint_for(message, PQconnectionNeedsPassword(handle.get()) != 0,
                             PQconnectionUsedPassword(handle.get()) != 0));
    }
    Secrets secrets = look.secrets;
    if (const char* password = PQpass(handle.get())) secrets.add(password);  // also one of .pgpass or a service file
    // Notices ("there is no transaction in progress") are for people at a prompt; libpq would print them on stderr.
    PQsetNoticeReceiver(handle.get(), [](void*, const PGresult*) {}, nullptr);
    PQsetnonblocking(handle.get(), 1);
    return std::unique_ptr<Connection>(new Connection(std::move(handle), std::move(secrets), control));
}

}  // namespace casebook::capture_detail
