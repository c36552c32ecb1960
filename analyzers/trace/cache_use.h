#pragma once

#include "analyzers/trace/span_class.h"

#include <cstdint>
#include <string>
#include <vector>

namespace casebook {

/// One read of a cache inside an operation, and whether it hit.
struct CacheRead {
    SpanTable::Row get = 0;
    SpanTable::Row entry = SpanTable::no_row;  ///< the operation that asked
    std::string key;                           ///< empty when redacted
    std::string pattern;                       ///< key_pattern(key), with parts that few keys differ in kept
    bool hit = true;
    bool said = false;                         ///< the span said so; else told by what followed
    SpanTable::Row filled_by = SpanTable::no_row;  ///< first statement after a miss, if any
};

/// All reads in row order. A part with digits belongs to the pattern all the same when the keys of a service hardly differ
/// in it while they differ in another part: the release in "shop/2024-11/item/312". Without a hit flag a read is a miss when its operation afterwards puts the same key, or (when
/// keys are redacted or no put is recorded) runs a statement.
std::vector<CacheRead> cache_reads(const SpanTable& spans, const SpanClasses& classes);

/// Share of the reads from `split_ns` on whose pattern no read before it had; 0 without reads or keys on one side.
double new_pattern_share(const SpanTable& spans, const std::vector<CacheRead>& reads, std::int64_t split_ns);

/// A key with its variable parts replaced; prefix and version parts stay: "catalog:v7:item:312" -> "catalog:v7:item:?".
std::string key_pattern(std::string_view key);

}  // namespace casebook
