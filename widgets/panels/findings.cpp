#include "widgets/panels/findings.h"

#include "analyzers/core/text.h"
#include "analyzers/playbook/playbook_data.h"
#include "widgets/models/finding_model.h"
#include "widgets/panels/finding_actions.h"
#include "widgets/panels/hint.h"
#include "widgets/panels/two_line_delegate.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QAction>
#include <QCheckBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>
#include <QScopedValueRollback>
#include <QStackedWidget>
#include <QTreeView>
#include <QVBoxLayout>

namespace casebook {

FindingsPanel::FindingsPanel(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), model_(new FindingModel(this)), symptom_(new QLabel(this)),
      stale_(new QWidget(this)), filter_(new QLineEdit(this)), hide_dismissed_(new QCheckBox(this)),
      actions_(new FindingActions(session, this)), tree_(new QTreeView(this)), stack_(new QStackedWidget(this)),
      hint_(new Hint({}, this))
{
    setObjectName(QStringLiteral("findings"));
    setMinimumWidth(210);
    symptom_->setWordWrap(true);
    symptom_->setMargin(4);
    symptom_->setObjectName(QStringLiteral("symptom"));

    auto* stale_row = new QHBoxLayout(stale_);
    stale_row->setContentsMargins(4, 2, 4, 2);
    auto* stale_text = new QLabel(tr("The evidence has changed since this analysis."), stale_);
    stale_text->setWordWrap(true);
    auto* again = new QPushButton(tr("Analyze"), stale_);
    again->setObjectName(QStringLiteral("analyzeAgain"));
    stale_row->addWidget(stale_text, 1);
    stale_row->addWidget(again);
    connect(again, &QPushButton::clicked, &session_, [this] { session_.analyze(); });

    filter_->setPlaceholderText(tr("Filter"));
    filter_->setClearButtonEnabled(true);
    filter_->setAccessibleName(tr("Filter findings and questions"));
    connect(filter_, &QLineEdit::textChanged, this, [this](const QString& text) {
        const QScopedValueRollback following(following_, true);
        model_->setFilter(text);
        expand_families();
        show_selection();
        update_hint();
    });

    hide_dismissed_->setObjectName(QStringLiteral("hideDismissed"));
    hide_dismissed_->setChecked(QSettings().value(QStringLiteral("hideDismissed"), false).toBool());
    model_->setHideDismissed(hide_dismissed_->isChecked());
    connect(hide_dismissed_, &QCheckBox::toggled, this, [this](bool on) {
        QSettings().setValue(QStringLiteral("hideDismissed"), on);
        const QScopedValueRollback following(following_, true);
        model_->setHideDismissed(on);
        expand_families();
        show_selection();
        update_hint();
    });

    tree_->setModel(model_);
    auto* delegate = new TwoLineDelegate(FindingModel::Subtitle, FindingModel::IsGroup, tree_);
    delegate->setBadgesRole(FindingModel::Badges);
    tree_->setItemDelegate(delegate);
    tree_->addActions({actions_->accept(), actions_->dismiss(), actions_->pin(), actions_->note(), actions_->copy()});
    tree_->setContextMenuPolicy(Qt::ActionsContextMenu);
    tree_->setHeaderHidden(true);
    tree_->setIndentation(12);
    tree_->setFrameShape(QFrame::NoFrame);
    tree_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    tree_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    tree_->setObjectName(QStringLiteral("findingTree"));
    tree_->setAccessibleName(tr("Findings and questions"));
    tree_->viewport()->installEventFilter(this);
    connect(tree_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& current) {
        if (following_ || !current.isValid() || current.data(FindingModel::IsGroup).toBool()) return;
        session_.selectFinding(current.data(FindingModel::AnalyzerId).toByteArray().toStdString(),
                               current.data(FindingModel::FindingKey).toByteArray().toStdString());
    });
    // Enter or double click opens the proof, also when its tab was closed meanwhile.
    connect(tree_, &QTreeView::activated, this, [this](const QModelIndex& index) {
        const auto finding = session_.finding(index.data(FindingModel::AnalyzerId).toByteArray().toStdString(),
                                              index.data(FindingModel::FindingKey).toByteArray().toStdString());
        if (finding && !finding->evidence.empty()) session_.openEvidence(finding->evidence.front(), finding);
    });

