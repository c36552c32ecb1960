#include "widgets/panels/walk.h"

#include "analyzers/core/text.h"
#include "analyzers/playbook/playbook_data.h"
#include "analyzers/playbook/symptoms.h"
#include "analyzers/playbook/walk_case.h"
#include "widgets/models/walk_model.h"
#include "widgets/panels/hint.h"
#include "widgets/panels/two_line_delegate.h"
#include "widgets/qt_text.h"
#include "widgets/style/icons.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QScopedValueRollback>
#include <QScrollArea>
#include <QStackedWidget>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>

#include <algorithm>

namespace casebook {

WalkPanel::WalkPanel(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), loading_(session.jobs()), model_(new WalkModel(this)),
      symptom_(new QComboBox(this)), conclusion_(new QLabel(this)), conclusion_area_(new QScrollArea(this)), next_(new QLabel(this)),
      copy_next_(new QToolButton(this)), tree_(new QTreeView(this)), stack_(new QStackedWidget(this))
{
    setObjectName(QStringLiteral("walk"));
    setMinimumWidth(210);
    symptom_->setObjectName(QStringLiteral("symptomChoice"));
    symptom_->setAccessibleName(tr("Symptom whose playbook is walked"));
    symptom_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    symptom_->addItem(tr("The symptom that fits best"), QString());
    for (const std::string_view id : symptom_ids())
        if (const auto playbook = playbook_of(id)) symptom_->addItem(to_qt(playbook->title), to_qt(id));
    connect(symptom_, &QComboBox::activated, this, &WalkPanel::reload);

    conclusion_->setWordWrap(true);
    conclusion_->setObjectName(QStringLiteral("conclusion"));
    conclusion_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    conclusion_area_->setObjectName(QStringLiteral("conclusionArea"));
    conclusion_area_->setAccessibleName(tr("What the walk comes to"));
    conclusion_area_->setWidget(conclusion_);
    conclusion_area_->setWidgetResizable(true);
    conclusion_area_->setFrameShape(QFrame::NoFrame);
    conclusion_area_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    conclusion_area_->viewport()->setAutoFillBackground(false);
    conclusion_->setAutoFillBackground(false);
    conclusion_area_->viewport()->installEventFilter(this);
    next_->setWordWrap(true);
    next_->setObjectName(QStringLiteral("nextStep"));
    next_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    copy_next_->setIcon(action_icon(QStringLiteral("copy")));
    copy_next_->setAutoRaise(true);
    copy_next_->setToolTip(tr("Copy the command of the next step"));
    copy_next_->setAccessibleName(copy_next_->toolTip());
    connect(copy_next_, &QToolButton::clicked, this, [this] { copy_command(next_command_); });

    tree_->setObjectName(QStringLiteral("walkTree"));
    tree_->setAccessibleName(tr("Steps of the playbook"));
    tree_->setModel(model_);
    tree_->setItemDelegate(new TwoLineDelegate(WalkModel::Subtitle, WalkModel::IsGroup, tree_));
    tree_->setHeaderHidden(true);
    tree_->setIndentation(12);
    tree_->setFrameShape(QFrame::NoFrame);
    tree_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    tree_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    tree_->viewport()->installEventFilter(this);
    connect(tree_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& current) {
        const std::string analyzer = current.data(WalkModel::AnalyzerId).toByteArray().toStdString();
        if (!following_ && !analyzer.empty())
            session_.selectFinding(analyzer, current.data(WalkModel::FindingKey).toByteArray().toStdString());
    });
    connect(tree_, &QTreeView::activated, this,
            [this](const QModelIndex& index) { copy_command(index.data(WalkModel::Command).toString()); });
    auto* copy = new QAction(tr("Copy the command"), tree_);
    copy->setShortcut(QKeySequence::Copy);
    copy->setShortcutContext(Qt::WidgetShortcut);
    connect(copy, &QAction::triggered, this,
            [this] { copy_command(tree_->currentIndex().data(WalkModel::Command).toString()); });
    tree_->addAction(copy);
    tree_->setContextMenuPolicy(Qt::ActionsContextMenu);

