#pragma once

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/json_elements.h"
#include "analyzers/importers/support/json_parser.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace casebook {

/// Elements up to this size are parsed whole; larger, broken or cut ones are taken apart. In cache the parser is twice
/// as fast as on tens of megabytes.
inline constexpr std::size_t max_whole_bytes = std::size_t{2} << 20;

/// Reads the records of an array that was taken out of an element, some at a time: what does not parse costs that
/// record alone, which is counted as dropped. Lines are counted from `line`, that of the first byte of `items`.
class JsonRecords {
public:
    using Read = std::function<Status(simdjson::dom::object)>;
    /// Told the line before each parsed piece, and whether its text was mended.
    using Place = std::function<void(std::int64_t line, bool mended)>;
    /// Takes apart a record that does not parse whole or is too large; nullptr: it is dropped. True when it did.
    using TakeApart = std::function<Result<bool>(std::string_view record, bool complete, std::int64_t line)>;

    JsonRecords(ImportContext& context, JsonParser& parser) : context_(context), parser_(parser) {}

    /// Forgets what was dropped before.
    void begin() { dropped_truncated_ = false; }

    Status read(std::string_view items, std::int64_t line, const Place& place, const Read& read,
                const TakeApart& take_apart = nullptr);

    /// A record was dropped because the input breaks off in it.
    bool dropped_truncated() const { return dropped_truncated_; }

private:
    Status flush(const Place& place, const Read& read, const TakeApart& take_apart);
    Status one(std::string_view record, bool complete, std::int64_t line, const Place& place, const Read& read,
               const TakeApart& take_apart);

    struct Pending {
        std::string_view text;
        std::int64_t line;
    };
    ImportContext& context_;
    JsonParser& parser_;
    std::vector<Pending> pending_;
    std::size_t pending_bytes_ = 0;
    std::string batch_;
    bool dropped_truncated_ = false;
};

/// Reports what the splitter met outside elements as notes.
void note_oddities(JsonElements& elements, ImportContext& context);

}  // namespace casebook
