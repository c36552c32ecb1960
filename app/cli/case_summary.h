#pragma once

#include "analyzers/core/control.h"
#include "analyzers/store/case_file.h"

#include <optional>
#include <string>
#include <vector>

namespace casebook::cli {

/// One kind of evidence in a case: how many rows its view has and, where rows carry a time, from when to when.
struct EvidenceSummary {
    std::string view;
    std::int64_t rows = 0;
    std::optional<std::int64_t> first_ns, last_ns;
};

/// The kinds of evidence that the case has, in the order of the views. Errors: cancelled, caseFile.
Result<std::vector<EvidenceSummary>> evidence_in(CaseFile& file, const Control& control);

}  // namespace casebook::cli