    auto* next_row = new QHBoxLayout;
    next_row->addWidget(next_, 1);
    next_row->addWidget(copy_next_, 0, Qt::AlignTop);
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(4, 0, 4, 0);
    column->addWidget(symptom_);
    column->addWidget(conclusion_area_);
    column->addLayout(next_row);
    column->addWidget(tree_, 1);
    stack_->addWidget(
        new Hint(tr("The playbook is walked here once the case is analyzed. Import evidence, then press F5."), this));
    stack_->addWidget(page);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(stack_);

    connect(&session_, &Session::reportChanged, this, &WalkPanel::reload);
    connect(&session_, &Session::selectionChanged, this, &WalkPanel::show_selection);
    reload();
}

void WalkPanel::reload()
{
    if (!session_.report() || session_.isAnalyzing()) {
        loading_.clear();
        if (!session_.report()) stack_->setCurrentIndex(0);
        return;
    }
    loading_ = session_.read<Walk>(
        tr("Walk the playbook"),
        [symptom = symptom_->currentData().toString().toStdString()](CaseFile& file, const Control& control) {
            return walk_case(file, symptom, control);
        },
        this,
        [this](Result<Walk> walk) {
            if (!walk) return session_.tell(walk.error());
            show_walk(*walk);
        });
}

void WalkPanel::show_walk(const Walk& walk)
{
    {
        const QScopedValueRollback following(following_, true);
        model_->setWalk(walk, session_.report());
        tree_->expandAll();
    }
    symptom_->setItemText(0, walk.title.empty() || !symptom_->currentData().toString().isEmpty()
                                 ? tr("The symptom that fits best")
                                 : tr("Fits best: %1").arg(to_qt(walk.title)));
    symptom_->setToolTip(to_qt(walk.pattern));
    // Ids have no spaces: they may be broken after an underscore.
    QString conclusion = to_qt(walk.conclusion).toHtmlEscaped();
    conclusion.replace(QLatin1Char('_'), QStringLiteral("_&#8203;"));
    conclusion_->setText(QStringLiteral("<b>%1</b>").arg(conclusion));
    conclusion_area_->setVisible(!walk.conclusion.empty());
    fit_conclusion();
    next_->setText(tr("Next: %1").arg(to_qt(walk.next.title)));
    next_->setToolTip(QStringLiteral("<p>%1</p><p><code>%2</code></p>")
                          .arg(to_qt(walk.next.why).toHtmlEscaped(), to_qt(walk.next.command).toHtmlEscaped()));
    next_->setVisible(!walk.next.title.empty());
    next_command_ = to_qt(walk.next.command);
    copy_next_->setVisible(!next_command_.isEmpty());
    stack_->setCurrentIndex(1);
    show_selection();
}

/// Several causes make a long text: it may have a few lines, the steps below have the rest.
void WalkPanel::fit_conclusion()
{
    constexpr int most_lines = 6;
    const int wanted = conclusion_->heightForWidth(std::max(40, conclusion_area_->viewport()->width()));
    conclusion_area_->setFixedHeight(std::min(wanted, most_lines * conclusion_->fontMetrics().lineSpacing()) + 2);
}

void WalkPanel::show_selection()
{
    const QScopedValueRollback following(following_, true);
    const QModelIndex index = model_->find(session_.selection().analyzer);
    tree_->setCurrentIndex(index);
    if (index.isValid()) tree_->scrollTo(index);
}

void WalkPanel::copy_command(const QString& command)
{
    if (command.isEmpty()) return;
    QApplication::clipboard()->setText(command);
    session_.tell({Message::Kind::information, tr("The command is on the clipboard"), {}});
}

bool WalkPanel::eventFilter(QObject* watched, QEvent* event)
{
    // Heights depend on the width.
    if (watched == tree_->viewport() && event->type() == QEvent::Resize)
        QMetaObject::invokeMethod(tree_, &QTreeView::doItemsLayout, Qt::QueuedConnection);  // never amid a layout
    if (watched == conclusion_area_->viewport() && event->type() == QEvent::Resize) fit_conclusion();
    return QWidget::eventFilter(watched, event);
}

}  // namespace casebook
