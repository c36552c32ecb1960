#include "analyzers/importers/support/explain_blocks.h"

#include "analyzers/core/text.h"
#include "analyzers/importers/support/postgres_log.h"
#include "analyzers/plan/node_names.h"
#include "analyzers/plan/read_plans.h"
#include "analyzers/plan/text_lines.h"
#include "analyzers/plan/text_scan.h"

#include <algorithm>

namespace casebook {

namespace {

constexpr std::size_t max_statement_lines = 10'000;

std::size_t indent_of(std::string_view text)
{
    return std::min(text.find_first_not_of(' '), text.size());
}

// A key of a plan where JSON has its keys: not inside of a string, where its quotes would be escaped.
bool mentions_plan_key(std::string_view text)
{
    for (const std::string_view key : {"\"Plan\"", "\"Node Type\"", "\"Query Text\"", "\"QUERY PLAN\""}) {
        for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
            const std::size_t colon = text.find_first_not_of(" \t\r\n", at + key.size());
            if (colon != std::string_view::npos && text[colon] == ':' && (at == 0 || text[at - 1] != '\\')) return true;
        }
    }
    return false;
}

bool starts_yaml(std::string_view text)
{
    text = trim(text);
    if (text.starts_with("- ")) text = trim(text.substr(2));
    return text == "Plan:" || text.starts_with("Query Text: \"");
}

// "db=# ", "db-> ", "=> ", "# "
std::string_view without_prompt(std::string_view text)
{
    const std::size_t mark = text.find_first_of("#>");
    if (mark == std::string_view::npos || mark + 1 >= text.size() || text[mark + 1] != ' ') return text;
    const std::string_view before = text.substr(0, mark);
    constexpr std::size_t longest_prompt = 80;
    if (mark > longest_prompt || (mark > 0 && before.find_first_of(" ;") != std::string_view::npos)) return text;
    const bool is_prompt = mark == 0 || std::string_view("=-*^!$'\"(").find(before.back()) != std::string_view::npos;
    return is_prompt ? text.substr(mark + 2) : text;
}

std::string_view word_at(std::string_view text)
{
    std::size_t end = 0;
    while (end < text.size() && ((text[end] >= 'a' && text[end] <= 'z') || (text[end] >= 'A' && text[end] <= 'Z'))) ++end;
    return text.substr(0, end);
}

// Takes "EXPLAIN", its options in brackets, "ANALYZE" and "VERBOSE" off the front.
std::string_view without_explain(std::string_view text)
{
    text = trim(text.substr(7));
    if (text.starts_with('(')) {
        const std::size_t close = text.find(')');
        // "explain (select 1)" is a statement in brackets, not a list of options.
        const bool is_query = equals_ignoring_case(word_at(trim(text.substr(1))), "select") ||
                              equals_ignoring_case(word_at(trim(text.substr(1))), "with");
        if (close != std::string_view::npos && !is_query) text = trim(text.substr(close + 1));
    }
    for (const std::string_view option : {"analyze", "analyse", "verbose"}) {
        if (equals_ignoring_case(word_at(text), option)) text = trim(text.substr(word_at(text).size()));
    }
    return text;
}

// Where EXPLAIN begins a statement in this line: at its start or behind a semicolon.
std::size_t explain_in(std::string_view line)
{
    plan::QuoteState state;
    bool at_start = true;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (at_start && line[i] != ' ' && line[i] != '\t') {
            const std::string_view word = word_at(line.substr(i));
            const std::size_t end = i + word.size();
            if (equals_ignoring_case(word, "explain") && end < line.size() && (line[end] == ' ' || line[end] == '(' || line[end] == '\t'))
                return i;
            if (equals_ignoring_case(word, "explain") && end == line.size()) return i;
            at_start = false;
        }
        state.pass(line[i]);
        if (line[i] == ';' && !state.in_quotes()) at_start = true;
    }
    return std::string_view::npos;
}

}  // namespace

