#pragma once

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/ahead.h"
#include "analyzers/importers/support/json_elements.h"
#include "analyzers/importers/support/json_parser.h"

#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// An element with what the parser made of it.
struct ParsedElement : JsonElement {
    std::optional<simdjson::dom::object> fields;  ///< not there when it is large, broken or cut; only then is `text`
    bool escaped_nul = false;                     ///< "\u0000" stands in it
    std::vector<JsonOddity> oddities;             ///< met before it
};

/// The elements of a JSON input, split and parsed ahead on a thread of its own while the caller makes rows of those
/// before (see Ahead).
class ParsedElements {
public:
    /// Oddities become notes of the context. `depth` is that of JsonParser.
    ParsedElements(Source& source, const ElementRules& rules, ImportContext& context,
                   std::size_t depth = JsonParser::max_depth);

    /// The next element, nullptr at the end of the input; valid until the next call. Errors are those of the source
    /// (cancelled, unreadable).
    Result<const ParsedElement*> next();
    /// What was met on the way. Only after next() gave nullptr.
    const JsonElements& input() const { return elements_; }

private:
    /// One element, or small ones parsed as one array.
    struct Batch {
        std::optional<JsonParser> parser;
        std::string array;
        std::vector<ParsedElement> elements;
        std::vector<JsonOddity> oddities;  // behind them
        Status status;                     // of the source, behind them
        bool last = false;
        bool hold = false;                 // the text of its element lies where the source has it
    };

    void fill(Batch& batch);
    Status gather(Batch& batch);
    void parse(Batch& batch);
    void note(const std::vector<JsonOddity>& oddities);

    ImportContext& context_;
    const std::size_t depth_;
    JsonElements elements_;
    std::optional<ParsedElement> left_over_;  // split off, and not of the batch before
    JsonParser parser_;                       // of the caller's thread
    Batch* batch_ = nullptr;
    std::size_t index_ = 0;                   // of the next element in it
    Ahead<Batch> ahead_;
};

}  // namespace casebook
