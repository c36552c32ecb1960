#pragma once

#include "analyzers/core/result.h"
#include "analyzers/importers/support/source.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// How a delimited text is written.
struct CsvDialect {
    char delimiter = ',';
    bool quoted = true;    ///< RFC 4180: "a ""quoted"" cell", which may hold delimiters and line ends
    bool escapes = false;  ///< COPY text: \N is NULL, \n \r \t \\ stand for what they name
};

/// One record of delimited text, cut into cells. Views point into the text or, for cells that were unescaped, into
/// the object's own buffer; both end with the next call of parse().
class CsvRecord {
public:
    enum class Outcome { complete, needsMore, brokenQuote };

    /// Parses the record at the start of `text`; `at_end` says that nothing follows `text`. needsMore: the record
    /// ends after the text. brokenQuote: a quote opened and never closed (or, without `multiline`, not in its line);
    /// the record then is its first line, taken without quotes.
    Outcome parse(std::string_view text, bool at_end, const CsvDialect& dialect, bool multiline = true);

    const std::vector<std::string_view>& cells() const { return cells_; }
    std::size_t size() const { return size_; }             ///< bytes of the record with its line end
    std::int64_t line_ends() const { return line_ends_; }  ///< within those bytes

private:
    struct Piece {
        std::size_t begin, size;
        bool unescaped;
    };

    bool quoted_cell(std::string_view text, std::size_t& at);
    void plain_cell(std::string_view text, std::size_t& at, const CsvDialect& dialect);
    void finish(std::string_view text, std::size_t size);

    std::vector<std::string_view> cells_;
    std::vector<Piece> pieces_;
    std::string unescaped_;
    std::size_t size_ = 0;
    std::int64_t line_ends_ = 0;
    char delimiter_ = ',';
};

/// Streams the records of a source. Lines end with LF or CRLF, a byte order mark is dropped, empty lines are passed
/// over. Linear in the input whatever the quotes do: after a few quotes that never close, cells may no longer span
/// lines.
class CsvReader {
public:
    CsvReader(Source& source, CsvDialect dialect) : source_(source), dialect_(dialect) {}

    /// The next record, false at the end of input. Errors: those of the source.
    Result<bool> next();
    /// Valid until the next call of next().
    const std::vector<std::string_view>& cells() const { return record_.cells(); }
    /// 1-based line on which the record began.
    std::int64_t line() const { return line_; }
    /// The record held a quote that never closed; its cells are those of its first line, taken without quotes.
    bool broken_quote() const { return broken_quote_; }

private:
    static constexpr int max_broken_quotes = 3;

    Source& source_;
    CsvDialect dialect_;
    CsvRecord record_;
    std::int64_t line_ = 0;
    std::int64_t next_line_ = 1;
    int broken_quotes_ = 0;
    bool broken_quote_ = false;
    bool started_ = false;
};

}  // namespace casebook