ExplainText::ExplainText(std::string_view input) : unframed_(input)
{
    const auto& lines = unframed_.lines();
    std::size_t text_begin = 0;
    for (std::size_t at = 0; at < lines.size();) {
        const std::string_view text = trim(lines[at].text);
        std::size_t next = at;
        if (text.starts_with('[') || text.starts_with('{')) next = take_json(at);
        else if (text.starts_with("<explain") || text.starts_with("<?xml")) next = take_xml(at);
        else if (starts_yaml(text)) next = take_yaml(at);
        if (next == at) {
            ++at;
            continue;
        }
        const ExplainBlock block = blocks_.back();
        blocks_.pop_back();
        take_text(text_begin, at);
        blocks_.push_back(block);
        text_begin = at = next;
    }
    take_text(text_begin, lines.size());
}

void ExplainText::add(plan::Format format, std::size_t begin, std::size_t end)
{
    const auto& lines = unframed_.lines();
    ExplainBlock block;
    block.format = format;
    block.line = lines[begin].line;
    const bool as_is = std::all_of(lines.begin() + static_cast<std::ptrdiff_t>(begin),
                                   lines.begin() + static_cast<std::ptrdiff_t>(end), [](const FramedLine& l) { return l.as_is; });
    if (as_is) {
        const char* first = lines[begin].text.data();
        const char* last = lines[end - 1].text.data() + lines[end - 1].text.size();
        block.text = {first, static_cast<std::size_t>(last - first)};
    } else {
        std::string joined;
        for (std::size_t i = begin; i < end; ++i) {
            joined += lines[i].text;
            joined += '\n';
        }
        joined_.push_back(std::move(joined));
        block.text = joined_.back();
    }
    blocks_.push_back(block);
}

// From a bracket to the one that closes it, or to the next result.
/// The first line from `at` on that mentions a plan's key; the number of lines when there is none. Every line is looked at
/// once, however many places it is asked from.
std::size_t ExplainText::next_plan_key(std::size_t at)
{
    const auto& lines = unframed_.lines();
    for (plan_key_line_ = std::max(plan_key_line_, at); plan_key_line_ < lines.size(); ++plan_key_line_) {
        // A key may be cut in two by a client that broke lines, so lines are looked at in pairs.
        const std::string_view text = lines[plan_key_line_].text;
        const std::string_view before = plan_key_line_ > at ? lines[plan_key_line_ - 1].text : std::string_view();
        std::string pair(before.substr(before.size() - std::min<std::size_t>(before.size(), 200)));
        pair.append(text.substr(0, std::min<std::size_t>(text.size(), 1u << 16)));
        if (mentions_plan_key(pair) || mentions_plan_key(text)) break;
    }
    return plan_key_line_;
}

std::size_t ExplainText::take_json(std::size_t at)
{
    // Prose in brackets is not worth following to the end of a large file.
    constexpr std::size_t most_lines_without_plan = 2'000;
    const std::size_t plan_key = next_plan_key(at);
    const auto& lines = unframed_.lines();
    if (plan_key == lines.size() || plan_key - at > most_lines_without_plan) return at;
    std::int64_t depth = 0;
    bool in_string = false;
    std::size_t end = at;
    for (; end < lines.size(); ++end) {
        const std::string_view text = lines[end].text;
        if (end > at && lines[end].starts_table) break;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (in_string) {
                if (c == '\\') ++i;
                else if (c == '"') in_string = false;
            } else if (c == '"') {
                in_string = true;
            } else if (c == '{' || c == '[') {
                ++depth;
            } else if (c == '}' || c == ']') {
                --depth;
            }
        }
        if (depth <= 0) {
            ++end;
            break;
        }
    }
    if (end <= plan_key) return at;
    add(plan::Format::json, at, end);
    return end;
}

std::size_t ExplainText::take_xml(std::size_t at)
{
    const auto& lines = unframed_.lines();
    std::size_t end = at;
    bool explains = false;
    for (; end < lines.size(); ++end) {
        if (end > at && lines[end].starts_table) break;
        explains = explains || lines[end].text.find("<explain") != std::string_view::npos;
        if (lines[end].text.find("</explain>") != std::string_view::npos) {
            ++end;
            break;
        }
    }
    if (!explains) return at;
    add(plan::Format::xml, at, end);
    return end;
}

