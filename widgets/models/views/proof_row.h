#pragma once

#include "analyzers/core/finding.h"
#include "widgets/models/views/table_data.h"

#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// What the proof of a finding is called: its subjects, culprit first, the parts of its key, the texts its evidence asks
/// for; each once.
std::vector<std::string> proof_words(const Evidence& evidence, const Finding& finding);

/// The row with a cell that is one of these words, an earlier word before a later one, then by words that a text has in
/// it; the first of several, and the first row when there is none: queries order by what matters. Absent in an empty
/// table. Looks at 64 words, the first 100,000 rows and into texts of up to 512 bytes.
std::optional<std::uint32_t> proof_row(const TableData& table, const std::vector<std::string>& words);

}  // namespace casebook
