#pragma once

#include "analyzers/importers/support/zipkin_span.h"

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace casebook {

/// What must be known of the other spans of an input before a Zipkin span can become a row: which ids two spans share,
/// where halves of calls ran, times to stand in for missing ones, and the full form of trace ids. Sorted vectors: some
/// 60 bytes a span.
class ZipkinIndex {
public:
    void clear();
    void add(const ZipkinSpan& span);
    /// After the last add().
    void finish();

    /// Gives the span ids and parent of its own: the server's half of a call gets a derived id under the client's half;
    /// children of a shared id are put under the half that ran where they did; of further spans with one id, such as
    /// late reports without kind and time, each gets an id of its own. Fills in the upper half of a trace id that the
    /// span writes short and another span of the trace in full.
    void settle(ZipkinSpan& span) const;
    /// A start for a span without one: that of the other half, of its first child, of its parent, of its trace.
    std::optional<std::uint64_t> start_of(const ZipkinSpan& span) const;

private:
    struct Entry {
        std::uint64_t key = 0;       // of trace and id, mixed
        std::uint64_t endpoint = 0, service = 0;
        std::uint64_t start_us = 0;  // 0 = unknown
        SpanKind kind{};
        bool shared = false;
    };
    /// The spans of one trace that carry one id.
    struct Twins {
        std::uint64_t key = 0;
        std::uint32_t first = 0, count = 0;  // in entries_, sorted by endpoint
        std::uint64_t start_us = 0;
        bool client = false;  // a client's half that is not marked shared
        bool owned = false;   // by one that is no server's half: it keeps the id
        std::uint32_t owner = 0;  // in entries_
    };
    struct Child {
        std::uint64_t parent_key = 0, start_us = 0;
    };

    void choose_owner(Twins& twins) const;
    static bool is_same(const Entry& entry, const ZipkinSpan& span, std::uint64_t endpoint);
    static std::uint64_t key_of(const ZipkinSpan& span, std::uint64_t id);
    static bool is_half(SpanKind kind, bool shared, const Twins& twins);
    static std::uint64_t derived(std::uint64_t id, std::uint64_t endpoint)
    {
        return mix_ids(id, endpoint ^ 0x736861726564ULL);
    }
    const Twins* twins_of(std::uint64_t key) const;
    std::uint64_t half_where(const ZipkinSpan& span, std::uint64_t id, const Twins& twins) const;

    std::vector<Entry> entries_;
    std::vector<Twins> twins_;
    std::vector<Child> children_;
    std::unordered_map<std::uint64_t, std::uint64_t> full_trace_ids_;  // low half -> high half
    std::unordered_map<std::uint64_t, std::uint64_t> first_start_us_;  // of a trace
    bool untimed_ = false;
};

}  // namespace casebook
