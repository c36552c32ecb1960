#pragma once

#include "widgets/session/selection.h"

#include <QString>

namespace casebook {

class Session;

/// "Requests of orders GET /orders in the marked time · show all": what the selection limits a view of spans to, as rich
/// text whose link asks for show_everything(). Empty when nothing is limited. `with_range`: the view heeds the range.
QString limits_note(const Selection& selection, const QString& what, bool with_range);
/// Takes service, operation and range out of the selection; can be undone like any selection.
void show_everything(Session& session);

}  // namespace casebook
