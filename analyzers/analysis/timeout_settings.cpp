#include "analyzers/analysis/timeout_settings.h"

#include "analyzers/core/text.h"
#include "analyzers/trace/span_names.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace casebook {
namespace {

using Words = std::vector<std::string>;

struct Unit {
    std::string_view word;
    double ms;
};
constexpr std::array<Unit, 20> units{{{"ms", 1}, {"msec", 1}, {"msecs", 1}, {"milli", 1}, {"millis", 1}, {"millisecond", 1}, {"milliseconds", 1}, {"us", 1e-3}, {"micros", 1e-3}, {"microseconds", 1e-3},
                                      {"s", 1e3}, {"sec", 1e3}, {"secs", 1e3}, {"second", 1e3}, {"seconds", 1e3}, {"min", 6e4}, {"mins", 6e4}, {"minute", 6e4}, {"minutes", 6e4}, {"h", 3.6e6}}};

/// Words around a timeout that say nothing of what it is about.
constexpr std::array<std::string_view, 44> plain_words{"http", "https", "grpc", "rpc", "rest", "api", "web", "client", "clients", "outbound", "upstream", "downstream", "proxy", "server", "inbound", "ingress",
                                                       "gateway", "handler", "request", "requests", "response", "read", "send", "socket", "call", "calls", "service", "svc", "default", "global", "max", "maximum",
                                                       "total", "overall", "limit", "duration", "time", "instances", "resilience4j", "timelimiter", "retry", "count", "policy", "config"};

bool is_any(std::string_view word, std::initializer_list<std::string_view> words) { return std::find(words.begin(), words.end(), word) != words.end(); }

bool has(const Words& words, std::initializer_list<std::string_view> any)
{
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) { return is_any(word, any); });
}

std::optional<double> unit_ms(std::string_view word)
{
    for (const Unit& unit : units)
        if (equals_ignoring_case(unit.word, word)) return unit.ms;
    return {};
}

bool is_none(const Setting& setting)
{
    const std::string value = lower(trim(setting.value));
    if (is_any(value, {"none", "off", "never", "infinite", "infinity", "unlimited", "inf", "disabled", "no"})) return true;
    const auto number = parse_double(value);
    return number && *number <= 0;
}

/// What a service is called, without its port, its domain and "service" at the end.
Words service_words(std::string_view name)
{
    name = name.substr(0, name.find(':'));
    const bool address = !name.empty() && name.find_first_not_of("0123456789.") == std::string_view::npos;
    if (!address) name = name.substr(0, name.find('.'));
    Words words = name_words(name);
    while (words.size() > 1 && is_any(words.back(), {"service", "svc", "api"})) words.pop_back();
    return words;
}

/// The words without the first run of them that is `name`; nothing when it is not among them.
std::optional<Words> without(const Words& words, const Words& name)
{
    if (name.empty()) return {};
    const auto at = std::search(words.begin(), words.end(), name.begin(), name.end());
    if (at == words.end()) return {};
    Words rest(words.begin(), at);
    rest.insert(rest.end(), at + static_cast<std::ptrdiff_t>(name.size()), words.end());
    return rest;
}

bool is_plain(const Words& words)
{
    return std::all_of(words.begin(), words.end(), [](const std::string& word) { return std::find(plain_words.begin(), plain_words.end(), word) != plain_words.end(); });
}

}  // namespace

std::optional<double> duration_ms(const Setting& setting)
{
    std::string value;
    for (const char c : trim(setting.value))
        if (c != ',' && c != '_' && c != '"') value += c;
    const std::size_t end = value.find_first_not_of("0123456789.+-eE");
    // "1e3" is a number, "5 e" is none.
    const auto number = parse_double(trim(value.substr(0, end)));
    if (!number || !std::isfinite(*number) || *number < 0) return {};
    std::optional<double> scale;
    if (end != std::string::npos) scale = unit_ms(trim(value.substr(end)));
    else if (!trim(setting.unit).empty()) scale = unit_ms(trim(setting.unit));
    else if (const Words words = name_words(setting.name); !words.empty()) scale = unit_ms(words.back());
    if (!scale) return {};
    return *number * *scale;
}

std::optional<double> CallLimit::longest_ms() const
{
    if (!timeout_ms) return {};
    return *timeout_ms * attempts + waits_ms * std::max(0.0, attempts - 1);
}

