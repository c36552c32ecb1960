#pragma once

#include "analyzers/core/finding.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace casebook {

class Session;

/// Comparisons as evidence of the view "trace_diff": a query with the columns side ("A" or "B"), trace_id, and, where the requests
/// are not whole traces, span_id; and name, what the side is called.

/// Two traces, whole.
Evidence compare_traces(const std::string& trace_a, const std::string& trace_b);
/// What a median request is the median of.
struct MedianOf {
    std::size_t requests = 0;
    std::string window;  ///< name of the window they start in; empty: the whole case
};
/// The median request (A) and another (B), by the spans they begin with. The caption says which requests A stands for.
Evidence compare_with_median(const MedianOf& of, const std::string& trace_a, const std::string& span_a, const std::string& trace_b, const std::string& span_b);
/// Of the requests of an operation those up to the median (A) with the slowest 5 % (B).
Evidence compare_slow_with_fast(const std::string& service, const std::string& operation);
/// The requests of an operation that start in `a` with those that start in `b`.
Evidence compare_windows(const std::string& service, const std::string& operation, const std::string& name_a, TimeRange a, const std::string& name_b, TimeRange b);
/// What there is to compare of an operation: incident (B) with baseline (A) where the case has both windows, else slow with usual requests.
Evidence compare_operation(const Session& session, const std::string& service, const std::string& operation);
/// All requests of an operation that start in `window` (A) with one request (B).
Evidence compare_with_window(const std::string& service, const std::string& operation, const std::string& name, TimeRange window, const std::string& trace,
                             const std::string& span);
/// Start and duration of requests, both ends included.
struct RequestBox {
    std::int64_t start_from_ns = 0, start_to_ns = 0, duration_from_ns = 0, duration_to_ns = 0;
};
/// The requests of an operation (of a service, of all: empty) outside the box (A) with those inside (B).
Evidence compare_box(const std::string& service, const std::string& operation, const RequestBox& box);

/// What the view shows when it is opened without a comparison.
Evidence no_comparison();

}  // namespace casebook
