#pragma once

#include "analyzers/core/finding.h"

#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// What the user looks at, shared by all panels. Empty or absent members mean "no restriction".
struct Selection {
    std::string window;                ///< name of a window of the case
    std::optional<TimeRange> range;    ///< a stretch of time marked by hand, inside or outside a window
    std::string service, operation;    ///< operation is templated, as in the span view
    std::string trace_id;              ///< 32 lower-case hex digits
    std::string fingerprint;           ///< of a statement
    std::string analyzer, finding_key; ///< the finding, or the verdict of `analyzer` when the key is empty

    bool operator==(const Selection&) const = default;
};

/// The selections made so far, as a browser keeps pages: back, forward, and a new one cuts what lay ahead.
class SelectionHistory {
public:
    const Selection& current() const { return entries_[position_]; }
    /// False when it equals the current one (nothing is recorded then).
    bool push(Selection selection);
    bool can_go_back() const { return position_ > 0; }
    bool can_go_forward() const { return position_ + 1 < entries_.size(); }
    bool back();
    bool forward();
    void clear();

    static constexpr std::size_t max_entries = 500;

private:
    std::vector<Selection> entries_{Selection{}};
    std::size_t position_ = 0;
};

}  // namespace casebook
