#include "analyzers/importers/support/cells.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace casebook {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "1,234,567": groups of three behind one to three digits, all with the same separator.
bool is_grouped(std::string_view text, char separator)
{
    const std::vector<std::string_view> groups = split(text, separator);
    if (groups.size() < 2 || groups.front().empty() || groups.front().size() > 3) return false;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (i > 0 && groups[i].size() != 3) return false;
        if (!std::all_of(groups[i].begin(), groups[i].end(), is_digit)) return false;
    }
    return true;
}

std::string without(std::string_view text, char dropped)
{
    std::string kept;
    for (const char c : text)
        if (c != dropped) kept += c;
    return kept;
}

/// A sign, then the rest; blanks and no-break spaces that group digits are gone.
std::string plain_number(std::string_view cell, bool& negative)
{
    cell = trim(cell);
    negative = cell.starts_with('-');
    if (negative || cell.starts_with('+')) cell.remove_prefix(1);
    std::string text;
    for (std::size_t at = 0; at < cell.size(); ++at) {
        const bool no_break = cell.substr(at, 2) == "\xC2\xA0", narrow = cell.substr(at, 3) == "\xE2\x80\xAF";
        text += no_break || narrow ? ' ' : cell[at];
        at += narrow ? 2 : no_break ? 1 : 0;
    }
    for (const char separator : {' ', '\''})
        if (text.find(separator) != std::string::npos) {
            const std::size_t end = std::min(text.find_first_of(".,"), text.size());
            if (is_grouped(std::string_view(text).substr(0, end), separator)) text = without(text, separator);
        }
    return text;
}

struct UnitName {
    std::string_view name;
    double ms;
};

constexpr std::array<UnitName, 27> unit_names{{
    {"ns", 1e-6},        {"nanos", 1e-6},     {"nanosecond", 1e-6}, {"nanoseconds", 1e-6}, {"us", 1e-3},
    {"\xC2\xB5s", 1e-3}, {"\xCE\xBCs", 1e-3}, {"usec", 1e-3},       {"micros", 1e-3},      {"microseconds", 1e-3},
    {"ms", 1},           {"msec", 1},         {"msecs", 1},         {"millis", 1},         {"millisecond", 1},
    {"milliseconds", 1}, {"s", 1e3},          {"sec", 1e3},         {"secs", 1e3},         {"second", 1e3},
    {"seconds", 1e3},    {"min", 6e4},        {"mins", 6e4},        {"minute", 6e4},       {"minutes", 6e4},
    {"h", 3.6e6},        {"hours", 3.6e6},
}};

/// "hh:mm:ss.ffffff" or "mm:ss.fff".
std::optional<double> clock_ms(std::string_view text)
{
    const std::vector<std::string_view> parts = split(text, ':');
    if (parts.size() < 2 || parts.size() > 3) return {};
    double ms = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool last = i + 1 == parts.size();
        const auto value = last ? cell_double(parts[i], true) : parse_double(parts[i]);
        if (!value || *value < 0 || parts[i].empty() || !is_digit(parts[i].front())) return {};
        ms = ms * 60 + *value;
    }
    return ms * 1000;
}

/// An interval as PostgreSQL prints it: "1 day 02:03:04.5", "-00:00:01", "2 mons 3 days", "@ 4.5 secs ago".
std::optional<double> interval_ms(std::string_view text)
{
    double ms = 0;
    bool any = false, negative = false, has_number = false;
    double number_read = 0;  // waits for its unit
    for (std::string_view word : split(text, ' ')) {
        if (word.empty() || word == "@") continue;
        if (word == "ago") {
            negative = true;
            continue;
        }
        if (has_number) {
            const std::string unit = lower(word);
            std::optional<double> factor = unit_to_ms(unit);
            if (unit.starts_with("hour") || unit == "hr" || unit == "hrs") factor = 3.6e6;
            else if (unit.starts_with("day") || unit == "d") factor = 86.4e6;
            else if (unit.starts_with("week")) factor = 7 * 86.4e6;
            else if (unit.starts_with("mon")) factor = 30 * 86.4e6;
            else if (unit.starts_with("year")) factor = 365.25 * 86.4e6;
            if (!factor) return {};
            ms += number_read * *factor;
            has_number = false;
            any = true;
            continue;
        }
        const bool minus = word.starts_with('-');
        if (word.find(':') != std::string_view::npos) {
            if (minus || word.starts_with('+')) word.remove_prefix(1);
            const auto clock = clock_ms(word);
            if (!clock) return {};
            ms += minus ? -*clock : *clock;
            any = true;
        } else if (const auto number = parse_double(word)) {
            number_read = *number;
            has_number = true;
        } else {
            // "1.5s", "250ms": number and unit in one word.
            const std::size_t unit = word.find_last_of("0123456789") + 1;
            const auto value = parse_double(word.substr(0, unit));
            const auto factor = unit_to_ms(word.substr(unit));
            if (!value || !factor) return {};
            ms += *value * *factor;
            any = true;
        }
    }
    if (!any || has_number) return {};
    return negative ? -ms : ms;
}

