#include "widgets/style/theme.h"

#include "analyzers/core/text.h"
#include "widgets/style/casebook_style.h"

#include <QApplication>
#include <QFont>
#include <QToolTip>

#include <algorithm>

namespace casebook {
namespace {

struct Base {
    QColor window, base, alternate, text, button, border, highlight, highlighted_text, link, disabled;
};

QPalette palette_of(const Base& c)
{
    QPalette palette;
    palette.setColor(QPalette::Window, c.window);
    palette.setColor(QPalette::WindowText, c.text);
    palette.setColor(QPalette::Base, c.base);
    palette.setColor(QPalette::AlternateBase, c.alternate);
    palette.setColor(QPalette::ToolTipBase, c.base);
    palette.setColor(QPalette::ToolTipText, c.text);
    palette.setColor(QPalette::Text, c.text);
    palette.setColor(QPalette::PlaceholderText, c.disabled);
    palette.setColor(QPalette::Button, c.button);
    palette.setColor(QPalette::ButtonText, c.text);
    palette.setColor(QPalette::BrightText, c.highlighted_text);
    palette.setColor(QPalette::Light, c.button.lighter(115));
    palette.setColor(QPalette::Midlight, c.button.lighter(108));
    palette.setColor(QPalette::Mid, c.border);
    palette.setColor(QPalette::Dark, c.border.darker(120));
    palette.setColor(QPalette::Shadow, c.border.darker(180));
    palette.setColor(QPalette::Highlight, c.highlight);
    palette.setColor(QPalette::HighlightedText, c.highlighted_text);
    palette.setColor(QPalette::Link, c.link);
    palette.setColor(QPalette::LinkVisited, c.link);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText})
        palette.setColor(QPalette::Disabled, role, c.disabled);
    palette.setColor(QPalette::Disabled, QPalette::Highlight, c.border);
    return palette;
}

QColor translucent(QColor color, int alpha)
{
    color.setAlpha(alpha);
    return color;
}

Theme light()
{
    Theme t;
    t.id = Theme::Id::light;
    t.palette =
        palette_of({QColor("#f3f4f6"), QColor("#ffffff"), QColor("#f7f8fa"), QColor("#1c2330"), QColor("#eceef2"),
                    QColor("#c3c9d4"), QColor("#1f5fa8"), QColor("#ffffff"), QColor("#1a56a0"), QColor("#7a8290")});
    t.critical = QColor("#b23c00");
    t.warning = QColor("#a66a00");
    t.note = QColor("#2a6fb0");
    t.ruled_out = QColor("#00795a");
    t.inconclusive = QColor("#6b4f9a");
    t.not_enough = QColor("#6a7282");
    t.good = t.ruled_out;
    t.bad = t.critical;
    t.grid = QColor("#dfe3ea");
    t.muted_text = QColor("#5a6372");
    t.error_background = QColor("#fdebe3");
    t.information_background = QColor("#e7f0fa");
    t.series = {QColor("#0072b2"), QColor("#d55e00"), QColor("#009e73"), QColor("#cc79a7"),
                QColor("#a66a00"), QColor("#3b8fc4"), QColor("#6b4f9a"), QColor("#57606f")};
    return t;
}

Theme dark()
{
    Theme t;
    t.id = Theme::Id::dark;
    t.palette =
        palette_of({QColor("#22262d"), QColor("#191c22"), QColor("#1e2229"), QColor("#e4e7ec"), QColor("#2d323b"),
                    QColor("#454c59"), QColor("#2f6db5"), QColor("#ffffff"), QColor("#7ab8f5"), QColor("#8a93a3")});
    t.critical = QColor("#ff8a4c");
    t.warning = QColor("#f0b429");
    t.note = QColor("#6cb6ff");
    t.ruled_out = QColor("#3ecf9f");
    t.inconclusive = QColor("#b79df0");
    t.not_enough = QColor("#9aa4b5");
    t.good = t.ruled_out;
    t.bad = t.critical;
    t.grid = QColor("#363c47");
    t.muted_text = QColor("#a3acba");
    t.error_background = QColor("#46291c");
    t.information_background = QColor("#1f3247");
    t.series = {QColor("#56b4e9"), QColor("#ff8a4c"), QColor("#3ecf9f"), QColor("#e39ac4"),
                QColor("#e6b84d"), QColor("#f0e442"), QColor("#b79df0"), QColor("#aab4c4")};
    return t;
}

