#pragma once

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/ahead.h"
#include "analyzers/importers/support/json_elements.h"
#include "analyzers/importers/support/json_hollow.h"
#include "analyzers/importers/support/json_parser.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// Elements up to this size are parsed whole; larger, broken or cut ones are taken apart. A collector's batch of 8,192
/// spans has some 6 MB; the parser needs about three times the size, and more for what is all brackets.
inline constexpr std::size_t max_whole_bytes = std::size_t{8} << 20;
/// As much is parsed at once where pieces are small: larger ones are worth a thread that goes ahead.
inline constexpr std::size_t batch_bytes = std::size_t{256} << 10;

/// Reads the records of an array that was taken out of an element, some at a time, and parses those that follow on a
/// thread of its own meanwhile (see Ahead). What does not parse costs that record alone, which is counted as dropped.
/// Lines are counted from `line`, that of the first byte of `items`.
class JsonRecords {
public:
    using Read = std::function<Status(simdjson::dom::object)>;
    /// Told the line before each parsed piece, and whether its text was mended.
    using Place = std::function<void(std::int64_t line, bool mended)>;
    /// Takes apart a record that does not parse whole or is too large; nullptr: it is dropped. True when it did.
    using TakeApart = std::function<Result<bool>(std::string_view record, bool complete, std::int64_t line)>;

    /// `parser` is for what is parsed alone.
    JsonRecords(ImportContext& context, JsonParser& parser)
        : context_(context), parser_(parser), ahead_([this](Batch& batch) { fill(batch); })
    {
    }

    /// Forgets what was dropped before.
    void begin() { dropped_truncated_ = false; }

    Status read(std::string_view items, std::int64_t line, const Place& place, const Read& read,
                const TakeApart& take_apart = nullptr);

    /// A record was dropped because the input breaks off in it.
    bool dropped_truncated() const { return dropped_truncated_; }

private:
    struct Record {
        std::string_view text;
        std::int64_t line = 0;
        bool complete = true;
        bool is_object = true;
        bool in_array = false;
        std::optional<simdjson::dom::object> fields;  // when the array parses
    };
    struct Batch {
        std::optional<JsonParser> parser;
        std::vector<Record> records;
        std::string array;  // of those worth a try
        bool last = false;
        bool hold = false;
    };

    void fill(Batch& batch);
    Status one(const Record& record, const Place& place, const Read& read, const TakeApart& take_apart);

    ImportContext& context_;
    JsonParser& parser_;
    bool dropped_truncated_ = false;
    JsonItems rest_{{}};             // of the array being read
    const char* counted_ = nullptr;  // lines are counted up to here
    std::int64_t line_ = 0;
    Ahead<Batch> ahead_;
};

/// Reports what the splitter met outside elements as notes.
void note_oddities(JsonElements& elements, ImportContext& context);

}  // namespace casebook