    stack_->addWidget(hint_);
    stack_->addWidget(tree_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addWidget(symptom_);
    column->addWidget(stale_);
    column->addWidget(filter_);
    column->addWidget(hide_dismissed_);
    column->addWidget(stack_, 1);

    connect(&session_, &Session::reportChanged, this, &FindingsPanel::show_report);
    connect(&session_, &Session::decisionsChanged, this, &FindingsPanel::show_decisions);
    connect(&session_, &Session::analysisStarted, this, &FindingsPanel::update_hint);
    connect(&session_, &Session::selectionChanged, this, &FindingsPanel::show_selection);
    for (const auto signal : {&Session::jobStarted, &Session::jobFinished})
        connect(&session_, signal, this, &FindingsPanel::update_hint);
    show_report();
}

void FindingsPanel::show_report()
{
    const auto report = session_.report();
    {
        const QScopedValueRollback following(following_, true);
        model_->setReport(report);
    }
    stale_->setVisible(report && session_.isReportStale() && !session_.isAnalyzing());
    QString symptom;
    if (report && !report->symptoms.empty()) {
        const SymptomMatch& match = report->symptoms.front();
        const auto playbook = playbook_of(match.id);
        symptom =
            tr("<b>%1</b> (%2 match)")
                .arg(to_qt(playbook ? playbook->title : match.id).toHtmlEscaped(), to_qt(format_percent(match.match)));
        if (!match.why.empty()) symptom += QStringLiteral("<br/>") + to_qt(match.why).toHtmlEscaped();
    }
    symptom_->setText(symptom);
    symptom_->setVisible(!symptom.isEmpty());
    filter_->setVisible(report != nullptr);
    show_decisions();
}

void FindingsPanel::show_decisions()
{
    {
        const QScopedValueRollback following(following_, true);
        const int scrolled = tree_->verticalScrollBar()->value();
        model_->setDecisions(session_.decisions());
        expand_families();
        tree_->verticalScrollBar()->setValue(scrolled);
    }
    const int dismissed = model_->dismissedCount();
    hide_dismissed_->setText(tr("Hide dismissed (%1)").arg(dismissed));
    hide_dismissed_->setVisible(dismissed > 0);
    show_selection();
    update_hint();
}

/// Not expandAll(): that marks rows without children as open, and the left key would close them instead of going up.
void FindingsPanel::expand_families()
{
    for (int i = 0; i < model_->rowCount(); ++i) {
        const QModelIndex group = model_->index(i, 0);
        tree_->expand(group);
        for (int j = 0; j < model_->rowCount(group); ++j)
            if (const QModelIndex cause = model_->index(j, 0, group); model_->rowCount(cause) > 0) tree_->expand(cause);
    }
}

void FindingsPanel::show_selection()
{
    const Selection& selection = session_.selection();
    const QScopedValueRollback following(following_, true);
    const QModelIndex index =
        selection.analyzer.empty() ? QModelIndex() : model_->find(selection.analyzer, selection.finding_key);
    tree_->setCurrentIndex(index);
    if (!index.isValid()) return;
    if (index.row() == 0) tree_->scrollTo(index.parent());  // what kind of finding it is
    tree_->scrollTo(index);
}

void FindingsPanel::update_hint()
{
    QString text;
    if (model_->rowCount() > 0) {
        stack_->setCurrentWidget(tree_);
        return;
    }
    if (session_.isAnalyzing()) text = tr("Analyzing. Findings appear here when it is done.");
    else if (session_.isImporting()) text = tr("Evidence is being imported. Findings appear here when it is analyzed.");
    else if (!filter_->text().isEmpty()) text = tr("Nothing matches the filter.");
    else if (model_->dismissedCount() > 0) text = tr("All findings are dismissed and hidden.");
    else if (session_.report()) text = tr("The analysis had no questions to ask of this evidence. Import more of it.");
    else if (session_.ledger().empty()) text = tr("Findings appear here. Drop evidence files on the window to begin.");
    else text = tr("Findings appear here after an analysis. Press F5 to analyze.");
    hint_->setText(text);
    stack_->setCurrentWidget(hint_);
}

bool FindingsPanel::eventFilter(QObject* watched, QEvent* event)
{
    // Heights depend on the width. Not at once: a scroll bar that appears resizes the viewport amid a layout, which would
    // go on with heights of the old width.
    if (watched == tree_->viewport() && event->type() == QEvent::Resize)
        QMetaObject::invokeMethod(tree_, &QTreeView::doItemsLayout, Qt::QueuedConnection);
    return QWidget::eventFilter(watched, event);
}

}  // namespace casebook
