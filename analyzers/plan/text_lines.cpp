#include "analyzers/plan/text_lines.h"

#include "analyzers/core/text.h"
#include "analyzers/plan/node_names.h"
#include "analyzers/plan/text_scan.h"

#include <algorithm>
#include <array>

namespace casebook::plan {

namespace {

/// A literal that goes on for more lines than this is taken for a stray quote; and after some of those no literal
/// is believed to span lines, so that quotes without an end cannot make reading quadratic.
constexpr std::size_t max_literal_lines = 10'000;
constexpr int max_stray_quotes = 8;

std::string_view value_after(std::string_view text, std::string_view name)
{
    const std::size_t at = text.find(name);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + name.size());
    return text.substr(0, text.find(' '));
}

void split_range(std::string_view range, std::string_view& first, std::string_view& second)
{
    // Greenplum's clients turn ".." into one character.
    for (const std::string_view dots : {"..", "\u2026"}) {
        const std::size_t at = range.find(dots);
        if (at == std::string_view::npos) continue;
        first = range.substr(0, at);
        second = range.substr(at + dots.size());
        return;
    }
    second = range;
}

bool is_label(std::string_view text)
{
    for (const std::string_view word : {"SubPlan", "InitPlan"}) {
        if (!text.starts_with(word)) continue;
        std::string_view rest = trim(text.substr(word.size()));
        while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') rest.remove_prefix(1);
        rest = trim(rest);
        return rest.empty() || (rest.starts_with('(') && rest.ends_with(')'));
    }
    if (!text.starts_with("CTE ") || text.starts_with("CTE Scan ")) return false;
    std::string_view rest = text.substr(4);
    take_identifier(rest);
    return trim(rest).empty();
}

// "Key: value" or "Key:", the key being a few words that start with a capital.
bool is_property(std::string_view text)
{
    if (text.empty() || text.front() < 'A' || text.front() > 'Z') return false;
    if (text.starts_with("Trigger ")) return text.find(": ") != std::string_view::npos;
    constexpr std::size_t longest_key = 60;
    for (std::size_t i = 0; i < std::min(text.size(), longest_key); ++i) {
        const char c = text[i];
        if (c == ':') return i + 1 == text.size() || text[i + 1] == ' ';
        const bool in_key = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
                            c == '-' || c == '/' || c == '_';
        if (!in_key) return false;
    }
    return false;
}

bool is_target(std::string_view text)
{
    for (const std::string_view start : {"Update on ", "Delete on ", "Insert on ", "Merge on ", "Foreign Update on ",
                                         "Foreign Delete on ", "Foreign Insert on "}) {
        if (text.starts_with(start)) return true;
    }
    return false;
}

/// psql's "(3 rows)", in any language.
bool is_row_count(std::string_view text)
{
    if (text.size() < 5 || text.front() != '(' || text.back() != ')') return false;
    text = text.substr(1, text.size() - 2);
    const std::size_t space = text.find(' ');
    return space != std::string_view::npos && parse_int(text.substr(0, space)) &&
           text.find_first_of("():='", space) == std::string_view::npos;
}

bool is_rule(std::string_view text)
{
    return text.size() >= 3 && text.find_first_not_of("-+ ") == std::string_view::npos &&
           text.find("---") != std::string_view::npos;
}

// A short property of which no part can stand in the next line.
bool is_footer(std::string_view text)
{
    static constexpr std::array<std::string_view, 8> starts{"Planning Time:", "Planning time:", "Execution Time:",
        "Execution time:", "Total runtime:", "Query Identifier:", "Planning:", "JIT:"};
    return std::any_of(starts.begin(), starts.end(), [text](std::string_view s) { return text.starts_with(s); });
}

}  // namespace

NodeFigures take_figures(std::string_view& line)
{
    NodeFigures figures;
    while (true) {
        std::string_view rest = trim(line);
        // A quote or bar may be left over from a client's frame.
        while (rest.ends_with('"') && rest.size() > 1 && rest[rest.size() - 2] == ')') rest.remove_suffix(1);
        if (!rest.ends_with(')')) return figures;
        const std::size_t open = rest.rfind('(');
        if (open == std::string_view::npos) return figures;
        const std::string_view group = rest.substr(open + 1, rest.size() - open - 2);
        if (group.find_first_of(")'\"") != std::string_view::npos) return figures;  // of a literal
        if (group == "never executed") {
            figures.never_executed = true;
        } else if (group.starts_with("actual ")) {
            split_range(value_after(group, "time="), figures.startup_time, figures.total_time);
            figures.actual_rows = value_after(group, "rows=");
            figures.loops = value_after(group, "loops=");
        } else if (group.starts_with("cost=")) {
            split_range(value_after(group, "cost="), figures.startup_cost, figures.total_cost);
            figures.plan_rows = value_after(group, "rows=");
            figures.plan_width = value_after(group, "width=");
        } else if (group.starts_with("slice")) {
            figures.slice = group;
        } else {
            return figures;
        }
        line = rest.substr(0, open);
    }
}

