#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/finding.h"
#include "analyzers/core/result.h"
#include "analyzers/core/rows.h"
#include "analyzers/core/string_pool.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace casebook {

class CaseFile;

/// All spans of a case as columns in memory, with their trees. Immutable after loading; safe to read from several
/// threads. A Row is an index into every column.
///
/// A span that came in two files is there once. Order: traces by id bytes; inside a trace by start, then span id. So the rows of a trace are contiguous and the
/// order does not depend on which file came first.
class SpanTable {
public:
    using Row = std::uint32_t;
    using Id = StringPool::Id;  ///< a text of `strings`
    static constexpr Row no_row = 0xffffffffu;

    struct Trace {
        std::uint64_t high = 0, low = 0;
        Row first = 0;
        std::uint32_t count = 0;
        Row root = no_row;  ///< the earliest span without a parent in the trace
        std::int64_t start_ns = 0, end_ns = 0;
    };

    std::size_t size() const { return start_ns.size(); }
    bool empty() const { return start_ns.empty(); }

    // --- columns, one entry per row
    std::vector<std::uint32_t> trace;          ///< index into traces
    std::vector<std::uint64_t> span_id, parent_id;
    std::vector<std::int64_t> start_ns, duration_ns;
    /// Time not covered by children, each clamped to the parent (real clients' children stick out by up to 3.5 ms);
    /// children that ran after their parent ended (asynchronous consumers) do not count.
    std::vector<std::int64_t> self_ns;
    std::vector<Id> service, name, instance, version;
    std::vector<Id> operation;                 ///< templated: "GET /orders/:id", see operation.h
    std::vector<Id> statement;                 ///< raw SQL text or 0
    std::vector<Id> fingerprint;               ///< hex fingerprint of the statement or 0
    std::vector<SpanKind> kind;
    std::vector<SpanStatus> status;
    std::vector<Row> parent;                   ///< no_row for roots, orphans and cut cycles
    std::vector<std::uint32_t> file;           ///< import_file id
    // attributes of row r: [attribute_begin[r], attribute_begin[r + 1])
    std::vector<std::uint32_t> attribute_begin;
    std::vector<Id> attribute_key, attribute_value;
    // children of row r in start order: [child_begin[r], child_begin[r + 1]) of child_rows
    std::vector<std::uint32_t> child_begin;
    std::vector<Row> child_rows;

    std::vector<Trace> traces;
    StringPool strings;

    // --- what the load noticed
    std::uint64_t orphans = 0;        ///< parent named but not in the case
    std::uint64_t cycles_cut = 0;
    std::uint64_t copies = 0;         ///< spans that came in two files; kept once
    std::uint64_t duplicate_ids = 0;  ///< same trace and span id, other content

    std::int64_t end_ns(Row row) const { return start_ns[row] + duration_ns[row]; }
    std::span<const Row> children(Row row) const
    {
        return {child_rows.data() + child_begin[row], child_rows.data() + child_begin[row + 1]};
    }
    /// The value of an attribute, or StringPool::none.
    Id attribute(Row row, Id key) const;
    /// First of several keys that the row has (semantic conventions old and new); empty when none.
    std::string_view attribute(Row row, std::span<const std::string_view> keys) const;
    std::string_view text(Id id) const { return strings.text(id); }
    /// Index into traces, or size() of it when the id is not there. Binary search.
    std::size_t find_trace(std::uint64_t high, std::uint64_t low) const;
    /// [earliest start, latest start + 1); empty range when there are no spans.
    TimeRange time_range() const;
};

/// Reads every chunk of the case and builds the trees: O(n log n), iterative, no matter how deep or wide.
/// Runs on the calling thread; honours cancel. Errors: caseFile (a damaged chunk names its file), cancelled.
Result<SpanTable> load_spans(CaseFile& file, const Control& control);

}  // namespace casebook
