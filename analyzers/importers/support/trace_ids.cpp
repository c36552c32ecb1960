#include "analyzers/importers/support/trace_ids.h"

#include "analyzers/core/text.h"

#include <array>

namespace casebook {
namespace {

constexpr unsigned char no_digit = 0xff;

constexpr std::array<unsigned char, 256> hex_values = [] {
    std::array<unsigned char, 256> values{};
    values.fill(no_digit);
    for (int i = 0; i < 10; ++i) values[static_cast<std::size_t>('0' + i)] = static_cast<unsigned char>(i);
    for (int i = 0; i < 6; ++i) {
        values[static_cast<std::size_t>('a' + i)] = static_cast<unsigned char>(10 + i);
        values[static_cast<std::size_t>('A' + i)] = static_cast<unsigned char>(10 + i);
    }
    return values;
}();

/// 16 hex digits; false when one is not.
inline bool hex16(const char* text, std::uint64_t& value)
{
    std::uint64_t result = 0;
    unsigned bad = 0;
    for (int i = 0; i < 16; ++i) {
        const unsigned digit = hex_values[static_cast<unsigned char>(text[i])];
        bad |= digit;
        result = result << 4 | (digit & 15);
    }
    value = result;
    return bad < 16;
}

/// Up to 32 hex digits.
bool hex_any(std::string_view text, TraceId& id)
{
    if (text.empty() || text.size() > 32) return false;
    TraceId result;
    for (const char c : text) {
        const unsigned digit = hex_values[static_cast<unsigned char>(c)];
        if (digit > 15) return false;
        result.high = result.high << 4 | result.low >> 60;
        result.low = result.low << 4 | digit;
    }
    id = result;
    return true;
}

/// A decimal number below 2^128, modulo nothing: false beyond.
bool decimal(std::string_view text, TraceId& id)
{
    if (text.empty() || text.size() > 39) return false;
    unsigned __int128 value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
        const unsigned __int128 next = value * 10 + static_cast<unsigned>(c - '0');
        if (next / 10 != value) return false;
        value = next;
    }
    id = {static_cast<std::uint64_t>(value >> 64), static_cast<std::uint64_t>(value)};
    return true;
}

TraceId hashed(std::string_view text)
{
    const std::uint64_t hash = hash64(text);
    return {mix_ids(hash, 0x7472616365ULL), mix_ids(hash, 0x6964ULL)};  // "trace", "id"
}

TraceId big_endian(std::string_view bytes)
{
    TraceId id;
    for (const char c : bytes) {
        id.high = id.high << 8 | id.low >> 56;
        id.low = id.low << 8 | static_cast<unsigned char>(c);
    }
    return id;
}

/// Every form but plain hex of full length. `size` is the id's length in bytes.
IdForm parse_unusual(std::string_view text, IdStyle style, std::size_t size, TraceId& id)
{
    text = trim(text);
    if (text.empty()) return IdForm::missing;
    if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && hex_any(text.substr(2), id))
        return IdForm::encoded;
    const bool full_length = text.size() == 2 * size || text.size() == 32 || text.size() == 16;
    if (style == IdStyle::hex || full_length) {
        if (hex_any(text, id)) return IdForm::plain;
    } else {
        if (decimal(text, id)) return IdForm::encoded;
    }
    // base64: 24/12 characters hold the bytes, 44/24 their hex text. Hex of 24 or 12 digits has no '=' at its end.
    std::string bytes;
    if (style == IdStyle::otlp && (text.back() == '=' || !hex_any(text, id)) && decode_base64(text, bytes)) {
        if (bytes.size() == size) {
            id = big_endian(bytes);
            return IdForm::encoded;
        }
        if (bytes.size() == 2 * size && hex_any(bytes, id)) return IdForm::encoded;
    }
    if (hex_any(text, id)) return IdForm::plain;  // leading zeros were left out
    id = hashed(text);
    return IdForm::hashed;
}

}  // namespace

IdForm parse_trace_id(std::string_view text, IdStyle style, TraceId& id)
{
    IdForm form = IdForm::plain;
    if (text.size() != 32 || !hex16(text.data(), id.high) || !hex16(text.data() + 16, id.low)) {
        id = {};
        form = parse_unusual(text, style, 16, id);
    }
    return id == TraceId{} ? IdForm::missing : form;
}

IdForm parse_span_id(std::string_view text, IdStyle style, std::uint64_t& id)
{
    IdForm form = IdForm::plain;
    if (text.size() != 16 || !hex16(text.data(), id)) {
        TraceId wide;
        form = parse_unusual(text, style, 8, wide);
        id = wide.low;
    }
    return id == 0 ? IdForm::missing : form;
}

IdForm trace_id_from_bytes(std::string_view bytes, TraceId& id)
{
    if (bytes.size() == 16 || bytes.size() == 8) {
        id = big_endian(bytes);
        return id == TraceId{} ? IdForm::missing : IdForm::plain;
    }
    id = {};
    if (bytes.empty()) return IdForm::missing;
    id = hashed(bytes);
    return IdForm::hashed;
}

IdForm span_id_from_bytes(std::string_view bytes, std::uint64_t& id)
{
    if (bytes.size() == 8) {
        id = big_endian(bytes).low;
        return id == 0 ? IdForm::missing : IdForm::plain;
    }
    id = 0;
    if (bytes.empty()) return IdForm::missing;
    id = hashed(bytes).low;
    return IdForm::hashed;
}

void append_hex(std::string& out, std::uint64_t id)
{
    static constexpr char digits[] = "0123456789abcdef";
    for (int shift = 60; shift >= 0; shift -= 4) out += digits[id >> shift & 15];
}

void append_hex(std::string& out, TraceId id)
{
    append_hex(out, id.high);
    append_hex(out, id.low);
}

std::uint64_t mix_ids(std::uint64_t a, std::uint64_t b)
{
    std::uint64_t x = a + 0x9e3779b97f4a7c15ULL * (b + 1);
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
    x ^= x >> 31;
    return x != 0 ? x : 1;
}

bool decode_base64(std::string_view text, std::string& bytes)
{
    bytes.clear();
    std::size_t padding = 0;
    while (!text.empty() && text.back() == '=' && padding < 2) {
        text.remove_suffix(1);
        ++padding;
    }
    if (text.size() % 4 == 1 || (padding > 0 && (text.size() + padding) % 4 != 0)) return false;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        std::uint32_t value = 0;
        if (c >= 'A' && c <= 'Z') value = static_cast<std::uint32_t>(c - 'A');
        else if (c >= 'a' && c <= 'z') value = static_cast<std::uint32_t>(c - 'a' + 26);
        else if (c >= '0' && c <= '9') value = static_cast<std::uint32_t>(c - '0' + 52);
        else if (c == '+' || c == '-') value = 62;
        else if (c == '/' || c == '_') value = 63;
        else return false;
        bits = bits << 6 | value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(bits >> count & 0xff);
        }
    }
    return true;
}

void append_base64(std::string& out, std::string_view bytes)
{
    static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        count += 8;
        while (count >= 6) {
            count -= 6;
            out += alphabet[bits >> count & 63];
        }
    }
    if (count > 0) out += alphabet[bits << (6 - count) & 63];
    out.append((3 - bytes.size() % 3) % 3, '=');
}

}  // namespace casebook
