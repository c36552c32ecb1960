#include "analyzers/importers/support/json_elements.h"

#include "analyzers/importers/support/source.h"

#include <algorithm>
#include <cstring>

namespace casebook {
namespace {

constexpr std::size_t first_read = std::size_t{1} << 20;
constexpr std::size_t max_frames = 64;
constexpr std::size_t max_oddities = 100;
constexpr int max_keys_looked_at = 64;  // of a document, before it counts as foreign

bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\x1e';  // RS: RFC 7464 text sequences
}

bool contains(std::span<const std::string_view> names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// The start of a document up to the end of its first key, `{"resourceSpans"`; empty when it does not begin so.
std::string_view start_of(std::string_view text)
{
    constexpr std::size_t longest = 48;
    if (!text.starts_with("{\"")) return {};
    const std::size_t end = text.substr(0, longest).find('"', 2);
    if (end == std::string_view::npos || end == 2) return {};
    return text.substr(0, end + 1);
}

}  // namespace

Result<bool> JsonElements::have(std::size_t position)
{
    while (position >= window_.size() && !at_end_) {
        const std::size_t wanted = std::max({first_read, 2 * window_.size(), position + 1});
        const std::size_t before = window_.size();
        TRY_ASSIGN(window_, source_.window(wanted));
        at_end_ = window_.size() <= before;
    }
    return position < window_.size();
}

void JsonElements::advance(std::size_t position)
{
    line_ += std::count(window_.begin() + static_cast<std::ptrdiff_t>(at_),
                        window_.begin() + static_cast<std::ptrdiff_t>(position), '\n');
    at_ = position;
}

void JsonElements::oddity(std::string_view code, std::string_view detail)
{
    if (oddities_.size() < max_oddities) oddities_.push_back({line_, code, std::string(detail)});
}

std::vector<JsonOddity> JsonElements::take_oddities()
{
    return std::exchange(oddities_, {});
}

void JsonElements::cut(std::string_view detail)
{
    oddity("truncated", detail);
    frames_.clear();
}

Result<std::size_t> JsonElements::skip_space(std::size_t position)
{
    for (;; ++position) {
        TRY_ASSIGN(const bool there, have(position));
        if (!there || !is_space(window_[position])) return position;
    }
}

Result<int> JsonElements::peek()
{
    for (;;) {
        std::size_t position = at_;
        while (position < window_.size() && (is_space(window_[position]) || window_[position] == ',')) ++position;
        advance(position);
        if (at_ < window_.size()) return static_cast<unsigned char>(window_[at_]);
        if (at_end_) return -1;
        // Let go of what was passed, so that any amount of white space is read in constant memory.
        source_.consume(at_);
        consumed_ += at_;
        window_ = {};
        at_ = 0;
        TRY_ASSIGN(const bool there, have(0));
        if (!there) return -1;
    }
}

/// A '{' at the start of a line begins a new document when it reads as the last one did, and no value may stand there
/// or objects inside a document never begin that way.
Result<bool> JsonElements::begins_document(std::size_t position, bool in_string)
{
    if (document_start_.empty()) return false;
    TRY_ASSIGN(const bool there, have(position + document_start_.size() - 1));
    if (!there || !window_.substr(position).starts_with(document_start_)) return false;
    const std::string_view key = std::string_view(document_start_).substr(2, document_start_.size() - 3);
    if (in_string || contains(rules_.arrays, key) || contains(rules_.outermost, key)) return true;
    std::size_t before = position;
    while (before > 0 && is_space(window_[before - 1])) --before;
    return before > 0 && window_[before - 1] != '[' && window_[before - 1] != ',' && window_[before - 1] != ':';
}

Result<JsonElements::Extent> JsonElements::extent_of_brackets(std::size_t from, bool pass_over)
{
    Extent extent;
    std::size_t position = from;
    for (;;) {
        const ScanResult result = scan_json(window_.substr(position), extent.scan, true);
        position += result.length;
        extent.end = position;
        if (result.stop == ScanStop::closed) return extent;
        if (result.stop == ScanStop::new_line) {
            TRY_ASSIGN(const bool cut_here, begins_document(position, extent.scan.in_string != 0));
            if (!cut_here) continue;
            extent.complete = false;
            return extent;
        }
        const bool full = position - from > max_buffered_bytes;
        if (pass_over || extent.too_large) {
            // Nobody wants these bytes: let the stream go on. Lines are counted by the scan.
            source_.consume(position);
            consumed_ += position;
            window_ = {};
            at_ = from = position = extent.end = 0;
        }
        TRY_ASSIGN(const bool there, have(position));
        if (!there) {
            extent.complete = false;
            return extent;
        }
        if (full) extent.too_large = true;
    }
}

Result<JsonElements::Extent> JsonElements::extent_of_string(std::size_t from)
{
    Extent extent;
    std::size_t position = from + 1;
    for (;; ++position) {
        TRY_ASSIGN(const bool there, have(position));
        extent.end = position;
        if (!there) break;
        const char c = window_[position];
        if (c == '"') {
            extent.end = position + 1;
            return extent;
        }
        if (c == '\\') {
            ++position;
        } else if (c == '\n') {
            ++extent.scan.newlines;
        }
    }
    extent.end = std::min(extent.end, window_.size());
    extent.complete = false;
    return extent;
}

Result<JsonElements::Extent> JsonElements::extent_of_value(std::size_t from, bool pass_over)
{
    const char first = window_[from];
    if (first == '{' || first == '[') return extent_of_brackets(from, pass_over);
    if (first == '"') return extent_of_string(from);
    Extent extent;
    extent.end = from + 1;  // at least one byte, whatever it is
    for (;; ++extent.end) {
        TRY_ASSIGN(const bool there, have(extent.end));
        if (!there) return extent;
        const char c = window_[extent.end];
        if (is_space(c) || c == ',' || c == ']' || c == '}' || c == '[' || c == '{' || c == '"') return extent;
    }
}

Status JsonElements::pass_value()
{
    TRY_ASSIGN(const Extent extent, extent_of_value(at_, true));
    line_ += static_cast<std::int64_t>(extent.scan.newlines);
    at_ = extent.end;
    if (!extent.complete) cut("a value outside the records ends too early");
    return {};
}

Status JsonElements::pass_line(std::string_view code, std::string_view detail)
{
    TRY_ASSIGN(const bool enough, have(at_ + 40));
    static_cast<void>(enough);
    const std::string_view shown = window_.substr(at_, 40);
    ++broken_lines_;
    oddity(code, std::string(detail) + ": " + std::string(shown.substr(0, shown.find('\n'))));
    for (;;) {
        const std::size_t end = window_.find('\n', at_);
        if (end != std::string_view::npos) {
            advance(end);
            return {};
        }
        source_.consume(window_.size());
        consumed_ += window_.size();
        window_ = {};
        at_ = 0;
        TRY_ASSIGN(const bool there, have(0));
        if (!there) return {};
    }
}

Result<JsonElement> JsonElements::element()
{
    JsonElement element;
    element.line = line_;
    element.offset = consumed_ + at_;
    TRY_ASSIGN(const Extent extent, extent_of_brackets(at_, false));
    element.complete = extent.complete;
    element.too_large = extent.too_large;
    element.backslashes = extent.scan.backslashes != 0;
    element.slack = window_.size() - extent.end;
    if (!extent.too_large) element.text = window_.substr(at_, extent.end - at_);
    line_ += static_cast<std::int64_t>(extent.scan.newlines);
    at_ = extent.end;
    if (!extent.complete) frames_.clear();
    return element;
}

/// Whether the document at at_ is to be walked or is one element itself: its first telling key decides.
Result<JsonElements::Decision> JsonElements::decide()
{
    std::size_t position = at_ + 1;
    for (int keys = 0; keys < max_keys_looked_at; ++keys) {
        for (;;) {
            TRY_ASSIGN(position, skip_space(position));
            if (position >= window_.size() || window_[position] != ',') break;
            ++position;
        }
        if (position >= window_.size() || window_[position] != '"') return Decision::foreign;
        TRY_ASSIGN(const Extent name, extent_of_string(position));
        if (!name.complete) return Decision::foreign;
        const std::string key(window_.substr(position + 1, name.end - position - 2));
        TRY_ASSIGN(position, skip_space(name.end));
        if (position >= window_.size() || window_[position] != ':') return Decision::foreign;
        TRY_ASSIGN(position, skip_space(position + 1));
        if (position >= window_.size()) return Decision::foreign;
        const char first = window_[position];
        if (contains(rules_.whole, key)) return Decision::whole;
        if (first == '[' && contains(rules_.arrays, key)) return Decision::walk;
        if (first == '{' && (contains(rules_.inside, key) || contains(rules_.single, key))) return Decision::walk;
        TRY_ASSIGN(const Extent value, extent_of_value(position, false));
        if (value.too_large) {
            // Passed over while reading on: the document goes on behind it.
            line_ += static_cast<std::int64_t>(value.scan.newlines);
            at_ = value.end;
            return Decision::inside;
        }
        if (!value.complete) return Decision::foreign;
        position = value.end;
    }
    return Decision::foreign;
}

Result<std::optional<JsonElement>> JsonElements::open_document()
{
    ++documents_;
    TRY_ASSIGN(const bool enough, have(at_ + 47));
    static_cast<void>(enough);
    document_start_ = start_of(window_.substr(at_));
    Decision decision = Decision::whole;
    if (!rules_.documents) {
        TRY_ASSIGN(decision, decide());
    }
    switch (decision) {
    case Decision::whole: {
        TRY_ASSIGN(const JsonElement found, element());
        return std::optional<JsonElement>(found);
    }
    case Decision::walk:
        advance(at_ + 1);
        frames_.push_back(Frame::object);
        break;
    case Decision::inside:
        frames_.push_back(Frame::object);
        break;
    case Decision::foreign:
        ++foreign_documents_;
        TRY(pass_value());
        break;
    }
    return std::optional<JsonElement>();
}

/// One key and its value inside an object that is walked; false when it is not that.
Result<bool> JsonElements::member()
{
    TRY_ASSIGN(const Extent name, extent_of_string(at_));
    if (!name.complete) {
        cut("a key ends too early");
        at_ = name.end;
        return true;
    }
    const std::string key(window_.substr(at_ + 1, name.end - at_ - 2));
    TRY_ASSIGN(const std::size_t colon, skip_space(name.end));
    if (colon >= window_.size() || window_[colon] != ':') return false;
    TRY_ASSIGN(const std::size_t value, skip_space(colon + 1));
    advance(value);
    if (value >= window_.size()) return true;  // the end of input is found by the caller
    if (window_[value] == '[' && contains(rules_.arrays, key)) {
        ++at_;
        frames_.push_back(Frame::elements);
        return true;
    }
    if (window_[value] == '{' && contains(rules_.inside, key) && frames_.size() < max_frames) {
        ++at_;
        frames_.push_back(Frame::object);
        return true;
    }
    if (window_[value] == '{' && contains(rules_.single, key) && frames_.size() < max_frames) {
        frames_.push_back(Frame::single);
        return true;
    }
    if (window_[value] == ',' || window_[value] == '}' || window_[value] == ']') return true;
    TRY(pass_value());
    return true;
}

Result<std::optional<JsonElement>> JsonElements::next()
{
    source_.consume(at_);
    consumed_ += at_;
    at_ = 0;
    TRY_ASSIGN(window_, source_.window(1));  // also where a cancel arrives
    at_end_ = false;  // a source may give less than it gave before
    if (consumed_ == 0 && window_.starts_with("\xef\xbb\xbf")) at_ = 3;

    for (;;) {
        TRY_ASSIGN(const int c, peek());
        if (c < 0) {
            if (!frames_.empty()) cut("the input ends inside a document");
            source_.consume(at_);
            consumed_ += at_;
            at_ = 0;
            window_ = {};
            return std::optional<JsonElement>();
        }
        const Frame frame = frames_.empty() ? Frame::documents : frames_.back();
        if (c == '{' && frame != Frame::documents && at_ > 0 && window_[at_ - 1] == '\n') {
            TRY_ASSIGN(const bool new_document, begins_document(at_, false));
            if (new_document) {
                cut("a document ends too early, the next one begins here");
                continue;
            }
        }
        switch (frame) {
        case Frame::documents:
            if (c == '{') {
                TRY_ASSIGN(auto found, open_document());
                if (found) return found;
            } else if (c == '[' && frames_.size() < max_frames) {
                ++at_;
                frames_.push_back(Frame::documents);
            } else if (c == ']' && !frames_.empty()) {
                ++at_;
                frames_.pop_back();
            } else if (frames_.empty() && (c == ']' || c == '}')) {
                ++at_;  // closes what was left behind when a document broke off
            } else if (frames_.empty()) {
                TRY(pass_line("not_json", "a line that is not JSON"));
            } else {
                TRY(pass_value());
            }
            break;
        case Frame::single: {
            frames_.pop_back();
            TRY_ASSIGN(const JsonElement found, element());
            return std::optional<JsonElement>(found);
        }
        case Frame::elements:
            if (c == '{') {
                TRY_ASSIGN(const JsonElement found, element());
                return std::optional<JsonElement>(found);
            }
            if (c == ']' || c == '}') {
                if (c == ']') ++at_;
                frames_.pop_back();
            } else {
                TRY(pass_value());
            }
            break;
        case Frame::object:
            if (c == '}') {
                ++at_;
                frames_.pop_back();
            } else if (c == '"') {
                TRY_ASSIGN(const bool good, member());
                if (!good) {
                    frames_.clear();
                    TRY(pass_line("not_json", "a document is not JSON from here"));
                }
            } else {
                frames_.clear();
                TRY(pass_line("not_json", "a document is not JSON from here"));
            }
            break;
        }
    }
}

}  // namespace casebook
