#pragma once

#include "analyzers/core/finding.h"

#include <QColor>
#include <QPalette>

#include <array>
#include <string_view>

namespace casebook {

/// Colours of the three themes. Severities and series are told apart by colour-blind people too (after Okabe and Ito's
/// palette) and never by colour alone: badges have shapes, series have names.
struct Theme {
    enum class Id { light, dark, highContrast };
    Id id = Id::light;
    QPalette palette;
    QColor critical, warning, note;                 ///< severities
    QColor ruled_out, inconclusive, not_enough;     ///< verdicts without severity
    QColor good, bad;                               ///< improved, worsened
    QColor grid, muted_text;                        ///< muted text still has a contrast of 4.5 : 1
    QColor error_background, information_background;  ///< of the message bar
    QColor window_incident, window_baseline, window_after, window_other;  ///< bands of time, translucent
    std::array<QColor, 8> series;

    QColor severity(Severity severity) const;
    QColor verdict(Verdict verdict, Severity severity) const;
    /// A colour for a name (service, class): the same name has the same colour everywhere.
    QColor for_name(std::string_view name) const;
    QColor window(std::string_view role) const;
};

/// The theme in use. Widgets read it when they paint and repaint on QEvent::PaletteChange.
const Theme& theme();
/// Applies Fusion style, palette and fonts to the application.
void set_theme(Theme::Id id);
/// Light or dark, whichever the desktop used before the first `set_theme`. Needs a QApplication.
Theme::Id desktop_theme();

constexpr int normal_text_points = 9, smallest_text_points = 7, largest_text_points = 18;
/// Size of all text of the application, in points.
int text_points();
/// Sets it, at most to the limits above. Widgets hear of it as QEvent::ApplicationFontChange.
void set_text_points(int points);

}  // namespace casebook
