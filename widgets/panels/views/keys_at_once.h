#pragma once

class QWidget;

namespace casebook {

/// Gives the keys to `view`, which has just got what it shows, so that its own work without a click first: when the focus is
/// nowhere to be seen, or in the tab of the view (its caption, its buttons) where opening the tab left it. Who is busy elsewhere,
/// walking through findings for instance, keeps the focus.
void take_keys(QWidget& view);

}  // namespace casebook
