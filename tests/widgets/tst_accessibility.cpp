// What a person without a mouse, without colours or without a screen needs: names, focus, contrast.
#include "app/gui/main_window.h"
#include "tests/support/places.h"
#include "tests/support/widget_fixture.h"
#include "widgets/charts/view_colors.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/panels/handbook_window.h"
#include "widgets/panels/window_dialog.h"
#include "widgets/style/theme.h"

#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QDialog>
#include <QDockWidget>
#include <QMenu>
#include <QRegularExpression>
#include <QTabBar>
#include <QTextBrowser>

#include <array>
#include <cmath>
#include <memory>

using namespace casebook;
using namespace casebook::tests;

namespace {

double channel(double value)
{
    return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

/// Relative luminance and contrast as WCAG 2.1 defines them.
double luminance(const QColor& color)
{
    return 0.2126 * channel(color.redF()) + 0.7152 * channel(color.greenF()) + 0.0722 * channel(color.blueF());
}

double contrast(const QColor& a, const QColor& b)
{
    const double light = std::max(luminance(a), luminance(b)), dark = std::min(luminance(a), luminance(b));
    return (light + 0.05) / (dark + 0.05);
}

/// As seen without one kind of cone (Machado, Oliveira, Fernandes 2009, severity 1), in linear light.
using Matrix = std::array<double, 9>;
constexpr Matrix protanopia{0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998};
constexpr Matrix deuteranopia{0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881};
constexpr Matrix tritanopia{1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900};

/// Lab of a colour seen so (CIE 1976, D65).
std::array<double, 3> seen(const QColor& color, const Matrix& m)
{
    const double r = channel(color.redF()), g = channel(color.greenF()), b = channel(color.blueF());
    const auto part = [&](int row) { return std::clamp(m[static_cast<std::size_t>(row) * 3] * r + m[static_cast<std::size_t>(row) * 3 + 1] * g + m[static_cast<std::size_t>(row) * 3 + 2] * b, 0.0, 1.0); };
    const double sr = part(0), sg = part(1), sb = part(2);
    const auto f = [](double t) { return t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116; };
    const double x = f((0.4124 * sr + 0.3576 * sg + 0.1805 * sb) / 0.95047), y = f(0.2126 * sr + 0.7152 * sg + 0.0722 * sb), z = f((0.0193 * sr + 0.1192 * sg + 0.9505 * sb) / 1.08883);
    return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

double difference(const QColor& a, const QColor& b, const Matrix& m)
{
    const auto one = seen(a, m), other = seen(b, m);
    return std::hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]);
}

QString described(const QWidget* widget)
{
    QStringList path;
    for (; widget && path.size() < 5; widget = widget->parentWidget()) path.prepend(QLatin1String(widget->metaObject()->className()) + QLatin1Char('#') + widget->objectName());
    return path.join(QLatin1Char('/'));
}

}  // namespace

class TestAccessibility : public QObject {
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void everything_that_takes_the_focus_has_a_name();
    void tab_goes_through_every_panel_and_comes_round();
    void every_command_has_a_key_or_a_menu_letter();
    void texts_stand_out();
    void texts_stand_out_data();
    void colours_differ_for_everybody();
    void colours_differ_for_everybody_data();

private:
    QStringList nameless(QWidget& window) const;
    void open_demo();

    WidgetFixture fixture_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<MainWindow> window_;
};

void TestAccessibility::init()
{
    QSettings().clear();
    set_theme(Theme::Id::light);
    session_ = std::make_unique<Session>();
    window_ = std::make_unique<MainWindow>(*session_, QString::fromStdString((source_folder() / "resources/samples").string()));
    window_->resize(1280, 900);
    window_->show();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
}

void TestAccessibility::cleanup()
{
    window_.reset();
    session_.reset();
}

