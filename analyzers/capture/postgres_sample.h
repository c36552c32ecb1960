#pragma once

#include "analyzers/capture/connection.h"
#include "analyzers/capture/csv_table.h"
#include "analyzers/capture/sample.h"

namespace casebook::capture_detail {

/// The live view's sessions, waits and lock tree from the answer to "sessions".
void add_sessions(CaptureSample& sample, const Answer& answer, const Secrets& secrets);

/// The counters of "databases" once more as series, under the names that postgres_exporter gives them, for
/// `metrics.csv`. `max_connections` (of the settings) goes with them; empty when it is not known.
CsvTable database_series(const Answer& answer, std::string_view max_connections, const Secrets& secrets);

/// How many rows of "sessions" or "statements" the server shows without what they do.
std::int64_t hidden_rows(const Answer& answer);

}  // namespace casebook::capture_detail
