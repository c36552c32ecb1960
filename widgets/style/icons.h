#pragma once

#include "analyzers/core/finding.h"

#include <QIcon>
#include <QString>

namespace casebook {

/// An action's icon from resources/icons, drawn in the palette's text colour at the moment it is painted, so a change
/// of theme needs nothing. Empty when there is no such icon.
QIcon action_icon(const QString& name);
QIcon application_icon();

/// The badge of a verdict. Told apart by shape first: a filled octagon, triangle or disc with "!" by severity when
/// confirmed, the same in outline with "?" when suspected, a half disc when inconclusive, a ring with a tick when ruled
/// out, a dashed ring when there was not enough evidence.
QIcon verdict_badge(Verdict verdict, Severity severity);

}  // namespace casebook
