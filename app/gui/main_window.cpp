#include "app/gui/main_window.h"

#include "analyzers/core/text.h"
#include "app/gui/actions.h"
#include "widgets/models/display_zone.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/findings.h"
#include "widgets/panels/inspector.h"
#include "widgets/panels/job_status.h"
#include "widgets/panels/jobs.h"
#include "widgets/panels/ledger.h"
#include "widgets/panels/message_bar.h"
#include "widgets/panels/start_page.h"
#include "widgets/panels/thresholds.h"
#include "widgets/panels/timeline.h"
#include "widgets/panels/walk.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"
#include "widgets/style/icons.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDateTime>
#include <QDockWidget>
#include <QFileInfo>
#include <QLabel>
#include <QLayout>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QStackedWidget>
#include <QStatusBar>
#include <QToolButton>
#include <QVBoxLayout>

#include <tuple>

namespace casebook {
namespace {

/// Files that the mime data names; empty when it names none on this machine.
QStringList local_files(const QMimeData* data)
{
    QStringList paths;
    for (const QUrl& url : data->urls())
        if (url.isLocalFile()) paths << url.toLocalFile();
    return paths;
}

}  // namespace

MainWindow::MainWindow(Session& session, const QString& samples, QWidget* parent)
    : QMainWindow(parent), session_(session), samples_(samples), centre_(new QStackedWidget(this)),
      start_(new StartPage(session, this)), evidence_(new EvidenceTabs(session, this)),
      messages_(new MessageBar(session, this)), drop_hint_(new QLabel(tr("Drop to import"), this)),
      summary_(new QLabel(this))
{
    setObjectName(QStringLiteral("mainWindow"));
    setWindowIcon(application_icon());
    setAcceptDrops(true);
    setDockNestingEnabled(true);

    evidence_->setMinimumSize(240, 160);  // whatever a view would like: the window must fit a small screen
    centre_->addWidget(start_);
    centre_->addWidget(evidence_);
    auto* middle = new QWidget(this);
    auto* column = new QVBoxLayout(middle);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(messages_);
    column->addWidget(centre_, 1);
    setCentralWidget(middle);
    make_docks();
    connect(start_, &StartPage::importRequested, this, &MainWindow::askImportFiles);
    connect(start_, &StartPage::openRequested, this, &MainWindow::askOpen);
    connect(start_, &StartPage::captureRequested, this, &MainWindow::showCapture);
    connect(start_, &StartPage::demoRequested, this, &MainWindow::openDemo);

    statusBar()->addWidget(summary_, 1);
    add_zone_button();
    statusBar()->addPermanentWidget(new JobStatus(session, this));
    drop_hint_->setAlignment(Qt::AlignCenter);
    drop_hint_->setAutoFillBackground(true);
    drop_hint_->setFrameShape(QFrame::Box);
    QFont large = drop_hint_->font();
    large.setPointSizeF(large.pointSizeF() * 1.8);
    drop_hint_->setFont(large);
    drop_hint_->hide();

    new Actions(*this, session_);  // a child of the window

    connect(&session_, &Session::caseOpened, this, [this] { show_case(true); });
    connect(&session_, &Session::caseClosed, this, [this] { show_case(false); });
    for (const auto signal :
         {&Session::caseOpened, &Session::caseClosed, &Session::caseRenamed, &Session::ledgerChanged})
        connect(&session_, signal, this, &MainWindow::update_title);
    case_shown_ = !session_.hasCase();
    show_case(session_.hasCase());
    for (const MainWindow* other : siblings()) number_ = std::max(number_, other->number_ + 1);
    qApp->installEventFilter(this);  // drops on what would take them as text
    layout()->activate();  // so that docks hidden now do not keep the window wide
    resize(1280, 800);
    restoreGeometry(QSettings().value(QStringLiteral("geometry")).toByteArray());
    update_title();
}

MainWindow::~MainWindow() = default;

QDockWidget* MainWindow::add_dock(Qt::DockWidgetArea area, QWidget* panel, const QString& title, const QString& name)
{
    auto* dock = new QDockWidget(title, this);
    dock->setObjectName(name);
    dock->setWidget(panel);
    addDockWidget(area, dock);
    docks_ << dock;
    return dock;
}

void MainWindow::make_docks()
{
    setCorner(Qt::TopLeftCorner, Qt::TopDockWidgetArea);
    setCorner(Qt::TopRightCorner, Qt::TopDockWidgetArea);
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::BottomDockWidgetArea);
    auto* timeline = new TimelinePanel(session_, this);
    connect(timeline, &TimelinePanel::windowsRequested, this, &MainWindow::editWindows);
    add_dock(Qt::TopDockWidgetArea, timeline, tr("Timeline"), QStringLiteral("timelineDock"))
        ->setTitleBarWidget(new QWidget(this));
    setTabPosition(Qt::LeftDockWidgetArea, QTabWidget::North);
    add_dock(Qt::LeftDockWidgetArea, new FindingsPanel(session_, this), tr("Findings"), QStringLiteral("findingsDock"));
    add_dock(Qt::LeftDockWidgetArea, new WalkPanel(session_, this), tr("Playbook"), QStringLiteral("walkDock"));
    inspector_ = new InspectorPanel(session_, this);
    add_dock(Qt::RightDockWidgetArea, inspector_, tr("Inspector"), QStringLiteral("inspectorDock"));
    add_dock(Qt::BottomDockWidgetArea, new LedgerPanel(session_, this), tr("Import ledger"),
             QStringLiteral("ledgerDock"));
    add_dock(Qt::BottomDockWidgetArea, new JobsPanel(session_, this), tr("Jobs"), QStringLiteral("jobsDock"));
    add_dock(Qt::BottomDockWidgetArea, new ThresholdPanel(session_, this), tr("Thresholds"),
             QStringLiteral("thresholdsDock"));
    place_docks();
}

