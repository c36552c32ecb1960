#pragma once

#include "analyzers/capture/capture.h"
#include "analyzers/capture/connection.h"
#include "analyzers/capture/csv_table.h"

#include <memory>
#include <string>
#include <vector>

namespace casebook::capture_detail {

/// What one snapshot brings: rows for the bundle, and the same for a live view.
struct Snapshot {
    std::vector<CsvTable> tables;
    CaptureSample sample;
};

/// A file of the bundle that is written once, whole: a plan.
struct WholeFile {
    std::string name, bytes;
};

/// Which snapshot it is.
struct Turn {
    int number = 0, of = 0;  ///< from 1
    bool first() const { return number == 1; }
    bool last() const { return number == of; }
};

/// Asks one kind of server. Failures are those of the connection: what the server refuses is remembered, not returned.
class Taker {
public:
    virtual ~Taker() = default;
    virtual Outcome<Snapshot> take(const Turn& turn) = 0;
    /// After the last snapshot: plans. Empty for a server that has none.
    virtual Outcome<std::vector<WholeFile>> explain() = 0;

    const ServerDescription& server() const { return server_; }
    const std::vector<CaptureSummary::Refusal>& refused() const { return refused_; }
    const std::vector<CaptureSummary::Plan>& plans() const { return plans_; }
    /// Of one question when it was last asked: for the table of test_connection.
    struct Asked {
        std::string question;
        bool answered = false;
        double ms = 0;
        std::int64_t rows = 0;
    };
    const std::vector<Asked>& asked() const { return asked_; }

protected:
    /// Remembers a refusal; the same one again is not repeated.
    void refuse(std::string_view question, std::string why, std::string sql_state);
    bool wants(std::string_view question) const;

    ServerDescription server_;
    std::vector<CaptureSummary::Refusal> refused_;
    std::vector<CaptureSummary::Plan> plans_;
    std::vector<Asked> asked_;
    std::vector<std::string> wanted_;  ///< ids; empty: all
};

/// Whether the connection is PgBouncer's admin console.
bool is_pgbouncer(const Connection& connection);

/// The connection must outlive the taker. Errors: server (too old, or lost), cancelled.
Result<std::unique_ptr<Taker>> postgres_taker(Connection& connection, const CaptureOptions& options);
Result<std::unique_ptr<Taker>> pgbouncer_taker(Connection& connection, const CaptureOptions& options);

/// The error that a failure outside of a snapshot is.
Error error_of(const Failure& failure);

}  // namespace casebook::capture_detail
