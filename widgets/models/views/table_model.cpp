#include "widgets/models/views/table_model.h"

#include "widgets/models/views/table_filter.h"
#include "widgets/models/views/table_sort.h"

#include <QIODevice>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace casebook {
namespace {

/// One field of RFC 4180.
std::string csv_field(const std::string& text)
{
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string field = "\"";
    for (const char c : text) {
        if (c == '"') field += '"';
        field += c;
    }
    return field += '"';
}

}  // namespace

TableModel::TableModel(QObject* parent) : QAbstractTableModel(parent) {}

void TableModel::set_table(std::shared_ptr<const TableData> table)
{
    beginResetModel();
    table_ = std::move(table);
    sort_column_ = -1;
    filter_.clear();
    arrange();
    endResetModel();
}

void TableModel::set_time_zone(TimeZoneMode zone)
{
    if (zone_ == zone) return;
    zone_ = zone;
    if (rowCount() > 0) emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1), {Qt::DisplayRole});
    if (columnCount() > 0) emit headerDataChanged(Qt::Horizontal, 0, columnCount() - 1);
}

void TableModel::set_filter(const QString& text)
{
    if (text == filter_) return;
    beginResetModel();
    filter_ = text;
    arrange();
    endResetModel();
}

void TableModel::arrange()
{
    rows_.clear();
    if (!table_) return;
    const TableFilter filter(*table_, filter_);
    if (filter.empty()) {
        rows_.resize(table_->rows);
        std::iota(rows_.begin(), rows_.end(), 0u);
    } else {
        rows_ = filter.rows(*table_);
    }
    if (sort_column_ >= 0)
        sort_rows(table_->columns[static_cast<std::size_t>(sort_column_)], sort_order_ == Qt::DescendingOrder, rows_);
}

int TableModel::shown_row(std::uint32_t table_row) const
{
    const auto found = std::find(rows_.begin(), rows_.end(), table_row);
    return found == rows_.end() ? -1 : static_cast<int>(found - rows_.begin());
}

int TableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(rows_.size()); }

int TableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() || !table_ ? 0 : static_cast<int>(table_->columns.size());
}

QVariant TableModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || !table_ || index.row() >= rowCount() || index.column() >= columnCount()) return {};
    const TableColumn& column = table_->columns[static_cast<std::size_t>(index.column())];
    const std::size_t row = rows_[static_cast<std::size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole: return cell_text(column, row, zone_);
    case Qt::ToolTipRole: return exact_cell_text(column, row, zone_);
    case Qt::TextAlignmentRole:
        return static_cast<int>(column.alignment());
    case barRole:
        if (column.decor != TableColumn::Decor::bar || column.largest <= 0 || column.is_null(row)) return {};
        return std::fabs(column.number(row)) / column.largest;
    case sparkRole:
        if (row >= column.sparks.size()) return {};
        return QVariant::fromValue(QList<float>(column.sparks[row].begin(), column.sparks[row].end()));
    case changeRole: {
        if (column.decor != TableColumn::Decor::change && column.decor != TableColumn::Decor::gain) return {};
        if (column.is_null(row)) return {};
        const double value = column.number(row);
        const int worse = value > 0 ? 1 : value < 0 ? -1 : 0;
        return column.decor == TableColumn::Decor::gain ? -worse : worse;
    }
    case elideRole: return static_cast<int>(column.elide);
    case sortRole:
        if (column.is_null(row)) return {};
        if (column.is_text()) return exact_cell_text(column, row, zone_);
        return column.integers.empty() ? QVariant(column.numbers[row]) : QVariant(static_cast<qlonglong>(column.integers[row]));
    default: return {};
    }
}

QVariant TableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (!table_ || section < 0) return {};
    if (orientation == Qt::Vertical) return role == Qt::DisplayRole ? QVariant(section + 1) : QVariant();
    if (section >= columnCount()) return {};
    const TableColumn& column = table_->columns[static_cast<std::size_t>(section)];
    if (role == Qt::DisplayRole) return header_text(column, zone_);
    if (role == Qt::ToolTipRole) return column.help.isEmpty() ? column.name : column.help;
    if (role == Qt::TextAlignmentRole) return static_cast<int>(column.alignment());
    return {};
}

void TableModel::sort(int column, Qt::SortOrder order)
{
    if (!table_ || column >= columnCount() || (column == sort_column_ && order == sort_order_)) return;
    emit layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
    const QModelIndexList before = persistentIndexList();
    std::vector<std::uint32_t> held;
    held.reserve(static_cast<std::size_t>(before.size()));
    for (const QModelIndex& index : before) held.push_back(table_row(index.row()));
    sort_column_ = column;
    sort_order_ = order;
    if (column >= 0) sort_rows(table_->columns[static_cast<std::size_t>(column)], order == Qt::DescendingOrder, rows_);
    else std::sort(rows_.begin(), rows_.end());
    if (!before.isEmpty()) {
        std::vector<int> shown(table_->rows, -1);
        for (std::size_t i = 0; i < rows_.size(); ++i) shown[rows_[i]] = static_cast<int>(i);
        QModelIndexList after;
        after.reserve(before.size());
        for (qsizetype i = 0; i < before.size(); ++i)
            after += index(shown[held[static_cast<std::size_t>(i)]], before[i].column());
        changePersistentIndexList(before, after);
    }
    emit layoutChanged({}, QAbstractItemModel::VerticalSortHint);
}

bool TableModel::write_csv(QIODevice& device) const
{
    if (!table_) return true;
    std::string text;
    const auto flush = [&](std::size_t above) {
        if (text.size() <= above) return true;
        const bool written = device.write(text.data(), static_cast<qint64>(text.size())) == static_cast<qint64>(text.size());
        text.clear();
        return written;
    };
    for (std::size_t i = 0; i < table_->columns.size(); ++i)
        text += (i > 0 ? "," : "") + csv_field(table_->columns[i].name.toStdString());
    text += "\r\n";
    for (const std::uint32_t row : rows_) {
        for (std::size_t i = 0; i < table_->columns.size(); ++i) {
            if (i > 0) text += ',';
            text += csv_field(raw_cell_text(table_->columns[i], row));
        }
        text += "\r\n";
        if (!flush(1 << 20)) return false;
    }
    return flush(0);
}

}  // namespace casebook