/// Without a case the docks have nothing to show, so the start page has the window to itself.
void MainWindow::show_case(bool open)
{
    if (case_shown_ == open) return;
    if (!open && isVisible()) save_layout();
    case_shown_ = open;
    // Only the page in sight decides how narrow the window may be.
    start_->setSizePolicy(open ? QSizePolicy::Ignored : QSizePolicy::Preferred,
                          open ? QSizePolicy::Ignored : QSizePolicy::Preferred);
    centre_->setCurrentWidget(open ? static_cast<QWidget*>(evidence_) : start_);
    if (open) {
        restore_layout();
    } else {
        for (QDockWidget* dock : docks_) dock->hide();
    }
    for (QDockWidget* dock : docks_) dock->toggleViewAction()->setEnabled(open);
}

void MainWindow::restore_layout()
{
    const QByteArray state = QSettings().value(QStringLiteral("layout")).toByteArray();
    if (state.isEmpty() || !restoreState(state)) resetLayout();
}

void MainWindow::save_layout()
{
    QSettings settings;
    settings.setValue(QStringLiteral("geometry"), saveGeometry());
    if (case_shown_) settings.setValue(QStringLiteral("layout"), saveState());
}

/// Where the docks are when the user moved none.
void MainWindow::place_docks()
{
    const auto [timeline, findings, walk, inspector, ledger, jobs] =
        std::tie(docks_[0], docks_[1], docks_[2], docks_[3], docks_[4], docks_[5]);
    for (QDockWidget* dock : docks_) dock->setFloating(false);
    addDockWidget(Qt::TopDockWidgetArea, timeline);
    addDockWidget(Qt::LeftDockWidgetArea, findings);
    tabifyDockWidget(findings, walk);
    findings->raise();
    addDockWidget(Qt::RightDockWidgetArea, inspector);
    addDockWidget(Qt::BottomDockWidgetArea, ledger);
    tabifyDockWidget(ledger, jobs);
    tabifyDockWidget(jobs, docks_[6]);  // thresholds
    ledger->raise();
}

void MainWindow::resetLayout()
{
    if (!case_shown_) return;
    for (QDockWidget* dock : docks_) dock->show();
    place_docks();
    resizeDocks({docks_[1], docks_[3]}, {width() * 23 / 100, width() * 26 / 100}, Qt::Horizontal);
    resizeDocks({docks_[4]}, {height() * 22 / 100}, Qt::Vertical);
}

void MainWindow::update_title()
{
    const QString title = session_.caseTitle();
    const QString named = number_ == 1 ? title : tr("%1, window %2").arg(title).arg(number_);
    setWindowTitle(title.isEmpty() ? tr("Casebook") : tr("%1 - Casebook").arg(named));
    if (!session_.hasCase()) return summary_->clear();
    std::int64_t files = 0, records = 0;
    for (const LedgerEntry& entry : session_.ledger()) {
        files += entry.id != 0;
        records += entry.stored;
    }
    QString text = files == 1 ? tr("1 file, %1 records").arg(to_qt(format_count(records)))
                              : tr("%1 files, %2 records").arg(files).arg(to_qt(format_count(records)));
    if (session_.isReadOnly()) text += tr(", read only");
    else if (session_.isUnsaved() && !session_.isDemo()) text += tr(", kept until you save or discard it");
    summary_->setText(text);
}

void MainWindow::unless_busy(const QString& question, std::function<void()> then)
{
    bool busy = false;
    for (const JobInfo& job : session_.jobs().running()) busy |= job.listed && job.of_case && !job.cancelling;
    if (!busy) return then();
    auto* box = new QMessageBox(QMessageBox::Question, tr("Work is going on"), question, QMessageBox::Cancel, this);
    box->setInformativeText(tr("Files that are imported already stay in the case."));
    box->setAttribute(Qt::WA_DeleteOnClose);
    QPushButton* stop = box->addButton(tr("Stop it"), QMessageBox::AcceptRole);
    connect(stop, &QPushButton::clicked, this, then);
    box->open();
}

