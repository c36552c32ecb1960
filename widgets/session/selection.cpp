#include "widgets/session/selection.h"

namespace casebook {

void SelectionHistory::add(Entry entry)
{
    entries_.resize(position_ + 1);
    entries_.push_back(std::move(entry));
    if (entries_.size() > max_entries) entries_.erase(entries_.begin());
    position_ = entries_.size() - 1;
}

bool SelectionHistory::push(Selection selection)
{
    if (selection == current()) return false;
    add({std::move(selection), windows(), {}});
    return true;
}

void SelectionHistory::replace(Selection selection)
{
    entries_.resize(position_ + 1);
    entries_[position_].selection = std::move(selection);
}

void SelectionHistory::push_windows(Windows windows)
{
    add({current(), std::move(windows), {}});
}

void SelectionHistory::set_windows(const Windows& windows)
{
    for (Entry& entry : entries_) entry.windows = windows;
}

void SelectionHistory::push_change(CaseChange change)
{
    add({current(), windows(), std::make_shared<const CaseChange>(std::move(change))});
}

void SelectionHistory::forget_changes()
{
    for (Entry& entry : entries_) entry.change.reset();
}

bool SelectionHistory::back()
{
    if (!can_go_back()) return false;
    --position_;
    return true;
}

bool SelectionHistory::forward()
{
    if (!can_go_forward()) return false;
    ++position_;
    return true;
}

void SelectionHistory::clear()
{
    entries_.assign(1, Entry{});
    position_ = 0;
}

}  // namespace casebook
