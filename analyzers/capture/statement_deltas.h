#pragma once

#include "analyzers/capture/connection.h"
#include "analyzers/capture/sample.h"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace casebook::capture_detail {

/// A statement's counters over the capture.
struct StatementDelta {
    std::string query_id, query, database;
    std::int64_t calls = 0, rows = 0;
    double ms = 0;
};

/// Compares snapshots of pg_stat_statements. An entry is told by user, database, query id and level; one whose counters went
/// back was reset in between and counts from zero.
class StatementDeltas {
public:
    /// Takes the next snapshot in. Returns what happened since the one before (ever, for the first), most time first.
    std::vector<CapturedStatement> add(const Answer& answer);

    /// Since the first snapshot; since the counters' reset when there was one snapshot only. Statements of `database`, most
    /// time first, then those that did nothing meanwhile by their whole time.
    std::vector<StatementDelta> of_database(std::string_view database) const;

private:
    struct Counters {
        std::int64_t calls = 0, rows = 0;
        double ms = 0;
    };
    struct Entry {
        std::string query_id, query, database;
        Counters latest, since_first;
    };
    std::unordered_map<std::string, Entry> entries_;
    int snapshots_ = 0;
};

}  // namespace casebook::capture_detail
