#include "analyzers/core/instant.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace casebook {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Days since 1970-01-01 of a civil date (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
std::int64_t days_from_civil(std::int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
    const auto yoe = static_cast<unsigned>(y - era * 400);
    const unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + static_cast<std::int64_t>(doe) - 719468;
}

/// Reads exactly `count` digits.
std::optional<int> digits(std::string_view& text, int count)
{
    if (text.size() < static_cast<std::size_t>(count)) return {};
    int value = 0;
    for (int i = 0; i < count; ++i) {
        if (!is_digit(text[static_cast<std::size_t>(i)])) return {};
        value = value * 10 + (text[static_cast<std::size_t>(i)] - '0');
    }
    text.remove_prefix(static_cast<std::size_t>(count));
    return value;
}

bool eat(std::string_view& text, char c)
{
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

/// Fraction of a second after its separator, in nanoseconds; digits beyond nine are cut.
std::int64_t fraction_ns(std::string_view& text)
{
    std::int64_t value = 0;
    int count = 0;
    while (!text.empty() && is_digit(text.front())) {
        if (count < 9) { value = value * 10 + (text.front() - '0'); ++count; }
        text.remove_prefix(1);
    }
    for (; count < 9; ++count) value *= 10;
    return value;
}

/// Zone offset in seconds; nothing when the rest is no zone.
std::optional<int> zone_seconds(std::string_view text)
{
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    if (text.empty() || text == "Z" || text == "z" || text == "UTC" || text == "GMT") return 0;
    const int sign = text.front() == '+' ? 1 : text.front() == '-' ? -1 : 0;
    if (sign == 0) return {};
    text.remove_prefix(1);
    const auto hours = digits(text, 2);
    if (!hours || *hours > 15) return {};
    eat(text, ':');
    int minutes = 0;
    if (!text.empty()) {
        const auto m = digits(text, 2);
        if (!m || *m > 59) return {};
        minutes = *m;
    }
    if (!text.empty()) return {};
    return sign * (*hours * 3600 + minutes * 60);
}

std::optional<std::int64_t> from_parts(int y, int mo, int d, int h, int mi, int s, std::int64_t ns, int zone)
{
    constexpr std::array<int, 12> days{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (y < 1678 || y > 2261 || mo < 1 || mo > 12 || d < 1 || d > days[static_cast<std::size_t>(mo) - 1] || h > 24 || mi > 59 || s > 60) return {};
    if (mo == 2 && d == 29 && (y % 4 != 0 || (y % 100 == 0 && y % 400 != 0))) return {};
    const std::int64_t seconds =
        days_from_civil(y, static_cast<unsigned>(mo), static_cast<unsigned>(d)) * 86400 + h * 3600 + mi * 60 + s - zone;
    return seconds * ns_per_s + ns;
}

/// "2026-11-23T01:41:12.5Z" and, with compact = true, "20261123T014112Z".
std::optional<std::int64_t> parse_iso(std::string_view text, bool compact)
{
    const auto y = digits(text, 4);
    if (!y || (!compact && !eat(text, '-'))) return {};
    const auto mo = digits(text, 2);
    if (!mo || (!compact && !eat(text, '-'))) return {};
    const auto d = digits(text, 2);
    if (!d) return {};
    if (text.empty() && !compact) return from_parts(*y, *mo, *d, 0, 0, 0, 0, 0);
    if (!eat(text, 'T') && !eat(text, ' ') && !eat(text, 't') && !(compact && (eat(text, '_') || eat(text, '-')))) return {};
    const auto h = digits(text, 2);
    if (!h || (!compact && !eat(text, ':'))) return {};
    const auto mi = digits(text, 2);
    if (!mi) return {};
    int s = 0;
    std::int64_t ns = 0;
    if (compact || eat(text, ':')) {
        const auto seconds = digits(text, 2);
        if (!seconds) return {};
        s = *seconds;
        if (eat(text, '.') || eat(text, ',')) ns = fraction_ns(text);
    }
    const auto zone = zone_seconds(text);
    if (!zone) return {};
    return from_parts(*y, *mo, *d, h.value(), mi.value(), s, ns, *zone);
}

}  // namespace

std::optional<std::int64_t> instant_from_number(std::int64_t number)
{
    // The magnitudes meet in 2286 (seconds with 10 digits) and 1970-04 (milliseconds with 11).
    const std::uint64_t size = number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    std::int64_t factor = 1;
    if (size < 10'000'000'000ULL) factor = ns_per_s;
    else if (size < 10'000'000'000'000ULL) factor = 1'000'000;
    else if (size < 10'000'000'000'000'000ULL) factor = 1'000;
    std::int64_t result = 0;
    if (__builtin_mul_overflow(number, factor, &result)) return {};
    return result;
}

std::optional<std::int64_t> parse_instant(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
    if (text.size() > 4 && text[4] == '-') return parse_iso(text, false);

    std::int64_t whole = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (error != std::errc() || end == text.data()) return {};
    std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
    if (rest.empty()) return instant_from_number(whole);
    if (!eat(rest, '.')) return {};
    const std::int64_t fraction = fraction_ns(rest);
    if (!rest.empty()) {
        double value = 0;  // 1.478293361271E9
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
        if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || !(value > -9e9 && value < 9e9)) return {};
        return static_cast<std::int64_t>(value * 1e6) * 1000;
    }
    const auto base = instant_from_number(whole);
    if (!base) return {};
    const bool seconds = whole > -10'000'000'000 && whole < 10'000'000'000;
    const std::int64_t extra = seconds ? fraction : whole < 10'000'000'000'000 && whole > -10'000'000'000'000 ? fraction / 1000 : 0;
    return whole < 0 ? *base - extra : *base + extra;
}

std::string format_instant(std::int64_t at_ns)
{
    std::int64_t seconds = at_ns / ns_per_s;
    std::int64_t ns = at_ns % ns_per_s;
    if (ns < 0) { ns += ns_per_s; --seconds; }
    std::int64_t days = seconds / 86400;
    std::int64_t second_of_day = seconds % 86400;
    if (second_of_day < 0) { second_of_day += 86400; --days; }
    // Inverse of days_from_civil.
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const auto doe = static_cast<unsigned>(days - era * 146097);
    const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const unsigned mp = (5 * doy + 2) / 153;
    const unsigned d = doy - (153 * mp + 2) / 5 + 1;
    const unsigned m = mp < 10 ? mp + 3 : mp - 9;
    const std::int64_t y = static_cast<std::int64_t>(yoe) + era * 400 + (m <= 2);

    std::array<char, 48> buffer{};
    int size = std::snprintf(buffer.data(), buffer.size(), "%04lld-%02u-%02uT%02d:%02d:%02d", static_cast<long long>(y), m, d,
                             static_cast<int>(second_of_day / 3600), static_cast<int>(second_of_day / 60 % 60),
                             static_cast<int>(second_of_day % 60));
    std::string text(buffer.data(), static_cast<std::size_t>(size));
    if (ns != 0) {
        const int width = ns % 1'000'000 == 0 ? 3 : ns % 1'000 == 0 ? 6 : 9;
        const std::int64_t shown = width == 3 ? ns / 1'000'000 : width == 6 ? ns / 1'000 : ns;
        size = std::snprintf(buffer.data(), buffer.size(), ".%0*lld", width, static_cast<long long>(shown));
        text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return text + 'Z';
}

std::optional<std::int64_t> instant_in_file_name(std::string_view path)
{
    const std::size_t slash = path.find_last_of('/');
    const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (!is_digit(name[i]) || (i > 0 && is_digit(name[i - 1]))) continue;
        std::size_t end = i;
        while (end < name.size() && name[end] != '.' && name[end] != ' ') ++end;
        const std::string_view rest = name.substr(i, end - i);
        // 20261123T014039Z, 20261123-014039, 2026-11-23T01:40:39Z; a date alone says too little.
        if (rest.size() >= 15)
            if (const auto at = parse_iso(rest.substr(0, rest.size() > 15 && rest[15] == 'Z' ? 16 : 15), true)) return at;
        if (rest.size() >= 19)
            if (const auto at = parse_iso(rest, false)) return at;
    }
    return {};
}

}  // namespace casebook
