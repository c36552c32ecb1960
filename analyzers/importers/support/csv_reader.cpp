#include "analyzers/importers/support/csv_reader.h"

#include <algorithm>
#include <cstring>

namespace casebook {
namespace {

constexpr std::size_t first_window = 64u << 10;

std::size_t find_byte(std::string_view text, char byte, std::size_t from)
{
    if (from >= text.size()) return std::string_view::npos;
    const void* found = std::memchr(text.data() + from, byte, text.size() - from);
    return found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) : std::string_view::npos;
}

/// Appends a COPY text cell with its escapes resolved; "\N" alone is NULL and becomes empty.
void append_unescaped(std::string& out, std::string_view cell)
{
    if (cell == "\\N") return;
    for (std::size_t i = 0; i < cell.size(); ++i) {
        if (cell[i] != '\\' || i + 1 == cell.size()) {
            out += cell[i];
            continue;
        }
        switch (cell[++i]) {
        case 'n': out += '\n'; break;
        case 't': out += '\t'; break;
        case 'r': out += '\r'; break;
        case '\\': out += '\\'; break;
        default: out += '\\'; out += cell[i];
        }
    }
}

}  // namespace

/// At an opening quote. Moves behind the cell; false when the quote does not close.
bool CsvRecord::quoted_cell(std::string_view text, std::size_t& at)
{
    const std::size_t begin = unescaped_.size();
    std::size_t i = at + 1;
    bool copied = false;
    std::size_t run = i;
    for (;;) {
        const std::size_t quote = find_byte(text, '"', i);
        if (quote == std::string_view::npos) return false;
        if (quote + 1 < text.size() && text[quote + 1] == '"') {
            unescaped_.append(text, run, quote + 1 - run);
            copied = true;
            i = run = quote + 2;
            continue;
        }
        // Text between the closing quote and the delimiter is no RFC 4180, but nothing is lost by keeping it.
        std::size_t end = quote + 1;
        while (end < text.size() && text[end] != delimiter_ && text[end] != '\n') ++end;
        std::string_view tail = text.substr(quote + 1, end - quote - 1);
        if (!tail.empty() && tail.back() == '\r' && (end == text.size() || text[end] == '\n')) tail.remove_suffix(1);
        if (copied || !tail.empty()) {
            unescaped_.append(text, run, quote - run).append(tail);
            pieces_.push_back({begin, unescaped_.size() - begin, true});
        } else {
            pieces_.push_back({at + 1, quote - at - 1, false});
        }
        at = end;
        return true;
    }
}

void CsvRecord::plain_cell(std::string_view text, std::size_t& at, const CsvDialect& dialect)
{
    std::size_t end = at;
    while (end < text.size() && text[end] != dialect.delimiter && text[end] != '\n') ++end;
    std::size_t size = end - at;
    if (size > 0 && text[end - 1] == '\r' && (end == text.size() || text[end] == '\n')) --size;
    const std::string_view cell = text.substr(at, size);
    if (dialect.escapes && cell.find('\\') != std::string_view::npos) {
        const std::size_t begin = unescaped_.size();
        append_unescaped(unescaped_, cell);
        pieces_.push_back({begin, unescaped_.size() - begin, true});
    } else {
        pieces_.push_back({at, size, false});
    }
    at = end;
}

void CsvRecord::finish(std::string_view text, std::size_t size)
{
    size_ = size;
    line_ends_ = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), '\n');
    cells_.clear();
    for (const Piece& piece : pieces_)
        cells_.push_back((piece.unescaped ? std::string_view(unescaped_) : text).substr(piece.begin, piece.size));
}

CsvRecord::Outcome CsvRecord::parse(std::string_view text, bool at_end, const CsvDialect& dialect, bool multiline)
{
    const auto split_line = [&](std::string_view line, const CsvDialect& how) {
        pieces_.clear();
        unescaped_.clear();
        std::size_t at = 0;
        for (;;) {
            plain_cell(line, at, how);
            if (at >= line.size() || line[at] == '\n') break;
            ++at;
        }
        finish(text, std::min(at + 1, line.size()));
    };

    if (!multiline) {
        const std::size_t line_end = find_byte(text, '\n', 0);
        if (line_end == std::string_view::npos && !at_end) return Outcome::needsMore;
        if (line_end != std::string_view::npos) text = text.substr(0, line_end + 1);
        at_end = true;
    }
    pieces_.clear();
    unescaped_.clear();
    delimiter_ = dialect.delimiter;
    std::size_t at = 0;
    for (;;) {
        if (dialect.quoted && at < text.size() && text[at] == '"') {
            if (!quoted_cell(text, at)) {
                if (!at_end) return Outcome::needsMore;
                const std::size_t line_end = find_byte(text, '\n', 0);
                CsvDialect plain = dialect;
                plain.quoted = false;
                split_line(text.substr(0, line_end == std::string_view::npos ? text.size() : line_end + 1), plain);
                return Outcome::brokenQuote;
            }
        } else {
            plain_cell(text, at, dialect);
        }
        if (at >= text.size()) {
            if (!at_end) return Outcome::needsMore;
            finish(text, text.size());
            return Outcome::complete;
        }
        if (text[at] == '\n') {
            finish(text, at + 1);
            return Outcome::complete;
        }
        ++at;
    }
}

Result<bool> CsvReader::next()
{
    for (;;) {
        std::size_t wanted = first_window;
        std::string_view text;
        CsvRecord::Outcome outcome{};
        for (;;) {
            TRY_ASSIGN(text, source_.window(wanted));
            if (text.empty()) return false;
            if (!started_ && text.substr(0, 3) == "\xEF\xBB\xBF") {
                source_.consume(3);
                started_ = true;
                continue;
            }
            started_ = true;
            // A record larger than the longest line a source gives is taken as one that never ends.
            const bool give_up = text.size() >= Source::max_line_bytes;
            const bool at_end = text.size() < wanted || give_up;
            if (give_up) text = text.substr(0, Source::max_line_bytes);
            outcome = record_.parse(text, at_end, dialect_, broken_quotes_ < max_broken_quotes);
            if (outcome != CsvRecord::Outcome::needsMore) break;
            wanted = std::max(wanted, text.size()) * 2;
        }
        broken_quote_ = outcome == CsvRecord::Outcome::brokenQuote;
        broken_quotes_ += broken_quote_;
        line_ = next_line_;
        next_line_ += record_.line_ends();
        source_.consume(record_.size());
        if (record_.cells().size() == 1 && record_.cells().front().empty()) continue;
        return true;
    }
}

}  // namespace casebook