/// "P1DT2H3M4.5S" (intervalstyle iso_8601, and java.time.Duration).
std::optional<double> iso_duration_ms(std::string_view text)
{
    if (!text.starts_with('P') || text.size() < 3) return {};
    double ms = 0;
    bool time = false;
    for (std::size_t at = 1; at < text.size();) {
        if (text[at] == 'T') {
            time = true;
            ++at;
            continue;
        }
        const std::size_t unit = text.find_first_not_of("0123456789.,-", at);
        if (unit == std::string_view::npos) return {};
        const auto value = cell_double(text.substr(at, unit - at), true);
        if (!value) return {};
        double factor = 0;
        switch (text[unit]) {
        case 'Y': factor = 365.25 * 86.4e6; break;
        case 'W': factor = 7 * 86.4e6; break;
        case 'D': factor = 86.4e6; break;
        case 'H': factor = 3.6e6; break;
        case 'M': factor = time ? 6e4 : 30 * 86.4e6; break;
        case 'S': factor = 1e3; break;
        default: return {};
        }
        ms += *value * factor;
        at = unit + 1;
    }
    return ms;
}

}  // namespace

std::optional<double> unit_to_ms(std::string_view unit)
{
    const std::string name = lower(trim(unit));
    for (const UnitName& known : unit_names)
        if (known.name == name) return known.ms;
    return {};
}

bool is_null_text(std::string_view cell)
{
    cell = trim(cell);
    if (cell.empty() || cell == "\\N" || cell == "-" || cell == "\xE2\x88\x85" || cell == "\xC2\xA4") return true;
    for (const std::string_view spelling : {"null", "(null)", "<null>", "[null]", "n/a", "nan"})
        if (equals_ignoring_case(cell, spelling)) return true;
    return false;
}

std::optional<std::int64_t> cell_int(std::string_view cell)
{
    if (const auto plain = parse_int(trim(cell))) return plain;
    bool negative = false;
    std::string text = plain_number(cell, negative);
    for (const char separator : {',', '.'})
        if (is_grouped(text, separator)) {
            // "12.000" may be twelve; "1.234" of a counter is a thousand and more. Zeros alone decide for twelve.
            if (separator == '.' && text.substr(text.find('.') + 1).find_first_not_of('0') == std::string::npos &&
                std::count(text.begin(), text.end(), '.') == 1)
                continue;
            text = without(text, separator);
        }
    if (const auto whole = parse_int(text)) return negative ? -*whole : *whole;
    std::replace(text.begin(), text.end(), ',', '.');
    const auto value = parse_double(text);
    if (!value || std::fabs(*value) > 9e15 || std::nearbyint(*value) != *value) return {};
    return static_cast<std::int64_t>(negative ? -*value : *value);
}

std::optional<double> cell_double(std::string_view cell, bool comma_is_decimal)
{
    if (cell.find_first_of(",' \xC2\xE2") == std::string_view::npos) return parse_double(trim(cell));
    bool negative = false;
    std::string text = plain_number(cell, negative);
    const std::size_t comma = text.find_last_of(','), dot = text.find_last_of('.');
    if (comma != std::string::npos && dot != std::string::npos) {
        text = without(text, comma > dot ? '.' : ',');
        std::replace(text.begin(), text.end(), ',', '.');
    } else if (comma != std::string::npos) {
        const bool several = std::count(text.begin(), text.end(), ',') > 1;
        if (is_grouped(text, ',') && (several || (!comma_is_decimal && text.front() != '0'))) text = without(text, ',');
        else std::replace(text.begin(), text.end(), ',', '.');
    }
    const auto value = parse_double(text);
    if (!value) return {};
    return negative ? -*value : *value;
}

