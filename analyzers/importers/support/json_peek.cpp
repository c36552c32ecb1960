#include "analyzers/importers/support/json_peek.h"

namespace casebook {
namespace {

constexpr std::size_t max_bytes = std::size_t{64} << 10;
constexpr std::size_t max_keys = 2000;

bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\x1e';
}

}  // namespace

JsonPeek::JsonPeek(std::string_view head)
{
    head = head.substr(0, max_bytes);
    if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
    std::size_t at = 0;
    while (at < head.size() && is_space(head[at])) ++at;
    if (at >= head.size() || (head[at] != '{' && head[at] != '[')) return;
    first_ = head[at];
    // What follows an opening bracket in JSON; "[options=" of other formats fails here.
    std::size_t next = at + 1;
    while (next < head.size() && is_space(head[next])) ++next;
    if (next < head.size()) {
        const char c = head[next];
        const bool good = first_ == '{' ? c == '"' || c == '}'
                                        : c == '{' || c == '[' || c == ']' || c == '"' || c == '-' ||
                                              (c >= '0' && c <= '9') || c == 't' || c == 'f' || c == 'n';
        if (!good) return;
    }
    is_json_ = true;

    int depth = 0;
    while (at < head.size() && keys_.size() < max_keys) {
        const char c = head[at];
        if (c == '{' || c == '[') {
            ++depth;
            ++at;
        } else if (c == '}' || c == ']') {
            --depth;
            ++at;
        } else if (c == '"') {
            std::size_t end = at + 1;
            while (end < head.size() && head[end] != '"') end += head[end] == '\\' ? 2 : 1;
            if (end >= head.size()) return;
            std::size_t after = end + 1;
            while (after < head.size() && is_space(head[after])) ++after;
            if (after < head.size() && head[after] == ':') {
                do ++after;
                while (after < head.size() && is_space(head[after]));
                keys_.push_back({head.substr(at + 1, end - at - 1), depth, after < head.size() ? head[after] : '\0'});
                at = after;
            } else {
                at = end + 1;
            }
        } else {
            ++at;
        }
    }
}

const JsonPeek::Key* JsonPeek::find(std::string_view name, int max_depth, char value) const
{
    for (const Key& key : keys_)
        if (key.depth <= max_depth && key.name == name && (value == '\0' || key.value == value)) return &key;
    return nullptr;
}

}  // namespace casebook
