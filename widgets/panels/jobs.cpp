#include "widgets/panels/jobs.h"

#include "widgets/models/job_model.h"
#include "widgets/panels/hint.h"
#include "widgets/session/session.h"
#include "widgets/style/icons.h"

#include <QAction>
#include <QApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QTreeView>
#include <QVBoxLayout>

namespace casebook {
namespace {

/// A progress bar with the words of the model on it.
class ProgressDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        if (!index.data(JobModel::IsRunning).toBool()) return QStyledItemDelegate::paint(painter, option, index);
        QStyleOptionViewItem item = option;
        initStyleOption(&item, index);
        item.text.clear();
        QApplication::style()->drawControl(QStyle::CE_ItemViewItem, &item, painter, item.widget);
        const int permille = index.data(JobModel::Permille).toInt();
        QStyleOptionProgressBar bar;
        bar.rect = option.rect.adjusted(2, 2, -2, -2);
        bar.palette = option.palette;
        bar.state = QStyle::State_Enabled | QStyle::State_Horizontal;
        bar.minimum = 0;
        bar.maximum = 1000;
        bar.progress = std::max(0, permille);
        bar.text = index.data(Qt::DisplayRole).toString();
        bar.textVisible = true;
        bar.textAlignment = Qt::AlignCenter;
        QApplication::style()->drawControl(QStyle::CE_ProgressBar, &bar, painter, item.widget);
    }
};

}  // namespace

JobsPanel::JobsPanel(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), model_(new JobModel(session.jobs(), this)), stack_(new QStackedWidget(this)),
      list_(new QTreeView(this)),
      cancel_(new QPushButton(action_icon(QStringLiteral("cancel")), tr("Cancel job"), this))
{
    setObjectName(QStringLiteral("jobs"));
    list_->setObjectName(QStringLiteral("jobList"));
    list_->setModel(model_);
    list_->setRootIsDecorated(false);
    list_->setUniformRowHeights(true);
    list_->setFrameShape(QFrame::NoFrame);
    list_->setAccessibleName(tr("Jobs"));
    list_->setItemDelegateForColumn(JobModel::Done, new ProgressDelegate(list_));
    list_->header()->setStretchLastSection(false);
    list_->header()->setSectionResizeMode(JobModel::Title, QHeaderView::Stretch);
    const int digit = list_->fontMetrics().horizontalAdvance(QLatin1Char('0'));
    list_->header()->resizeSection(JobModel::Done, 26 * digit);
    list_->header()->resizeSection(JobModel::Rate, 12 * digit);
    list_->header()->resizeSection(JobModel::Records, 13 * digit);
    list_->header()->resizeSection(JobModel::Remaining, 14 * digit);

    cancel_->setObjectName(QStringLiteral("cancelJob"));
    cancel_->setToolTip(tr("Stop the selected job (Delete)"));
    connect(cancel_, &QPushButton::clicked, this, &JobsPanel::cancel_selected);
    auto* stop = new QAction(tr("Cancel job"), this);
    stop->setShortcut(QKeySequence::Delete);
    stop->setShortcutContext(Qt::WidgetShortcut);
    list_->addAction(stop);
    connect(stop, &QAction::triggered, this, &JobsPanel::cancel_selected);

    auto* page = new QWidget(this);
    auto* row = new QHBoxLayout(page);
    row->setContentsMargins(0, 0, 4, 0);
    row->addWidget(list_, 1);
    row->addWidget(cancel_, 0, Qt::AlignTop);
    stack_->addWidget(new Hint(tr("No jobs. Imports and analyses show their progress here."), this));
    stack_->addWidget(page);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(stack_);

    connect(model_, &QAbstractItemModel::rowsInserted, this, &JobsPanel::update_state);
    connect(model_, &QAbstractItemModel::rowsRemoved, this, &JobsPanel::update_state);
    connect(list_->selectionModel(), &QItemSelectionModel::currentChanged, this, &JobsPanel::update_state);
    update_state();
}

void JobsPanel::update_state()
{
    stack_->setCurrentIndex(model_->rowCount() > 0 ? 1 : 0);
    const bool nothing_selected =
        !list_->currentIndex().isValid() || !list_->currentIndex().data(JobModel::IsRunning).toBool();
    if (nothing_selected && model_->rowCount() > 0 && model_->index(0, 0).data(JobModel::IsRunning).toBool())
        list_->setCurrentIndex(model_->index(0, 0));
    cancel_->setEnabled(list_->currentIndex().isValid() && list_->currentIndex().data(JobModel::IsRunning).toBool());
}

void JobsPanel::cancel_selected()
{
    const QModelIndex index = list_->currentIndex();
    if (index.isValid()) session_.jobs().cancel(index.data(JobModel::Id).value<JobId>());
}

}  // namespace casebook
