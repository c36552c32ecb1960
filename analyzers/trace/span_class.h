#pragma once

#include "analyzers/trace/span_table.h"

#include <cstdint>
#include <vector>

namespace casebook {

/// What a span is about, told by its attributes (old and new semantic conventions) and, where those are silent, its name.
enum class SpanClass : std::uint8_t {
    other,
    /// A service takes up work: a server or consumer span; where there is none, the internal span that begins a trace and
    /// has children (a job) or is called from another service (sources without span kinds).
    entry,
    statement,    ///< a database statement that reads or writes rows; of a mapper's and its driver's span the outer one
    transaction,  ///< BEGIN, COMMIT, SET, savepoints and the like
    acquire,      ///< waiting for a pooled connection
    connect,      ///< opening a physical connection
    cache,        ///< a command to a cache (redis, memcached, ...)
    remote_call,  ///< HTTP, RPC or messaging client span
};

struct SpanClasses {
    std::vector<SpanClass> of;                ///< per row
    /// Per row: the nearest enclosing entry span (itself for an entry), or no_row. "The operation that ran this."
    /// Of the same service, unless the span itself is filed under another one without being called there (tracers that
    /// file statements under "postgres").
    std::vector<SpanTable::Row> entry;
};

/// One pass over the table; O(rows + attributes).
SpanClasses classify(const SpanTable& spans);

/// Database system of a statement span ("postgresql"), or empty.
std::string_view database_system(const SpanTable& spans, SpanTable::Row row);

/// True for systems that are caches rather than databases: redis, memcached, valkey, hazelcast, ...
bool is_cache_system(std::string_view system);

/// A command to a cache: what it does, which key, and whether it hit, as far as the span says.
struct CacheCommand {
    enum class Kind : std::uint8_t { get, put, other } kind = Kind::other;
    std::string_view key;        ///< empty when redacted
    int hit = -1;                ///< 1 hit, 0 miss, -1 not said
};
CacheCommand cache_command(const SpanTable& spans, SpanTable::Row row);

/// The peer of a client span: service.peer.name, peer.service, server.address[:port], net.peer.name, host of the URL.
std::string peer_of(const SpanTable& spans, SpanTable::Row row);

}  // namespace casebook
