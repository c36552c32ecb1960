#include "widgets/session/selection.h"

namespace casebook {

bool SelectionHistory::push(Selection selection)
{
    if (selection == current()) return false;
    entries_.resize(position_ + 1);
    entries_.push_back(std::move(selection));
    if (entries_.size() > max_entries) entries_.erase(entries_.begin());
    position_ = entries_.size() - 1;
    return true;
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
    entries_.assign(1, Selection{});
    position_ = 0;
}

}  // namespace casebook
