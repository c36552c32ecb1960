#pragma once

#include "widgets/models/views/table_data.h"

#include <QAbstractTableModel>
#include <memory>
#include <vector>

class QIODevice;

namespace casebook {

/// Shows a TableData sorted and filtered. Sorting and filtering permute row numbers here, because a proxy model needs
/// seconds for a million rows.
class TableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Role {
        barRole = Qt::UserRole + 1,  ///< double 0..1, or nothing
        sparkRole,                   ///< QList<float>, or nothing
        changeRole,                  ///< int: 1 worse, -1 better, 0 same; nothing where it does not apply
        sortRole,                    ///< the raw value
        elideRole,                   ///< Qt::TextElideMode
    };

    explicit TableModel(QObject* parent = nullptr);

    void set_table(std::shared_ptr<const TableData> table);
    const TableData* table() const { return table_.get(); }
    void set_time_zone(TimeZoneMode zone);
    TimeZoneMode time_zone() const { return zone_; }
    /// See TableFilter. Keeps the sorting.
    void set_filter(const QString& text);

    /// The table's row behind a shown row.
    std::uint32_t table_row(int row) const { return rows_[static_cast<std::size_t>(row)]; }
    /// Where a row of the table is shown, or -1.
    int shown_row(std::uint32_t table_row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    /// Column -1 restores the order of the table.
    void sort(int column, Qt::SortOrder order) override;

    /// The shown rows as CSV (RFC 4180, raw values, names as in the query). False when the device fails.
    bool write_csv(QIODevice& device) const;

private:
    void arrange();

    std::shared_ptr<const TableData> table_;
    std::vector<std::uint32_t> rows_;
    TimeZoneMode zone_ = TimeZoneMode::utc;
    QString filter_;
    int sort_column_ = -1;
    Qt::SortOrder sort_order_ = Qt::AscendingOrder;
};

}  // namespace casebook
