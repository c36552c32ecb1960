#pragma once

#include "analyzers/trace/span_class.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
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

using PatternReads = std::map<std::string_view, std::uint64_t>;  ///< reads by key pattern

/// What the reads before and after a moment say of new keys. A few reads of new keys may come before the time of a release (a
/// rolling release, an event written at its end, clocks apart), so a pattern is new when its share of the reads grew tenfold.
struct NewKeys {
    double share = 0;              ///< of the reads after, those of new patterns; 0 without reads on one side
    std::string_view old_pattern;  ///< the most read one before; empty when there is none
    std::string_view new_pattern;  ///< the most read new one
};
NewKeys new_keys(const PatternReads& before, const PatternReads& after);

/// The share that new_keys() says for the reads before and from `split_ns` on; reads without a key do not count.
double new_pattern_share(const SpanTable& spans, const std::vector<CacheRead>& reads, std::int64_t split_ns);

/// A key with its variable parts replaced; prefix and version parts stay: "catalog:v7:item:312" -> "catalog:v7:item:?".
std::string key_pattern(std::string_view key);

}  // namespace casebook
