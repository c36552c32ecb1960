#pragma once

#include "analyzers/capture/options.h"
#include "analyzers/capture/sample.h"
#include "analyzers/capture/server.h"
#include "analyzers/core/control.h"
#include "analyzers/core/result.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace casebook {

/// What a capture has left on disk.
struct CaptureSummary {
    enum class End { complete, cancelled, connectionLost, diskFull };
    struct File {
        std::string name;  ///< inside the directory
        std::int64_t rows = 0;  ///< plans in a plan's file
        std::int64_t bytes = 0;
    };
    struct Refusal {
        std::string question, why;
        std::string sql_state;  ///< empty when it was not the server that refused
    };
    struct Plan {
        std::string query_id, query;
        std::string file;  ///< empty when it was not explained
        std::string how;   ///< "EXPLAIN (GENERIC_PLAN)", ... or why not
    };

    std::filesystem::path directory;
    End end = End::complete;
    std::string why;  ///< how it ended, a sentence
    std::string hint; ///< what to do about it; empty when complete
    int snapshots = 0;
    int snapshots_wanted = 0;
    std::int64_t started_ns = 0, ended_ns = 0;
    std::string server;  ///< "PostgreSQL 15.20 at db:5432, database shop, user app"
    std::vector<std::string> hidden;
    std::vector<Refusal> refused;
    std::vector<Plan> plans;
    std::vector<File> files;  ///< with manifest.json
};

const char* name_of(CaptureSummary::End end);

/// Takes snapshots of a PostgreSQL, or of PgBouncer's admin console, into `directory`: CSV and JSON files that the
/// importers read, and manifest.json. The directory is created with mode 0700 (its parent must exist); one that is there
/// and not empty is refused. The bundle is valid whenever a snapshot is done.
///
/// One connection, read-only transactions, timeouts; slower when the server answers slowly. Blocks, on any thread;
/// `observer` (may be empty) is called on it after each snapshot. Cancelled within 200 ms.
///
/// A summary means that there is a bundle, also when it ended early: see `end`. An error means that there is none:
/// usage (options, directory), server (not connected, or lost before the first snapshot was done), internal (the
/// directory cannot be written), cancelled (before the first snapshot was done). No message contains a password.
Result<CaptureSummary> capture(const CaptureOptions& options, const std::filesystem::path& directory,
                               const Control& control, const std::function<void(const CaptureSample&)>& observer = {});

}  // namespace casebook
