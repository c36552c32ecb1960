#pragma once

#include "analyzers/store/case_file.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

enum class FindingState : std::uint8_t { open, accepted, dismissed };
std::string_view name_of(FindingState state);  ///< "open", "accepted", "dismissed"

/// What people made of one finding. Kept under the finding's stable name, so it is there again when the same thing is
/// found again, whatever was analyzed, forgotten or imported in between.
struct FindingDecision {
    FindingState state = FindingState::open;
    std::string reason;              ///< why it was dismissed
    std::string note;                ///< free text, may have several lines
    bool pinned = false;
    std::int64_t changed_at_ns = 0;  ///< filled in when it is stored

    bool is_empty() const { return state == FindingState::open && note.empty() && !pinned; }
    /// The same but for the time.
    bool says_the_same(const FindingDecision& other) const
    {
        return state == other.state && reason == other.reason && note == other.note && pinned == other.pinned;
    }
};

struct StoredDecision {
    std::string analyzer, key;
    FindingDecision decision;
};

/// All of them, by analyzer and key; also of findings that are not found at the moment. Error caseFile.
Result<std::vector<StoredDecision>> finding_decisions(CaseFile& file);

/// Replaces what was said of the finding; an empty decision removes it. Evidence and report stay as they are. Errors:
/// usage (dismissed without a reason), caseFile.
Status store_decision(CaseFile& file, const std::string& analyzer, const std::string& key, const FindingDecision& decision);

}  // namespace casebook
