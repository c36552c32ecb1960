#include "analyzers/plan/conditions.h"

#include "analyzers/core/text.h"
#include "analyzers/plan/text_scan.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace casebook::plan {

namespace {

constexpr std::size_t max_condition_bytes = 64u << 10;
constexpr int max_depth = 64;

bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool is_operator(std::string_view word)
{
    return !word.empty() && word.find_first_not_of("+-*/<>=~!@#%^&|`?") == std::string_view::npos;
}

// Takes brackets off that enclose the whole text.
std::string_view without_brackets(std::string_view text)
{
    text = trim(text);
    while (text.size() >= 2 && text.front() == '(' && text.back() == ')') {
        QuoteState state;
        for (std::size_t i = 0; i + 1 < text.size(); ++i) {
            state.pass(text[i]);
            if (state.depth == 0 && !state.in_quotes()) return text;
        }
        text = trim(text.substr(1, text.size() - 2));
    }
    return text;
}

// Words separated by spaces outside of quotes and brackets.
std::vector<std::string_view> words_of(std::string_view text)
{
    std::vector<std::string_view> words;
    QuoteState state;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const bool ends = i == text.size() || (text[i] == ' ' && !state.in_quotes() && state.depth <= 0);
        if (ends) {
            if (i > begin) words.push_back(text.substr(begin, i - begin));
            begin = i + 1;
        } else {
            state.pass(text[i]);
        }
    }
    return words;
}

std::string_view span_of(std::string_view first, std::string_view last)
{
    return {first.data(), static_cast<std::size_t>(last.data() + last.size() - first.data())};
}

struct Column {
    std::string qualifier, column, function, cast;
};

// "status", "o.status", "s.o.status", "\"Odd name\".x": a path of names, printed in lower case unless quoted.
std::optional<Column> column_path(std::string_view text)
{
    Column out;
    std::string_view rest = text;
    std::vector<std::string> parts;
    while (!rest.empty()) {
        const bool quoted = rest.front() == '"';
        const char first = rest.front();
        const bool lower = (first >= 'a' && first <= 'z') || first == '_' || static_cast<unsigned char>(first) >= 0x80;
        if (!quoted && !lower) return std::nullopt;
        if (!quoted) {
            std::size_t end = 0;
            while (end < rest.size() && is_name_char(rest[end])) ++end;
            if (end < rest.size() && rest[end] != '.') return std::nullopt;
        }
        parts.push_back(take_identifier(rest));
        if (rest.empty()) break;
        if (rest.front() != '.') return std::nullopt;
        rest.remove_prefix(1);
    }
    if (parts.empty() || (parts.size() == 1 && (text == "true" || text == "false" || text == "null"))) return std::nullopt;
    out.column = parts.back();
    if (parts.size() > 1) out.qualifier = parts[parts.size() - 2];
    return out;
}

// "x::numeric" outside of quotes and brackets, the last one.
std::size_t cast_at(std::string_view text)
{
    QuoteState state;
    std::size_t found = std::string_view::npos;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!state.in_quotes() && state.depth <= 0 && text.substr(i, 2) == "::") found = i++;
        else state.pass(text[i]);
    }
    return found;
}

// The column an expression is about: itself, cast, inside a function or an operator; none when there are several.
std::optional<Column> column_of(std::string_view text, int depth = 0)
{
    text = without_brackets(text);
    if (text.empty() || depth > max_depth || text.front() == '\'' || text.front() == '$') return std::nullopt;
    if (auto path = column_path(text)) return path;
    const std::vector<std::string_view> words = words_of(text);
    // "x + 1", "data ->> 'k'::text": one column and something without any.
    for (std::size_t i = 1; i + 1 < words.size(); ++i) {
        if (!is_operator(words[i])) continue;
        auto left = column_of(span_of(words.front(), words[i - 1]), depth + 1);
        auto right = column_of(span_of(words[i + 1], words.back()), depth + 1);
        if (left.has_value() == right.has_value()) return std::nullopt;
        Column out = left ? *left : *right;
        if (out.function.empty()) out.function = words[i];
        return out;
    }
    if (const std::size_t cast = cast_at(text); cast != std::string_view::npos && cast > 0) {
        auto inner = column_of(text.substr(0, cast), depth + 1);
        // The innermost cast is the one that hides the column; one around a function does not matter.
        if (inner && inner->cast.empty() && inner->function.empty()) inner->cast = trim(text.substr(cast + 2));
        return inner;
    }
    const std::size_t open = text.find('(');
    if (open == std::string_view::npos || open == 0 || !text.ends_with(')')) return std::nullopt;
    const std::string_view name = text.substr(0, open);
    if (std::any_of(name.begin(), name.end(), [](char c) { return !is_name_char(c) && c != '.' && c != '"'; })) return std::nullopt;
    std::optional<Column> found;
    for (const std::string_view argument : split_list(text.substr(open + 1, text.size() - open - 2))) {
        auto column = column_of(argument, depth + 1);
        if (!column) continue;
        if (found) return std::nullopt;
        found = std::move(column);
    }
    // The outermost name is what people write: lower(btrim(x)) is "lower".
    if (found) found->function = lower(name);
    return found;
}

Against against_of(std::string_view value)
{
    value = without_brackets(value);
    if (value.starts_with('$')) return Against::parameter;
    if (value.find("SubPlan") != std::string_view::npos || value.find("InitPlan") != std::string_view::npos) return Against::expression;
    if (const auto column = column_of(value)) return column->function.empty() ? Against::column : Against::expression;
    // A name is left only where several columns are in it.
    QuoteState state;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const bool in_quotes = state.in_quotes();
        state.pass(value[i]);
        if (!in_quotes && value[i] == '$' && i + 1 < value.size() && value[i + 1] >= '0' && value[i + 1] <= '9') return Against::parameter;
    }
    return Against::constant;
}

