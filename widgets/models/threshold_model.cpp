#include "widgets/models/threshold_model.h"

#include "widgets/models/finding_text.h"
#include "widgets/qt_text.h"

#include <QFont>
#include <QLocale>

namespace casebook {
namespace {

QString number(double value)
{
    return QLocale::c().toString(value, 'g', 12);
}

/// What the threshold belongs to, in words: the analyzer's question.
QString owner_of(const std::string& name)
{
    if (name.rfind("common.", 0) == 0) return ThresholdModel::tr("Shared by several questions");
    if (name.rfind("symptom.", 0) == 0) return ThresholdModel::tr("The symptom table");
    return question_of(name.substr(0, name.find_last_of('.')));
}

}  // namespace

ThresholdModel::ThresholdModel(QObject* parent) : QAbstractTableModel(parent), rows_(all_thresholds()) {}

void ThresholdModel::setChanged(std::map<std::string, double> changed)
{
    if (changed == changed_) return;
    changed_ = std::move(changed);
    emit dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

int ThresholdModel::rowOf(const QString& name) const
{
    for (std::size_t i = 0; i < rows_.size(); ++i)
        if (to_qt(rows_[i].name) == name) return static_cast<int>(i);
    return -1;
}

double ThresholdModel::value_of(const NamedThreshold& threshold) const
{
    const auto set = changed_.find(threshold.name);
    return set == changed_.end() ? threshold.value : set->second;
}

int ThresholdModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int ThresholdModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant ThresholdModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    const NamedThreshold& threshold = rows_[static_cast<std::size_t>(index.row())];
    const bool changed = changed_.contains(threshold.name);
    switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
        switch (index.column()) {
        case Name: return to_qt(threshold.name);
        case ValueColumn: return number(value_of(threshold));
        case Default: return number(threshold.value);
        case Unit: return threshold.unit == "1" ? QString() : to_qt(threshold.unit);
        case Source: return to_qt(threshold.source);
        default: return {};
        }
    case Qt::TextAlignmentRole:
        if (index.column() == ValueColumn || index.column() == Default)
            return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
        return {};
    case Qt::FontRole: {
        if (!changed || index.column() > ValueColumn) return {};
        QFont font;
        font.setBold(true);
        return font;
    }
    case Qt::ToolTipRole:
        return QStringLiteral("<p><b>%1</b></p><p>%2</p><p>%3</p>")
            .arg(to_qt(threshold.name), owner_of(threshold.name).toHtmlEscaped(),
                 changed ? tr("Set to %1 for this case; the default is %2").arg(number(value_of(threshold)), number(threshold.value))
                         : tr("The default. Source: %1").arg(to_qt(threshold.source).toHtmlEscaped()));
    case Qt::AccessibleTextRole:
        if (index.column() != ValueColumn) return {};
        return changed ? tr("%1, changed from %2").arg(number(value_of(threshold)), number(threshold.value))
                       : number(value_of(threshold));
    case SortKey:
        if (index.column() == ValueColumn) return value_of(threshold);
        if (index.column() == Default) return threshold.value;
        return data(index, Qt::DisplayRole);
    case FullName: return to_qt(threshold.name);
    case IsChanged: return changed;
    case Haystack:
        return QStringList{to_qt(threshold.name), owner_of(threshold.name), to_qt(threshold.source), to_qt(threshold.unit)}
            .join(QLatin1Char('\n'));
    default: return {};
    }
}

QVariant ThresholdModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
    case Name: return tr("Threshold");
    case ValueColumn: return tr("Value");
    case Default: return tr("Default");
    case Unit: return tr("Unit");
    case Source: return tr("Source of the default");
    default: return {};
    }
}

Qt::ItemFlags ThresholdModel::flags(const QModelIndex& index) const
{
    Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    if (index.column() == ValueColumn && editable_) flags |= Qt::ItemIsEditable;
    return flags;
}

bool ThresholdModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (!index.isValid() || role != Qt::EditRole || index.column() != ValueColumn || !editable_) return false;
    bool is_number = false;
    const double typed = QLocale::c().toDouble(value.toString().trimmed(), &is_number);
    if (!is_number) return false;
    emit edited(index.data(FullName).toString(), typed);
    return true;
}

}  // namespace casebook
