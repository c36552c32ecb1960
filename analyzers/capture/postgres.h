#pragma once

#include "analyzers/capture/questions.h"
#include "analyzers/capture/statement_deltas.h"
#include "analyzers/capture/taker.h"

#include <map>
#include <optional>

namespace casebook::capture_detail {

/// Asks a PostgreSQL. Each question is a read-only transaction of its own, so that none holds back vacuum for longer than
/// it takes, with timeouts that end with it: nothing is left behind in a connection that a pooler hands on.
class PostgresTaker final : public Taker {
public:
    PostgresTaker(Connection& connection, const CaptureOptions& options);

    /// Finds out who this session is and what it may see.
    Status look_around();

    Outcome<Snapshot> take(const Turn& turn) override;
    Outcome<std::vector<WholeFile>> explain() override;

private:
    /// When a question that timed out is asked again.
    struct BackOff {
        int skip = 0;   ///< snapshots to leave it out
        int after = 1;  ///< the next skip
        bool for_good = false;
    };

    std::string begin() const;
    int patience_ms() const;
    Outcome<Answer> ask(const std::string& sql);
    Outcome<std::optional<Answer>> ask(const CaptureQuestion& question, const Turn& turn, Snapshot& snapshot);
    void give_up_on(const CaptureQuestion& question, const Failure& failure);
    std::vector<StatementDelta> candidates() const;
    Outcome<std::optional<WholeFile>> explain_one(const StatementDelta& statement, std::string_view text, int rank);

    Connection& connection_;
    const CaptureOptions& options_;
    SqlVersion version_;
    std::map<std::string, BackOff, std::less<>> back_off_;
    StatementDeltas statements_;
    std::string max_connections_;  ///< of the settings
};

}  // namespace casebook::capture_detail
