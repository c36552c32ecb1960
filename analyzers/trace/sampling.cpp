#include "analyzers/trace/sampling.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace casebook {
namespace {

constexpr std::array<std::string_view, 7> key_names{"sampler.type", "sampler.param", "w3c.tracestate", "sampling.probability", "SampleRate",
                                                    "tailsampling.policy", "tailsampling.composite_policy"};

Sampling by_chance(std::optional<double> probability)
{
    if (!probability || !(*probability > 0) || *probability > 1) return {};
    return {Sampling::By::chance, *probability};
}

/// The share of traces that `ot=th:` lets through: one less the threshold, 56 bits in hex whose trailing zeros are left out.
std::optional<double> probability_of(std::string_view tracestate)
{
    for (std::size_t from = 0; from <= tracestate.size();) {
        const std::size_t comma = std::min(tracestate.find(',', from), tracestate.size());
        const std::string_view member = trim(tracestate.substr(from, comma - from));
        from = comma + 1;
        if (!member.starts_with("ot=")) continue;
        for (std::size_t at = 3; at <= member.size();) {
            const std::size_t end = std::min(member.find(';', at), member.size());
            const std::string_view part = member.substr(at, end - at);
            at = end + 1;
            if (!part.starts_with("th:") || part.size() > 3 + 14) continue;
            std::uint64_t threshold = 0;
            const auto [last, error] = std::from_chars(part.data() + 3, part.data() + part.size(), threshold, 16);
            if (error != std::errc{} || last != part.data() + part.size()) continue;
            threshold <<= 4 * (14 - (part.size() - 3));
            return 1 - static_cast<double>(threshold) / static_cast<double>(1ull << 56);
        }
    }
    return {};
}

}  // namespace

SamplingReader::SamplingReader(const SpanTable& spans) : spans_(spans)
{
    static_assert(key_names.size() == keys);
    for (std::size_t i = 0; i < keys; ++i) {
        ids_[i] = spans.strings.find(key_names[i]);
        any_ = any_ || (ids_[i] != StringPool::none && i != param);
    }
}

Sampling SamplingReader::of(SpanTable::Row row) const
{
    if (!any_) return {};
    const auto value = [&](Key key) {
        const SpanTable::Id id = ids_[key] == StringPool::none ? StringPool::none : spans_.attribute(row, ids_[key]);
        return id == StringPool::none ? std::string_view() : spans_.text(id);
    };
    if (!value(policy).empty() || !value(composite_policy).empty()) return {Sampling::By::outcome, 1};
    if (const std::string_view kind = value(type); !kind.empty()) {
        if (equals_ignoring_case(kind, "ratelimiting") || equals_ignoring_case(kind, "lowerbound")) return {Sampling::By::rate, 1};
        if (equals_ignoring_case(kind, "probabilistic")) return by_chance(parse_double(value(param)));
    }
    if (const std::string_view state = value(tracestate); !state.empty())
        if (const auto share = probability_of(state)) return by_chance(share);
    if (const std::string_view share = value(probability); !share.empty()) return by_chance(parse_double(share));
    if (const auto of_how_many = parse_double(value(one_in)); of_how_many && *of_how_many > 0) return by_chance(1 / *of_how_many);
    return {};
}

}  // namespace casebook
