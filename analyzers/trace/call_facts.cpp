#include "analyzers/core/text.h"
#include "analyzers/trace/span_class.h"

#include <array>

namespace casebook {

namespace {

/// A key as some tracers record it: "k", ["k"] or a list, of which the first counts.
std::string_view without_quotes(std::string_view key)
{
    if (key.starts_with('[') && key.ends_with(']')) key = trim(key.substr(1, key.size() - 2));
    if (key.size() > 1 && (key.front() == '"' || key.front() == '\'')) {
        const std::size_t end = key.find(key.front(), 1);
        if (end != std::string_view::npos) key = key.substr(1, end - 1);
    }
    return key == "?" ? std::string_view() : key;
}

CacheCommand::Kind kind_of(std::string_view verb)
{
    using Kind = CacheCommand::Kind;
    const std::string text = lower(verb);
    const auto has = [&](std::string_view part) { return text.find(part) != std::string::npos; };
    if (has("getset") || has("getdel") || has("reset") || has("forget") || has("target")) return Kind::other;
    if (has("get") || text == "fetch" || has("read") || has("lookup")) return Kind::get;
    if (has("set") || has("put") || has("add") || has("write") || has("store")) return Kind::put;
    return Kind::other;
}

}  // namespace

CacheCommand cache_command(const SpanTable& spans, SpanTable::Row row)
{
    static constexpr std::array<std::string_view, 4> text_keys{"db.query.text", "db.statement", "cache.command", "db.operation.name"};
    static constexpr std::array<std::string_view, 3> operation_keys{"db.operation.name", "db.operation", "cache.operation"};
    static constexpr std::array<std::string_view, 4> key_keys{"cache.key", "db.redis.key", "db.memcached.key", "memcached.key"};
    static constexpr std::array<std::string_view, 6> hit_keys{"cache.hit", "http.cache.hit", "cache_hit", "cache.status", "cache.result", "cache_status"};
    CacheCommand command;
    const std::string_view text = spans.attribute(row, text_keys);
    std::string_view verb = spans.attribute(row, operation_keys);
    const std::size_t blank = text.find(' ');
    if (verb.empty()) verb = text.substr(0, blank);
    if (verb.empty()) verb = spans.text(spans.name[row]);
    command.kind = kind_of(verb);
    command.key = without_quotes(spans.attribute(row, key_keys));
    if (command.key.empty() && blank != std::string_view::npos) {
        const std::string_view rest = trim(text.substr(blank + 1));
        command.key = without_quotes(rest.substr(0, rest.find(' ')));
    }
    const std::string_view hit = spans.attribute(row, hit_keys);
    if (equals_ignoring_case(hit, "true") || equals_ignoring_case(hit, "hit") || hit == "1") command.hit = 1;
    else if (equals_ignoring_case(hit, "false") || equals_ignoring_case(hit, "miss") || hit == "0") command.hit = 0;
    return command;
}

std::string peer_of(const SpanTable& spans, SpanTable::Row row)
{
    static constexpr std::array<std::string_view, 2> name_keys{"service.peer.name", "peer.service"};
    static constexpr std::array<std::string_view, 6> address_keys{"server.address", "net.peer.name", "http.host", "out.host", "peer.hostname", "net.peer.ip"};
    static constexpr std::array<std::string_view, 2> port_keys{"server.port", "net.peer.port"};
    static constexpr std::array<std::string_view, 2> url_keys{"url.full", "http.url"};
    static constexpr std::array<std::string_view, 3> other_keys{"messaging.destination.name", "messaging.destination", "rpc.service"};
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
    url = url.substr(0, url.find_first_of("/?#"));
    if (const std::size_t user = url.find('@'); user != std::string_view::npos) url.remove_prefix(user + 1);
    return std::string(url.empty() ? spans.attribute(row, other_keys) : url);
}

}  // namespace casebook
