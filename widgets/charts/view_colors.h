#pragma once

#include <QColor>
#include <QPalette>
#include <QString>
#include <vector>

namespace casebook {

/// The colours every view paints with, derived from the palette of the widget so that light, dark and high contrast
/// follow the style. Hues keep apart under deuteranopia and protanopia (Okabe and Ito 2008; Tol 2021); nothing is
/// told by colour alone.
struct ViewColors {
    bool dark = false;
    bool high_contrast = false;
    QColor base, raised, text, muted, grid, selection, selection_text, accent;
    QColor error, warning, good;
    QColor critical;   ///< the critical path
    QColor evidence;   ///< marks the rows a finding points at
    QColor baseline, incident, after, other_window;  ///< translucent fills of windows, by role
    std::vector<QColor> categories;                  ///< services, series

    const QColor& category(std::size_t index) const { return categories[index % categories.size()]; }
    /// Fill of a window by its role ("baseline", "incident", "after", anything else).
    const QColor& window_fill(const QString& role) const;
    /// Sequential ramp for densities, 0..1; perceptually even and readable in grey (cividis, Nunez et al. 2018).
    QColor heat(double share) const;
    /// Black or white, whichever reads better on `fill`.
    static QColor ink_on(const QColor& fill);
    /// `part` of a over (1 - part) of b, 0..1.
    static QColor mix(const QColor& a, const QColor& b, double part);
};

/// Colours that fit the palette of a widget and the theme in use.
ViewColors view_colors(const QPalette& palette);

/// Colour numbers for names, the same in all views that share the object: names get numbers in the order they are
/// first asked for, so the few services of a case never share a colour while colours last.
class CategoryNumbers {
public:
    std::size_t number(const QString& name);

private:
    std::vector<QString> names_;
};

}  // namespace casebook
