#include "analyzers/trace/span_class.h"

#include "analyzers/core/text.h"
#include "analyzers/trace/span_names.h"
#include "analyzers/trace/sql_text.h"

#include <array>

namespace casebook {
namespace {

using Row = SpanTable::Row;

constexpr std::array<std::string_view, 4> system_keys{"db.system.name", "db.system", "db.type", "cache.system"};
constexpr std::array<std::string_view, 10> remote_keys{"http.request.method", "http.method", "rpc.system", "rpc.system.name", "messaging.system",
                                                       "http.url", "url.full", "rpc.service", "messaging.destination.name", "http.status_code"};
constexpr std::array<std::string_view, 4> cache_keys{"cache.hit", "cache.key", "cache.operation", "cache_hit"};
constexpr std::array<std::string_view, 10> cache_systems{"redis", "memcached", "valkey", "hazelcast", "dragonfly", "keydb", "geode", "infinispan", "ignite", "aerospike"};

template <std::size_t N>
std::array<SpanTable::Id, N> ids_of(const SpanTable& spans, const std::array<std::string_view, N>& keys)
{
    std::array<SpanTable::Id, N> ids{};
    for (std::size_t i = 0; i < N; ++i) ids[i] = spans.strings.find(keys[i]);
    return ids;
}

enum class NameSays : std::uint8_t { unread, nothing, acquire, connect, bare_connect };

NameSays read_name(std::string_view name)
{
    if (names_acquire(name)) return NameSays::acquire;
    if (equals_ignoring_case(name, "connect")) return NameSays::bare_connect;
    return names_connect(name) ? NameSays::connect : NameSays::nothing;
}

/// Judges span by span. Names and statements repeat: each distinct one is read once.
class Judge {
public:
    explicit Judge(const SpanTable& spans)
        : spans_(spans), systems_(ids_of(spans, system_keys)), remotes_(ids_of(spans, remote_keys)), caches_(ids_of(spans, cache_keys)),
          name_says_(spans.strings.size(), NameSays::unread), statement_says_(spans.strings.size(), 0)
    {
    }

    SpanClass of(Row row)
    {
        const SpanKind kind = spans_.kind[row];
        if (kind == SpanKind::server || kind == SpanKind::consumer) return SpanClass::entry;
        const SpanTable::Id system = first_of(row, systems_);
        const bool cache = (system != StringPool::none && is_cache_system(spans_.text(system))) || (spans_.statement[row] == 0 && first_of(row, caches_) != StringPool::none);
        if (spans_.statement[row] != 0 && !cache) return is_transaction(spans_.statement[row]) ? SpanClass::transaction : SpanClass::statement;
        NameSays& says = name_says_[spans_.name[row]];
        if (says == NameSays::unread) says = read_name(spans_.text(spans_.name[row]));
        if (says == NameSays::acquire) return SpanClass::acquire;
        const bool connects = says == NameSays::connect || says == NameSays::bare_connect;
        if (cache) return connects ? SpanClass::connect : SpanClass::cache;
        if (system != StringPool::none) {
            // SQLAlchemy's "connect" is the checkout from its pool; drivers name themselves: "pg.connect".
            if (says == NameSays::bare_connect) return SpanClass::acquire;
            if (connects) return SpanClass::connect;
            return names_transaction(spans_.text(spans_.name[row])) ? SpanClass::transaction : SpanClass::other;
        }
        if (connects && kind == SpanKind::client) return SpanClass::connect;
        if (kind == SpanKind::producer) return SpanClass::remote_call;
        if (kind == SpanKind::client && (first_of(row, remotes_) != StringPool::none || is_answered_elsewhere(row))) return SpanClass::remote_call;
        return SpanClass::other;
    }

private:
    template <std::size_t N>
    SpanTable::Id first_of(Row row, const std::array<SpanTable::Id, N>& keys) const
    {
        for (const SpanTable::Id key : keys) {
            if (key == StringPool::none) continue;
            if (const SpanTable::Id value = spans_.attribute(row, key); value != StringPool::none) return value;
        }
        return StringPool::none;
    }

    bool is_transaction(SpanTable::Id statement)
    {
        std::uint8_t& says = statement_says_[statement];
        if (says == 0) says = is_transaction_verb(summarize_sql(spans_.text(statement)).verb) ? 2 : 1;
        return says == 2;
    }

