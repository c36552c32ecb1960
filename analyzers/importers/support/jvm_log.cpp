#include "analyzers/importers/support/jvm_log.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"

#include <charconv>
#include <cmath>

namespace casebook {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

bool is_level(std::string_view text)
{
    for (const std::string_view level : {"error", "warning", "info", "debug", "trace", "develop"})
        if (text == level) return true;
    return false;
}

bool is_tags(std::string_view text)
{
    if (text.empty()) return false;
    for (const char c : text)
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != ',' && c != '+' && c != '_') return false;
    return !(text.front() >= '0' && text.front() <= '9');
}

/// "0.004s", "0,004s", "3ms", "3441576ns" in nanoseconds.
std::optional<std::int64_t> duration_ns(std::string_view text)
{
    const bool millis = text.ends_with("ms"), nanos = text.ends_with("ns");
    if (millis || nanos) {
        const auto whole = parse_int(text.substr(0, text.size() - 2));
        std::int64_t ns = 0;
        if (!whole || __builtin_mul_overflow(*whole, millis ? ns_per_ms : 1, &ns)) return {};
        return ns;
    }
    if (!text.ends_with('s')) return {};
    text.remove_suffix(1);
    const std::size_t point = text.find_first_of(".,");
    const auto whole = parse_int(text.substr(0, point));
    if (!whole || *whole < 0 || *whole > 9'000'000'000) return {};
    std::int64_t ns = *whole * 1'000'000'000;
    std::int64_t place = 100'000'000;
    if (point != std::string_view::npos)
        for (const char c : text.substr(point + 1)) {
            if (c < '0' || c > '9') return {};
            ns += (c - '0') * place;
            place /= 10;
        }
    return ns;
}

/// "[text]" off the front of the line.
bool take_brackets(std::string_view& line, std::string_view& text)
{
    constexpr std::size_t longest = 128;
    if (!line.starts_with('[')) return false;
    const std::size_t close = line.substr(0, longest).find(']');
    if (close == std::string_view::npos) return false;
    text = line.substr(1, close - 1);
    line.remove_prefix(close + 1);
    return true;
}

void take_decoration(JvmLogLine& line, std::string_view text)
{
    // A decoration of ms or ns may be a clock reading or an uptime. Where both stand, the clock comes first.
    constexpr std::int64_t first_clock_ms = 100'000'000'000;  // 1973 as epoch milliseconds, three years as an uptime
    if (const auto ns = duration_ns(text)) {
        if (text.ends_with("ms") && *ns / ns_per_ms >= first_clock_ms) {
            if (!line.at_ns) line.at_ns = ns;
        } else {
            line.uptime_ns = ns;
        }
    } else if (text.size() > 18 && text[4] == '-') {
        if (const auto at = parse_instant(text)) line.at_ns = at;
    } else if (is_level(text)) {
        line.level = text;
    } else if (is_tags(text) && line.decorations > 0) {
        line.tags = text;
    }
}

}  // namespace

bool JvmLogLine::has_tag(std::string_view tag) const
{
    for (std::string_view rest = tags; !rest.empty();) {
        const std::size_t comma = rest.find(',');
        if (rest.substr(0, comma) == tag) return true;
        if (comma == std::string_view::npos) break;
        rest.remove_prefix(comma + 1);
    }
    return false;
}

JvmLogLine parse_jvm_log_line(std::string_view line)
{
    JvmLogLine result;
    for (std::string_view text; take_brackets(line, text);) {
        take_decoration(result, trim(text));
        ++result.decorations;
    }
    if (result.decorations > 0 && line.starts_with(' ')) line.remove_prefix(1);
    result.message = line;
    return result;
}

std::string_view jvm_log_message(std::string_view line)
{
    const std::size_t before = line.size();
    for (std::string_view text; take_brackets(line, text);) {
    }
    if (line.size() < before && line.starts_with(' ')) line.remove_prefix(1);
    return line;
}

std::optional<std::int64_t> take_gc_id(std::string_view& message)
{
    std::string_view rest = message;
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    if (!rest.starts_with("GC(")) return {};
    const std::size_t close = rest.find(')');
    if (close == std::string_view::npos) return {};
    const auto id = parse_int(rest.substr(3, close - 3));
    if (!id) return {};
    rest.remove_prefix(close + 1);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    message = rest;
    return id;
}

std::optional<std::int64_t> take_heap_size(std::string_view& text)
{
    double value = 0;
    const std::size_t end = std::min(text.find_first_not_of("0123456789.,"), text.size());
    std::string number(text.substr(0, end));
    for (char& c : number)
        if (c == ',') c = '.';
    const auto [at, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (end == 0 || end > 20 || error != std::errc() || at != number.data() + number.size()) return {};
    std::size_t used = end;
    double factor = 1;
    if (used < text.size()) {
        switch (text[used]) {
        case 'K':
        case 'k':
            factor = 1024;
            ++used;
            break;
        case 'M':
        case 'm':
            factor = 1024.0 * 1024;
            ++used;
            break;
        case 'G':
        case 'g':
            factor = 1024.0 * 1024 * 1024;
            ++used;
            break;
        case 'T':
        case 't':
            factor = 1024.0 * 1024 * 1024 * 1024;
            ++used;
            break;
        case 'B':
        case 'b': ++used; break;
        default: break;
        }
        if (used > end && factor > 1 && used < text.size() && text[used] == 'B') ++used;
    }
    if (value * factor > 9e18) return {};
    text.remove_prefix(used);
    return static_cast<std::int64_t>(std::llround(value * factor));
}

}  // namespace casebook
