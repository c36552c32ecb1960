#pragma once

#include "analyzers/core/number_hash.h"
#include "analyzers/core/result.h"
#include "analyzers/core/rows.h"
#include "analyzers/core/string_pool.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

// A chunk holds up to 8,192 spans as columns with a string table and a trace table of its own: it needs nothing else of
// the case to be read, so forgetting a file is deleting its chunks, and a damaged chunk loses only itself.

/// The columns of one chunk in memory. Text columns and attributes are indexes into `strings`.
struct SpanColumns {
    std::vector<std::uint64_t> trace_high, trace_low;  ///< per trace of the chunk
    std::vector<std::uint32_t> trace;                  ///< per span: index into the two above
    std::vector<std::uint64_t> span_id, parent_id;
    std::vector<std::int64_t> start_ns, duration_ns;
    std::vector<std::uint32_t> service, name, instance, version;
    std::vector<std::uint8_t> kind, status;
    std::vector<std::uint32_t> attribute_count;        ///< per span
    std::vector<std::uint32_t> attribute_key, attribute_value;
    std::vector<std::string_view> strings;             ///< into the decoded bytes or the builder's pool

    std::size_t size() const { return span_id.size(); }
    void clear();
};

/// Collects spans until a chunk is full.
class SpanChunkBuilder {
public:
    static constexpr std::size_t max_spans = 8192;
    static constexpr std::size_t max_string_bytes = 32u << 20;

    void add(const SpanRow& row);
    bool full() const { return columns_.size() >= max_spans || pool_.bytes() >= max_string_bytes; }
    bool empty() const { return columns_.size() == 0; }
    std::size_t size() const { return columns_.size(); }
    /// The chunk as plain bytes, ready for compression; the builder is empty afterwards.
    std::string take();
    std::int64_t min_start_ns() const { return min_start_ns_; }
    std::int64_t max_start_ns() const { return max_start_ns_; }

private:
    void add_text(std::vector<std::uint32_t>& column, std::string_view text, std::size_t back);

    SpanColumns columns_;
    StringPool pool_;
    tsl::robin_map<std::uint64_t, std::uint32_t, NumberHash> traces_;  // by mixed id; equal ids are checked
    std::int64_t min_start_ns_ = INT64_MAX, max_start_ns_ = INT64_MIN;
};

std::string compress_chunk(std::string_view plain);
/// Checks every size and index against the bytes at hand; `storage` keeps the strings alive. Error caseFile.
Result<SpanColumns> decode_chunk(std::string_view compressed, std::int64_t raw_bytes, std::string& storage);

}  // namespace casebook