std::size_t ExplainText::take_yaml(std::size_t at)
{
    const auto& lines = unframed_.lines();
    const std::size_t indent = indent_of(lines[at].text);
    const bool is_list = trim(lines[at].text).starts_with("- ");
    bool has_plan = false;
    bool has_node = false;
    std::size_t end = at;
    for (; end < lines.size(); ++end) {
        const std::string_view text = lines[end].text;
        const std::string_view content = trim(text);
        if (end > at && (content.empty() || lines[end].starts_table)) break;
        const bool deeper = indent_of(text) > indent;
        const bool is_key = content.find(": ") != std::string_view::npos || content.ends_with(':');
        if (!deeper && (indent_of(text) < indent || !is_key || (is_list && !content.starts_with("- ")))) break;
        has_plan = has_plan || content == "Plan:" || content == "- Plan:";
        has_node = has_node || content.find("Node Type: ") != std::string_view::npos;
    }
    // Other people's YAML has plans too.
    if (!has_plan || !has_node) return at;
    add(plan::Format::yaml, at, end);
    return end;
}

void ExplainText::take_text(std::size_t begin, std::size_t end)
{
    if (begin >= end) return;
    find_statements(begin, end);
    const auto& lines = unframed_.lines();
    // Each result is a block, so that its line number is right; and worth reading when a line has figures of a node,
    // or is a node.
    for (std::size_t at = begin; at < end;) {
        std::size_t stop = at + 1;
        while (stop < end && !lines[stop].starts_table) ++stop;
        const bool has_node = std::any_of(lines.begin() + static_cast<std::ptrdiff_t>(at),
                                          lines.begin() + static_cast<std::ptrdiff_t>(stop), [](const FramedLine& line) {
            return line.text.find("(cost=") != std::string_view::npos || line.text.find("(actual ") != std::string_view::npos ||
                   plan::looks_like_node(line.text);
        });
        if (has_node) add(plan::Format::text, at, stop);
        at = stop;
    }
}

void ExplainText::find_statements(std::size_t begin, std::size_t end)
{
    const auto& lines = unframed_.lines();
    for (std::size_t i = begin; i < end; ++i) {
        const std::string_view line = without_prompt(trim(lines[i].text));
        const std::size_t at = explain_in(line);
        if (at == std::string_view::npos) continue;
        std::string statement;
        plan::QuoteState state;
        const std::int64_t number = lines[i].line;
        std::string_view part = line.substr(at);
        for (std::size_t taken = 0;; ++taken) {
            std::size_t stop = 0;
            for (; stop < part.size(); ++stop) {
                if (part[stop] == ';' && !state.in_quotes()) break;
                state.pass(part[stop]);
            }
            if (!statement.empty()) statement += '\n';
            statement += part.substr(0, stop);
            if (stop < part.size() || i + 1 >= end || taken >= max_statement_lines) break;
            // A statement without a semicolon ends where its result begins.
            std::string_view next = trim(lines[i + 1].text);
            std::string_view head = next;
            if (lines[i + 1].starts_table || next == "QUERY PLAN" || plan::take_figures(head).any()) break;
            if (next.empty() && !state.in_quotes() && state.depth <= 0) break;
            ++i;
            part = without_prompt(lines[i].text);
        }
        statements_.push_back({std::string(trim(without_explain(statement))), number});
    }
}

std::string_view ExplainText::statement_before(std::int64_t line, std::int64_t after) const
{
    const auto next = std::upper_bound(statements_.begin(), statements_.end(), line,
                                       [](std::int64_t number, const ExplainedStatement& s) { return number < s.line; });
    if (next == statements_.begin() || std::prev(next)->line < after) return {};
    return std::prev(next)->query;
}

ExplainProbe probe_explain(std::string_view head)
{
    if (looks_like_postgres_log(head)) return {};
    const ExplainText text(head);
    for (const ExplainBlock& block : text.blocks()) {
        ExplainProbe probe;
        probe.found = true;
        probe.format = block.format;
        if (block.format == plan::Format::text) {
            const auto plans = plan::read_text(block.text);
            if (!plans) continue;
            const plan::Tree& tree = plans->trees.front();
            probe.certain = tree.nodes.front().properties.has("Total Cost") || tree.analyzed() || tree.nodes.size() > 2;
            // A word alone in its line ("Limit", "Result") is no plan.
            if (!probe.certain && tree.nodes.size() < 2 && tree.nodes.front().properties.empty()) continue;
        } else {
            probe.certain = true;
        }
        return probe;
    }
    return {};
}

}  // namespace casebook