/// Says in which zone times are shown; a click changes it everywhere.
void MainWindow::add_zone_button()
{
    auto* zone = new QToolButton(this);
    zone->setObjectName(QStringLiteral("zoneButton"));
    zone->setAutoRaise(true);
    zone->setFocusPolicy(Qt::TabFocus);
    const auto show = [this, zone] {
        const TimeZoneMode mode = DisplayZone::instance().mode();
        const std::int64_t now_ns = QDateTime::currentMSecsSinceEpoch() * 1'000'000, begin_ns = session_.extent().from_ns;
        zone->setText(zone_text(mode, begin_ns > 0 ? begin_ns : now_ns));
        zone->setToolTip(mode == TimeZoneMode::utc ? tr("Times are in UTC; click for the zone of this computer") : tr("Times are in the zone of this computer; click for UTC"));
        zone->setAccessibleName(tr("Time zone: %1").arg(zone->text()));
    };
    connect(zone, &QToolButton::clicked, this, [] {
        DisplayZone& one = DisplayZone::instance();
        one.set_mode(one.mode() == TimeZoneMode::utc ? TimeZoneMode::local : TimeZoneMode::utc);
    });
    connect(&DisplayZone::instance(), &DisplayZone::changed, zone, show);
    connect(&session_, &Session::extentChanged, zone, show);
    show();
    statusBar()->addPermanentWidget(zone);
}

QList<MainWindow*> MainWindow::siblings() const
{
    QList<MainWindow*> others;
    for (QWidget* widget : QApplication::topLevelWidgets())
        if (auto* other = qobject_cast<MainWindow*>(widget); other && other != this && other->isVisible() && &other->session_ == &session_) others << other;
    return others;
}

void MainWindow::openWindow()
{
    auto* another = new MainWindow(session_, samples_);
    another->setAttribute(Qt::WA_DeleteOnClose);
    another->resize(size());
    another->move(pos() + QPoint(32, 32));
    another->show();
    another->take_front();
    another->evidence_->followSelection();
}

/// Evidence opens here from now on.
void MainWindow::take_front()
{
    for (MainWindow* other : siblings()) other->evidence_->setAnswering(false);
    evidence_->setAnswering(true);
}

void MainWindow::quit()
{
    QApplication::closeAllWindows();
}

bool MainWindow::event(QEvent* event)
{
    if (event->type() == QEvent::WindowActivate) take_front();
    return QMainWindow::event(event);
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    // The others go on with the case and its jobs.
    if (const auto others = siblings(); !others.isEmpty()) {
        save_layout();
        if (evidence_->isAnswering()) others.first()->take_front();
        evidence_->setAnswering(false);
        hand_capture_to(others.first());
        return QMainWindow::closeEvent(event);
    }
    bool busy = false;
    for (const JobInfo& job : session_.jobs().running()) busy |= job.listed && !job.cancelling;
    if (busy && !closing_) {
        event->ignore();
        unless_busy(tr("Stop it and quit?"), [this] {
            closing_ = true;
            close();
        });
        return;
    }
    save_layout();
    session_.jobs().cancelAll();
    QMainWindow::closeEvent(event);
}

/// What a drop does is always a copy: files are read, never moved. A source that offers no copy is taken at what it offers.
void MainWindow::accept_drop(QDropEvent* event) const
{
    const Qt::DropActions offered = event->possibleActions();
    if (offered & Qt::CopyAction) event->setDropAction(Qt::CopyAction);
    else if (offered & Qt::LinkAction) event->setDropAction(Qt::LinkAction);
    else event->setDropAction(event->proposedAction());
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (local_files(event->mimeData()).isEmpty() && !event->mimeData()->hasText()) return;
    accept_drop(event);
    drop_hint_->setGeometry(centralWidget()->geometry().adjusted(12, 12, -12, -12));
    drop_hint_->raise();
    drop_hint_->show();
}

/// Pressing or letting go of Ctrl on the way changes what the source proposes, not what is done here.
void MainWindow::dragMoveEvent(QDragMoveEvent* event)
{
    accept_drop(event);
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent*)
{
    drop_hint_->hide();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    drop_hint_->hide();
    accept_drop(event);
    const QStringList paths = local_files(event->mimeData());
    if (!paths.isEmpty()) openPaths(paths);
    else session_.importText(event->mimeData()->text());
}

/// Files dropped on a text field of this window are evidence, too: the field would only take their names.
bool MainWindow::eventFilter(QObject* watched, QEvent* event)
{
    const auto type = event->type();
    if (type != QEvent::DragEnter && type != QEvent::DragMove && type != QEvent::Drop) return false;
    auto* widget = qobject_cast<QWidget*>(watched);
    if (!widget || widget == this || widget->window() != this || !widget->acceptDrops()) return false;
    auto* drop = static_cast<QDropEvent*>(event);
    if (local_files(drop->mimeData()).isEmpty()) return false;
    if (type == QEvent::DragEnter) dragEnterEvent(static_cast<QDragEnterEvent*>(event));
    else if (type == QEvent::DragMove) dragMoveEvent(static_cast<QDragMoveEvent*>(event));
    else dropEvent(drop);
    return true;
}

}  // namespace casebook
