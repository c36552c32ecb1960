#include "analyzers/trace/span_class.h"

#include "analyzers/core/text.h"
#include "analyzers/trace/sql_text.h"

#include <array>

namespace casebook {
namespace {

constexpr std::array<std::string_view, 4> system_keys{"db.system.name", "db.system", "db.type", "cache.system"};
constexpr std::array<std::string_view, 10> remote_keys{"http.request.method", "http.method", "rpc.system", "rpc.system.name", "messaging.system",
                                                       "http.url", "url.full", "rpc.service", "messaging.destination.name", "http.status_code"};
constexpr std::array<std::string_view, 10> cache_systems{"redis", "memcached", "valkey", "hazelcast", "dragonfly", "keydb", "geode", "infinispan", "ignite", "aerospike"};

/// Verbs that hold or end a transaction, or set up the session, and read or write no rows.
constexpr std::array<std::string_view, 17> transaction_verbs{"BEGIN", "START", "COMMIT", "ROLLBACK", "END", "ABORT", "SAVEPOINT", "RELEASE", "SET",
                                                             "RESET", "SHOW", "DISCARD", "DEALLOCATE", "PREPARE", "USE", "PING", "ISOLATION"};

/// Parts of a span name, lower case, that mean waiting for a pooled connection: pg-pool.connect, HikariDataSource.getConnection,
/// DataSource.getConnection, prisma:engine:connection, sql.conn.begin, pool.acquire, "acquire connection".
bool names_acquire(std::string_view name)
{
    const std::string text = lower(name);
    const auto has = [&](std::string_view part) { return text.find(part) != std::string::npos; };
    if (has("getconnection") || has("get_connection") || has("get connection") || has("acquireconnection") || has("acquire_connection")) return true;
    if (has("pool") && (has("connect") || has("acquire") || has("checkout") || has("borrow") || has("wait") || has("get"))) return true;
    if (has("acquire") && (has("conn") || has("client"))) return true;
    if (has("checkout") && has("conn")) return true;
    return text == "prisma:engine:connection" || text == "sql.conn.acquire";
}

/// Opening a connection itself: pg.connect, mysql.connect, sqlalchemy "connect", tcp.connect of a driver.
bool names_connect(std::string_view name)
{
    const std::string text = lower(name);
    return text == "connect" || text.ends_with(".connect") || text.ends_with(" connect");
}

bool any_attribute(const SpanTable& spans, SpanTable::Row row, std::span<const SpanTable::Id> keys)
{
    for (const SpanTable::Id key : keys)
        if (key != StringPool::none && spans.attribute(row, key) != StringPool::none) return true;
    return false;
}

template <std::size_t N>
std::array<SpanTable::Id, N> ids_of(const SpanTable& spans, const std::array<std::string_view, N>& keys)
{
    std::array<SpanTable::Id, N> ids{};
    for (std::size_t i = 0; i < N; ++i) ids[i] = spans.strings.find(keys[i]);
    return ids;
}

bool is_transaction_verb(std::string_view verb)
{
    for (const std::string_view known : transaction_verbs)
        if (equals_ignoring_case(verb, known)) return true;
    return false;
}

}  // namespace

bool is_cache_system(std::string_view system)
{
    for (const std::string_view known : cache_systems)
        if (contains_ignoring_case(system, known)) return true;
    return false;
}

std::string_view database_system(const SpanTable& spans, SpanTable::Row row) { return spans.attribute(row, system_keys); }

SpanClasses classify(const SpanTable& spans)
{
    SpanClasses classes;
    classes.of.resize(spans.size(), SpanClass::other);
    classes.entry.resize(spans.size(), SpanTable::no_row);
    const auto systems = ids_of(spans, system_keys);
    const auto remotes = ids_of(spans, remote_keys);
    // Names and statements repeat: each distinct one is judged once. 0 = not yet, else judgement + 1.
    std::vector<std::uint8_t> name_class(spans.strings.size(), 0), transaction(spans.strings.size(), 0);
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if (spans.kind[row] == SpanKind::server || spans.kind[row] == SpanKind::consumer) {
            classes.of[row] = SpanClass::entry;
            continue;
        }
        std::uint8_t& by_name = name_class[spans.name[row]];
        if (by_name == 0) {
            const std::string_view name = spans.text(spans.name[row]);
            by_name = names_acquire(name) ? 2 : names_connect(name) ? 3 : 1;
        }
        SpanTable::Id system = StringPool::none;
        for (const SpanTable::Id key : systems)
            if (key != StringPool::none && system == StringPool::none) system = spans.attribute(row, key);
        const bool cache = system != StringPool::none && is_cache_system(spans.text(system));
        if (spans.statement[row] != 0 && !cache) {
            std::uint8_t& control = transaction[spans.statement[row]];
            if (control == 0) control = is_transaction_verb(summarize_sql(spans.text(spans.statement[row])).verb) ? 2 : 1;
            classes.of[row] = control == 2 ? SpanClass::transaction : SpanClass::statement;
        } else if (by_name == 2) {
            classes.of[row] = SpanClass::acquire;
        } else if (cache) {
            classes.of[row] = by_name == 3 ? SpanClass::connect : SpanClass::cache;
        } else if (system != StringPool::none) {
            classes.of[row] = by_name == 3 ? SpanClass::connect : is_transaction_verb(spans.text(spans.name[row])) ? SpanClass::transaction : SpanClass::other;
        } else if (by_name == 3 && spans.kind[row] == SpanKind::client) {
            classes.of[row] = SpanClass::connect;
        } else if (spans.kind[row] == SpanKind::client || spans.kind[row] == SpanKind::producer) {
            if (spans.kind[row] == SpanKind::producer || any_attribute(spans, row, remotes)) classes.of[row] = SpanClass::remote_call;
        }
    }
    // A parent may come after its child in start order (rounded clocks), so entries are found from the roots down.
    std::vector<SpanTable::Row> stack;
    for (SpanTable::Row root = 0; root < spans.size(); ++root) {
        if (spans.parent[root] != SpanTable::no_row) continue;
        stack.push_back(root);
        while (!stack.empty()) {
            const SpanTable::Row row = stack.back();
            stack.pop_back();
            const SpanTable::Row parent = spans.parent[row];
            if (classes.of[row] == SpanClass::entry) classes.entry[row] = row;
            else if (parent != SpanTable::no_row && spans.service[parent] == spans.service[row]) classes.entry[row] = classes.entry[parent];
            for (const SpanTable::Row child : spans.children(row)) stack.push_back(child);
        }
    }
    return classes;
}

