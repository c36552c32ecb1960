#pragma once

#include "analyzers/core/result.h"
#include "analyzers/plan/plan_tree.h"

#include <string>
#include <string_view>
#include <vector>

namespace casebook::plan {

/// What one EXPLAIN output (free of framing) held. A reader keeps what it could read before something broke.
struct Plans {
    std::vector<Tree> trees;
    /// Something was mended or cut off: "truncated", "raw line end in a string". Empty when nothing was.
    std::string note;
    /// One more plan had begun when the text ended; it is not in `trees`, and `note` says so.
    bool cut_off = false;
};

// Each reader takes clean UTF-8 and finds every plan in it. Errors: notUnderstood when there is none, limitExceeded
// when the nesting is deeper than the format's parser can take. None of them recurses over the plan.

/// JSON as EXPLAIN (FORMAT JSON), auto_explain or a client wraps it: an array or single objects with "Plan", at
/// whatever place of the document, or a bare node; objects one after another are read one by one.
Result<Plans> read_json(std::string_view text);
/// YAML: up to 200 levels of nodes (yaml-cpp refuses more).
Result<Plans> read_yaml(std::string_view text);
Result<Plans> read_xml(std::string_view text);
/// Text EXPLAIN of PostgreSQL 8.2 to 18 and of its relatives, also with lines broken at some width.
/// `first_line` is the number of the first line, for Tree::source_line.
Result<Plans> read_text(std::string_view text, std::int64_t first_line = 1);

/// Chooses the reader by the first characters: '[' '{' JSON, '<' XML, "- Plan:" and the like YAML, else text.
Format format_of(std::string_view text);
Result<Plans> read(Format format, std::string_view text, std::int64_t first_line = 1);

}  // namespace casebook::plan
