#include "analyzers/analysis/releases.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>

namespace casebook {
namespace {

constexpr std::int64_t together_ns = 300'000'000'000;  // a rollout says that it began and that it ended
constexpr std::int64_t half_hour_ns = 1'800'000'000'000;

bool says_any(const Event& event, std::initializer_list<std::string_view> words)
{
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return contains_ignoring_case(event.kind, word) || contains_ignoring_case(event.text, word); });
}

bool is_rollback(const Event& event) { return says_any(event, {"rollback", "roll back", "rolled back", "rolling back", "revert"}); }

bool is_word_character(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// The nearest moment at which a service of the release was first seen with another version than the one before.
std::optional<std::int64_t> version_change(const std::vector<SpanTable::Id>& services, const std::map<SpanTable::Id, std::map<SpanTable::Id, std::int64_t>>& versions, std::int64_t at_ns)
{
    std::optional<std::int64_t> nearest;
    for (const SpanTable::Id service : services) {
        const auto of = versions.find(service);
        if (of == versions.end() || of->second.size() < 2) continue;
        std::int64_t oldest = INT64_MAX;
        for (const auto& [version, seen_ns] : of->second) oldest = std::min(oldest, seen_ns);
        for (const auto& [version, seen_ns] : of->second)
            if (seen_ns != oldest && std::llabs(seen_ns - at_ns) <= half_hour_ns && (!nearest || std::llabs(seen_ns - at_ns) < std::llabs(*nearest - at_ns))) nearest = seen_ns;
    }
    return nearest;
}

}  // namespace

std::map<SpanTable::Id, std::map<SpanTable::Id, std::int64_t>> versions_first_seen(const SpanTable& spans)
{
    std::map<SpanTable::Id, std::map<SpanTable::Id, std::int64_t>> seen;
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if (spans.version[row] == 0) continue;
        const auto [entry, fresh] = seen[spans.service[row]].try_emplace(spans.version[row], spans.start_ns[row]);
        if (!fresh) entry->second = std::min(entry->second, spans.start_ns[row]);
    }
    return seen;
}

bool names_word(std::string_view text, std::string_view word)
{
    const std::string lower_text = lower(text), lower_word = lower(word);
    for (std::size_t at = lower_text.find(lower_word); at != std::string::npos && !word.empty(); at = lower_text.find(lower_word, at + 1)) {
        const std::size_t end = at + lower_word.size();
        if ((at == 0 || !is_word_character(lower_text[at - 1])) && (end == lower_text.size() || !is_word_character(lower_text[end]))) return true;
    }
    return false;
}

bool is_release(const Event& event)
{
    static constexpr std::array<std::string_view, 9> kinds{"deploy", "release", "rollout", "rollback", "config", "migration", "flag", "upgrade", "revert"};
    return std::any_of(kinds.begin(), kinds.end(), [&](std::string_view kind) { return contains_ignoring_case(event.kind, kind); });
}

std::vector<Release> find_releases(const std::vector<Event>& events, const SpanTable& spans)
{
    std::vector<SpanTable::Id> services;
    std::vector<bool> known(spans.strings.size());
    for (SpanTable::Row row = 0; row < spans.size(); ++row)
        if (spans.service[row] != 0 && !known[spans.service[row]]) {
            known[spans.service[row]] = true;
            services.push_back(spans.service[row]);
        }
    std::sort(services.begin(), services.end(), [&](SpanTable::Id a, SpanTable::Id b) { return spans.text(a) < spans.text(b); });
    const auto versions = versions_first_seen(spans);

    std::vector<Release> releases;
    for (const Event& event : events) {
        if (!is_release(event)) continue;
        const bool rollback = is_rollback(event);
        const auto same = std::find_if(releases.rbegin(), releases.rend(), [&](const Release& earlier) { return earlier.service == event.service && earlier.rollback == rollback; });
        if (same != releases.rend() && event.at_ns - same->at_ns <= together_ns) {
            same->until_ns = std::max(same->until_ns, event.at_ns);
            continue;
        }
        Release release{event.at_ns, event.at_ns, event.kind, event.text.empty() ? event.kind + (event.service.empty() ? "" : " of " + event.service) : event.text, event.service, {}, rollback};
        for (const SpanTable::Id service : services)
            if (!event.service.empty() && equals_ignoring_case(spans.text(service), event.service)) release.services = {service};
        if (release.services.empty())
            for (const SpanTable::Id service : services)
                if (names_word(event.service, spans.text(service)) || (event.service.empty() && names_word(event.text, spans.text(service)))) release.services.push_back(service);
        if (release.services.empty() && event.service.empty())
            for (const SpanTable::Id service : services)
                if (const auto of = versions.find(service); of != versions.end() && of->second.size() > 1)
                    if (std::any_of(of->second.begin(), of->second.end(), [&](const auto& version) { return std::llabs(version.second - event.at_ns) <= together_ns; })) release.services.push_back(service);
        releases.push_back(std::move(release));
    }
    for (Release& release : releases) {
        if (release.at_ns % half_hour_ns != 0 || release.until_ns != release.at_ns) continue;  // a second event has a time of its own
        const auto changed_ns = version_change(release.services, versions, release.at_ns);
        release.to_the_half_hour = !changed_ns;
        if (changed_ns) release.at_ns = release.until_ns = *changed_ns;
    }
    std::stable_sort(releases.begin(), releases.end(), [](const Release& a, const Release& b) { return a.at_ns < b.at_ns; });
    return releases;
}

}  // namespace casebook
