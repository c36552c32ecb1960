#include "analyzers/trace/cohort.h"

#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace casebook {
namespace {

using Row = SpanTable::Row;
using Id = SpanTable::Id;

/// Keys that say what happened, where the request went or what it is called: consequences or names, not reasons.
constexpr std::array<std::string_view, 28> left_out_prefixes{
    "http.response.status", "http.status", "http.route", "url.path", "url.full", "url.query", "http.target", "http.url", "error", "exception", "otel.status",
    "rpc.grpc.status", "client.address", "client.port", "network.peer", "network.local", "net.peer", "net.sock", "net.host", "server.port", "server.address",
    "event", "link", "thread.", "http.host", "code.", "span.kind", "internal.span"};
constexpr std::array<std::string_view, 6> left_out_parts{"_id", ".id", "uuid", "timestamp", "content_length", "body.size"};
/// Ids that name a group of requests rather than one, though they end in "id".
constexpr std::array<std::string_view, 10> group_ids{"tenant", "customer", "account", "shard", "partition", "region", "zone", "instance", "org", "shop"};

/// Last words of keys that say how it went: "app.outcome", "search.status_code", "duration". Being slow is no reason for it.
constexpr std::array<std::string_view, 13> outcome_words{"outcome", "result", "status", "code", "success", "succeeded", "failed", "failure", "error", "timeout", "duration", "latency", "elapsed"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Last words of keys that say whom the connection is with.
constexpr std::array<std::string_view, 7> address_words{"ip", "ipv4", "ipv6", "addr", "address", "hostname", "peer"};
/// Keys of the process that served the request.
constexpr std::array<std::string_view, 12> place_prefixes{"service.", "host.", "hostname", "k8s.pod", "k8s.node", "k8s.container", "k8s.replicaset", "container.", "process.", "telemetry.", "os.", "faas."};

/// "order_id", "user.id", "user.id.hash"; not "app.identity", "pool_idle".
bool holds_part(std::string_view key, std::string_view part)
{
    for (std::size_t at = key.find(part); at != std::string_view::npos; at = key.find(part, at + 1))
        if (const std::size_t end = at + part.size(); end == key.size() || !is_letter(key[end])) return true;
    return false;
}

/// The last word, behind a dot, an underscore or a dash; less a unit: "duration_ms" ends in "duration".
std::string_view last_word(std::string_view key)
{
    for (const std::string_view unit : {"_ms", "_seconds", "_s", ".ms", ".seconds", "_us", "_ns"})
        if (key.ends_with(unit)) {
            key.remove_suffix(unit.size());
            break;
        }
    const std::size_t at = key.find_last_of("._-");
    return at == std::string_view::npos ? key : key.substr(at + 1);
}

bool is_place(std::string_view key)
{
    return key == "instance" || key == "version" || std::any_of(place_prefixes.begin(), place_prefixes.end(), [&](std::string_view prefix) { return key.starts_with(prefix); });
}

/// A port of a connection has a number; a port of call has a name.
bool is_numbered_port(const SpanTable& spans, const AttributeColumn& column)
{
    return equals_ignoring_case(last_word(column.key), "port") &&
           std::all_of(column.value.begin(), column.value.end(), [&](Id id) { return id == StringPool::none || parse_int(spans.text(id)).has_value(); });
}

bool is_left_out(std::string_view key)
{
    for (const std::string_view prefix : left_out_prefixes)
        if (key.starts_with(prefix)) return true;
    if (std::any_of(outcome_words.begin(), outcome_words.end(), [word = last_word(key)](std::string_view outcome) { return equals_ignoring_case(word, outcome); })) {
        // A country's or a currency's code is one of many things a request asks for.
        if (!equals_ignoring_case(last_word(key), "code") || holds_part(key, "status") || holds_part(key, "error") || holds_part(key, "response")) return true;
    }
    if (!is_place(key) && std::any_of(address_words.begin(), address_words.end(), [word = last_word(key)](std::string_view address) { return equals_ignoring_case(word, address); })) return true;
    for (const std::string_view part : left_out_parts)
        if (holds_part(key, part))
            return std::none_of(group_ids.begin(), group_ids.end(), [&](std::string_view group) { return contains_ignoring_case(key, group); });
    return false;
}

double share(std::uint64_t part, std::uint64_t whole) { return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0; }

void measure(CohortValue& value, std::uint64_t selection, std::uint64_t rest)
{
    value.coverage = share(value.selected, selection);
    value.rest_share = share(value.rest, rest);
    const double overall = share(value.selected + value.rest, selection + rest);
    value.lift = overall > 0 ? value.coverage / overall : 0;
    value.p = fisher_p(value.selected, selection - value.selected, value.rest, rest - value.rest);
}

/// Values that (nearly) the same rows have are one finding with several names; the one of a plain attribute leads.
void collapse_aliases(std::vector<CohortValue>& values)
{
    std::vector<CohortValue> kept;
    for (CohortValue& value : values) {
        bool alias = false;
        for (CohortValue& leader : kept) {
            std::size_t both = 0, either = 0;
            for (std::size_t i = 0; i < value.has.size(); ++i) {
                both += value.has[i] && leader.has[i];
                either += value.has[i] || leader.has[i];
            }
            if (either == 0 || static_cast<double>(both) < 0.95 * static_cast<double>(either)) continue;
            leader.aliases.push_back(value.key + "=" + value.value);
            alias = true;
            break;
        }
        if (!alias) kept.push_back(std::move(value));
    }
    values = std::move(kept);
}

double rank_of(const CohortValue& value) { return value.coverage * std::log(std::max(value.lift, 1.0)); }

void sort_values(std::vector<CohortValue>& values)
{
    std::stable_sort(values.begin(), values.end(), [](const CohortValue& a, const CohortValue& b) {
        if (rank_of(a) != rank_of(b)) return rank_of(a) > rank_of(b);
        return std::pair(a.key, a.value) < std::pair(b.key, b.value);
    });
}

}  // namespace

bool names_place(std::string_view key) { return is_place(key.substr(0, key.find('='))); }

bool names_place(const CohortValue& value)
{
    const std::size_t pair = value.key.find(" & ");
    if (is_place(value.key) || (pair != std::string::npos && is_place(std::string_view(value.key).substr(pair + 3)))) return true;
    return std::any_of(value.aliases.begin(), value.aliases.end(), [](const std::string& alias) { return names_place(alias); });
}

std::vector<AttributeColumn> attribute_columns(const SpanTable& spans, const std::vector<Row>& rows, const std::vector<Row>& context_rows)
{
    std::map<Id, AttributeColumn> by_key;
    const auto collect = [&](std::size_t i, Row row) {
        for (std::uint32_t a = spans.attribute_begin[row]; a < spans.attribute_begin[row + 1]; ++a) {
            AttributeColumn& column = by_key[spans.attribute_key[a]];
            if (column.value.empty()) {
                column.key = spans.text(spans.attribute_key[a]);
                if (!is_left_out(column.key)) column.value.assign(rows.size(), StringPool::none);
            }
            if (!column.value.empty() && column.value[i] == StringPool::none) column.value[i] = spans.attribute_value[a];
        }
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        collect(i, rows[i]);
        if (!context_rows.empty() && context_rows[i] != SpanTable::no_row && context_rows[i] != rows[i]) collect(i, context_rows[i]);
    }
    std::vector<AttributeColumn> columns;
    for (auto& [id, column] : by_key)
        if (!column.value.empty() && !is_numbered_port(spans, column)) columns.push_back(std::move(column));
    AttributeColumn instance{"instance", {}}, version{"version", {}};
    for (const Row row : rows) {
        instance.value.push_back(spans.instance[row] != 0 ? spans.instance[row] : StringPool::none);
        version.value.push_back(spans.version[row] != 0 ? spans.version[row] : StringPool::none);
    }
    columns.push_back(std::move(instance));
    columns.push_back(std::move(version));
    std::sort(columns.begin(), columns.end(), [](const AttributeColumn& a, const AttributeColumn& b) { return a.key < b.key; });
    return columns;
}

CohortComparison compare_cohorts(const SpanTable& spans, const std::vector<Row>& selection, const std::vector<Row>& rest, const std::vector<Row>& context_rows)
{
    CohortComparison result;
    std::vector<Row> rows = selection;
    rows.insert(rows.end(), rest.begin(), rest.end());
    if (selection.empty() || rest.empty()) return result;
    for (const AttributeColumn& column : attribute_columns(spans, rows, context_rows)) {
        std::map<Id, std::pair<std::uint64_t, std::uint64_t>> counts;
        std::uint64_t present = 0, rest_present = 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (column.value[i] == StringPool::none) continue;
            ++present;
            rest_present += i >= selection.size();
            auto& count = counts[column.value[i]];
            ++(i < selection.size() ? count.first : count.second);
        }
        if (counts.empty() || (counts.size() == 1 && present == rows.size())) continue;       // constant
        if (counts.size() > 20 && static_cast<double>(counts.size()) > 0.5 * static_cast<double>(present)) continue;  // an id
        ++result.attributes;
        for (const auto& [id, count] : counts) {
            if (count.first + count.second < 3) continue;
            CohortValue value;
            value.key = column.key;
            value.value = spans.text(id);
            value.selected = count.first;
            value.rest = count.second;
            value.rest_known = rest_present;
            measure(value, selection.size(), rest.size());
            value.has.resize(rows.size());
            for (std::size_t i = 0; i < rows.size(); ++i) value.has[i] = column.value[i] == id;
            ++result.tested;
            result.p.push_back(value.lift > 1 ? value.p : 1);
            if (value.lift > 1) result.values.push_back(std::move(value));
        }
    }
    sort_values(result.values);
    collapse_aliases(result.values);