std::string mirrored(std::string op)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> pairs{
        {{"<", ">"}, {">", "<"}, {"<=", ">="}, {">=", "<="}}};
    for (const auto& [from, to] : pairs) {
        if (op == from) return std::string(to);
    }
    return op;
}

struct Part {
    std::string_view text;
    bool negated = false;
    bool in_or = false;
    int depth = 0;
};

class Tests {
public:
    std::vector<ColumnTest> run(std::string_view condition, std::size_t& left_out)
    {
        std::vector<Part> pending{{condition.substr(0, max_condition_bytes), false, false, 0}};
        while (!pending.empty()) {
            Part part = pending.back();
            pending.pop_back();
            part.text = without_brackets(part.text);
            if (part.text.empty() || part.depth > max_depth) continue;
            const std::vector<std::string_view> words = words_of(part.text);
            if (words.empty()) continue;
            if (words.front() == "NOT" && words.size() > 1) {
                pending.push_back({span_of(words[1], words.back()), !part.negated, part.in_or, part.depth + 1});
                continue;
            }
            if (split(words, part, pending)) continue;
            const std::size_t before = out_.size();
            leaf(words, part);
            left_out += out_.size() == before;
        }
        return std::move(out_);
    }

private:
    // (a AND b AND c), (a OR b): pushes the parts, last first.
    static bool split(const std::vector<std::string_view>& words, const Part& part, std::vector<Part>& pending)
    {
        for (const std::string_view joint : {"AND", "OR"}) {
            if (std::find(words.begin(), words.end(), joint) == words.end()) continue;
            std::vector<Part> parts;
            std::size_t begin = 0;
            // Negation turns one into the other.
            const bool is_or = (joint == "OR") != part.negated;
            for (std::size_t i = 0; i <= words.size(); ++i) {
                if (i < words.size() && words[i] != joint) continue;
                if (i > begin) parts.push_back({span_of(words[begin], words[i - 1]), part.negated, part.in_or || is_or, part.depth + 1});
                begin = i + 1;
            }
            pending.insert(pending.end(), parts.rbegin(), parts.rend());
            return true;
        }
        return false;
    }

    void leaf(const std::vector<std::string_view>& words, const Part& part)
    {
        for (std::size_t i = 1; i < words.size(); ++i) {
            const std::string_view left = span_of(words.front(), words[i - 1]);
            if (words[i] == "IS") {
                is_test(left, span_of(words[i], words.back()), part);
                return;
            }
            if (!is_operator(words[i]) || i + 1 >= words.size()) continue;
            std::string op(words[i]);
            std::string_view right = span_of(words[i + 1], words.back());
            if (words[i + 1] == "ANY" || words[i + 1] == "ALL") {
                op += " " + std::string(words[i + 1]);
                right = i + 2 < words.size() ? span_of(words[i + 2], words.back()) : std::string_view();
            }
            compare(left, op, right, part);
            return;
        }
        // A flag by itself, or a function that returns one.
        if (auto column = column_of(part.text)) add(std::move(*column), "", {}, Against::constant, part);
    }

    void is_test(std::string_view left, std::string_view test, const Part& part)
    {
        auto column = column_of(left);
        if (!column) return;
        constexpr std::string_view distinct = "IS DISTINCT FROM ";
        if (test.starts_with(distinct)) {
            const std::string_view value = test.substr(distinct.size());
            add(std::move(*column), "IS DISTINCT FROM", value, against_of(value), part);
        } else {
            add(std::move(*column), std::string(test), {}, Against::constant, part);
        }
    }

    void compare(std::string_view left, const std::string& op, std::string_view right, const Part& part)
    {
        if (auto column = column_of(left)) add(std::move(*column), op, without_brackets(right), against_of(right), part);
        if (op.ends_with("ANY") || op.ends_with("ALL")) return;
        if (auto column = column_of(right)) add(std::move(*column), mirrored(op), without_brackets(left), against_of(left), part);
    }

    void add(Column column, std::string op, std::string_view value, Against against, const Part& part)
    {
        ColumnTest test;
        test.qualifier = std::move(column.qualifier);
        test.column = std::move(column.column);
        test.function = std::move(column.function);
        test.cast = std::move(column.cast);
        test.op = std::move(op);
        test.value = value;
        test.against = against;
        test.negated = part.negated;
        test.in_or = part.in_or;
        out_.push_back(std::move(test));
    }

    std::vector<ColumnTest> out_;
};

}  // namespace

std::vector<ColumnTest> column_tests(std::string_view condition, std::size_t* left_out)
{
    std::size_t parts = 0;
    std::vector<ColumnTest> tests = Tests().run(condition, parts);
    if (left_out) *left_out = parts;
    return tests;
}

std::string constant_text(std::string_view value)
{
    value = without_brackets(value);
    const std::size_t cast = cast_at(value);
    if (cast != std::string_view::npos && cast > 0) {
        const std::string_view literal = without_brackets(value.substr(0, cast));
        if (words_of(literal).size() == 1) value = literal;
    }
    if (value.size() < 2 || value.front() != '\'' || value.back() != '\'') return std::string(value);
    std::string out;
    for (std::size_t i = 1; i + 1 < value.size(); ++i) {
        out += value[i];
        if (value[i] == '\'' && i + 2 < value.size() && value[i + 1] == '\'') ++i;
    }
    return out;
}

}  // namespace casebook::plan
