#pragma once

#include "analyzers/core/result.h"
#include "analyzers/importers/support/json_scan.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

class Source;

/// Which objects of a JSON input are its elements.
struct ElementRules {
    std::span<const std::string_view> arrays;  ///< the objects in arrays under these keys are elements
    std::span<const std::string_view> inside;  ///< objects under these keys are looked into for such arrays
    std::span<const std::string_view> whole;   ///< a document that has one of these keys is itself one element
    std::span<const std::string_view> single;  ///< an object directly under one of these keys is an element
    std::span<const std::string_view> outermost;  ///< a first key no nested object begins with (besides `arrays`)
    bool documents = false;                    ///< every document object is an element, without looking at keys
};

/// One object of the input, not yet judged by a parser.
struct JsonElement {
    std::string_view text;      ///< from '{' to '}' when complete; valid until the next call of next()
    std::int64_t line = 0;      ///< 1-based line of its '{'
    std::uint64_t offset = 0;   ///< bytes before its '{' in the input
    bool complete = true;       ///< false: the input, or this document, ends inside it
    bool too_large = false;     ///< could not be held in memory: text is empty, the object was passed over
    bool backslashes = false;   ///< a backslash is in it, so escapes may be
    std::size_t slack = 0;      ///< bytes behind the text that may be read (a parser's padding)
};

/// Something outside elements that is not JSON, or a document that ends too early.
struct JsonOddity {
    std::int64_t line = 0;
    std::string_view code;  ///< "not_json", "truncated"
    std::string detail;
};

/// Splits JSON input into elements without holding a document: one document, lines of documents, arrays of
/// documents, or documents one after the other, compact or pretty-printed. Reads Source windows, so a mapped file is
/// never copied and a stream is buffered for one element at a time.
///
/// A document that breaks off (a writer that died) is noticed when a line begins as the document did; the broken one
/// ends there and the next one is read. Iterative; memory does not grow with the depth of the input.
class JsonElements {
public:
    JsonElements(Source& source, const ElementRules& rules) : source_(source), rules_(rules) {}

    /// The next element, nothing at the end of the input. Errors are those of the source (cancelled, unreadable).
    Result<std::optional<JsonElement>> next();

    /// Oddities met since the last call, at most 100 of them kept.
    std::vector<JsonOddity> take_oddities();
    /// Document objects seen, and those of them that were of no use (no element in sight).
    std::int64_t documents() const { return documents_; }
    std::int64_t foreign_documents() const { return foreign_documents_; }
    /// Input was there, and none of it was a document of use.
    bool nothing_fits() const { return foreign_documents_ == documents_ && (documents_ > 0 || broken_lines_ > 0); }
    /// Levels of arrays around the document of the last element (zipkin: 2 = an array of traces).
    std::size_t depth() const { return frames_.size(); }

    /// A stream's element beyond this many bytes is passed over.
    static constexpr std::size_t max_buffered_bytes = std::size_t{512} << 20;

private:
    enum class Frame : std::uint8_t { documents, elements, single, object };
    enum class Decision { walk, whole, inside, foreign };
    /// Where a value ends, as a position in the window.
    struct Extent {
        std::size_t end = 0;
        bool complete = true;
        bool too_large = false;
        JsonScan scan;
    };

    Result<bool> have(std::size_t position);  // whether a byte is there, reading on if need be
    Result<int> peek();                       // next byte that is no white space or comma; -1 at the end
    Result<std::size_t> skip_space(std::size_t position);
    Result<std::optional<JsonElement>> open_document();
    Result<Decision> decide();
    Result<JsonElement> element();
    Result<bool> member();
    Result<Extent> extent_of_value(std::size_t from, bool pass_over);
    Result<Extent> extent_of_brackets(std::size_t from, bool pass_over);
    Result<Extent> extent_of_string(std::size_t from);
    Status pass_value();
    Status pass_line(std::string_view code, std::string_view detail);
    Result<bool> begins_document(std::size_t position, bool in_string);
    void advance(std::size_t position);  // moves at_ on, counting lines
    void cut(std::string_view detail);
    void oddity(std::string_view code, std::string_view detail);

    Source& source_;
    const ElementRules rules_;
    std::string_view window_;         // what the source has at hand, from the first byte not consumed
    std::size_t at_ = 0;              // position in the window
    std::uint64_t consumed_ = 0;      // bytes before the window
    std::int64_t line_ = 1;           // line of position at_
    bool at_end_ = false;             // the window holds all the rest
    std::vector<Frame> frames_;
    std::string document_start_;      // first bytes of the document read last, to recognise the next one
    std::vector<JsonOddity> oddities_;
    std::int64_t documents_ = 0;
    std::int64_t foreign_documents_ = 0;
    std::int64_t broken_lines_ = 0;
};

}  // namespace casebook
