#pragma once

#include "analyzers/core/rows.h"
#include "analyzers/store/database.h"
#include "analyzers/store/span_chunk.h"

#include <map>
#include <memory>
#include <string>
#include <tsl/robin_map.h>

namespace casebook {

/// Puts the rows of one imported file into the tables, inside the caller's transaction. Spans are gathered into
/// chunks that a thread of its own compresses while the caller goes on; all SQL runs on the calling thread.
class RowWriter {
public:
    RowWriter(Database& database, std::int64_t file_id);
    ~RowWriter();

    Status add(const SpanRow& row);
    Status add(const MetricPoint& row);
    Status add(const StatementRow& row, std::string_view fingerprint);
    Status add(const PlanRow& row, std::string_view fingerprint);
    Status add(const HeapClassRow& row);
    Status add(const GcPauseRow& row);
    Status add(const ThreadRow& row);
    Status add(const EventRow& row);
    Status add(const SessionRow& row);
    Status add(const TableStatRow& row);
    Status add(const ProfileRow& row);
    Status add(const LogLineRow& row);
    Status add(const SettingRow& row);

    /// Writes what is still gathered. Call before the commit.
    Status finish();

private:
    class Compressor;

    Result<Statement*> prepared(const char* sql);
    Status flush_chunk();
    Status insert_chunks(bool wait_for_all);

    Database& database_;
    std::int64_t file_id_;
    std::map<const char*, Statement> statements_;  // by address of the literal: each call site prepares once
    SpanChunkBuilder builder_;
    std::unique_ptr<Compressor> compressor_;
    tsl::robin_map<std::string, std::int64_t> series_;
    std::string series_key_;
};

}  // namespace casebook
