#include "analyzers/importers/support/json_hollow.h"

#include "analyzers/importers/support/json_scan.h"

#include <algorithm>

namespace casebook {
namespace {

struct Value {
    std::size_t end = 0;
    bool complete = true;
};

bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::size_t skip_space(std::string_view text, std::size_t at)
{
    while (at < text.size() && is_space(text[at])) ++at;
    return at;
}

Value string_at(std::string_view text, std::size_t at)
{
    for (std::size_t i = at + 1; i < text.size(); ++i) {
        if (text[i] == '"') return {i + 1, true};
        if (text[i] == '\\') ++i;
    }
    return {text.size(), false};
}

Value value_at(std::string_view text, std::size_t at)
{
    if (at >= text.size()) return {text.size(), false};
    if (text[at] == '{' || text[at] == '[') {
        JsonScan scan;
        const ScanResult result = scan_json(text.substr(at), scan, false);
        return {at + result.length, result.stop == ScanStop::closed};
    }
    if (text[at] == '"') return string_at(text, at);
    std::size_t end = at + 1;
    while (end < text.size() && !is_space(text[end]) && text[end] != ',' && text[end] != '}' && text[end] != ']') ++end;
    return {end, end < text.size()};
}

bool contains(std::span<const std::string_view> names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

JsonHollow hollow_json(std::string_view text, std::span<const std::string_view> split,
                       std::span<const std::string_view> inside, std::size_t max_skeleton)
{
    JsonHollow hollow;
    std::string& out = hollow.skeleton;
    std::size_t depth = 1;
    std::size_t at = 1;
    bool first = true;
    out.assign(1, '{');
    while (depth > 0) {
        while (at < text.size() && (is_space(text[at]) || text[at] == ',')) ++at;
        if (at >= text.size()) break;
        if (text[at] == '}') {
            out += '}';
            ++at;
            --depth;
            first = false;
            continue;
        }
        if (text[at] != '"') break;
        const Value name = string_at(text, at);
        const std::size_t colon = skip_space(text, name.end);
        if (!name.complete || colon >= text.size() || text[colon] != ':') break;
        const std::string_view quoted = text.substr(at, name.end - at);
        const std::string_view key = quoted.substr(1, quoted.size() - 2);
        const std::size_t begin = skip_space(text, colon + 1);
        if (begin >= text.size()) break;

        const auto add_key = [&] {
            if (!first) out += ',';
            first = false;
            out += quoted;
            out += ':';
        };
        if (text[begin] == '{' && contains(inside, key) && depth < 8) {
            add_key();
            out += '{';
            ++depth;
            first = true;
            at = begin + 1;
            continue;
        }
        const Value value = value_at(text, begin);
        if (text[begin] == '[' && contains(split, key)) {
            const auto found = std::find(split.begin(), split.end(), key);
            const std::size_t length = value.end - begin - (value.complete ? 2 : 1);
            hollow.arrays.push_back({*found, text.substr(begin + 1, length), value.complete});
            add_key();
            out += "[]";
        } else if (value.complete && out.size() + (value.end - begin) < max_skeleton) {
            add_key();
            out += text.substr(begin, value.end - begin);
        }
        at = value.end;
        if (!value.complete) break;
    }
    hollow.complete = depth == 0;
    out.append(depth, '}');
    return hollow;
}

bool JsonItems::next(Item& item)
{
    std::size_t at = 0;
    while (at < rest_.size() && (is_space(rest_[at]) || rest_[at] == ',')) ++at;
    if (at >= rest_.size()) return false;
    const Value value = value_at(rest_, at);
    item.text = rest_.substr(at, value.end - at);
    item.is_object = rest_[at] == '{';
    item.complete = value.complete || (!item.is_object && rest_[at] != '[' && rest_[at] != '"');
    rest_.remove_prefix(value.end);
    return true;
}

}  // namespace casebook