std::optional<Quantity> cell_quantity(std::string_view cell, bool comma_is_decimal)
{
    cell = trim(cell);
    std::size_t end = 0;
    while (end < cell.size() &&
           (is_digit(cell[end]) || cell[end] == '.' || cell[end] == ',' || cell[end] == '-' || cell[end] == '+' ||
            ((cell[end] == 'e' || cell[end] == 'E') && end + 1 < cell.size() &&
             (is_digit(cell[end + 1]) || cell[end + 1] == '-' || cell[end + 1] == '+') && end > 0)))
        ++end;
    const auto value = cell_double(cell.substr(0, end), comma_is_decimal);
    if (!value || end == 0) return {};
    const std::string_view unit = trim(cell.substr(end));
    // "04:05" and "1.2.3" are no quantities; neither is "12 angry men".
    if (unit.size() > 16 || unit.find_first_of(":.,-+_") == 0 || std::count(unit.begin(), unit.end(), ' ') > 1)
        return {};
    Quantity quantity{*value, std::string(unit)};
    struct Size {
        std::string_view name;
        double bytes;
    };
    constexpr double k = 1000, ki = 1024;
    constexpr std::array<Size, 15> sizes{{{"B", 1},
                                          {"bytes", 1},
                                          {"kB", k},
                                          {"KB", k},
                                          {"MB", k * k},
                                          {"GB", k * k * k},
                                          {"TB", k * k * k * k},
                                          {"KiB", ki},
                                          {"MiB", ki * ki},
                                          {"GiB", ki * ki * ki},
                                          {"TiB", ki * ki * ki * ki},
                                          {"Ki", ki},
                                          {"Mi", ki * ki},
                                          {"Gi", ki * ki * ki},
                                          {"Ti", ki * ki * ki * ki}}};
    for (const Size& size : sizes)
        if (unit == size.name) quantity = {*value * size.bytes, "By"};
    if (const auto ms = unit_to_ms(unit); ms && !unit.empty()) quantity = {*value * *ms, "ms"};
    return quantity;
}

std::optional<double> cell_ms(std::string_view cell, double to_ms, bool comma_is_decimal)
{
    cell = trim(cell);
    if (cell.empty()) return {};
    if (const auto number = cell_double(cell, comma_is_decimal)) return *number * to_ms;
    auto ms = iso_duration_ms(cell);
    if (!ms) ms = interval_ms(cell);
    // Added up from decimal parts; no clock is finer than a nanosecond.
    if (ms && std::fabs(*ms) < 1e12) ms = std::nearbyint(*ms * 1e6) / 1e6;
    return ms;
}

std::optional<bool> cell_bool(std::string_view cell)
{
    cell = trim(cell);
    for (const std::string_view yes : {"t", "true", "yes", "on", "1", "y"})
        if (equals_ignoring_case(cell, yes)) return true;
    for (const std::string_view no : {"f", "false", "no", "off", "0", "n"})
        if (equals_ignoring_case(cell, no)) return false;
    return {};
}

std::optional<std::int64_t> cell_instant(std::string_view cell)
{
    cell = trim(cell);
    if (const auto at = parse_instant(cell)) return at;
    // Go's time.String(): a zone name behind the offset, then the monotonic reading.
    if (const std::size_t monotonic = cell.find(" m="); monotonic != std::string_view::npos)
        cell = cell.substr(0, monotonic);
    const std::size_t name = cell.find_last_of(' ');
    if (name != std::string_view::npos && name + 1 < cell.size() && cell[name + 1] >= 'A' && cell[name + 1] <= 'Z' &&
        cell.size() > 19) {
        const std::string_view before = cell.substr(0, name);
        const bool has_offset = before.find_last_of("+-") != std::string_view::npos && before.find_last_of("+-") > 10;
        if (has_offset) return parse_instant(before);
    }
    // "2026/11/23 00:00:01" with any zone parse_instant knows.
    if (cell.size() >= 10 && cell[4] == '/' && cell[7] == '/') {
        std::string text(cell);
        text[4] = text[7] = '-';
        return parse_instant(text);
    }
    return {};
}

}  // namespace casebook
