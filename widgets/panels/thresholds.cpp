#include "widgets/panels/thresholds.h"

#include "widgets/models/threshold_model.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QCheckBox>
#include <QDoubleValidator>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QVBoxLayout>

namespace casebook {

/// Some hundred rows: a proxy is fast enough.
class ThresholdFilter : public QSortFilterProxyModel {
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
    QString text, analyzer;
    bool only_changed = false;
    void refresh() { invalidateFilter(); }

protected:
    bool filterAcceptsRow(int row, const QModelIndex&) const override
    {
        const QModelIndex index = sourceModel()->index(row, ThresholdModel::Name);
        if (only_changed && !index.data(ThresholdModel::IsChanged).toBool()) return false;
        if (!analyzer.isEmpty() && !index.data(ThresholdModel::FullName).toString().startsWith(analyzer + QLatin1Char('.')))
            return false;
        return index.data(ThresholdModel::Haystack).toString().contains(text, Qt::CaseInsensitive);
    }
};

namespace {

class NumberDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem&, const QModelIndex&) const override
    {
        auto* field = new QLineEdit(parent);
        field->setObjectName(QStringLiteral("thresholdCell"));
        field->setAlignment(Qt::AlignRight);
        auto* validator = new QDoubleValidator(field);
        validator->setLocale(QLocale::c());
        field->setValidator(validator);
        return field;
    }
};

}  // namespace

ThresholdPanel::ThresholdPanel(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), model_(new ThresholdModel(this)), filtered_(new ThresholdFilter(this)),
      filter_(new QLineEdit(this)), only_changed_(new QCheckBox(tr("Changed only"), this)),
      of_selection_(new QCheckBox(tr("Of the selected finding"), this)), reset_(new QPushButton(tr("Reset"), this)),
      count_(new QLabel(this)), table_(new QTableView(this))
{
    setObjectName(QStringLiteral("thresholds"));
    filter_->setPlaceholderText(tr("Filter by name, question, unit or source"));
    filter_->setClearButtonEnabled(true);
    filter_->setAccessibleName(tr("Filter thresholds"));
    filter_->setObjectName(QStringLiteral("thresholdFilter"));
    filter_->setMinimumWidth(80);
    only_changed_->setObjectName(QStringLiteral("thresholdsChangedOnly"));
    of_selection_->setObjectName(QStringLiteral("thresholdsOfSelection"));
    reset_->setObjectName(QStringLiteral("thresholdReset"));
    reset_->setToolTip(tr("Give the selected thresholds their defaults back"));
    count_->setObjectName(QStringLiteral("thresholdCount"));

    filtered_->setSourceModel(model_);
    filtered_->setSortRole(ThresholdModel::SortKey);
    table_->setObjectName(QStringLiteral("thresholdTable"));
    table_->setAccessibleName(tr("Thresholds"));
    table_->setModel(filtered_);
    table_->setItemDelegateForColumn(ThresholdModel::ValueColumn, new NumberDelegate(table_));
    table_->setSortingEnabled(true);
    table_->sortByColumn(-1, Qt::AscendingOrder);  // as the engine lists them: shared ones, then by question
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed |
                            QAbstractItemView::AnyKeyPressed);
    table_->setTabKeyNavigation(false);
    table_->setShowGrid(false);
    table_->setAlternatingRowColors(true);
    table_->setFrameShape(QFrame::NoFrame);
    table_->setWordWrap(false);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().lineSpacing() + 6);
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setStretchLastSection(true);
    table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    const int em = fontMetrics().averageCharWidth();
    table_->setColumnWidth(ThresholdModel::Name, 40 * em);
    table_->setColumnWidth(ThresholdModel::ValueColumn, 14 * em);
    table_->setColumnWidth(ThresholdModel::Default, 14 * em);
    table_->setColumnWidth(ThresholdModel::Unit, 14 * em);

    auto* row = new QHBoxLayout;
    row->setContentsMargins(4, 2, 4, 0);
    row->addWidget(filter_, 1);
    row->addWidget(only_changed_);
    row->addWidget(of_selection_);
    row->addWidget(count_);
    row->addWidget(reset_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addLayout(row);
    column->addWidget(table_, 1);

    const auto filter = [this] {
        filtered_->text = filter_->text().trimmed();
        filtered_->only_changed = only_changed_->isChecked();
        filtered_->analyzer = of_selection_->isChecked() ? to_qt(session_.selection().analyzer) : QString();
        filtered_->refresh();
        update_buttons();
    };
    connect(filter_, &QLineEdit::textChanged, this, filter);
    connect(only_changed_, &QCheckBox::toggled, this, filter);
    connect(of_selection_, &QCheckBox::toggled, this, filter);
    connect(reset_, &QPushButton::clicked, this, &ThresholdPanel::reset_selected);
    connect(model_, &ThresholdModel::edited, this,
            [this](const QString& name, double value) { session_.setThreshold(name.toStdString(), value); });
    connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &ThresholdPanel::update_buttons);
    connect(&session_, &Session::thresholdsChanged, this, &ThresholdPanel::show_values);
    connect(&session_, &Session::selectionChanged, this, filter);
    show_values();
}

void ThresholdPanel::show_values()
{
    model_->setEditable(session_.hasCase() && !session_.isReadOnly());
    model_->setChanged(session_.thresholds());
    filtered_->refresh();
    update_buttons();
}

void ThresholdPanel::update_buttons()
{
    bool changed = false;
    for (const QModelIndex& index : table_->selectionModel()->selectedRows())
        changed |= index.data(ThresholdModel::IsChanged).toBool();
    reset_->setEnabled(changed && !session_.isReadOnly());
    const int shown = filtered_->rowCount(), all = model_->rowCount();
    QString text = shown == all ? tr("%1 thresholds").arg(all) : tr("%1 of %2").arg(shown).arg(all);
    if (!session_.thresholds().empty()) text += tr(", %1 changed").arg(session_.thresholds().size());
    count_->setText(text);
}

void ThresholdPanel::reset_selected()
{
    QStringList names;
    for (const QModelIndex& index : table_->selectionModel()->selectedRows())
        if (index.data(ThresholdModel::IsChanged).toBool()) names << index.data(ThresholdModel::FullName).toString();
    for (const QString& name : names) session_.setThreshold(name.toStdString(), {});
}

}  // namespace casebook