TextLines::TextLines(std::string_view input)
{
    cut(input);
    survey();
    lines_.reserve(raw_.size());
    for (std::size_t at = 0; at < raw_.size();) {
        const std::string_view text = raw_[at].line.substr(raw_[at].lead);
        at = text.starts_with("Query Text:") ? take_query_text(at) : take_line(at);
    }
}

void TextLines::cut(std::string_view input)
{
    for (std::size_t begin = 0; begin < input.size();) {
        const std::size_t end = std::min(input.find('\n', begin), input.size());
        Raw raw;
        raw.line = input.substr(begin, end - begin);
        if (raw.line.ends_with('\r')) raw.line.remove_suffix(1);
        while (raw.lead < raw.line.size() && (raw.line[raw.lead] == ' ' || raw.line[raw.lead] == '\t')) {
            raw.indent = raw.line[raw.lead] == ' ' ? raw.indent + 1 : (raw.indent / 8 + 1) * 8;
            ++raw.lead;
        }
        raw_.push_back(raw);
        begin = end + 1;
    }
}

// Looks at the whole once: have nodes figures, and did a terminal break lines in the middle of some? Literals may hold
// "(cost=" too, but not at the end of a line.
void TextLines::survey()
{
    for (const Raw& raw : raw_) {
        longest_ = std::max(longest_, raw.line.size());
        const std::size_t cost = raw.line.rfind("(cost=");
        const std::size_t actual = raw.line.rfind("(actual ");
        if (cost == std::string_view::npos && actual == std::string_view::npos) continue;
        const std::size_t last = actual == std::string_view::npos || (cost != std::string_view::npos && cost > actual) ? cost : actual;
        // Broken inside of figures, or inside the word that begins the next ones.
        const std::size_t close = raw.line.find(')', last);
        const bool is_broken = close == std::string_view::npos ||
                               (trim(raw.line.substr(close + 1)).starts_with('(') && !raw.line.ends_with(')'));
        std::string_view line = raw.line;
        if (is_broken || take_figures(line).any()) has_figures_ = true;
        if (is_broken) broken_at_ = std::max(broken_at_, raw.line.size());
    }
}

bool TextLines::is_node(std::string_view text) const
{
    if (!has_figures_) return looks_like_node(text);
    std::string_view head = text;
    if (take_figures(head).any()) {
        // "Filter: (x = '(cost=1..2)')" does not end in figures, but "Foo: (actual rows=1)" would.
        return !trim(head).empty() && find_outside_quotes(head, ": ") == std::string_view::npos;
    }
    // The root, broken inside its figures.
    const std::size_t figures = text.find("  (");
    return figures != std::string_view::npos && looks_like_node(text.substr(0, figures));
}

TextLine TextLines::classify(const Raw& raw) const
{
    TextLine line;
    line.number = &raw - raw_.data() + 1;
    line.indent = raw.indent;
    line.text = trim(raw.line.substr(raw.lead));
    if (line.text.empty() || is_row_count(line.text) || is_rule(line.text)) {
        line.kind = TextLine::Kind::blank;
    } else if (line.text.starts_with("->") && (line.text.size() == 2 || line.text[2] == ' ')) {
        line.arrow = true;
        line.text = trim(line.text.substr(2));
        line.kind = TextLine::Kind::node;
    } else if (is_label(line.text)) {
        line.kind = TextLine::Kind::label;
    } else if (is_property(line.text)) {
        line.kind = TextLine::Kind::property;
    } else if (is_target(line.text) && !lines_.empty() && lines_.back().kind != TextLine::Kind::blank &&
               lines_.back().kind != TextLine::Kind::other && lines_.back().kind != TextLine::Kind::queryText) {
        std::string_view head = line.text;
        line.kind = take_figures(head).any() ? TextLine::Kind::node : TextLine::Kind::target;
    } else if (is_node(line.text)) {
        line.kind = TextLine::Kind::node;
    }
    return line;
}

