#include "analyzers/plan/plan_tree.h"

#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace casebook::plan {

namespace {

bool is_silent_when_zero(std::string_view key)
{
    if (key.ends_with(" Blocks") || key.starts_with("WAL ") || key.starts_with("Rows Removed by ")) return true;
    if (key.find("I/O ") != std::string_view::npos && key.ends_with(" Time")) return true;
    static constexpr std::array<std::string_view, 7> others{
        "Planned Partitions", "Disk Usage", "Subplans Removed", "Tuples Updated", "Tuples Deleted", "Tuples Skipped",
        "Tuples Inserted"};
    return std::find(others.begin(), others.end(), key) != others.end();
}

bool says_nothing(std::string_view key, std::string_view value)
{
    if (value == "0") return is_silent_when_zero(key);
    if (value == "false" || value == "null" || value == "{}" || value == "[]") return true;
    return key == "Partial Mode" && value == "\"Simple\"";
}

void append_code_point(std::string& out, unsigned code)
{
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | (code >> 18));
        out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
}

unsigned hex4(std::string_view text, std::size_t at)
{
    unsigned code = 0;
    if (at + 4 <= text.size()) std::from_chars(text.data() + at, text.data() + at + 4, code, 16);
    return code;
}

}  // namespace

bool is_silent(std::string_view key, std::string_view json)
{
    return json == "0" && is_silent_when_zero(key);
}

std::string_view name_of(Format format)
{
    switch (format) {
    case Format::text: return "text";
    case Format::json: return "json";
    case Format::yaml: return "yaml";
    case Format::xml: return "xml";
    }
    return "text";
}

void Properties::set(std::string_view key, std::string value)
{
    if (says_nothing(key, value)) return;
    // No EXPLAIN prints this many; input that does must not make this quadratic.
    constexpr std::size_t most_compared = 1000;
    if (all_.size() < most_compared) {
        for (Property& property : all_) {
            if (property.key != key) continue;
            property.value = std::move(value);
            return;
        }
    }
    all_.push_back({std::string(key), std::move(value)});
}

void Properties::set_text(std::string_view key, std::string_view text)
{
    std::string json;
    append_json_string(json, text);
    set(key, std::move(json));
}

void Properties::set_number(std::string_view key, std::string_view spelled)
{
    std::string json;
    append_number(json, spelled);
    set(key, std::move(json));
}

void Properties::set_flag(std::string_view key, bool flag)
{
    set(key, flag ? "true" : "false");
}

void Properties::set_list(std::string_view key, const std::vector<std::string_view>& items)
{
    JsonWriter json;
    json.begin_array();
    for (const std::string_view item : items) json.value(item);
    json.end_array();
    set(key, json.take());
}

const std::string* Properties::find(std::string_view key) const
{
    for (const Property& property : all_) {
        if (property.key == key) return &property.value;
    }
    return nullptr;
}

std::optional<double> Properties::number(std::string_view key) const
{
    const std::string* value = find(key);
    if (!value) return std::nullopt;
    if (value->starts_with('"')) return parse_double(trim(unquote_json(*value)));
    return parse_double(*value);
}

std::optional<std::int64_t> Properties::integer(std::string_view key) const
{
    const std::string* value = find(key);
    if (!value) return std::nullopt;
    if (const auto whole = parse_int(*value)) return whole;
    const auto real = number(key);
    if (!real || std::fabs(*real) > 9.2e18) return std::nullopt;
    return static_cast<std::int64_t>(std::llround(*real));
}

std::string Properties::text(std::string_view key) const
{
    const std::string* value = find(key);
    return value ? unquote_json(*value) : std::string();
}

void Properties::remove(std::string_view key)
{
    all_.erase(std::remove_if(all_.begin(), all_.end(), [&](const Property& p) { return p.key == key; }), all_.end());
}

bool Tree::analyzed() const
{
    return std::any_of(nodes.begin(), nodes.end(), [](const Node& node) { return node.properties.has("Actual Loops"); });
}

bool Tree::timed() const
{
    return std::any_of(nodes.begin(), nodes.end(),
                       [](const Node& node) { return node.properties.has("Actual Total Time"); });
}

std::vector<int> subtree_ends(const Tree& tree)
{
    const int count = static_cast<int>(tree.nodes.size());
    std::vector<int> ends(tree.nodes.size());
    for (int i = count - 1; i >= 0; --i) {
        const auto at = static_cast<std::size_t>(i);
        ends[at] = std::max(ends[at], i + 1);
        const int parent = tree.nodes[at].parent;
        if (parent >= 0) {
            const auto above = static_cast<std::size_t>(parent);
            ends[above] = std::max(ends[above], ends[at]);
        }
    }
    return ends;
}

void append_number(std::string& json, std::string_view spelled)
{
    spelled = trim(spelled);
    if (spelled.starts_with('+')) spelled.remove_prefix(1);
    if (const auto whole = parse_int(spelled)) {
        json += std::to_string(*whole);
        return;
    }
    const auto real = parse_double(spelled);
    if (!real) {
        append_json_string(json, spelled);
        return;
    }
    if (std::fabs(*real) < 9e15 && *real == std::floor(*real)) {
        json += std::to_string(static_cast<std::int64_t>(*real));
        return;
    }
    std::array<char, 40> buffer{};
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *real);
    if (error == std::errc()) json.append(buffer.data(), end);
}

std::string unquote_json(std::string_view json)
{
    if (json.size() < 2 || json.front() != '"' || json.back() != '"') return std::string(json);
    json = json.substr(1, json.size() - 2);
    std::string out;
    out.reserve(json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (json[i] != '\\' || i + 1 == json.size()) {
            out += json[i];
            continue;
        }
        switch (json[++i]) {
        case 'b': out += '\b'; break;
        case 'f': out += '\f'; break;
        case 'n': out += '\n'; break;
        case 'r': out += '\r'; break;
        case 't': out += '\t'; break;
        case 'u': {
            unsigned code = hex4(json, i + 1);
            i += 4;
            if (code >= 0xD800 && code < 0xDC00 && json.substr(i + 1, 2) == "\\u") {
                const unsigned low = hex4(json, i + 3);
                if (low >= 0xDC00 && low < 0xE000) {
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                    i += 6;
                }
            }
            append_code_point(out, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
            break;
        }
        default: out += json[i];
        }
    }
    return out;
}

}  // namespace casebook::plan
