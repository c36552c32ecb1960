#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/finding.h"
#include "analyzers/store/case_file.h"
#include "analyzers/trace/span_table.h"

#include <cstdint>
#include <string>
#include <vector>

namespace casebook {

struct TimelineEvent {
    std::int64_t at_ns = 0;
    std::string kind, service, text;
};

/// A file or a part of one that says how something stood at one moment: a class histogram, a thread dump, a plan.
struct TimelineSnapshot {
    std::int64_t at_ns = 0;
    std::string kind;  ///< as a person calls it: "class histogram"
};

struct TimelinePause {
    std::int64_t at_ns = 0;
    float pause_ms = 0;
};

/// What the timeline draws, computed off the GUI thread.
struct TimelineData {
    TimeRange extent;  ///< the time the buckets divide; empty when nothing has a time
    std::vector<TimelineEvent> events;         ///< by time, as the next two
    std::vector<TimelineSnapshot> snapshots;
    std::vector<TimelinePause> pauses;         ///< of garbage collectors
    float max_pause_ms = 0;
    struct Bucket {
        std::uint32_t requests = 0, errors = 0;
        float p95_ms = 0;  ///< of the requests that started in it; 0 when there were none
    };
    std::vector<Bucket> buckets;  ///< equal parts of the extent; empty without spans
    std::uint32_t max_requests = 0;
    float max_p95_ms = 0;
};

/// Events, snapshots and pauses. Errors: caseFile, cancelled.
Result<TimelineData> read_timeline(CaseFile& file, const Control& control);
/// Requests that start in `range`, which becomes the extent, in `bucket_count` buckets. O(spans). Errors: cancelled.
Result<TimelineData> count_requests(const SpanTable& spans, TimeRange range, std::size_t bucket_count, const Control& control);
/// `counted` with the events, snapshots and pauses of `data`.
TimelineData with_moments_of(TimelineData counted, TimelineData data);
/// Adds the requests (spans without a parent in the case) in `bucket_count` buckets; widens the extent to them.
Result<TimelineData> add_requests(TimelineData data, const SpanTable& spans, std::size_t bucket_count,
                                  const Control& control);

}  // namespace casebook
