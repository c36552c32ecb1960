#pragma once

#include "analyzers/analysis/evidence.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace casebook {

/// One change somebody made: a deploy, release, rollout, configuration change, flag or migration, with the events that
/// follow within minutes for the same service ("rollout started", "rollout finished").
struct Release {
    std::int64_t at_ns = 0;     ///< the first event
    std::int64_t until_ns = 0;  ///< the last event; at_ns when there is one only
    std::string kind, text;     ///< of the first event
    std::string service;        ///< as the event names it; may be empty
    std::vector<SpanTable::Id> services;  ///< services of the spans that are meant; empty when none can be told
    bool rollback = false;
    /// The time is a whole half hour, as people write it down, and no version in the spans says when it was: half an hour off
    /// either way.
    bool to_the_half_hour = false;
};

/// Changes in time order. Which service is meant: the one the event names (ignoring case), else one whose name is a word of
/// the event, else services with a version first seen within five minutes around it. A time that is a whole half hour is
/// replaced by the moment when a new version of the service was first seen, if that was within half an hour.
std::vector<Release> find_releases(const std::vector<Event>& events, const SpanTable& spans);

/// When each version of each service was first seen: service -> version -> start of its first span.
std::map<SpanTable::Id, std::map<SpanTable::Id, std::int64_t>> versions_first_seen(const SpanTable& spans);

/// "catalog" in "catalog 3.4.1 -> 3.5.0", not in "catalogue".
bool names_word(std::string_view text, std::string_view word);

/// True for kinds of events that are changes somebody made.
bool is_release(const Event& event);

}  // namespace casebook