    bool is_answered_elsewhere(Row row) const
    {
        for (const Row child : spans_.children(row))
            if (spans_.kind[child] == SpanKind::server || spans_.service[child] != spans_.service[row]) return true;
        return false;
    }

    const SpanTable& spans_;
    std::array<SpanTable::Id, system_keys.size()> systems_;
    std::array<SpanTable::Id, remote_keys.size()> remotes_;
    std::array<SpanTable::Id, cache_keys.size()> caches_;
    std::vector<NameSays> name_says_;
    std::vector<std::uint8_t> statement_says_;
};

/// An object-relational mapper and the driver below it both report one statement: the outer span stays.
void drop_inner_statements(const SpanTable& spans, std::vector<SpanClass>& of)
{
    std::vector<Row> inner;
    for (Row row = 0; row < spans.size(); ++row) {
        const Row parent = spans.parent[row];
        if ((of[row] != SpanClass::statement && of[row] != SpanClass::transaction) || parent == SpanTable::no_row) continue;
        if (of[parent] == of[row] && spans.service[parent] == spans.service[row] && spans.fingerprint[parent] == spans.fingerprint[row]) inner.push_back(row);
    }
    for (const Row row : inner) of[row] = SpanClass::other;
}

/// Where a service takes up work that no server or consumer span shows: jobs, and sources without span kinds.
bool begins_work(const SpanTable& spans, Row row)
{
    const Row parent = spans.parent[row];
    if (spans.kind[row] != SpanKind::internal) return false;
    if (parent == SpanTable::no_row) return spans.parent_id[row] == 0 && !spans.children(row).empty();
    return spans.service[parent] != spans.service[row];
}

/// Without span kinds a call is the span under which only another service's work hangs. Several server spans below it are
/// several calls, of which no client spans were recorded.
bool only_calls(const SpanTable& spans, const std::vector<SpanClass>& of, Row row)
{
    if (spans.kind[row] != SpanKind::internal || spans.children(row).empty()) return false;
    std::size_t servers = 0;
    for (const Row child : spans.children(row)) {
        if (of[child] != SpanClass::entry || spans.service[child] == spans.service[row]) return false;
        servers += spans.kind[child] == SpanKind::server;
    }
    return servers < 2;
}

/// From the roots down: a parent may come after its child in start order (rounded clocks).
void find_entries(const SpanTable& spans, SpanClasses& classes)
{
    std::vector<Row> stack;
    for (Row root = 0; root < spans.size(); ++root) {
        if (spans.parent[root] != SpanTable::no_row) continue;
        stack.push_back(root);
        while (!stack.empty()) {
            const Row row = stack.back();
            stack.pop_back();
            const Row parent = spans.parent[row];
            if (classes.of[row] == SpanClass::entry)
                classes.entry[row] = row;
            else if (parent != SpanTable::no_row && (spans.service[parent] == spans.service[row] || spans.kind[parent] != SpanKind::client))
                classes.entry[row] = classes.entry[parent];
            for (const Row child : spans.children(row)) stack.push_back(child);
        }
    }
}

}  // namespace

bool is_cache_system(std::string_view system)
{
    for (const std::string_view known : cache_systems)
        if (contains_ignoring_case(system, known)) return true;
    return false;
}

std::string_view database_system(const SpanTable& spans, Row row) { return spans.attribute(row, system_keys); }

SpanClasses classify(const SpanTable& spans)
{
    SpanClasses classes;
    classes.of.reserve(spans.size());
    classes.entry.resize(spans.size(), SpanTable::no_row);
    Judge judge(spans);
    for (Row row = 0; row < spans.size(); ++row) classes.of.push_back(judge.of(row));
    drop_inner_statements(spans, classes.of);
    for (Row row = 0; row < spans.size(); ++row)
        if (classes.of[row] == SpanClass::other && begins_work(spans, row)) classes.of[row] = SpanClass::entry;
    for (Row row = 0; row < spans.size(); ++row)
        if (classes.of[row] == SpanClass::other && only_calls(spans, classes.of, row)) classes.of[row] = SpanClass::remote_call;
    find_entries(spans, classes);
    return classes;
}

}  // namespace casebook