CacheCommand cache_command(const SpanTable& spans, SpanTable::Row row)
{
    static constexpr std::array<std::string_view, 4> text_keys{"db.query.text", "db.statement", "cache.command", "db.operation.name"};
    static constexpr std::array<std::string_view, 3> operation_keys{"db.operation.name", "db.operation", "cache.operation"};
    static constexpr std::array<std::string_view, 3> key_keys{"cache.key", "db.redis.key", "db.memcached.key"};
    static constexpr std::array<std::string_view, 4> hit_keys{"cache.hit", "http.cache.hit", "cache_hit", "cache.status"};
    CacheCommand command;
    const std::string_view text = spans.attribute(row, text_keys);
    std::string_view verb = spans.attribute(row, operation_keys);
    const std::size_t blank = text.find(' ');
    if (verb.empty()) verb = text.substr(0, blank);
    if (verb.empty()) verb = spans.text(spans.name[row]);
    const std::string name = lower(verb);
    const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
    if (has("getset") || has("getdel")) command.kind = CacheCommand::Kind::other;
    else if (has("get")) command.kind = CacheCommand::Kind::get;
    else if (has("set") || has("put") || has("add")) command.kind = CacheCommand::Kind::put;
    command.key = spans.attribute(row, key_keys);
    if (command.key.empty() && blank != std::string_view::npos) {
        std::string_view rest = trim(text.substr(blank + 1));
        command.key = rest.substr(0, rest.find(' '));
        if (command.key.size() > 1 && command.key.front() == '"' && command.key.back() == '"') command.key = command.key.substr(1, command.key.size() - 2);
        if (command.key == "?") command.key = {};
    }
    const std::string_view hit = spans.attribute(row, hit_keys);
    if (equals_ignoring_case(hit, "true") || equals_ignoring_case(hit, "hit") || hit == "1") command.hit = 1;
    else if (equals_ignoring_case(hit, "false") || equals_ignoring_case(hit, "miss") || hit == "0") command.hit = 0;
    return command;
}

std::string peer_of(const SpanTable& spans, SpanTable::Row row)
{
    static constexpr std::array<std::string_view, 2> name_keys{"service.peer.name", "peer.service"};
    static constexpr std::array<std::string_view, 5> address_keys{"server.address", "net.peer.name", "http.host", "out.host", "net.peer.ip"};
    static constexpr std::array<std::string_view, 2> port_keys{"server.port", "net.peer.port"};
    static constexpr std::array<std::string_view, 2> url_keys{"url.full", "http.url"};
    if (const auto name = spans.attribute(row, name_keys); !name.empty()) return std::string(name);
    // The callee's own span says best who answered.
    for (const SpanTable::Row child : spans.children(row))
        if (spans.kind[child] == SpanKind::server && spans.service[child] != 0) return std::string(spans.text(spans.service[child]));
    std::string peer(spans.attribute(row, address_keys));
    if (!peer.empty()) {
        if (const auto port = spans.attribute(row, port_keys); !port.empty() && peer.find(':') == std::string::npos) peer += ":" + std::string(port);
        return peer;
    }
    std::string_view url = spans.attribute(row, url_keys);
    const std::size_t scheme = url.find("://");
    if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    return std::string(url.substr(0, url.find('/')));
}

}  // namespace casebook
