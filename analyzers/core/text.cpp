#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <xxhash.h>

namespace casebook {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Length of the valid UTF-8 sequence at the start of `text`, 0 when there is none (NUL counts as invalid).
std::size_t sequence_length(std::string_view text)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first == 0) return 0;
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xC2 && first <= 0xDF ? 2 : (first & 0xF0) == 0xE0 ? 3 : first >= 0xF0 && first <= 0xF4 ? 4 : 0;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xC0) != 0x80) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
    if (first == 0xED && byte(1) > 0x9F) return 0;  // surrogate
    if (first == 0xF0 && byte(1) < 0x90) return 0;  // overlong
    if (first == 0xF4 && byte(1) > 0x8F) return 0;  // above U+10FFFF
    return length;
}

std::string printed(const char* format, double value)
{
    std::array<char, 64> buffer{};
    const int size = std::snprintf(buffer.data(), buffer.size(), format, value);
    return std::string(buffer.data(), static_cast<std::size_t>(std::max(0, size)));
}

std::string grouped(std::string digits)
{
    const std::size_t start = !digits.empty() && digits.front() == '-' ? 1 : 0;
    std::size_t end = digits.find('.');
    if (end == std::string::npos) end = digits.size();
    for (std::size_t i = end; i > start + 3;) digits.insert(i -= 3, ",");
    return digits;
}

}  // namespace

std::string_view trim(std::string_view text)
{
    const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && space(text.front())) text.remove_prefix(1);
    while (!text.empty() && space(text.back())) text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text)
{
    std::string result(text);
    for (char& c : result) c = lower(c);
    return result;
}

bool equals_ignoring_case(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool contains_ignoring_case(std::string_view text, std::string_view part)
{
    return std::search(text.begin(), text.end(), part.begin(), part.end(), [](char x, char y) { return lower(x) == lower(y); }) != text.end() ||
           part.empty();
}

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator)
{
    std::string result;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) result += separator;
        result += parts[i];
    }
    return result;
}

std::optional<std::int64_t> parse_int(std::string_view text)
{
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
    return value;
}

std::optional<double> parse_double(std::string_view text)
{
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty() || !std::isfinite(value)) return {};
    return value;
}

bool is_clean_utf8(std::string_view text)
{
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string clean_utf8(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) result += "\xEF\xBF\xBD";
        else result += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return result;
}

std::string format_count(std::int64_t value) { return grouped(std::to_string(value)); }

std::string format_number(double value, int significant)
{
    if (!std::isfinite(value)) return value > 0 ? "inf" : value < 0 ? "-inf" : "nan";
    if (value == 0) return "0";
    const int magnitude = static_cast<int>(std::floor(std::log10(std::fabs(value))));
    const int decimals = std::clamp(significant - 1 - magnitude, 0, 12);
    std::array<char, 64> buffer{};
    const int size = std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
    std::string text(buffer.data(), static_cast<std::size_t>(std::clamp(size, 0, 63)));
    if (text.find('.') != std::string::npos) {
        while (text.back() == '0') text.pop_back();
        if (text.back() == '.') text.pop_back();
    }
    return grouped(std::move(text));
}

std::string format_ms(double ms)
{
    const double size = std::fabs(ms);
    if (size == 0) return "0 ms";
    if (size < 0.0995) return printed("%.0f us", ms * 1000);
    if (size < 0.995) return printed("%.2f ms", ms);
    if (size < 99.5) return format_number(ms, 3) + " ms";
    if (size < 999.5) return printed("%.0f ms", ms);
    if (size < 59'950) return format_number(ms / 1000, size < 9'950 ? 2 : 3) + " s";
    const auto seconds = static_cast<std::int64_t>(std::llround(ms / 1000));
    if (size < 3'600'000) return std::to_string(seconds / 60) + " min " + std::to_string(std::abs(seconds % 60)) + " s";
    return grouped(std::to_string(seconds / 3600)) + " h " + std::to_string(std::abs(seconds / 60 % 60)) + " min";
}

std::string format_bytes(double bytes)
{
    static constexpr std::array units{" B", " kB", " MB", " GB", " TB", " PB"};
    std::size_t unit = 0;
    while (std::fabs(bytes) >= 999.5 && unit + 1 < units.size()) { bytes /= 1000; ++unit; }
    return format_number(bytes, unit == 0 ? 3 : 2 + (std::fabs(bytes) >= 100)) + units[unit];
}

std::string format_percent(double share)
{
    const double percent = share * 100;
    return format_number(percent, std::fabs(percent) >= 10 ? (std::fabs(percent) >= 99.5 && std::fabs(percent) < 100 ? 3 : std::fabs(percent) >= 100 ? 3 : 2) : 2) + " %";
}

bool natural_less(std::string_view a, std::string_view b)
{
    std::size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        if (is_digit(a[i]) && is_digit(b[j])) {
            std::size_t end_i = i, end_j = j;
            while (i < a.size() && a[i] == '0') ++i;
            while (j < b.size() && b[j] == '0') ++j;
            end_i = std::max(end_i, i);
            end_j = std::max(end_j, j);
            while (end_i < a.size() && is_digit(a[end_i])) ++end_i;
            while (end_j < b.size() && is_digit(b[end_j])) ++end_j;
            const std::string_view x = a.substr(i, end_i - i), y = b.substr(j, end_j - j);
            if (x.size() != y.size()) return x.size() < y.size();
            if (x != y) return x < y;
            i = end_i;
            j = end_j;
        } else {
            if (a[i] != b[j]) return a[i] < b[j];
            ++i;
            ++j;
        }
    }
    if ((i < a.size()) != (j < b.size())) return j < b.size();
    return a < b;
}

std::uint64_t hash64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string hex64(std::uint64_t value)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string text(16, '0');
    for (int i = 15; i >= 0; --i, value >>= 4) text[static_cast<std::size_t>(i)] = digits[value & 15];
    return text;
}

}  // namespace casebook