TimeoutSettings::TimeoutSettings(const std::vector<Setting>& settings)
{
    for (const Setting& setting : settings) {
        Entry entry{&setting, Kind::timeout, name_words(setting.name), false, false};
        Words& words = entry.words;
        if (words.size() > 1 && unit_ms(words.back())) words.pop_back();
        const bool retry = has(words, {"retry", "retries", "backoff"});
        if (has(words, {"backoff"}) || (retry && has(words, {"delay", "wait", "interval", "pause"}))) entry.kind = Kind::wait;
        else if (has(words, {"attempts", "tries"})) entry.kind = Kind::attempts;
        else if (has(words, {"retries"}) || (retry && has(words, {"max", "count", "limit"}))) entry.kind = Kind::retries;
        else if (has(words, {"budget"}) && !has(words, {"error"}) && !retry) entry.kind = Kind::budget;
        else if (!has(words, {"timeout", "timeouts", "deadline", "timelimiter"}) && !(has(words, {"time"}) && has(words, {"limit"}))) continue;
        entry.of_calls = has(words, {"client", "clients", "outbound", "upstream", "downstream", "call", "calls"});
        entry.of_requests = has(words, {"server", "inbound", "ingress", "gateway", "handler", "deadline"});
        std::erase_if(words, [](const std::string& word) {
            return is_any(word, {"timeout", "timeouts", "deadline", "backoff", "delay", "wait", "interval", "pause", "attempts", "tries", "retries", "budget"});
        });
        entries_.push_back(std::move(entry));
    }
}

bool TimeoutSettings::belongs_to(const Entry& entry, std::string_view service) const
{
    return !entry.setting->source.empty() && service_words(entry.setting->source) == service_words(service);
}

CallLimit TimeoutSettings::call(std::string_view service, std::string_view peer) const
{
    const Words own = service_words(service), other = service_words(peer);
    // What is said most closely counts: calls of the service to the peer, its calls in general, what the peer says of itself.
    constexpr int unrelated = 3;
    std::array<int, 5> closest{unrelated, unrelated, unrelated, unrelated, unrelated};
    CallLimit limit;
    std::array<const Setting*, 5> chosen{};
    for (const Entry& entry : entries_) {
        const bool ours = belongs_to(entry, service), nobodys = entry.setting->source.empty();
        Words words = entry.words;
        if (ours || nobodys)
            if (auto rest = without(words, own)) words = std::move(*rest);
        int distance = unrelated;
        if (const auto rest = without(words, other); rest && is_plain(*rest) && (ours || nobodys) && !entry.of_requests) distance = 0;
        else if (is_plain(words) && ours && (entry.of_calls || (entry.kind != Kind::timeout && entry.kind != Kind::budget)) && !entry.of_requests) distance = 1;
        else if (is_plain(words) && belongs_to(entry, peer) && (entry.kind == Kind::timeout) && !entry.of_calls) distance = 2;
        const auto kind = static_cast<std::size_t>(entry.kind);
        if (distance == unrelated || distance > closest[kind]) continue;
        const auto ms = duration_ms(*entry.setting);
        const auto count = parse_double(trim(entry.setting->value));
        switch (entry.kind) {
        case Kind::timeout:
            if (!ms && !is_none(*entry.setting)) continue;
            limit.unlimited = is_none(*entry.setting);
            limit.timeout_ms = limit.unlimited ? std::nullopt : ms;
            break;
        case Kind::attempts:
        case Kind::retries:
            if (!count || *count < 0 || *count > 1000) continue;
            limit.attempts = std::max(1.0, *count + (entry.kind == Kind::retries ? 1 : 0));
            break;
        case Kind::wait:
            if (!ms) continue;
            limit.waits_ms = *ms;
            break;
        case Kind::budget:
            if (!ms || *ms <= 0) continue;
            limit.budget_ms = ms;
            break;
        }
        closest[kind] = distance;
        chosen[kind] = entry.setting;
    }
    limit.timeout = chosen[static_cast<std::size_t>(Kind::timeout)];
    for (const Setting* setting : chosen)
        if (setting) limit.said.push_back(setting);
    return limit;
}

std::optional<Deadline> TimeoutSettings::own_deadline(std::string_view service) const
{
    const Words own = service_words(service);
    std::optional<Deadline> shortest;
    for (const Entry& entry : entries_) {
        if (entry.kind != Kind::timeout || entry.of_calls) continue;
        const bool ours = belongs_to(entry, service), nobodys = entry.setting->source.empty();
        const auto rest = without(entry.words, own);
        if (!(ours && is_plain(rest ? *rest : entry.words)) && !(nobodys && rest && is_plain(*rest))) continue;
        const auto ms = duration_ms(*entry.setting);
        if (!ms || *ms <= 0 || (shortest && shortest->ms <= *ms)) continue;
        shortest = Deadline{*ms, std::string(service), entry.setting, entry.of_requests};
    }
    return shortest;
}

bool said_alike(const Setting& of_one, std::string_view one, const Setting& of_other, std::string_view other)
{
    const auto form = [](const Setting& setting, std::string_view service) {
        const Words words = name_words(setting.name);
        return without(words, service_words(service)).value_or(words);
    };
    const bool own = service_words(of_one.source) == service_words(one) && service_words(of_other.source) == service_words(other);
    return (own || (of_one.source.empty() && of_other.source.empty())) && form(of_one, one) == form(of_other, other);
}

}  // namespace casebook
