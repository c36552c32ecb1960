#pragma once

#include "analyzers/core/finding.h"
#include "analyzers/trace/span_table.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// Services and who calls whom, from spans: a call is a span of one service under a span of another, or a client span
/// without a server span below it, whose peer (database, cache, broker, outside service) then is a node of its own.
struct ServiceGraph {
    struct Node {
        std::string name;
        bool peer = false;            ///< known only from its callers
        std::uint64_t calls = 0, errors = 0;
        double p50_ns = 0, p95_ns = 0;
        std::int64_t own_ns = 0;      ///< time spent in the service itself; 0 for peers
        int layer = 0, place = 0;     ///< callers are in lower layers, cycles aside
    };
    struct Edge {
        std::size_t from = 0, to = 0;
        std::uint64_t calls = 0, errors = 0;
        double p50_ns = 0, p95_ns = 0;
        bool back = false;            ///< closes a cycle
    };
    std::vector<Node> nodes;
    std::vector<Edge> edges;
    double seconds = 0;               ///< of the stretch of time that was counted
    std::size_t left_out = 0;         ///< nodes beyond the limit, those with the fewest calls
};

/// At most `most_nodes` nodes. `range` absent = the whole case. O(spans log spans).
ServiceGraph service_graph(const SpanTable& spans, std::optional<TimeRange> range, std::size_t most_nodes = 150);

}  // namespace casebook