Theme high_contrast()
{
    Theme t;
    t.id = Theme::Id::highContrast;
    t.palette =
        palette_of({QColor("#000000"), QColor("#000000"), QColor("#141414"), QColor("#ffffff"), QColor("#1a1a1a"),
                    QColor("#ffffff"), QColor("#ffe600"), QColor("#000000"), QColor("#6fd3ff"), QColor("#c8c8c8")});
    t.critical = QColor("#ff9a66");
    t.warning = QColor("#ffd400");
    t.note = QColor("#6fd3ff");
    t.ruled_out = QColor("#4dffc3");
    t.inconclusive = QColor("#d8c2ff");
    t.not_enough = QColor("#e0e0e0");
    t.good = t.ruled_out;
    t.bad = t.critical;
    t.grid = QColor("#8a8a8a");
    t.muted_text = QColor("#e0e0e0");
    t.error_background = QColor("#3a1200");
    t.information_background = QColor("#002a40");
    t.series = {QColor("#6fd3ff"), QColor("#ff9a66"), QColor("#4dffc3"), QColor("#ff9ee0"),
                QColor("#ffd400"), QColor("#ffffff"), QColor("#d8c2ff"), QColor("#c0c0c0")};
    return t;
}

Theme make(Theme::Id id)
{
    Theme t = id == Theme::Id::dark ? dark() : id == Theme::Id::highContrast ? high_contrast() : light();
    const int alpha = id == Theme::Id::light ? 34 : 48;  // what lies under a window must stay readable
    t.window_incident = translucent(t.critical, alpha);
    t.window_baseline = translucent(t.note, alpha);
    t.window_after = translucent(t.ruled_out, alpha);
    t.window_other = translucent(t.not_enough, alpha);
    return t;
}

Theme& current()
{
    static Theme instance = make(Theme::Id::light);
    return instance;
}

}  // namespace

QColor Theme::severity(Severity severity) const
{
    return severity == Severity::critical ? critical : severity == Severity::warning ? warning : note;
}

QColor Theme::verdict(Verdict verdict, Severity severity) const
{
    switch (verdict) {
    case Verdict::confirmed:
    case Verdict::suspected: return this->severity(severity);
    case Verdict::inconclusive: return inconclusive;
    case Verdict::ruledOut: return ruled_out;
    case Verdict::notEnoughEvidence: break;
    }
    return not_enough;
}

QColor Theme::for_name(std::string_view name) const
{
    return series[hash64(name) % series.size()];
}

QColor Theme::window(std::string_view role) const
{
    if (role == "incident") return window_incident;
    if (role == "baseline") return window_baseline;
    return role == "after" ? window_after : window_other;
}

const Theme& theme()
{
    return current();
}

namespace {

/// Fusion derives outlines from the background and loses them on black.
constexpr const char* high_contrast_outlines = "QLineEdit, QPlainTextEdit, QTextBrowser, QAbstractItemView, "
                                               "QPushButton, QProgressBar { border: 1px solid #ffffff; }"
                                               "QPushButton { padding: 3px 8px; } QPushButton:focus { border: 2px "
                                               "solid #ffe600; } QPushButton:disabled { border-color: #8a8a8a; }"
                                               "QMenu, QToolTip { border: 1px solid #ffffff; }";

/// As it was before any theme of ours.
const QPalette& desktop_palette()
{
    static const QPalette palette = QApplication::palette();
    return palette;
}

void set_font(int points)
{
    QFont font(QStringLiteral("DejaVu Sans"));
    font.setPointSize(points);
    if (QApplication::font() != font) QApplication::setFont(font);
}

int& points_in_use()
{
    static int points = normal_text_points;
    return points;
}

}  // namespace

Theme::Id desktop_theme()
{
    return desktop_palette().color(QPalette::Window).lightness() < 128 ? Theme::Id::dark : Theme::Id::light;
}

int text_points()
{
    return points_in_use();
}

void set_text_points(int points)
{
    points_in_use() = std::clamp(points, smallest_text_points, largest_text_points);
    set_font(points_in_use());
}

void set_theme(Theme::Id id)
{
    desktop_palette();
    current() = make(id);
    qApp->setStyleSheet(id == Theme::Id::highContrast ? QString::fromLatin1(high_contrast_outlines) : QString());
    if (!qApp->property("casebookStyle").toBool()) {
        qApp->setProperty("casebookStyle", true);
        QApplication::setStyle(new CasebookStyle);
    }
    set_font(text_points());
    QApplication::setPalette(current().palette);
    QToolTip::setPalette(current().palette);
}

}  // namespace casebook
