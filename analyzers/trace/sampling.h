#pragma once

#include "analyzers/trace/span_table.h"

#include <array>

namespace casebook {

/// Why a trace was kept.
struct Sampling {
    enum class By : std::uint8_t {
        unsaid,   ///< nothing is recorded: taken for all
        chance,   ///< each with the same `probability`
        rate,     ///< so many per second, whatever the load
        outcome,  ///< by what happened in it: slow, failed, ...
    };
    By by = By::unsaid;
    double probability = 1;  ///< of chance, in (0, 1]

    bool is_all() const { return by == By::unsaid || (by == By::chance && probability >= 1); }
};

/// Reads what samplers leave on spans: sampler.type and sampler.param (Jaeger clients), the threshold `ot=th:` of the W3C trace
/// state (OpenTelemetry, "TraceState: Probability Sampling"), sampling.probability, SampleRate (one in so many), and the policy
/// that the OpenTelemetry collector's tail sampling notes. Holds a reference to the table.
class SamplingReader {
public:
    explicit SamplingReader(const SpanTable& spans);
    Sampling of(SpanTable::Row row) const;
    /// False when no span of the table says anything, so that nobody need ask.
    bool any() const { return any_; }

private:
    enum Key { type, param, tracestate, probability, one_in, policy, composite_policy, keys };
    const SpanTable& spans_;
    std::array<SpanTable::Id, keys> ids_{};
    bool any_ = false;
};

}  // namespace casebook
