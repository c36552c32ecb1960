#include "analyzers/importers/support/postgres_log.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace casebook {

namespace {

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

// Upper-case word of a severity, also in other languages (bytes above 0x7F are letters then).
bool is_label_char(char c)
{
    return (c >= 'A' && c <= 'Z') || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

bool is_postgres_label(std::string_view label)
{
    static constexpr std::array<std::string_view, 15> labels{"LOG", "ERROR", "FATAL", "PANIC", "WARNING", "NOTICE", "INFO",
        "DEBUG", "DETAIL", "HINT", "QUERY", "CONTEXT", "STATEMENT", "LOCATION", "BACKTRACE"};
    if (label.size() == 6 && label.starts_with("DEBUG") && is_digit(label[5])) return true;
    return std::find(labels.begin(), labels.end(), label) != labels.end();
}

namespace {

/// Hours east of UTC of the abbreviations in PostgreSQL's timezonesets/Default that servers are set to.
std::optional<double> zone_hours(std::string_view name)
{
    struct Zone {
        std::string_view name;
        double hours;
    };
    static constexpr std::array<Zone, 44> zones{{
        {"UTC", 0}, {"GMT", 0}, {"WET", 0}, {"Z", 0}, {"BST", 1}, {"CET", 1}, {"MET", 1}, {"WEST", 1}, {"WAT", 1},
        {"CEST", 2}, {"EET", 2}, {"IST", 2}, {"SAST", 2}, {"CAT", 2}, {"MEST", 2}, {"EEST", 3}, {"IDT", 3}, {"MSK", 3},
        {"EAT", 3}, {"MSD", 4}, {"PKT", 5}, {"ICT", 7}, {"WIB", 7}, {"AWST", 8}, {"HKT", 8}, {"SGT", 8}, {"PHT", 8},
        {"JST", 9}, {"KST", 9}, {"ACST", 9.5}, {"ACDT", 10.5}, {"AEST", 10}, {"AEDT", 11}, {"NZST", 12}, {"NZDT", 13},
        {"BRT", -3}, {"ART", -3}, {"AST", -4}, {"EDT", -4}, {"EST", -5}, {"CDT", -5}, {"CST", -6}, {"MDT", -6},
        {"MST", -7}}};
    static constexpr std::array<Zone, 5> western{{{"PDT", -7}, {"PST", -8}, {"AKDT", -8}, {"AKST", -9}, {"HST", -10}}};
    for (const Zone& zone : zones) {
        if (zone.name == name) return zone.hours;
    }
    for (const Zone& zone : western) {
        if (zone.name == name) return zone.hours;
    }
    return std::nullopt;
}

// Length of "2026-11-23 00:30:53" with a fraction, at the beginning of the text; 0 when there is none.
std::size_t date_time_size(std::string_view text)
{
    constexpr std::string_view shape = "dddd-dd-dd dd:dd:dd";
    if (text.size() < shape.size()) return 0;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const bool fits = shape[i] == 'd' ? is_digit(text[i]) : shape[i] == ' ' ? text[i] == ' ' || text[i] == 'T' : text[i] == shape[i];
        if (!fits) return 0;
    }
    std::size_t size = shape.size();
    if (size + 1 < text.size() && (text[size] == '.' || text[size] == ',') && is_digit(text[size + 1])) {
        ++size;
        while (size < text.size() && is_digit(text[size])) ++size;
    }
    return size;
}

// "key=value" and "key:value" as log_line_prefix often has them.
std::string_view value_of(std::string_view prefix, std::initializer_list<std::string_view> keys)
{
    for (const std::string_view key : keys) {
        for (std::size_t at = prefix.find(key); at != std::string_view::npos; at = prefix.find(key, at + 1)) {
            if (at > 0 && is_word(prefix[at - 1])) continue;
            const std::size_t sign = at + key.size();
            if (sign >= prefix.size() || (prefix[sign] != '=' && prefix[sign] != ':')) continue;
            const std::string_view rest = prefix.substr(sign + 1);
            return rest.substr(0, rest.find_first_of(" ,;|]\t"));
        }
    }
    return {};
}

std::string_view between(std::string_view text, std::size_t begin, bool (*keep)(char))
{
    std::size_t end = begin;
    while (end < text.size() && keep(text[end])) ++end;
    return text.substr(begin, end - begin);
}

}  // namespace

std::string PostgresMessage::whole() const
{
    if (details.empty()) return text;
    return text + "\n" + details;
}

PostgresLogLine cut_postgres_line(std::string_view line)
{
    PostgresLogLine cut;
    // What syslog makes of it: "... postgres[12]: [5-2] #011continued".
    const std::size_t bracket = line.find("]: [");
    if (bracket != std::string_view::npos && bracket < 200) {
        std::size_t at = bracket + 4;
        const std::string_view entry = between(line, at, is_digit);
        at += entry.size();
        if (!entry.empty() && at < line.size() && line[at] == '-') {
            const std::string_view part = between(line, at + 1, is_digit);
            const std::size_t close = at + 1 + part.size();
            if (!part.empty() && line.substr(close).starts_with("] ") && part != "1") {
                cut.continues = true;
                cut.text = line.substr(close + 2);
                cut.same_line = !cut.text.starts_with("#011");
                if (!cut.same_line) cut.text.remove_prefix(4);
                return cut;
            }
        }
    }
    if (line.starts_with('\t')) {
        cut.continues = true;
        cut.text = line.substr(1);
        return cut;
    }
    // The first upper-case word followed by a colon and two spaces; prefixes have single ones.
    constexpr std::size_t longest_prefix = 1000;
    constexpr std::size_t longest_label = 40;
    const std::string_view head = line.substr(0, longest_prefix);
    for (std::size_t at = head.find(":  "); at != std::string_view::npos; at = head.find(":  ", at + 1)) {
        std::size_t begin = at;
        while (begin > 0 && is_label_char(line[begin - 1])) --begin;
        const std::string_view label = line.substr(begin, at - begin);
        if (label.size() < 2 || label.size() > longest_label || is_digit(label.front())) continue;
        if (begin > 0 && is_word(line[begin - 1])) continue;
        cut.prefix = line.substr(0, begin);
        cut.label = label;
        cut.text = line.substr(at + 3);
        return cut;
    }
    cut.text = line;
    return cut;
}

bool is_postgres_detail(std::string_view label)
{
    static constexpr std::array<std::string_view, 7> labels{"DETAIL", "HINT", "QUERY", "CONTEXT", "STATEMENT", "LOCATION", "BACKTRACE"};
    return std::find(labels.begin(), labels.end(), label) != labels.end();
}

std::optional<std::int64_t> postgres_log_time(std::string_view text, bool& guessed)
{
    const std::size_t size = date_time_size(text);
    if (size == 0) return std::nullopt;
    const std::string_view stamp = text.substr(0, size);
    std::string_view zone = text.substr(size);
    if (zone.starts_with(' ')) zone.remove_prefix(1);
    if (!zone.empty() && (zone.front() == '+' || zone.front() == '-')) {
        const auto offset = [](char c) { return is_digit(c) || c == ':' || c == '+' || c == '-'; };
        const std::string_view digits = between(zone, 0, offset);
        if (const auto at = parse_instant(std::string(stamp) + std::string(digits))) return at;
    }
    const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    const std::string_view name = between(zone, 0, letter);
    const auto utc = parse_instant(std::string(stamp) + "Z");
    if (!utc || name.empty()) return utc;
    const auto hours = zone_hours(name);
    if (!hours) {
        guessed = true;
        return utc;
    }
    constexpr double ns_per_hour = 3.6e12;
    return *utc - static_cast<std::int64_t>(*hours * ns_per_hour);
}

void read_postgres_prefix(std::string_view prefix, PostgresMessage& message)
{
    for (std::size_t i = 0; i < prefix.size(); ++i) {
        const char c = prefix[i];
        if (!is_digit(c) || (i > 0 && (is_word(prefix[i - 1]) || prefix[i - 1] == '.'))) continue;
        if (!message.at_ns && date_time_size(prefix.substr(i)) > 0) {
            message.at_ns = postgres_log_time(prefix.substr(i), message.guessed_zone);
            i += date_time_size(prefix.substr(i));
            continue;
        }
        const std::string_view number = between(prefix, i, is_digit);
        const std::size_t end = i + number.size();
        const bool has_fraction = end < prefix.size() && prefix[end] == '.';
        // %n: seconds of the epoch with milliseconds.
        if (!message.at_ns && number.size() == 10 && has_fraction) {
            const std::string_view fraction = between(prefix, end + 1, is_digit);
            message.at_ns = parse_instant(std::string(number) + "." + std::string(fraction));
            i = end + fraction.size();
            continue;
        }
        // %Q: 64 bits of hash, which hardly ever has fewer than 13 digits; nothing else in a prefix has as many.
        if (number.size() >= 13 && number.size() <= 19 && !has_fraction && (end == prefix.size() || !is_word(prefix[end]))) {
            const bool negative = i > 0 && prefix[i - 1] == '-' && (i == 1 || !is_word(prefix[i - 2]));
            message.query_id = (negative ? "-" : "") + std::string(number);
        }
        // %p usually stands in brackets: "[123]", "[123-4]".
        if (message.pid.empty() && i > 0 && prefix[i - 1] == '[' && end < prefix.size() && (prefix[end] == ']' || prefix[end] == '-'))
            message.pid = number;
        i = end;
    }
    message.user = value_of(prefix, {"user", "usr", "u"});
    message.database = value_of(prefix, {"db", "database", "dbname", "d"});
    message.application = value_of(prefix, {"application_name", "application", "app", "a"});
    if (message.pid.empty()) message.pid = value_of(prefix, {"pid"});
    const std::size_t at = prefix.find('@');
    if (message.user.empty() && message.database.empty() && at != std::string_view::npos) {
        std::size_t begin = at;
        while (begin > 0 && (is_word(prefix[begin - 1]) || prefix[begin - 1] == '-' || prefix[begin - 1] == '.')) --begin;
        std::size_t end = at + 1;
        while (end < prefix.size() && (is_word(prefix[end]) || prefix[end] == '-' || prefix[end] == '.')) ++end;
        message.user = prefix.substr(begin, at - begin);
        message.database = prefix.substr(at + 1, end - at - 1);
        if (message.application.empty() && end < prefix.size() && prefix[end] == '/') {
            const std::string_view rest = prefix.substr(end + 1);
            message.application = rest.substr(0, rest.find(' '));
        }
    }
}

std::optional<LoggedPlan> logged_plan(std::string_view message)
{
    const std::size_t line_end = message.find('\n');
    if (line_end == std::string_view::npos) return std::nullopt;
    const std::string_view first = trim(message.substr(0, line_end));
    const std::size_t unit = first.find(" ms  ");
    constexpr std::size_t longest_wording = 60;
    if (unit == std::string_view::npos || !first.ends_with(':') || first.size() > longest_wording + unit) return std::nullopt;
    std::size_t begin = unit;
    while (begin > 0 && (is_digit(first[begin - 1]) || first[begin - 1] == '.')) --begin;
    if (begin == unit) return std::nullopt;
    return LoggedPlan{first.substr(begin, unit - begin), message.substr(line_end + 1)};
}

PostgresLogKind postgres_log_kind(std::string_view head)
{
    constexpr std::size_t lines_to_look_at = 200;
    std::size_t looked_at = 0;
    bool first = true;
    while (!head.empty() && looked_at++ < lines_to_look_at) {
        const std::size_t end = std::min(head.find('\n'), head.size());
        std::string_view line = head.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        head.remove_prefix(std::min(end + 1, head.size()));
        if (trim(line).empty()) continue;
        if (first) {
            first = false;
            if (line.starts_with('{') && line.find("\"error_severity\"") != std::string_view::npos) return PostgresLogKind::json;
            // "time,user,database,pid,...": user and database in quotes, or empty for processes without a session.
            const std::size_t stamp = date_time_size(line);
            const std::size_t comma = line.find(',', stamp);
            const std::string_view rest = comma == std::string_view::npos ? std::string_view() : line.substr(comma + 1);
            if (stamp > 0 && comma < stamp + 12 && (rest.starts_with('"') || rest.starts_with(",,"))) return PostgresLogKind::csv;
        }
        const PostgresLogLine cut = cut_postgres_line(line);
        if (cut.label.empty() || cut.continues) continue;
        PostgresMessage message;
        read_postgres_prefix(cut.prefix, message);
        const bool has_origin = message.at_ns || !message.pid.empty();
        if (is_postgres_label(cut.label) && has_origin) return PostgresLogKind::stderr_text;
        // Without a prefix, or in another language, only auto_explain's own words tell.
        if (logged_plan(std::string(cut.text) + "\n")) return PostgresLogKind::stderr_text;
    }
    return PostgresLogKind::none;
}

}  // namespace casebook
