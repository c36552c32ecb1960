#pragma once

#include "analyzers/core/finding.h"
#include "analyzers/store/case_file.h"
#include "widgets/session/case_change.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// What the user looks at, shared by all panels. Empty or absent members mean "no restriction".
struct Selection {
    std::string window;                ///< name of a window of the case
    std::optional<TimeRange> range;    ///< a stretch of time marked by hand, inside or outside a window
    std::optional<TimeRange> visible;  ///< what all time axes show; absent = everything
    std::string service, operation;    ///< operation is templated, as in the span view
    std::string trace_id;              ///< 32 lower-case hex digits
    std::string fingerprint;           ///< of a statement
    std::string analyzer, finding_key; ///< the finding, or the verdict of `analyzer` when the key is empty

    bool operator==(const Selection&) const = default;
};

/// The selections made so far, the windows of the case as they were then and what was changed in the case, as a browser
/// keeps pages: back, forward, and a new one cuts what lay ahead.
class SelectionHistory {
public:
    using Windows = std::shared_ptr<const std::vector<WindowRow>>;

    const Selection& current() const { return entries_[position_].selection; }
    /// The windows that belong to the current entry; null before any are known.
    const Windows& windows() const { return entries_[position_].windows; }
    /// False when it equals the current one (nothing is recorded then).
    bool push(Selection selection);
    /// Changes the current entry instead of adding one: for what belongs to the gesture that made it.
    void replace(Selection selection);
    /// The user changed windows: a step of its own, with the same selection.
    void push_windows(Windows windows);
    /// Windows came from elsewhere: no step leads back to the ones before.
    void set_windows(const Windows& windows);
    /// The user decided something or set a threshold: a step of its own, with the same selection and windows.
    void push_change(CaseChange change);
    /// The change that led to the current entry; null when it was none.
    const std::shared_ptr<const CaseChange>& change() const { return entries_[position_].change; }
    /// What was changed cannot be taken back any more.
    void forget_changes();
    bool can_go_back() const { return position_ > 0; }
    bool can_go_forward() const { return position_ + 1 < entries_.size(); }
    bool back();
    bool forward();
    void clear();

    static constexpr std::size_t max_entries = 500;

private:
    struct Entry {
        Selection selection;
        Windows windows;
        std::shared_ptr<const CaseChange> change;
    };
    void add(Entry entry);

    std::vector<Entry> entries_{Entry{}};
    std::size_t position_ = 0;
};

}  // namespace casebook
