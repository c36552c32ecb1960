#pragma once

#include "analyzers/trace/span_class.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace casebook {

/// What operations ask of others: statements, cache commands and remote calls that are not part of another such call of the
/// same operation (a mapper's span around the driver's, a client span around a connect), whatever internal spans lie between
/// them and the operation. Where no client span was recorded the answer of another service stands for its call; what is taken from
/// a queue does not. Calls that begin after the operation ended are not waited for and left out.
struct OutermostCalls {
    std::vector<SpanTable::Row> entries;      ///< entry spans with at least one call, ascending
    std::vector<std::uint32_t> begin;         ///< calls of entries[i]: rows[begin[i]] .. rows[begin[i + 1]]
    std::vector<SpanTable::Row> rows;         ///< start order within an entry

    std::span<const SpanTable::Row> of(std::size_t entry) const { return {rows.data() + begin[entry], rows.data() + begin[entry + 1]}; }
};

/// O(rows), iterative.
OutermostCalls outermost_calls(const SpanTable& spans, const SpanClasses& classes);

/// Who answers a call of outermost_calls: peer_of, for databases and caches without an address their system, the answering
/// service where the answer stands for the call.
std::string callee_of(const SpanTable& spans, const SpanClasses& classes, SpanTable::Row call);

/// Numbers for what calls go to: the peer and what is asked of it (operation, or statement). Same peer and operation, same
/// number, in every trace.
class CallTargets {
public:
    using Id = std::uint32_t;

    CallTargets(const SpanTable& spans, const SpanClasses& classes) : spans_(spans), classes_(classes) {}
    Id of(SpanTable::Row row);

    const std::string& peer(Id id) const { return targets_[id].peer; }      ///< as callee_of
    SpanTable::Id operation(Id id) const { return targets_[id].operation; }  ///< operation, for statements the fingerprint
    SpanClass span_class(Id id) const { return targets_[id].of; }
    /// "catalog GET /items/:id", "SELECT on orders"
    std::string label(Id id) const;
    std::size_t size() const { return targets_.size(); }

private:
    struct Target {
        std::string peer;
        SpanTable::Id operation = 0;
        SpanClass of = SpanClass::other;
        SpanTable::Row example = SpanTable::no_row;
    };
    const SpanTable& spans_;
    const SpanClasses& classes_;
    std::vector<Target> targets_;
    std::map<std::pair<std::string, SpanTable::Id>, Id> known_;
};

}  // namespace casebook
