#include "analyzers/capture/conninfo.h"

#include "analyzers/capture/options.h"
#include "analyzers/core/text.h"

#include <cstdlib>
#include <libpq-fe.h>
#include <memory>

namespace casebook {

std::string make_conninfo(const std::vector<std::pair<std::string, std::string>>& parameters)
{
    std::string out;
    for (const auto& [keyword, value] : parameters) {
        if (value.empty()) continue;
        if (!out.empty()) out += ' ';
        (out += keyword) += "='";
        for (const char c : value) {
            if (c == '\\' || c == '\'') out += '\\';
            out += c;
        }
        out += '\'';
    }
    return out;
}

namespace capture_detail {

namespace {

constexpr const char* forms = "give it as psql takes it: \"host=db user=app dbname=shop\", postgresql://app@db/shop, or "
                              "the bare name of a database; in a URI, : / @ ? # % of a password are written %3A %2F %40 "
                              "%3F %23 %25";

bool is_uri(std::string_view text) { return text.starts_with("postgresql://") || text.starts_with("postgres://"); }

/// libpq's message without what it quotes.
std::string without_quotations(std::string_view message)
{
    std::string out;
    bool inside = false;
    for (const char c : trim(message)) {
        if (c == '"') {
            if (!inside) out += "\"...\"";
            inside = !inside;
        } else if (!inside) {
            out += c == '\n' ? ' ' : c;
        }
    }
    return out;
}

/// A raw @ or / in a password makes libpq take a part of it for host or database, and every message about those would show
/// it: more than one @ before the parameters, or one after a slash.
bool may_split_a_password(std::string_view uri)
{
    const std::string_view rest = uri.substr(uri.find("://") + 3, uri.find('?') == std::string_view::npos ? std::string_view::npos : uri.find('?') - uri.find("://") - 3);
    const std::size_t at = rest.find('@'), slash = rest.find('/');
    return at != std::string_view::npos && (rest.find('@', at + 1) != std::string_view::npos || (slash != std::string_view::npos && slash < at));
}

bool is_port_list(std::string_view text)
{
    return text.find_first_not_of("0123456789, ") == std::string_view::npos;
}

}  // namespace

Result<ConninfoLook> look_at_conninfo(const std::string& conninfo)
{
    ConninfoLook look;
    if (const char* password = std::getenv("PGPASSWORD")) look.secrets.add(password);
    const char* timeout = std::getenv("PGCONNECT_TIMEOUT");
    std::string seconds = timeout ? timeout : "";

    if (is_uri(conninfo) && may_split_a_password(conninfo))
        return fail(Error::Code::usage, "the connection string has an @ or / that may belong to a password", forms);
    // As libpq sees it: without '=' and scheme it is the name of a database.
    if (is_uri(conninfo) || conninfo.find('=') != std::string::npos) {
        char* message = nullptr;
        const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed(
            PQconninfoParse(conninfo.c_str(), &message), PQconninfoFree);
        const std::string said = message ? message : "";
        PQfreemem(message);
        if (!parsed)
            return fail(Error::Code::usage,
                        "the connection string cannot be read" + (said.empty() ? "" : ": " + without_quotations(said)),
                        forms);
        for (const PQconninfoOption* option = parsed.get(); option->keyword; ++option) {
            if (!option->val || !*option->val) continue;
            const std::string_view keyword = option->keyword, value = option->val;
            if (keyword == "password") {
                look.secrets.add(value);
                look.has_password = true;
            } else if (keyword == "sslpassword") {
                look.secrets.add(value);
            } else if (keyword == "connect_timeout") {
                seconds = value;
            } else if (keyword == "port" && !is_port_list(value)) {
                // Also what libpq makes of postgresql://user:pass/word@host.
                return fail(Error::Code::usage, "the connection string's port is not a number", forms);
            }
        }
    }
    if (const auto given = parse_int(trim(seconds)); given && *given > 0 && *given < 1'000'000)
        look.connect_timeout_ms = static_cast<int>(std::max<std::int64_t>(*given, 2) * 1000);  // 2 s at least, as in libpq
    return look;
}

}  // namespace capture_detail

}  // namespace casebook
