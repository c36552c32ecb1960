#pragma once

#include "analyzers/playbook/signals.h"
#include "analyzers/playbook/symptom_cells.h"

#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace casebook {

/// A row of the symptom table: its cells for given signals. `limit` gives a threshold by its name after "symptom.".
using Limit = std::function<double(std::string_view)>;
struct SymptomRow {
    std::string_view id;
    std::vector<SymptomCell> (*cells)(const Signals&, const Limit& limit);
    int rank;  ///< among equal matches the lower is listed first: what says more about the cause
};

/// The eight rows, then the entry points; `unknown` is no row.
std::span<const SymptomRow> symptom_rows();

}  // namespace casebook
