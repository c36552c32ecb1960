#include "analyzers/importers/support/json_repair.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

namespace casebook {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

/// Length of the UTF-8 sequence at the start of `text`, 0 when it is none (RFC 3629, table 3-7 of Unicode).
std::size_t utf8_length(std::string_view text)
{
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first < 0xc2) return 0;
    if (first < 0xe0) return follows(1) ? 2 : 0;
    if (first < 0xf0) {
        if (!follows(1) || !follows(2)) return 0;
        if (first == 0xe0 && byte(1) < 0xa0) return 0;
        if (first == 0xed && byte(1) > 0x9f) return 0;
        return 3;
    }
    if (first > 0xf4 || !follows(1) || !follows(2) || !follows(3)) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return 4;
}

std::optional<unsigned> code_unit(std::string_view escape)  // "\uXXXX"
{
    if (escape.size() < 6 || escape[0] != '\\' || escape[1] != 'u') return std::nullopt;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(escape.data() + 2, escape.data() + 6, value, 16);
    if (error != std::errc() || end != escape.data() + 6) return std::nullopt;
    return value;
}

class Repairer {
public:
    Repairer(std::string_view text, std::string& out) : text_(text), out_(out) {}

    JsonRepair run()
    {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"') {
                string();
            } else if (c == ',') {
                comma();
            } else if (c == '{' || c == '}' || c == '[' || c == ']' || c == ':' || c == ' ' || c == '\n' || c == '\r' ||
                       c == '\t') {
                out_ += c;
                ++at_;
            } else {
                word();
            }
        }
        return done_;
    }

private:
    void string()
    {
        out_ += '"';
        ++at_;
        while (at_ < text_.size() && text_[at_] != '"') {
            const auto c = static_cast<unsigned char>(text_[at_]);
            if (c == '\\') {
                escape();
            } else if (c < 0x20) {
                control(c);
            } else if (c < 0x80) {
                out_ += text_[at_++];
            } else if (const std::size_t length = utf8_length(text_.substr(at_, 4)); length > 0) {
                out_.append(text_, at_, length);
                at_ += length;
            } else {
                replace(1);
            }
        }
        if (at_ < text_.size()) ++at_;
        out_ += '"';
    }

    void replace(std::size_t length)
    {
        out_ += replacement;
        at_ += length;
        done_.text = true;
    }

    void control(unsigned char c)
    {
        if (c == 0) return replace(1);
        static constexpr char hex[] = "0123456789abcdef";
        out_ += "\\u00";
        out_ += hex[c >> 4];
        out_ += hex[c & 15];
        ++at_;
        done_.text = true;
    }

    void escape()
    {
        const std::string_view rest = text_.substr(at_);
        if (rest.size() < 2) return replace(1);
        if (rest[1] == 'u') {
            const auto unit = code_unit(rest);
            if (!unit) return literal_backslash();
            if (*unit >= 0xd800 && *unit < 0xdc00) {
                const auto low = code_unit(rest.substr(6));
                if (!low || *low < 0xdc00 || *low > 0xdfff) return replace(6);
                out_.append(rest, 0, 12);
                at_ += 12;
                return;
            }
            if (*unit == 0 || (*unit >= 0xdc00 && *unit < 0xe000)) return replace(6);
            out_.append(rest, 0, 6);
            at_ += 6;
            return;
        }
        if (std::string_view("\"\\/bfnrt").find(rest[1]) == std::string_view::npos) return literal_backslash();
        out_.append(rest, 0, 2);
        at_ += 2;
    }

    void literal_backslash()
    {
        out_ += "\\\\";
        ++at_;
        done_.text = true;
    }

    void comma()
    {
        std::size_t next = at_ + 1;
        while (next < text_.size() &&
               (text_[next] == ' ' || text_[next] == '\n' || text_[next] == '\r' || text_[next] == '\t'))
            ++next;
        if (next < text_.size() && (text_[next] == ']' || text_[next] == '}')) {
            done_.commas = true;
        } else {
            out_ += ',';
        }
        ++at_;
    }

    /// A number, a literal, or what stands in for one.
    void word()
    {
        const std::size_t end = text_.find_first_of("{}[]:,\" \n\r\t", at_);
        const std::string_view word = text_.substr(at_, end == std::string_view::npos ? end : end - at_);
        at_ += word.size();
        if (word == "true" || word == "false" || word == "null" || is_number(word)) {
            out_ += word;
            return;
        }
        done_.numbers = true;
        out_ += '"';
        for (const char c : word)
            if (static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '\\') out_ += c;
        out_ += '"';
    }

    /// A JSON number that fits 64 bits when it is an integer, and a double otherwise.
    static bool is_number(std::string_view word)
    {
        const char* const end = word.data() + word.size();
        const std::string_view digits = word.starts_with('-') ? word.substr(1) : word;
        if (digits.empty() || digits[0] < '0' || digits[0] > '9') return false;
        if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') return false;
        if (word.find_first_of(".eE") == std::string_view::npos) {
            std::int64_t signed_value = 0;
            std::uint64_t unsigned_value = 0;
            const auto a = std::from_chars(word.data(), end, signed_value);
            if (a.ec == std::errc() && a.ptr == end) return true;
            const auto b = std::from_chars(word.data(), end, unsigned_value);
            return b.ec == std::errc() && b.ptr == end;
        }
        double value = 0;
        const auto [stop, error] = std::from_chars(word.data(), end, value);
        return error == std::errc() && stop == end && std::isfinite(value) && word.back() != '.' &&
               word.find(".e") == std::string_view::npos && word.find(".E") == std::string_view::npos;
    }

    std::string_view text_;
    std::string& out_;
    std::size_t at_ = 0;
    JsonRepair done_;
};

}  // namespace

JsonRepair repair_json(std::string_view text, std::string& out)
{
    out.clear();
    out.reserve(text.size() + text.size() / 8 + 64);
    return Repairer(text, out).run();
}

}  // namespace casebook
