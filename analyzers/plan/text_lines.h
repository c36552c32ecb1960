#pragma once

#include "analyzers/plan/text_scan.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace casebook::plan {

/// The figures in brackets behind a node, as printed; empty when not there.
struct NodeFigures {
    std::string_view startup_cost, total_cost, plan_rows, plan_width;
    std::string_view startup_time, total_time, actual_rows, loops;
    std::string_view slice;  ///< Greenplum: "slice1; segments: 3"
    bool never_executed = false;
    bool any() const { return never_executed || !total_cost.empty() || !loops.empty(); }
};

/// Takes the bracketed figures off the end of a node's line, from the right: names may hold brackets too.
NodeFigures take_figures(std::string_view& line);

/// One line of text EXPLAIN after broken lines were put together again.
struct TextLine {
    enum class Kind : std::uint8_t {
        blank,
        node,       ///< with "->", or the root; `text` starts at the name
        label,      ///< "SubPlan 1", "InitPlan 2 (returns $1)", "CTE x"
        property,   ///< "Filter: ...", "Worker 0:  actual time=..."
        target,     ///< "Update on child_1", below the node that modifies several tables
        queryText,  ///< the whole statement behind "Query Text:"
        other,      ///< nothing of a plan
    };
    Kind kind = Kind::other;
    bool arrow = false;
    int indent = 0;            ///< columns before "->" or the text; a tab goes to the next multiple of 8
    std::string_view text;     ///< without indentation; `held` or the input owns it
    std::int64_t number = 0;   ///< of its first line, from 1
};

/// Cuts text into lines of a plan. Puts together again what a terminal broke at its width, and literals that contain
/// line ends (those keep them). The input must outlive the result.
class TextLines {
public:
    explicit TextLines(std::string_view input);

    const std::vector<TextLine>& all() const { return lines_; }

private:
    struct Raw {
        std::string_view line;  // with indentation, without line end
        int indent = 0;
        std::size_t lead = 0;   // bytes of indentation
    };

    void cut(std::string_view input);
    void survey();
    std::size_t take_query_text(std::size_t at);
    std::size_t take_line(std::size_t at);
    TextLine classify(const Raw& raw) const;
    bool is_node(std::string_view text) const;
    bool is_complete(const TextLine& line, const QuoteState& state) const;
    std::size_t end_of_literal(std::size_t at, QuoteState state);
    bool was_broken(const Raw& raw) const { return broken_at_ != 0 && raw.line.size() == broken_at_; }
    bool may_be_broken(const Raw& raw) const { return raw.line.size() >= longest_; }

    std::vector<Raw> raw_;
    std::vector<TextLine> lines_;
    std::deque<std::string> held_;
    bool has_figures_ = false;  // COSTS or ANALYZE: every node has figures
    std::size_t broken_at_ = 0; // length of lines a terminal broke, told by figures cut in two; 0 = none is
    std::size_t longest_ = 0;   // bytes of the longest line
    int stray_quotes_ = 0;
};

}  // namespace casebook::plan
