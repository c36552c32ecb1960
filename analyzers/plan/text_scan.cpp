#include "analyzers/plan/text_scan.h"

#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook::plan {

void QuoteState::pass(char c)
{
    if (in_single) {
        if (c == '\'') in_single = false;
    } else if (in_double) {
        if (c == '"') in_double = false;
    } else if (c == '\'') {
        in_single = true;
    } else if (c == '"') {
        in_double = true;
    } else if (c == '(' || c == '[' || c == '{') {
        ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
        --depth;
    }
}

void QuoteState::pass(std::string_view text)
{
    for (const char c : text) pass(c);
}

std::vector<std::string_view> split_list(std::string_view text)
{
    std::vector<std::string_view> items;
    QuoteState state;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        state.pass(text[i]);
        if (text[i] != ',' || state.in_quotes() || state.depth > 0) continue;
        items.push_back(trim(text.substr(begin, i - begin)));
        begin = i + 1;
    }
    const std::string_view last = trim(text.substr(begin));
    if (!last.empty()) items.push_back(last);
    return items;
}

std::size_t find_outside_quotes(std::string_view text, std::string_view part)
{
    QuoteState state;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!state.in_quotes() && state.depth <= 0 && text.substr(i, part.size()) == part) return i;
        state.pass(text[i]);
    }
    return std::string_view::npos;
}

std::string take_identifier(std::string_view& text)
{
    std::string name;
    if (!text.starts_with('"')) {
        const std::size_t end = std::min(text.find_first_of(" ."), text.size());
        name = text.substr(0, end);
        text.remove_prefix(end);
        return name;
    }
    std::size_t i = 1;
    for (; i < text.size(); ++i) {
        if (text[i] == '"') {
            if (i + 1 >= text.size() || text[i + 1] != '"') break;
            ++i;
        }
        name += text[i];
    }
    text.remove_prefix(std::min(i + 1, text.size()));
    return name;
}

std::vector<Pair> split_pairs(std::string_view text)
{
    std::vector<Pair> pairs;
    while (!text.empty()) {
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos) break;
        std::string_view value = text.substr(colon + 1);
        const std::size_t lead = std::min(value.find_first_not_of(' '), value.size());
        value.remove_prefix(lead);
        const std::size_t gap = std::min(value.find("  "), value.size());
        pairs.push_back({trim(text.substr(0, colon)), trim(value.substr(0, gap))});
        text = trim(value.substr(gap));
    }
    return pairs;
}

std::vector<Counter> split_counters(std::string_view text)
{
    std::vector<Counter> counters;
    std::string_view group;
    for (std::string_view word : split(text, ' ')) {
        const bool ends_group = word.ends_with(',');
        if (ends_group) word.remove_suffix(1);
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos) {
            group = word;
        } else {
            counters.push_back({group, word.substr(0, equals), word.substr(equals + 1)});
        }
        if (ends_group) group = {};
    }
    return counters;
}

}  // namespace casebook::plan
