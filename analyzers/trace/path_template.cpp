#include "analyzers/trace/path_template.h"

#include <algorithm>
#include <cstddef>

namespace casebook {

namespace {

constexpr std::size_t longest_word = 40;  // longer segments are titles or tokens, one per thing

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

template <class Predicate>
bool all(std::string_view text, Predicate predicate)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), predicate);
}

/// `shape`: d = digit, h = hex digit, others stand for themselves.
bool matches(std::string_view text, std::string_view shape)
{
    if (text.size() != shape.size())
        return false;
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] == 'd' ? !is_digit(text[i]) : shape[i] == 'h' ? !is_hex(text[i]) : text[i] != shape[i])
            return false;
    return true;
}

bool contains_date(std::string_view text)
{
    constexpr std::string_view shape = "dddd-dd-dd";
    for (std::size_t i = 0; i + shape.size() <= text.size(); ++i)
        if (matches(text.substr(i, shape.size()), shape))
            return true;
    return matches(text, "dddd-dd");
}

bool ends_in_uuid(std::string_view text)
{
    constexpr std::string_view shape = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
    return text.size() >= shape.size() && matches(text.substr(text.size() - shape.size()), shape);
}

/// Digits at the end of the text.
std::size_t trailing_digits(std::string_view text)
{
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[text.size() - 1 - count]))
        ++count;
    return count;
}

/// "u8", "ord393", "sku-1001", "17-blue-shirt"; not "v10", "s3", "q4", "covid-19", "ec2".
bool is_numbered_word(std::string_view text)
{
    const std::size_t digits = trailing_digits(text);
    const std::string_view front = text.substr(0, text.size() - digits);
    const bool is_version = front.size() == 1 && std::string_view("vV").find(front[0]) != std::string_view::npos;
    const bool is_term = front.size() == 1 && digits == 1 && std::string_view("sShHqQ").find(front[0]) != std::string_view::npos;
    if (all(front, is_letter) && !is_version && !is_term && ((digits >= 2 && front.size() <= 3) || (digits == 1 && front.size() == 1)))
        return true;
    if (digits >= 3 && front.size() >= 2 && (front.back() == '-' || front.back() == '_'))
        return true;
    const auto first_other = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
    return first_other >= 2 && first_other < text.size() && (text[first_other] == '-' || text[first_other] == '_');
}

/// Random tokens change between letters and digits more often than words with a number in them ("base64encode").
bool is_mixed_token(std::string_view text)
{
    if (text.size() < 10 || !all(text, [](char c) { return is_digit(c) || is_letter(c) || c == '_' || c == '-' || c == '~'; }))
        return false;
    int changes = 0;
    char last = '\0';
    for (const char c : text)
    {
        if (!is_digit(c) && !is_letter(c))
        {
            last = '\0';
            continue;
        }
        changes += last != '\0' && is_digit(c) != is_digit(last);
        last = c;
    }
    return changes >= 3;
}

}  // namespace

bool is_variable_segment(std::string_view text)
{
    if (text.empty() || std::string_view(":{<[*").find(text.front()) != std::string_view::npos)
        return false;
    if (text.size() > longest_word)
        return true;
    if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c == '\x7f' || c == '%' || c == '@' || c == '='; }))
        return true;  // also bytes above 0x7f, which are negative
    if (all(text, [](char c) { return is_digit(c) || c == '.' || c == ',' || c == '-' || c == ':'; })
        && std::any_of(text.begin(), text.end(), is_digit))
        return true;
    const bool has_digit = std::any_of(text.begin(), text.end(), is_digit);
    return has_digit
           && ((text.size() >= 8 && all(text, is_hex)) || ends_in_uuid(text) || contains_date(text) || is_numbered_word(text)
               || is_mixed_token(text));
}

std::string template_segment(std::string_view segment)
{
    const std::size_t dot = segment.find('.');
    const bool is_number = all(segment, [](char c) { return is_digit(c) || c == '.'; });
    if (dot == std::string_view::npos || is_number || segment.size() > longest_word || segment.find_first_of("%@=") != std::string_view::npos)
        return is_variable_segment(segment) ? ":id" : std::string(segment);
    std::string result;
    for (std::size_t begin = 0; begin <= segment.size();)
    {
        const std::size_t end = std::min(segment.find('.', begin), segment.size());
        const std::string_view part = segment.substr(begin, end - begin);
        const bool is_extension = end == segment.size() && part.size() <= 4 && begin > 0;  // mp3, 7z, woff2
        if (begin > 0)
            result += '.';
        if (!is_extension && is_variable_segment(part))
            result += ":id";
        else
            result += part;
        begin = end + 1;
    }
    return result;
}

}  // namespace casebook
