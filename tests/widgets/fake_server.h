#pragma once

// A database server for tests of the capture window: made up, and it says what the test wants.

#include "tests/support/widget_fixture.h"
#include "widgets/panels/capture/capture_engine.h"

#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

namespace casebook::tests {

inline constexpr std::array captured_questions{CaptureQuestion{"sessions", "Sessions", "small", "sessions.csv"},
                               CaptureQuestion{"statements", "Statements", "grows", "statements.csv"}};

inline CaptureSample blocked_sample(int number)
{
    CaptureSample sample;
    sample.number = number;
    sample.of = 3;
    sample.next_in_ms = 60'000;
    sample.took_ms = 4;
    CapturedSession holder, waiter;
    holder.pid = 11;
    holder.state = "idle in transaction";
    holder.xact_age_ms = 65'000;
    waiter.pid = 12;
    waiter.state = "active";
    waiter.blocked_by = {11};
    waiter.query = "UPDATE item SET n = 1";
    sample.sessions = {waiter, holder};
    sample.edges = {{12, 11}};
    sample.waits = {{"Lock", "transactionid", 1}};
    sample.statements = {{"7", "SELECT <b>1</b>", 4, 80, 4}};
    return sample;
}

/// Gives samples until it is stopped or told to end.
struct FakeServer {
    std::atomic<int> end = 0;  ///< 1: complete, 2: connection lost
    std::mutex mutex;
    std::string conninfo;      ///< of the last call
    CaptureOptions options;
    std::optional<Error> refuse;

    CaptureEngine engine()
    {
        return {captured_questions,
                [this](const std::string& given, const Control&) -> Result<ServerDescription> {
                    std::lock_guard lock(mutex);
                    conninfo = given;
                    if (refuse) return tl::unexpected<Error>(*refuse);
                    ServerDescription server;
                    server.version = "PostgreSQL 15.9";
                    server.host = "db.example";
                    server.port = "5432";
                    server.round_trip_ms = 0.4;
                    server.tested = true;
                    server.database = "shop";
                    server.user = "app";
                    server.encryption = "TLSv1.3";
                    server.hidden = {"sessions of others (GRANT pg_monitor TO app)"};
                    server.questions = {{"sessions", "Sessions", true, {}, "3 ms, 40 rows", 3, 40},
                                        {"statements", "Statements", false, "CREATE EXTENSION first", {}, 0, 0}};
                    return server;
                },
                [this](const CaptureOptions& given, const std::filesystem::path& folder, const Control& control,
                       const std::function<void(const CaptureSample&)>& observer) -> Result<CaptureSummary> {
                    {
                        std::lock_guard lock(mutex);
                        options = given;
                        if (refuse) return tl::unexpected<Error>(*refuse);
                    }
                    std::filesystem::create_directory(folder);
                    observer(blocked_sample(1));
                    observer(blocked_sample(2));
                    while (!control.cancelled() && end == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                    QFile file(QString::fromStdString((folder / "statements.csv").string()));
                    if (file.open(QIODevice::WriteOnly)) file.write(statements_csv(5));
                    file.close();
                    CaptureSummary summary;
                    summary.directory = folder;
                    summary.snapshots = 2;
                    summary.snapshots_wanted = 3;
                    summary.end = control.cancelled() ? CaptureSummary::End::cancelled
                                  : end == 2          ? CaptureSummary::End::connectionLost
                                                      : CaptureSummary::End::complete;
                    summary.why = end == 2 ? "the server closed the connection" : "it was cancelled";
                    summary.files = {{"statements.csv", 5, 400}};
                    summary.refused = {{"statements", "not there", {}}};
                    return summary;
                }};
    }
};

}  // namespace casebook::tests
