#include "app/gui/actions.h"

#include "app/gui/main_window.h"
#include "widgets/models/display_zone.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/panels/inspector.h"
#include "widgets/session/session.h"
#include "widgets/style/icons.h"
#include "widgets/style/theme.h"

#include <QActionGroup>
#include <QCoreApplication>
#include <QDockWidget>
#include <QFileInfo>
#include <QMenuBar>
#include <QSettings>
#include <QToolBar>

namespace casebook {

Actions::Actions(MainWindow& window, Session& session) : QObject(&window), window_(window), session_(session)
{
    make_file_menu();
    make_edit_menu();
    make_case_menu();
    make_view_menu();
    make_window_menu();
    make_help_menu();
    make_toolbar();
    for (const auto signal : {&Session::caseOpened, &Session::caseClosed, &Session::caseRenamed,
                              &Session::ledgerChanged, &Session::reportChanged, &Session::selectionChanged,
                              &Session::visibleRangeChanged, &Session::decisionsChanged, &Session::thresholdsChanged})
        connect(&session_, signal, this, &Actions::update_state);
    for (const auto signal : {&Session::jobStarted, &Session::jobFinished})
        connect(&session_, signal, this, &Actions::update_state);
    update_state();
}

QAction* Actions::add(QMenu* menu, const QString& icon, const QString& text, const QString& name,
                      const QList<QKeySequence>& keys)
{
    QAction* action = menu->addAction(text);
    if (!icon.isEmpty()) action->setIcon(action_icon(icon));
    action->setObjectName(name);
    action->setShortcuts(keys);
    QString tip = QString(text).remove(QLatin1Char('&')).remove(QStringLiteral("..."));
    if (!keys.isEmpty()) tip += QStringLiteral(" (%1)").arg(keys.first().toString(QKeySequence::NativeText));
    action->setToolTip(tip);
    return action;
}

void Actions::make_file_menu()
{
    QMenu* menu = window_.menuBar()->addMenu(tr("&File"));
    connect(add(menu, QStringLiteral("new"), tr("&New case"), QStringLiteral("newCase"), {QKeySequence::New}),
            &QAction::triggered, &window_, &MainWindow::newCase);
    open_ = add(menu, QStringLiteral("open"), tr("&Open case..."), QStringLiteral("openCase"), {QKeySequence::Open});
    connect(open_, &QAction::triggered, &window_, &MainWindow::askOpen);
    recent_ = menu->addMenu(tr("Open &recent"));
    connect(recent_, &QMenu::aboutToShow, this, &Actions::fill_recent);
    connect(add(menu, {}, tr("Open the &demo"), QStringLiteral("openDemo")), &QAction::triggered, &window_,
            &MainWindow::openDemo);
    menu->addSeparator();
    save_as_ = add(menu, QStringLiteral("save"), tr("Save case &as..."), QStringLiteral("saveAs"),
                   {QKeySequence(tr("Ctrl+S")), QKeySequence(tr("Ctrl+Shift+S"))});
    connect(save_as_, &QAction::triggered, &window_, &MainWindow::askSaveAs);
    close_ = add(menu, {}, tr("&Close case"), QStringLiteral("closeCase"), {QKeySequence(tr("Ctrl+Shift+W"))});
    connect(close_, &QAction::triggered, &window_, &MainWindow::closeCase);
    menu->addSeparator();
    import_ = add(menu, QStringLiteral("import"), tr("&Import files..."), QStringLiteral("importFiles"),
                  {QKeySequence(tr("Ctrl+I"))});
    connect(import_, &QAction::triggered, &window_, &MainWindow::askImportFiles);
    connect(add(menu, QStringLiteral("folder"), tr("Import &folder..."), QStringLiteral("importFolder")),
            &QAction::triggered, &window_, &MainWindow::askImportFolder);
    connect(add(menu, {}, tr("Import with o&ptions..."), QStringLiteral("importOptions"),
                {QKeySequence(tr("Ctrl+Shift+I"))}),
            &QAction::triggered, &window_, &MainWindow::askImportWithOptions);
    connect(add(menu, {}, tr("Cap&ture from PostgreSQL..."), QStringLiteral("capture"), {QKeySequence(tr("Ctrl+Shift+D"))}),
            &QAction::triggered, &window_, &MainWindow::showCapture);
    menu->addSeparator();
    export_ = add(menu, QStringLiteral("export"), tr("&Export findings as Markdown..."),
                  QStringLiteral("exportMarkdown"), {QKeySequence(tr("Ctrl+E"))});
    connect(export_, &QAction::triggered, &window_, &MainWindow::askExport);
    menu->addSeparator();
    connect(add(menu, {}, tr("&Quit"), QStringLiteral("quit"), {QKeySequence(tr("Ctrl+Q"))}), &QAction::triggered,
            &window_, &MainWindow::quit);
}

void Actions::make_edit_menu()
{
    QMenu* menu = window_.menuBar()->addMenu(tr("&Edit"));
    back_ = add(menu, QStringLiteral("back"), tr("&Undo"), QStringLiteral("undoSelection"),
                {QKeySequence::Undo, QKeySequence(tr("Alt+Left"))});
    forward_ = add(menu, QStringLiteral("forward"), tr("&Redo"), QStringLiteral("redoSelection"),
                   {QKeySequence(tr("Ctrl+Shift+Z")), QKeySequence(tr("Ctrl+Y")), QKeySequence(tr("Alt+Right"))});
    connect(back_, &QAction::triggered, &session_, &Session::back);
    connect(forward_, &QAction::triggered, &session_, &Session::forward);
    menu->addSeparator();
    copy_ = add(menu, QStringLiteral("copy"), tr("&Copy finding as Markdown"), QStringLiteral("copyFindingAction"),
                {QKeySequence(tr("Ctrl+Shift+C"))});
    connect(copy_, &QAction::triggered, window_.inspector(), &InspectorPanel::copyMarkdown);
    connect(add(menu, QStringLiteral("paste"), tr("&Paste evidence"), QStringLiteral("pasteEvidence"),
                {QKeySequence::Paste}),
            &QAction::triggered, &window_, &MainWindow::pasteEvidence);
    menu->addSeparator();
    connect(add(menu, {}, tr("&Go to anything..."), QStringLiteral("openPalette"), {QKeySequence(tr("Ctrl+K"))}),
            &QAction::triggered, &window_, [this] { window_.openPalette(false); });
    connect(add(menu, {}, tr("&Search the case..."), QStringLiteral("searchCase"), {QKeySequence(tr("Ctrl+Shift+F"))}),
            &QAction::triggered, &window_, [this] { window_.openPalette(true); });
}

void Actions::make_case_menu()
{
    QMenu* menu = window_.menuBar()->addMenu(tr("&Case"));
    analyze_ =
        add(menu, QStringLiteral("analyze"), tr("&Analyze"), QStringLiteral("analyzeCase"), {QKeySequence(tr("F5"))});
    connect(analyze_, &QAction::triggered, &session_, [this] { session_.analyze(); });
    QAction* automatic = add(menu, {}, tr("Analyze after e&very change"), QStringLiteral("analyzeAfterImport"));
    automatic->setCheckable(true);
    automatic->setChecked(session_.analyzesAfterImport());
    connect(automatic, &QAction::triggered, &session_, &Session::setAnalyzesAfterImport);
    // Another window on the case may have changed it.
    connect(menu, &QMenu::aboutToShow, automatic, [this, automatic] { automatic->setChecked(session_.analyzesAfterImport()); });
    menu->addSeparator();
    windows_ = add(menu, QStringLiteral("window"), tr("&Windows of time..."), QStringLiteral("editWindows"),
                   {QKeySequence(tr("Ctrl+T"))});
    connect(windows_, &QAction::triggered, &window_, &MainWindow::editWindows);
    menu->addSeparator();
    cancel_ = add(menu, QStringLiteral("cancel"), tr("&Cancel all jobs"), QStringLiteral("cancelJobs"),
                  {QKeySequence(tr("Ctrl+."))});
    connect(cancel_, &QAction::triggered, &session_, [this] { session_.jobs().cancelAll(); });
}

void Actions::make_view_menu()
{
    QMenu* menu = window_.menuBar()->addMenu(tr("&View"));
    explore_ = menu->addMenu(tr("&Evidence"));
    for (const EvidenceViewKind& kind : evidence_view_kinds()) {
        if (!kind.explore || !kind.explore()) continue;
        QAction* action = explore_->addAction(QCoreApplication::translate("EvidenceViewKind", kind.title));
        action->setObjectName(QStringLiteral("explore_") + QString::fromLatin1(kind.id));
        action->setStatusTip(QCoreApplication::translate("EvidenceViewKind", kind.also));
        connect(action, &QAction::triggered, &window_, [this, &kind] { window_.evidence()->explore(kind); });
    }
    QMenu* panels = menu->addMenu(tr("&Panels"));
    for (QDockWidget* dock : window_.docks()) panels->addAction(dock->toggleViewAction());
    QMenu* themes = menu->addMenu(tr("&Theme"));
    auto* group = new QActionGroup(this);
    const auto add_theme = [&](const QString& text, std::optional<Theme::Id> id, const QString& name) {
        QAction* action = add(themes, {}, text, name);
        action->setCheckable(true);
        group->addAction(action);
        const auto check = [action, id] {
            const bool chosen = QSettings().contains(QStringLiteral("theme"));
            action->setChecked(id ? chosen && theme().id == *id : !chosen);
        };
        check();
        connect(action, &QAction::triggered, &window_, [this, id] { window_.setTheme(id); });
        connect(themes, &QMenu::aboutToShow, action, check);
    };
    add_theme(tr("As the d&esktop"), std::nullopt, QStringLiteral("themeDesktop"));
    add_theme(tr("&Light"), Theme::Id::light, QStringLiteral("themeLight"));
    add_theme(tr("&Dark"), Theme::Id::dark, QStringLiteral("themeDark"));
    add_theme(tr("&High contrast"), Theme::Id::highContrast, QStringLiteral("themeHighContrast"));
    QMenu* text = menu->addMenu(tr("Te&xt size"));
    connect(add(text, {}, tr("&Larger"), QStringLiteral("textLarger"), {QKeySequence(tr("Ctrl++")), QKeySequence(tr("Ctrl+="))}),
            &QAction::triggered, &window_, [this] { window_.setTextPoints(text_points() + 1); });
    connect(add(text, {}, tr("&Smaller"), QStringLiteral("textSmaller"), {QKeySequence(tr("Ctrl+-"))}),
            &QAction::triggered, &window_, [this] { window_.setTextPoints(text_points() - 1); });
    connect(add(text, {}, tr("&Normal"), QStringLiteral("textNormal")), &QAction::triggered, &window_,
            [this] { window_.setTextPoints(normal_text_points); });
    QAction* local = add(menu, {}, tr("Times in the &zone of this computer"), QStringLiteral("localTimes"), {QKeySequence(tr("Ctrl+L"))});
    local->setCheckable(true);
    local->setChecked(DisplayZone::instance().mode() == TimeZoneMode::local);
    connect(local, &QAction::triggered, &window_, [](bool on) { DisplayZone::instance().set_mode(on ? TimeZoneMode::local : TimeZoneMode::utc); });
    connect(&DisplayZone::instance(), &DisplayZone::changed, local, [local](TimeZoneMode mode) { local->setChecked(mode == TimeZoneMode::local); });
    QAction* whole = add(menu, {}, tr("Show the &whole time"), QStringLiteral("showWholeTime"), {QKeySequence(tr("Ctrl+0"))});
    connect(whole, &QAction::triggered, &session_, [this] { session_.showRange({}); });
    menu->addSeparator();
    connect(add(menu, {}, tr("&Next panel"), QStringLiteral("nextPanel"), {QKeySequence(tr("F6"))}),
            &QAction::triggered, &window_, [this] { window_.focusPanel(1); });
    connect(add(menu, {}, tr("P&revious panel"), QStringLiteral("previousPanel"), {QKeySequence(tr("Shift+F6"))}),
            &QAction::triggered, &window_, [this] { window_.focusPanel(-1); });
    connect(add(menu, {}, tr("Ne&xt tab"), QStringLiteral("nextTab"), {QKeySequence(tr("Ctrl+Tab"))}),
            &QAction::triggered, &window_, [this] { window_.evidence()->step(1); });
    // With Shift the key arrives as Backtab.
    connect(add(menu, {}, tr("Previo&us tab"), QStringLiteral("previousTab"), {QKeySequence(tr("Ctrl+Shift+Tab")), QKeySequence(tr("Ctrl+Shift+Backtab"))}),
            &QAction::triggered, &window_, [this] { window_.evidence()->step(-1); });
    connect(add(menu, {}, tr("&Close tab"), QStringLiteral("closeTab"), {QKeySequence(tr("Ctrl+W"))}),
            &QAction::triggered, window_.evidence(), &EvidenceTabs::closeCurrent);
    menu->addSeparator();
    layouts_ = menu->addMenu(tr("&Layouts"));
    connect(menu, &QMenu::aboutToShow, this, &Actions::fill_layouts);
    fill_layouts();
    connect(add(menu, {}, tr("Re&set layout"), QStringLiteral("resetLayout")), &QAction::triggered, &window_,
            &MainWindow::resetLayout);
}

void Actions::fill_layouts()
{
    layouts_->clear();
    connect(add(layouts_, {}, tr("&Save layout..."), QStringLiteral("saveLayout")), &QAction::triggered, &window_, &MainWindow::askSaveLayout);
    const QStringList names = MainWindow::layoutNames();
    if (names.isEmpty()) return;
    layouts_->addSeparator();
    const auto shown = [](const QString& name) { return QString(name).replace(QLatin1Char('&'), QStringLiteral("&&")); };
    for (const QString& name : names)
        connect(add(layouts_, {}, shown(name), QStringLiteral("layout_") + name), &QAction::triggered, &window_, [this, name] { window_.restoreLayout(name); });
    layouts_->addSeparator();
    QMenu* remove = layouts_->addMenu(tr("&Delete"));
    for (const QString& name : names)
        connect(add(remove, {}, shown(name), QStringLiteral("deleteLayout_") + name), &QAction::triggered, &window_, [this, name] { window_.deleteLayout(name); });
}

void Actions::make_window_menu()
{
    QMenu* menu = window_.menuBar()->addMenu(tr("&Window"));
    connect(add(menu, {}, tr("&New window on this case"), QStringLiteral("newWindow"), {QKeySequence(tr("Ctrl+Shift+N"))}), &QAction::triggered, &window_, &MainWindow::openWindow);
    connect(add(menu, {}, tr("&Close window"), QStringLiteral("closeWindow"), {QKeySequence(tr("Ctrl+Shift+Q"))}), &QAction::triggered, &window_, &QWidget::close);
}

void Actions::make_help_menu()
{
    QMenu* menu = window_.menuBar()->addMenu(tr("&Help"));
    connect(
        add(menu, QStringLiteral("book"), tr("&Handbook"), QStringLiteral("handbookAction"), {QKeySequence(tr("F1"))}),
        &QAction::triggered, &window_, &MainWindow::showHandbook);
    connect(add(menu, {}, tr("&What Casebook reads"), QStringLiteral("evidenceGuideAction")), &QAction::triggered,
            &window_, &MainWindow::showEvidenceGuide);
    menu->addSeparator();
    connect(add(menu, {}, tr("&About Casebook"), QStringLiteral("about")), &QAction::triggered, &window_,
            &MainWindow::showAbout);
}

void Actions::make_toolbar()
{
    auto* bar = window_.addToolBar(tr("Tools"));
    bar->setObjectName(QStringLiteral("toolbar"));
    bar->setMovable(false);
    bar->setIconSize(QSize(18, 18));
    bar->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    bar->addActions({open_, import_, analyze_});
    bar->addSeparator();
    bar->addActions({back_, forward_});
    open_->setIconText(tr("Open"));
    import_->setIconText(tr("Import"));
    back_->setIconText(tr("Back"));
    forward_->setIconText(tr("Forward"));
}

void Actions::fill_recent()
{
    recent_->clear();
    for (const QString& path : session_.recentCases().paths()) {
        QAction* action = recent_->addAction(QString(path).replace(QLatin1Char('&'), QStringLiteral("&&")));
        connect(action, &QAction::triggered, &window_, [this, path] { window_.openPaths({path}); });
    }
    if (recent_->isEmpty()) recent_->addAction(tr("Nothing yet"))->setEnabled(false);
}

void Actions::update_state()
{
    const bool open = session_.hasCase();
    const auto report = session_.report();
    const Selection& selection = session_.selection();
    save_as_->setEnabled(open);
    close_->setEnabled(open);
    export_->setEnabled(report != nullptr);
    back_->setEnabled(session_.canGoBack());
    forward_->setEnabled(session_.canGoForward());
    copy_->setEnabled(session_.finding(selection.analyzer, selection.finding_key) != nullptr);
    analyze_->setEnabled(open && !session_.ledger().empty());
    windows_->setEnabled(open);
    explore_->setEnabled(open);
    bool listed = false;
    for (const JobInfo& job : session_.jobs().running()) listed |= job.listed;
    cancel_->setEnabled(listed);
}

}  // namespace casebook
