#include "analyzers/importers/support/columns.h"

#include "analyzers/core/text.h"

namespace casebook {
namespace {

/// What may stand in brackets behind a column's name as its unit. Anything else in brackets is part of the name, as in
/// "sum(rate(requests_total[5m]))" or "load (db)".
bool is_unit(std::string_view text)
{
    if (text.empty() || text.size() > 16) return false;
    if (unit_to_ms(text) || text.find_first_of("%/") != std::string_view::npos) return true;
    for (const std::string_view unit :
         {"b",   "by",  "byte", "bytes", "kb",   "mb",      "gb",    "tb",         "kib",   "mib", "gib", "tib",
          "ki",  "mi",  "gi",   "ti",    "kbit", "mbit",    "m",     "millicores", "cores", "ops", "rps", "qps",
          "tps", "rpm", "iops", "count", "1",    "percent", "ratio", "kbps",       "mbps",  "hz"})
        if (equals_ignoring_case(text, unit)) return true;
    return false;
}

}  // namespace

std::string squashed(std::string_view name)
{
    std::string key;
    for (const char c : name) {
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) key += c;
        else if (c >= 'A' && c <= 'Z') key += static_cast<char>(c - 'A' + 'a');
    }
    return key;
}

Columns::Columns(const std::vector<std::string>& names)
{
    for (const std::string& written : names) {
        std::string_view name = trim(written);
        if (name.size() > 1 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
        std::string_view unit;
        const std::size_t open = name.find_last_of("([");
        if (open != std::string_view::npos && open > 0 && (name.back() == ')' || name.back() == ']')) {
            const std::string_view inner = trim(name.substr(open + 1, name.size() - open - 2));
            if (is_unit(inner)) {
                unit = inner;
                name = trim(name.substr(0, open));
            }
        }
        keys_.push_back(squashed(name));
        names_.emplace_back(name);
        units_.emplace_back(unit);
    }
}

std::size_t Columns::find(std::initializer_list<std::string_view> aliases) const
{
    for (const std::string_view alias : aliases) {
        const std::string key = squashed(alias);
        for (std::size_t i = 0; i < keys_.size(); ++i)
            if (keys_[i] == key) return i;
    }
    return TableReader::npos;
}

ScaledColumn Columns::find_duration(std::initializer_list<std::string_view> aliases) const
{
    for (const std::string_view alias : aliases) {
        const std::string key = squashed(alias);
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            if (!keys_[i].starts_with(key)) continue;
            const std::string_view suffix = std::string_view(keys_[i]).substr(key.size());
            if (suffix.empty()) return {i, unit_to_ms(units_[i]).value_or(1)};
            if (const auto factor = unit_to_ms(suffix)) return {i, *factor};
        }
    }
    return {};
}

int Columns::count(std::initializer_list<std::string_view> names) const
{
    int found = 0;
    for (const std::string_view name : names) found += has({name});
    return found;
}

}  // namespace casebook
