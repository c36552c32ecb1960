#include "analyzers/importers/support/json_objects.h"

#include <algorithm>

namespace casebook {

std::size_t json_object_size(std::string_view text)
{
    std::int64_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        switch (text[i]) {
        case '{': ++depth; break;
        case '}':
            if (--depth == 0) return i + 1;
            break;
        case '"':
            for (++i; i < text.size() && text[i] != '"'; ++i)
                if (text[i] == '\\') ++i;
            break;
        default: break;
        }
    }
    return std::string_view::npos;
}

Result<std::optional<std::string_view>> JsonObjects::next()
{
    cut_ = false;
    for (;;) {
        TRY_ASSIGN(const std::string_view text, source_.window(1));
        if (text.empty()) return std::optional<std::string_view>();
        const std::size_t brace = text.find('{');
        const std::size_t skipped = brace == std::string_view::npos ? text.size() : brace;
        line_at_ += std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(skipped), '\n');
        source_.consume(skipped);
        if (brace != std::string_view::npos) break;
    }
    std::size_t wanted = 64u << 10;
    for (;;) {
        TRY_ASSIGN(std::string_view text, source_.window(wanted));
        const bool over = text.size() >= Source::max_line_bytes;
        const bool at_end = text.size() < wanted;
        if (over) text = text.substr(0, Source::max_line_bytes);
        std::size_t size = json_object_size(text);
        if (size == std::string_view::npos) {
            if (over)
                return fail(Error::Code::limitExceeded, "a JSON object is larger than 64 MiB or never ends",
                            "check that the file is complete");
            if (!at_end) {
                wanted = std::max(wanted, text.size()) * 2;
                continue;
            }
            cut_ = true;
            size = text.size();
        }
        line_ = line_at_;
        line_at_ += std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), '\n');
        source_.consume(size);
        return std::optional<std::string_view>(text.substr(0, size));
    }
}

}  // namespace casebook
