#include "analyzers/capture/secrets.h"

#include <algorithm>

namespace casebook::capture_detail {

namespace {

constexpr std::string_view mask = "****";

bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string percent_encoded(std::string_view text)
{
    static constexpr char hex[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((is_word(c) && byte < 0x80) || c == '-' || c == '.' || c == '~') {
            out += c;
        } else {
            out += '%';
            out += hex[byte >> 4];
            out += hex[byte & 15];
        }
    }
    return out;
}

std::string replaced(std::string_view text, const std::vector<std::string>& secrets, std::size_t least)
{
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::string* found = nullptr;
        for (const std::string& secret : secrets) {
            if (secret.size() < least || text.compare(at, secret.size(), secret) != 0) continue;
            const std::size_t end = at + secret.size();
            const bool alone = (at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]));
            if (secret.size() >= 4 || alone) {
                found = &secret;
                break;
            }
        }
        if (found) {
            out += mask;
            at += found->size();
        } else {
            out += text[at++];
        }
    }
    return out;
}

constexpr std::size_t least_in_cells = 8;

/// Case-insensitive "password" at `at`, as a word of its own.
bool password_at(std::string_view text, std::size_t at)
{
    static constexpr std::string_view word = "password";
    if (text.size() - at < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i)
        if ((text[at + i] | 0x20) != word[i]) return false;
    return (at == 0 || !is_word(text[at - 1])) && (at + word.size() == text.size() || !is_word(text[at + word.size()]));
}

}  // namespace

void Secrets::add(std::string_view secret)
{
    if (secret.empty()) return;
    for (std::string form : {std::string(secret), percent_encoded(secret)})
        if (std::find(secrets_.begin(), secrets_.end(), form) == secrets_.end()) secrets_.push_back(std::move(form));
    std::stable_sort(secrets_.begin(), secrets_.end(),
                     [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

std::string Secrets::scrub(std::string_view text) const { return replaced(text, secrets_, 1); }

bool Secrets::occurs_in_cell(std::string_view cell) const
{
    return std::any_of(secrets_.begin(), secrets_.end(), [&](const std::string& secret) {
        return secret.size() >= least_in_cells && cell.find(secret) != std::string_view::npos;
    });
}

std::string Secrets::scrub_cell(std::string_view cell) const { return replaced(cell, secrets_, least_in_cells); }

std::string mask_passwords(std::string_view sql)
{
    std::string out;
    out.reserve(sql.size());
    bool quoted = false;
    std::size_t at = 0;
    while (at < sql.size()) {
        if (!password_at(sql, at)) {
            if (sql[at] == '\'') quoted = !quoted;  // a doubled one toggles twice
            out += sql[at++];
            continue;
        }
        out += sql.substr(at, 8);
        at += 8;
        const std::size_t word_end = at;
        while (at < sql.size() && is_blank(sql[at])) ++at;
        const bool assigned = at < sql.size() && sql[at] == '=';
        if (assigned) ++at;
        while (at < sql.size() && is_blank(sql[at])) ++at;
        out += sql.substr(word_end, at - word_end);
        if (quoted) {
            // Inside a literal: a connection string, whose value ends at a blank or with the literal.
            if (!assigned) continue;
            const std::size_t begin = at;
            while (at < sql.size() && !is_blank(sql[at]) && sql[at] != '\'') ++at;
            if (at > begin) out += mask;
            continue;
        }
        if (at < sql.size() && (sql[at] == 'E' || sql[at] == 'e') && at + 1 < sql.size() && sql[at + 1] == '\'') ++at;
        if (at < sql.size() && sql[at] == '\'') {
            for (++at; at < sql.size(); ++at) {
                if (sql[at] == '\\' && at + 1 < sql.size()) ++at;
                else if (sql[at] == '\'' && at + 1 < sql.size() && sql[at + 1] == '\'') ++at;
                else if (sql[at] == '\'') break;
            }
            if (at < sql.size()) ++at;
            (out += '\'') += mask;
            out += '\'';
        } else if (at < sql.size() && sql[at] == '$') {
            // $1 stays; $tag$...$tag$ is a literal.
            const std::size_t second = sql.find('$', at + 1);
            const bool digits = at + 1 < sql.size() && sql[at + 1] >= '0' && sql[at + 1] <= '9';
            if (digits || second == std::string_view::npos) continue;
            const std::string_view tag = sql.substr(at, second + 1 - at);
            const std::size_t end = sql.find(tag, second + 1);
            at = end == std::string_view::npos ? sql.size() : end + tag.size();
            out += mask;
        }
    }
    return out;
}

}  // namespace casebook::capture_detail