// A node of a plan with figures needs them; a property needs its brackets closed.
bool TextLines::is_complete(const TextLine& line, const QuoteState& state) const
{
    std::string_view text = line.text;
    if (line.kind == TextLine::Kind::node) {
        // Pseudo nodes of Citus have no figures.
        if (!has_figures_ || text == "Task" || text.starts_with("Distributed Subplan ")) return true;
        return take_figures(text).any();
    }
    if (line.kind != TextLine::Kind::property || is_footer(text)) return true;
    return state.depth <= 0 && !text.ends_with(',');
}

// The line in which the literal is closed that is open before line `at`; none when it never is.
std::size_t TextLines::end_of_literal(std::size_t at, QuoteState state)
{
    constexpr std::size_t none = static_cast<std::size_t>(-1);
    if (stray_quotes_ >= max_stray_quotes) return none;
    const std::size_t last = std::min(raw_.size(), at + max_literal_lines);
    for (std::size_t i = at; i < last; ++i) {
        state.pass(raw_[i].line);
        if (!state.in_quotes()) return i;
    }
    ++stray_quotes_;
    return none;
}

std::size_t TextLines::take_line(std::size_t at)
{
    TextLine line = classify(raw_[at]);
    std::size_t next = at + 1;
    if (line.kind != TextLine::Kind::node && line.kind != TextLine::Kind::property) {
        lines_.push_back(line);
        return next;
    }
    // Spaces at the end of a line count only where the line was broken behind them.
    std::string joined;
    std::string_view whole = raw_[at].line.substr(static_cast<std::size_t>(line.text.data() - raw_[at].line.data()));
    QuoteState state;
    state.pass(whole);
    const auto join = [&](bool keep_line_end) {
        if (joined.empty()) joined = whole;
        if (keep_line_end) joined += '\n';
        joined += raw_[next].line;
        state.pass(raw_[next].line);
        line.text = trim(joined);
        ++next;
    };
    bool literal_ends = true;
    while (next < raw_.size()) {
        if (state.in_quotes() && literal_ends) {
            const std::size_t closing = end_of_literal(next, state);
            literal_ends = closing != static_cast<std::size_t>(-1);
            while (literal_ends && next <= closing) join(!was_broken(raw_[next - 1]));
            continue;
        }
        const TextLine following = classify(raw_[next]);
        if (following.kind != TextLine::Kind::other) {
            // What is left of a broken node may look like a root: "0.50..1.2 rows=1 width=4)" never, "le  (cost=..." does.
            const bool rest_of_node = line.kind == TextLine::Kind::node && following.kind == TextLine::Kind::node &&
                                      !following.arrow && !is_complete(line, state);
            if (!rest_of_node) break;
        } else if (is_complete(line, state)) {
            // Broken between two words: only the length tells.
            if (!may_be_broken(raw_[next - 1]) || is_footer(line.text)) break;
        }
        join(false);
    }
    if (!joined.empty()) {
        held_.push_back(std::move(joined));
        line.text = trim(held_.back());
    }
    lines_.push_back(line);
    return next;
}

// The statement in front of a plan of auto_explain: everything up to the root. Lines inside a literal are no root, but a
// comment may hold an odd apostrophe: when so nothing is left for a plan, quotes are taken to mean nothing.
std::size_t TextLines::take_query_text(std::size_t at)
{
    constexpr std::string_view key = "Query Text:";
    const Raw& first = raw_[at];
    const auto find_end = [&](bool mind_quotes) {
        QuoteState state;
        state.pass(first.line.substr(first.lead + key.size()));
        std::size_t next = at + 1;
        for (; next < raw_.size(); ++next) {
            const Raw& raw = raw_[next];
            const std::string_view text = trim(raw.line);
            const bool in_literal = mind_quotes && state.in_quotes();
            const bool is_end = (raw.indent <= first.indent + 1 && is_node(text)) ||
                                (raw.indent <= first.indent && text.starts_with("Query Parameters: "));
            if (is_end && !in_literal) break;
            state.pass(raw.line);
        }
        return next;
    };
    std::size_t end = find_end(true);
    if (end == raw_.size()) end = find_end(false);
    std::string query(trim(first.line.substr(first.lead + key.size())));
    for (std::size_t i = at + 1; i < end; ++i) {
        query += '\n';
        query += raw_[i].line.substr(std::min(raw_[i].lead, static_cast<std::size_t>(first.indent)));
    }
    held_.push_back(std::move(query));
    TextLine line;
    line.kind = TextLine::Kind::queryText;
    line.indent = first.indent;
    line.text = trim(held_.back());
    line.number = static_cast<std::int64_t>(at) + 1;
    lines_.push_back(line);
    return end;
}

}  // namespace casebook::plan