    // Pairs of the best single values: kept when together they separate clearly better than either alone.
    const std::size_t singles = std::min<std::size_t>(result.values.size(), 8);
    std::vector<CohortValue> pairs;
    for (std::size_t i = 0; i < singles; ++i)
        for (std::size_t j = i + 1; j < singles; ++j) {
            const CohortValue &a = result.values[i], &b = result.values[j];
            if (a.key == b.key || a.coverage < 0.5 || b.coverage < 0.5) continue;
            CohortValue pair;
            pair.key = a.key + " & " + b.key;
            pair.value = a.value + " & " + b.value;
            pair.rest_known = std::min(a.rest_known, b.rest_known);
            for (const CohortValue* part : {&a, &b})
                for (const std::string& alias : part->aliases) pair.aliases.push_back(alias);
            pair.has.resize(rows.size());
            for (std::size_t k = 0; k < rows.size(); ++k) {
                pair.has[k] = a.has[k] && b.has[k];
                if (pair.has[k]) ++(k < selection.size() ? pair.selected : pair.rest);
            }
            measure(pair, selection.size(), rest.size());
            ++result.tested;
            result.p.push_back(pair.lift > 1 ? pair.p : 1);
            if (pair.coverage >= 0.5 && pair.lift >= 1.5 * std::max(a.lift, b.lift)) pairs.push_back(std::move(pair));
        }
    for (CohortValue& pair : pairs) result.values.push_back(std::move(pair));
    sort_values(result.values);

    // Each is adjusted in the family of all that were tested, also of those that were left out since as another's alias.
    const std::vector<double> q = benjamini_hochberg(result.p);
    std::map<double, double> q_of;
    for (std::size_t i = 0; i < q.size(); ++i) q_of[result.p[i]] = q[i];
    for (CohortValue& value : result.values) value.q = q_of.at(value.p);
    return result;
}

}  // namespace casebook
