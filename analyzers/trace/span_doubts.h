#pragma once

#include "analyzers/core/finding.h"
#include "analyzers/trace/span_table.h"

#include <functional>
#include <map>
#include <string>

namespace casebook {

/// What a recording of traces leaves open. Counts are of traces, those of calls of spans that another service caused.
struct SpanDoubts {
    struct Counts {
        std::uint64_t traces = 0;
        std::uint64_t cut = 0;            ///< a span inside is missing: one that is there names it as its parent
        std::uint64_t trimmed = 0;        ///< a span of the service lost attributes on its way (otel.dropped_attributes_count)
        std::uint64_t sampled = 0;        ///< kept by chance, as one of several
        std::uint64_t rationed = 0;       ///< kept as one of so many per second
        std::uint64_t chosen = 0;         ///< kept for what happened in it
        std::uint64_t calls = 0;          ///< both ends are there
        std::uint64_t skewed = 0;         ///< of those: the clocks of both ends cannot both be right
        std::uint64_t one_sided = 0;      ///< calls that only the called service timed: its clock stands in for the caller's
        std::uint64_t one_sided_skewed = 0;
        double worst_skew_ms = 0;

        void add(const Counts& other);
    };
    Counts all;
    std::map<std::string, Counts, std::less<>> services;  ///< traces in which the service has a span
};

/// Looks at the traces that begin in `analysed` or `baseline` (empty range: none). A trace whose first span was called from
/// outside of the recording is whole; clocks disagree when an answer begins over `skew_ms` before its question or, where client
/// and server both timed the call and it succeeded, ends that long after it. O(spans log services), iterative.
SpanDoubts doubts_about(const SpanTable& spans, TimeRange analysed, TimeRange baseline, double skew_ms);

}  // namespace casebook
