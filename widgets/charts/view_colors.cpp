#include "widgets/charts/view_colors.h"

#include "widgets/style/theme.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace casebook {
namespace {

double channel(double value) { return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4); }

/// Relative luminance, WCAG 2.1.
double luminance(const QColor& color)
{
    return 0.2126 * channel(color.redF()) + 0.7152 * channel(color.greenF()) + 0.0722 * channel(color.blueF());
}

/// Windows lie under data here, so they are half as strong as on the timeline.
QColor fainter(QColor color)
{
    color.setAlpha(std::max(14, color.alpha() / 2));
    return color;
}

std::vector<QColor> light_categories()
{
    return {QColor(0x00, 0x72, 0xB2), QColor(0xE6, 0x9F, 0x00), QColor(0x00, 0x9E, 0x73), QColor(0xCC, 0x79, 0xA7),
            QColor(0x56, 0xB4, 0xE9), QColor(0x99, 0x99, 0x33), QColor(0x4B, 0x3F, 0xA8), QColor(0x88, 0x22, 0x55),
            QColor(0x8C, 0x6D, 0x46), QColor(0x6E, 0x7B, 0x8B)};
}

std::vector<QColor> dark_categories()
{
    return {QColor(0x4C, 0x9F, 0xD8), QColor(0xE6, 0x9F, 0x00), QColor(0x1F, 0xB8, 0x8E), QColor(0xDC, 0x93, 0xBB),
            QColor(0x7C, 0xCB, 0xF2), QColor(0xB5, 0xB5, 0x4A), QColor(0x93, 0x86, 0xE8), QColor(0xC4, 0x5E, 0x90),
            QColor(0xB8, 0x94, 0x68), QColor(0x9A, 0xA8, 0xB8)};
}

}  // namespace

const QColor& ViewColors::window_fill(const QString& role) const
{
    if (role == QLatin1String("baseline")) return baseline;
    if (role == QLatin1String("incident")) return incident;
    if (role == QLatin1String("after")) return after;
    return other_window;
}

QColor ViewColors::heat(double share) const
{
    // Nine stops of cividis; dark themes start at the dark end, light themes at the light end, so that sparse is faint.
    static constexpr std::array<QRgb, 9> stops{0xff00224e, 0xff1b3766, 0xff414d6b, 0xff5f636e, 0xff7c7b78,
                                               0xff9b9476, 0xffbcae6c, 0xffdfcb55, 0xfffee838};
    share = std::clamp(std::isfinite(share) ? share : 0.0, 0.0, 1.0);
    if (!dark) share = 1 - share;
    const double at = share * (stops.size() - 1);
    const auto low = std::min(static_cast<std::size_t>(at), stops.size() - 2);
    return mix(QColor(stops[low + 1]), QColor(stops[low]), at - static_cast<double>(low));
}

QColor ViewColors::ink_on(const QColor& fill)
{
    return luminance(fill) > 0.18 ? QColor(0x10, 0x10, 0x10) : QColor(0xff, 0xff, 0xff);
}

QColor ViewColors::mix(const QColor& a, const QColor& b, double part)
{
    const auto blend = [part](int x, int y) { return static_cast<int>(std::lround(x * part + y * (1 - part))); };
    return QColor(blend(a.red(), b.red()), blend(a.green(), b.green()), blend(a.blue(), b.blue()));
}

ViewColors view_colors(const QPalette& palette)
{
    ViewColors colors;
    colors.base = palette.color(QPalette::Active, QPalette::Base);
    colors.text = palette.color(QPalette::Active, QPalette::Text);
    colors.selection = palette.color(QPalette::Active, QPalette::Highlight);
    colors.selection_text = palette.color(QPalette::Active, QPalette::HighlightedText);
    colors.dark = luminance(colors.base) < 0.2;
    colors.high_contrast = theme().id == Theme::Id::highContrast;
    colors.muted = theme().muted_text;
    colors.grid = theme().grid;
    colors.raised = ViewColors::mix(colors.text, colors.base, 0.05);
    colors.categories = colors.dark ? dark_categories() : light_categories();
    colors.accent = colors.categories.front();
    colors.error = theme().critical;
    colors.warning = theme().warning;
    colors.good = theme().good;
    colors.critical = colors.dark ? QColor(0xFF, 0xFF, 0xFF) : QColor(0x10, 0x10, 0x10);
    colors.evidence = colors.dark ? QColor(0xF2, 0xD6, 0x4B) : QColor(0xD8, 0x8A, 0x00);
    colors.baseline = fainter(theme().window_baseline);
    colors.incident = fainter(theme().window_incident);
    colors.after = fainter(theme().window_after);
    colors.other_window = fainter(theme().window_other);
    return colors;
}

std::size_t CategoryNumbers::number(const QString& name)
{
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    names_.push_back(name);
    return names_.size() - 1;
}

}  // namespace casebook
