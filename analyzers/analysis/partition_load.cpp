#include "analyzers/analysis/partition_load.h"

#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/failure.h"
#include "analyzers/trace/span_names.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook {
namespace {

constexpr std::size_t fewest_values = 4;
constexpr double chance = 0.01;

using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 9> partition_words{"partition", "partitions", "shard", "shards", "key", "keys", "slot", "vnode", "stripe"};
constexpr std::array<std::string_view, 18> limit_words{"limit", "limits", "max", "maximum", "capacity", "throughput", "quota", "provisioned", "rps", "qps", "tps", "ops", "iops", "wcu", "rcu", "ru", "wcus", "rcus"};
/// Words around a limit that do not say whose it is.
constexpr std::array<std::string_view, 22> plain_words{"per", "second", "seconds", "sec", "s", "minute", "min", "rate", "requests", "request", "req", "reads", "read", "writes", "write", "units", "unit", "hot", "single", "each", "db", "default"};
/// Capacity units are one request (or one KB) a second.
constexpr std::array<std::string_view, 14> second_words{"rps", "qps", "tps", "ops", "iops", "wcu", "rcu", "ru", "wcus", "rcus", "s", "sec", "second", "seconds"};
constexpr std::array<std::string_view, 4> minute_words{"m", "min", "minute", "minutes"};

template <class All>
bool is_any(std::string_view word, const All& all) { return std::find(all.begin(), all.end(), word) != all.end(); }

template <class All>
bool has_any(const Words& words, const All& all)
{
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) { return is_any(word, all); });
}

/// Per second, as the unit says it, or the name.
std::optional<double> rate_of(const Setting& setting, const Words& name)
{
    std::string digits;
    for (const char c : trim(setting.value))
        if (c != ',' && c != '_') digits += c;
    const std::size_t end = digits.find_first_not_of("0123456789.");
    const auto number = parse_double(digits.substr(0, end));
    if (!number || *number < 0) return {};
    Words unit = name_words(end == std::string::npos ? setting.unit : digits.substr(end));
    if (unit.empty()) unit = name;
    if (has_any(unit, second_words)) return number;
    if (has_any(unit, minute_words)) return *number / 60;
    return {};
}

bool says_throttled(std::string_view kind)
{
    for (const std::string_view word : {"429", "throttl", "RESOURCE_EXHAUSTED", "rate limit", "ratelimit", "too many requests", "ThroughputExceeded"})
        if (contains_ignoring_case(kind, word)) return true;
    return false;
}

}  // namespace

std::vector<bool> throttled_traces(const SpanTable& spans)
{
    std::vector<bool> throttled(spans.empty() ? 0 : *std::max_element(spans.trace.begin(), spans.trace.end()) + std::size_t{1}, false);
    for (SpanTable::Row row = 0; row < spans.size(); ++row)
        if (!throttled[spans.trace[row]] && says_throttled(error_kind(spans, row))) throttled[spans.trace[row]] = true;
    return throttled;
}

std::optional<PartitionLimit> partition_limit(const std::vector<Setting>& settings, const SpanTable& spans, std::string_view service, std::string_view operation, std::string_view key)
{
    const Words key_words = name_words(key);
    Words known = name_words(service);
    for (const std::string_view name : {operation, key})
        for (std::string& word : name_words(name)) known.push_back(std::move(word));
    const auto is_other_service = [&](std::string_view source) {
        return !equals_ignoring_case(source, service) &&
               std::any_of(spans.service.begin(), spans.service.end(), [&](SpanTable::Id id) { return equals_ignoring_case(spans.text(id), source); });
    };
    std::optional<PartitionLimit> least;
    for (const Setting& setting : settings) {
        const Words words = name_words(setting.name);
        const bool of_key = !key_words.empty() && is_any(key_words.back(), words);  // a limit on tenants
        if ((!has_any(words, partition_words) && !of_key) || !has_any(words, limit_words)) continue;
        if (!std::all_of(words.begin(), words.end(), [&](const std::string& word) { return is_any(word, partition_words) || is_any(word, limit_words) || is_any(word, plain_words) || is_any(word, known); })) continue;
        const auto per_second = rate_of(setting, words);
        if (!per_second || *per_second <= 0 || (least && least->per_second <= *per_second) || is_other_service(setting.source)) continue;
        least = PartitionLimit{*per_second, &setting};
    }
    return least;
}

double busiest_per_second(const SpanTable& spans, std::vector<SpanTable::Row> rows)
{
    if (rows.empty()) return 0;
    std::sort(rows.begin(), rows.end(), [&](SpanTable::Row a, SpanTable::Row b) { return spans.start_ns[a] < spans.start_ns[b]; });
    const std::int64_t whole_ns = spans.start_ns[rows.back()] - spans.start_ns[rows.front()];
    const std::int64_t width_ns = std::min<std::int64_t>(whole_ns, 60'000'000'000);
    if (width_ns <= 0) return 0;
    std::size_t most = 0, first = 0;
    for (std::size_t last = 0; last < rows.size(); ++last) {
        while (spans.start_ns[rows[last]] - spans.start_ns[rows[first]] > width_ns) ++first;
        most = std::max(most, last - first);  // as many intervals as requests, less one
    }
    return static_cast<double>(most) / (static_cast<double>(width_ns) / 1e9);
}

std::optional<HotKey> hot_key(const KeyedRequests& requests, double skew, double fewest)
{
    const SpanTable& spans = requests.spans;
    std::optional<HotKey> hottest;
    for (const AttributeColumn& column : attribute_columns(spans, requests.rows, requests.context_rows)) {
        if (names_place(column.key)) continue;
        std::map<SpanTable::Id, std::vector<SpanTable::Row>> rows_of;
        std::uint64_t all = 0, all_throttled = 0;
        const auto count_throttled = [&](const std::vector<SpanTable::Row>& rows) {
            return static_cast<std::uint64_t>(std::count_if(rows.begin(), rows.end(), [&](SpanTable::Row row) { return requests.throttled[spans.trace[row]]; }));
        };
        for (std::size_t i = 0; i < requests.rows.size(); ++i) {
            if (column.value[i] == StringPool::none) continue;
            rows_of[column.value[i]].push_back(requests.rows[i]);
            ++all;
            all_throttled += requests.throttled[spans.trace[requests.rows[i]]];
        }
        if (rows_of.size() < fewest_values || rows_of.size() * 2 > all) continue;  // an id has each value once
        std::vector<double> loads;
        for (const auto& [id, rows] : rows_of) loads.push_back(static_cast<double>(rows.size()));
        const double usual = median(loads);
        std::optional<PartitionLimit> limit;
        bool asked = false;
        for (const auto& [id, rows] : rows_of) {
            if (static_cast<double>(rows.size()) < skew * usual) continue;
            if (!asked) limit = partition_limit(requests.settings, spans, requests.service, requests.operation, column.key);
            asked = true;
            HotKey key{column.key, std::string(spans.text(id)), rows.size(), usual, count_throttled(rows), all - rows.size(), 0, busiest_per_second(spans, rows), limit};
            key.others_throttled = all_throttled - key.throttled;
            const double share = static_cast<double>(key.throttled) / static_cast<double>(key.requests), other_share = static_cast<double>(key.others_throttled) / static_cast<double>(key.others);
            const bool refused = static_cast<double>(key.throttled) >= fewest && share > other_share && two_proportion_p(key.throttled, key.requests, key.others_throttled, key.others) < chance;
            if ((refused || key.at_limit()) && (!hottest || key.load() > hottest->load())) hottest = std::move(key);
        }
    }
    return hottest;
}

}  // namespace casebook
