// The parts of the capture window: what they are called and where they stand.
#include "widgets/panels/capture/capture_window.h"

#include "analyzers/core/text.h"
#include "widgets/models/capture_questions.h"
#include "widgets/models/capture_tables.h"
#include "widgets/panels/capture/connection_form.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"
#include "widgets/style/theme.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDesktopServices>
#include <QFormLayout>
#include <QGroupBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QSpinBox>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTableView>
#include <QTreeView>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

namespace casebook {
namespace {

QLabel* make_words(const char* name, QWidget* parent)
{
    auto* label = new QLabel(parent);
    label->setObjectName(QLatin1String(name));
    label->setTextFormat(Qt::PlainText);  // words of a server are in it
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

}  // namespace

QWidget* CaptureWindow::make_setup()
{
    auto* page = new QWidget(this);
    auto* columns = new QHBoxLayout;
    columns->addWidget(make_connection(), 2);
    columns->addWidget(make_plan(), 3);
    auto* inside = new QWidget(page);
    inside->setLayout(columns);
    auto* scroll = new QScrollArea(page);
    scroll->setWidget(inside);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    problem_ = make_words("captureProblem", page);
    problem_->hide();
    start_ = new QPushButton(tr("&Start"), page);
    start_->setObjectName(QStringLiteral("captureStart"));
    start_->setDefault(true);
    connect(start_, &QPushButton::clicked, this, &CaptureWindow::start);
    auto* close = new QPushButton(tr("Close"), page);
    close->setAutoDefault(false);
    connect(close, &QPushButton::clicked, this, &QWidget::hide);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(problem_, 1);
    buttons->addStretch();
    buttons->addWidget(start_);
    buttons->addWidget(close);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(scroll, 1);
    column->addLayout(buttons);
    return page;
}

QWidget* CaptureWindow::make_connection()
{
    auto* box = new QGroupBox(tr("1. Where from"), this);
    form_ = new ConnectionForm(box);
    connect(form_, &ConnectionForm::changed, this, &CaptureWindow::forget_server);
    test_ = new QPushButton(tr("&Test"), box);
    test_->setObjectName(QStringLiteral("captureTest"));
    test_->setAutoDefault(false);
    test_->setToolTip(tr("Connects, asks every question once and writes nothing"));
    connect(test_, &QPushButton::clicked, this, &CaptureWindow::test);
    found_ = make_words("captureFound", box);
    auto* column = new QVBoxLayout(box);
    column->addWidget(form_);
    column->addWidget(test_, 0, Qt::AlignLeft);
    column->addWidget(found_);
    column->addStretch();
    return box;
}

QWidget* CaptureWindow::make_plan()
{
    auto* box = new QGroupBox(tr("2. What to take"), this);
    auto* list = new QTreeView(box);
    list->setObjectName(QStringLiteral("captureQuestions"));
    list->setAccessibleName(tr("What to take, with its cost"));
    list->setModel(questions_);
    list->setRootIsDecorated(false);
    list->setUniformRowHeights(true);
    list->setMinimumHeight(120);
    list->header()->resizeSection(0, 230);
    list->header()->resizeSection(1, 108);
    connect(questions_, &CaptureQuestionModel::chosenChanged, this, &CaptureWindow::update_state);
    const auto number = [&](const char* name, int from, int to, int value, const QString& unit, const QString& tip) {
        auto* spin = new QSpinBox(box);
        spin->setObjectName(QLatin1String(name));
        spin->setRange(from, to);
        spin->setValue(value);
        spin->setSuffix(unit);
        spin->setToolTip(tip);
        connect(spin, &QSpinBox::valueChanged, this, &CaptureWindow::update_state);
        return spin;
    };
    const CaptureOptions defaults;
    snapshots_ = number("captureSnapshots", 1, 100'000, defaults.snapshots, {}, tr("How many snapshots"));
    explain_ = number("captureExplain", 0, 1000, defaults.explain_top, {},
                      tr("Plans of the statements that took most time; 0 for none"));
    statement_timeout_ = number("captureStatementTimeout", 1, 3'600'000, defaults.statement_timeout_ms, tr(" ms"),
                                tr("No question runs longer"));
    lock_timeout_ = number("captureLockTimeout", 1, 3'600'000, defaults.lock_timeout_ms, tr(" ms"),
                           tr("No question waits longer for a lock"));
    every_ = new QDoubleSpinBox(box);
    every_->setObjectName(QStringLiteral("captureEvery"));
    every_->setRange(0.1, 86'400);
    every_->setDecimals(1);
    every_->setSuffix(tr(" s"));
    every_->setValue(defaults.every_ms / 1000.0);
    every_->setToolTip(tr("Seconds from one snapshot to the next"));
    connect(every_, &QDoubleSpinBox::valueChanged, this, &CaptureWindow::update_state);
    duration_ = make_words("captureDuration", box);
    analyze_ = new QCheckBox(tr("Run the statements for their plans (EXPLAIN &ANALYZE)"), box);
    analyze_->setObjectName(QStringLiteral("captureAnalyze"));
    connect(analyze_, &QCheckBox::toggled, this, &CaptureWindow::update_state);
    warning_ = make_words("captureWarning", box);
    warning_->setText(tr("This puts load on the server: each statement is run once. SELECT only, rolled back, ended by the "
                         "statement timeout."));
    folder_ = new QLineEdit(box);
    folder_->setObjectName(QStringLiteral("captureFolder"));
    folder_->setToolTip(tr("A new or empty folder, readable by you only"));
    auto* pace = new QHBoxLayout;
    pace->addWidget(snapshots_);
    pace->addWidget(new QLabel(tr("every"), box));
    pace->addWidget(every_);
    pace->addWidget(duration_, 1);
    auto* limits = new QHBoxLayout;
    limits->addWidget(statement_timeout_);
    limits->addWidget(new QLabel(tr("for locks"), box));
    limits->addWidget(lock_timeout_);
    limits->addStretch();
    const auto label = [&](const QString& text, QWidget* first) {
        auto* one = new QLabel(text, box);
        one->setBuddy(first);
        return one;
    };
    auto* form = new QFormLayout;
    form->addRow(label(tr("S&napshots"), snapshots_), pace);
    form->addRow(tr("&Explain"), explain_);
    form->addRow(analyze_);
    form->addRow(warning_);
    form->addRow(label(tr("T&imeouts"), statement_timeout_), limits);
    form->addRow(tr("&Folder"), folder_);
    auto* column = new QVBoxLayout(box);
    column->addWidget(list, 1);
    column->addLayout(form);
    return box;
}

QWidget* CaptureWindow::make_live()
{
    auto* page = new QWidget(this);
    headline_ = make_words("captureHeadline", page);
    QFont bold = headline_->font();
    bold.setBold(true);
    headline_->setFont(bold);
    status_ = make_words("captureStatus", page);
    problems_ = make_words("captureProblems", page);
    progress_ = new QProgressBar(page);
    progress_->setRange(0, 1000);
    progress_->setAccessibleName(tr("Progress of the capture"));
    const auto button = [&](const QString& text, const char* name) {
        auto* one = new QPushButton(text, page);
        one->setObjectName(QLatin1String(name));
        one->setAutoDefault(false);
        return one;
    };
    cancel_ = button(tr("&Cancel"), "captureCancel");
    cancel_->setToolTip(tr("Stops at once; what was taken stays in the folder"));
    import_ = button(tr("&Import into this case"), "captureImport");
    open_ = button(tr("&Open folder"), "captureOpen");
    again_ = button(tr("&New capture"), "captureAgain");
    auto* close = button(tr("Close"), "captureClose");
    window_ = new QComboBox(page);
    window_->setObjectName(QStringLiteral("captureImportWindow"));
    window_->setEditable(true);
    window_->addItems({QString(), QStringLiteral("incident"), QStringLiteral("baseline"), QStringLiteral("after")});
    window_->setToolTip(tr("Window of time to import into; may be empty"));
    window_->lineEdit()->setPlaceholderText(tr("Window (optional)"));
    window_->setAccessibleName(tr("Window of time to import into"));
    connect(cancel_, &QPushButton::clicked, this, [this] {
        run_->cancel();
        update_time();
    });
    connect(import_, &QPushButton::clicked, this, &CaptureWindow::import);
    connect(open_, &QPushButton::clicked, this, [this] {
        if (summary_) QDesktopServices::openUrl(QUrl::fromLocalFile(from_path(summary_->directory.string())));
    });
    connect(again_, &QPushButton::clicked, this, [this] {
        update_folder();
        pages_->setCurrentIndex(0);
        update_state();
    });
    connect(close, &QPushButton::clicked, this, &QWidget::hide);

    const auto table = [&](const char* name, const QString& title, const QString& hint) {
        auto* one = new DataTable(page);
        one->setObjectName(QLatin1String(name));
        one->view().setAccessibleName(title);
        one->set_hint(hint);
        return one;
    };
    sessions_ = table("captureSessions", tr("Sessions"), tr("Sessions come with the first snapshot."));
    waits_ = table("captureWaits", tr("Waits"), tr("No session waits for anything."));
    locks_ = table("captureLocks", tr("Lock tree"), tr("Nobody waits for a lock."));
    statements_ = table("captureStatements", tr("Top statements of the last interval"),
                        tr("No statement counters: pg_stat_statements is not there or not taken."));
    result_ = table("captureResult", tr("What came of it"), tr("The capture is still running."));
    auto* upper = new QSplitter(Qt::Horizontal, page);
    upper->addWidget(sessions_);
    upper->addWidget(waits_);
    upper->setStretchFactor(0, 3);
    upper->setStretchFactor(1, 1);
    auto* lower = new QSplitter(Qt::Horizontal, page);
    lower->addWidget(locks_);
    lower->addWidget(statements_);
    auto* live = new QSplitter(Qt::Vertical, page);
    live->addWidget(upper);
    live->addWidget(lower);
    for (QSplitter* splitter : {upper, lower, live}) splitter->setChildrenCollapsible(false);
    tabs_ = new QTabWidget(page);
    tabs_->setObjectName(QStringLiteral("captureTabs"));
    tabs_->addTab(live, tr("Last snapshot"));
    tabs_->addTab(result_, tr("Result"));

    auto* row = new QHBoxLayout;
    row->addWidget(progress_, 1);
    for (QWidget* widget : std::initializer_list<QWidget*>{cancel_, window_, import_, open_, again_, close}) row->addWidget(widget);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    for (QWidget* widget : std::initializer_list<QWidget*>{headline_, status_, problems_}) column->addWidget(widget);
    column->addWidget(tabs_, 1);
    column->addLayout(row);
    return page;
}

}  // namespace casebook
