#pragma once

#include "analyzers/importers/support/psql_framing.h"
#include "analyzers/plan/plan_tree.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// A stretch of text in one format that holds one or more plans.
struct ExplainBlock {
    plan::Format format = plan::Format::text;
    std::string_view text;
    std::int64_t line = 0;  ///< 1-based line of the input on which it begins
};

/// A statement that was explained, as typed or echoed in front of its plan, without EXPLAIN and its options.
struct ExplainedStatement {
    std::string query;
    std::int64_t line = 0;
};

/// What a file with EXPLAIN output holds, whatever frames and chatter are around it. `input` (clean UTF-8) must
/// outlive the object.
class ExplainText {
public:
    explicit ExplainText(std::string_view input);

    const std::vector<ExplainBlock>& blocks() const { return blocks_; }
    const std::vector<ExplainedStatement>& statements() const { return statements_; }
    /// The last statement explained in front of line `line` and not in front of line `after`; empty when there is none.
    std::string_view statement_before(std::int64_t line, std::int64_t after) const;

private:
    std::size_t next_plan_key(std::size_t at);
    std::size_t take_json(std::size_t at);
    std::size_t take_xml(std::size_t at);
    std::size_t take_yaml(std::size_t at);
    void take_text(std::size_t begin, std::size_t end);
    void find_statements(std::size_t begin, std::size_t end);
    void add(plan::Format format, std::size_t begin, std::size_t end);

    UnframedText unframed_;
    std::vector<ExplainBlock> blocks_;
    std::vector<ExplainedStatement> statements_;
    std::deque<std::string> joined_;
    std::size_t plan_key_line_ = 0;  ///< how far next_plan_key() has looked
};

/// Whether the beginning of a file holds a plan, and in which format the first one is; for sniffers.
/// Logs of a server are none: their importer reads plans in them.
struct ExplainProbe {
    bool found = false;
    plan::Format format = plan::Format::text;
    bool certain = false;  ///< has costs or a plan's own structure, not only names of nodes
};
ExplainProbe probe_explain(std::string_view head);

}  // namespace casebook