void TestAccessibility::open_demo()
{
    window_->openDemo();
    QTRY_VERIFY(session_->hasCase());
    QVERIFY(wait_idle(*session_, 60'000));
}

QStringList TestAccessibility::nameless(QWidget& window) const
{
    QStringList without;
    for (QWidget* widget : window.findChildren<QWidget*>()) {
        if (!widget->isVisibleTo(&window) || (widget->focusPolicy() & Qt::TabFocus) != Qt::TabFocus || widget->focusProxy()) continue;
        if (widget->objectName().startsWith(QLatin1String("qt_"))) continue;  // parts of Qt's own widgets
        if (auto* bar = qobject_cast<QTabBar*>(widget); bar && bar->count() == 0) continue;  // Qt keeps one for panels that may share a place
        QAccessibleInterface* face = QAccessible::queryAccessibleInterface(widget);
        if (!face || face->text(QAccessible::Name).trimmed().isEmpty()) without << described(widget);
    }
    return without;
}

void TestAccessibility::everything_that_takes_the_focus_has_a_name()
{
    QStringList without = nameless(*window_);
    open_demo();
    const Finding& first = session_->report()->findings.front();
    session_->openEvidence(first.evidence.front(), session_->finding(first.analyzer, first.key));
    QVERIFY(wait_idle(*session_));
    without << nameless(*window_);
    for (QAction* view : window_->findChildren<QAction*>(QRegularExpression(QStringLiteral("^explore_")))) {
        view->trigger();
        QVERIFY(wait_idle(*session_));
        without << nameless(*window_);
    }
    // Each kind of evidence that findings bring.
    for (const Finding& finding : session_->report()->findings)
        for (const Evidence& evidence : finding.evidence) {
            session_->openEvidence(evidence, session_->finding(finding.analyzer, finding.key));
            QVERIFY(wait_idle(*session_));
            without << nameless(*window_);
        }
    for (QDockWidget* dock : window_->docks()) {
        dock->raise();
        QTest::qWait(1);
        without << nameless(*window_);
    }
    for (const char* dialog : {"editWindows", "importOptions", "evidenceGuideAction", "handbookAction", "openPalette"}) {
        window_->findChild<QAction*>(QLatin1String(dialog))->trigger();
        QTest::qWait(20);
        without << nameless(*window_);
        for (QWidget* widget : QApplication::topLevelWidgets())
            if (widget != window_.get() && widget->isVisible() && widget->isWindow()) without << nameless(*widget);
    }
    without.removeDuplicates();
    QVERIFY2(without.isEmpty(), qPrintable(QLatin1Char('\n') + without.join(QLatin1Char('\n'))));
}

void TestAccessibility::tab_goes_through_every_panel_and_comes_round()
{
    open_demo();
    QVERIFY(wait_idle(*session_));
    auto* start = window_->findChild<QWidget*>(QStringLiteral("timeline"));
    start->setFocus();
    QSet<QWidget*> panels;
    bool round = false;
    QWidget* before = nullptr;
    int in_links = 0;
    for (int i = 0; i < 400 && !round; ++i) {
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        QWidget* focus = QApplication::focusWidget();
        QVERIFY(focus);
        // In a page with links Tab goes from link to link first.
        in_links = focus == before && qobject_cast<QTextBrowser*>(focus) ? in_links + 1 : 0;
        QVERIFY2(focus != before || (in_links > 0 && in_links < 60), qPrintable(QStringLiteral("Tab does not leave ") + described(focus)));
        before = focus;
        for (QDockWidget* dock : window_->docks())
            if (dock->isAncestorOf(focus)) panels << dock;
        if (window_->evidence()->isAncestorOf(focus)) panels << window_->evidence();
        round = focus == start;
    }
    QVERIFY(round);
    for (QDockWidget* dock : window_->docks())
        if (dock->isVisible() && !dock->visibleRegion().isEmpty()) QVERIFY2(panels.contains(dock), qPrintable(dock->objectName()));
    QVERIFY(panels.contains(window_->evidence()));
}

void TestAccessibility::every_command_has_a_key_or_a_menu_letter()
{
    open_demo();
    int commands = 0;
    for (const QAction* action : window_->findChildren<QAction*>()) {
        if (action->objectName().isEmpty() || action->isSeparator() || action->menu() || action->objectName().startsWith(QLatin1String("explore_")) || action->objectName().startsWith(QLatin1String("layout_"))) continue;
        bool in_menu = false;
        for (const QObject* object : action->associatedObjects()) in_menu |= object->inherits("QMenu");
        if (!in_menu) continue;
        ++commands;
        QVERIFY2(!action->shortcut().isEmpty() || action->text().contains(QLatin1Char('&')), qPrintable(action->objectName()));
    }
    QVERIFY(commands > 25);
    // No two commands share keys.
    QMap<QString, QString> keys;
    for (const QAction* action : window_->findChildren<QAction*>()) {
        if (action->objectName().isEmpty() || action->shortcutContext() != Qt::WindowShortcut) continue;
        for (const QKeySequence& key : action->shortcuts()) {
            QVERIFY2(!keys.contains(key.toString()) || keys[key.toString()] == action->objectName(), qPrintable(key.toString() + QLatin1Char(' ') + action->objectName()));
            keys[key.toString()] = action->objectName();
        }
    }
}

void TestAccessibility::texts_stand_out_data()
{
    QTest::addColumn<int>("id");
    QTest::addColumn<double>("least");
    QTest::newRow("light") << static_cast<int>(Theme::Id::light) << 4.5;  // WCAG 2.1 AA
    QTest::newRow("dark") << static_cast<int>(Theme::Id::dark) << 4.5;
    QTest::newRow("high contrast") << static_cast<int>(Theme::Id::highContrast) << 7.0;  // AAA
}

void TestAccessibility::texts_stand_out()
{
    QFETCH(int, id);
    QFETCH(double, least);
    set_theme(static_cast<Theme::Id>(id));
    const QPalette& p = theme().palette;
    const auto check = [&](const char* what, const QColor& text, const QColor& ground, double wanted) {
        QVERIFY2(contrast(text, ground) >= wanted, qPrintable(QStringLiteral("%1: %2").arg(QLatin1String(what)).arg(contrast(text, ground), 0, 'f', 2)));
    };
    check("text", p.color(QPalette::Text), p.color(QPalette::Base), least);
    check("window text", p.color(QPalette::WindowText), p.color(QPalette::Window), least);
    check("button", p.color(QPalette::ButtonText), p.color(QPalette::Button), least);
    check("selection", p.color(QPalette::HighlightedText), p.color(QPalette::Highlight), least);
    check("link", p.color(QPalette::Link), p.color(QPalette::Base), least);
    check("remark", theme().muted_text, p.color(QPalette::Base), least);
    check("remark on the window", theme().muted_text, p.color(QPalette::Window), least);
    // Marks: 3 : 1 is what WCAG asks of graphics.
    for (const QColor& mark : {theme().critical, theme().warning, theme().note, theme().ruled_out, theme().inconclusive, theme().not_enough}) check("mark", mark, p.color(QPalette::Base), 3.0);
    for (const QColor& line : theme().series) check("line", line, p.color(QPalette::Base), 2.5);
}

void TestAccessibility::colours_differ_for_everybody_data()
{
    texts_stand_out_data();
}

void TestAccessibility::colours_differ_for_everybody()
{
    QFETCH(int, id);
    set_theme(static_cast<Theme::Id>(id));
    constexpr double least = 9;  // Delta E 1976; 2.3 is just noticeable side by side
    for (const Matrix& eyes : {protanopia, deuteranopia, tritanopia}) {
        // The first four lines of a chart, and what colours alone would have to tell apart in the timeline.
        for (std::size_t a = 0; a < 4; ++a)
            for (std::size_t b = a + 1; b < 4; ++b)
                QVERIFY2(difference(theme().series[a], theme().series[b], eyes) > least, qPrintable(QStringLiteral("lines %1 and %2: %3").arg(a).arg(b).arg(difference(theme().series[a], theme().series[b], eyes))));
        const std::array<QColor, 3> roles{theme().critical, theme().note, theme().ruled_out};
        for (std::size_t a = 0; a < roles.size(); ++a)
            for (std::size_t b = a + 1; b < roles.size(); ++b) QVERIFY2(difference(roles[a], roles[b], eyes) > least, qPrintable(QStringLiteral("roles %1 and %2: %3").arg(a).arg(b).arg(difference(roles[a], roles[b], eyes))));
    }
}

QTEST_MAIN(TestAccessibility)
#include "tst_accessibility.moc"
