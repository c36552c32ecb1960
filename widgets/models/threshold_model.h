#pragma once

#include "analyzers/playbook/thresholds.h"

#include <QAbstractTableModel>
#include <QString>

#include <map>
#include <vector>

namespace casebook {

/// Every threshold with the value it has in this case, its default, unit and where the default comes from. Values are
/// edited in the second column; what an edit means is the owner's business (edited()).
class ThresholdModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Name, ValueColumn, Default, Unit, Source, ColumnCount };
    enum Role {
        SortKey = Qt::UserRole + 1,  ///< numbers as numbers
        FullName,                    ///< QString
        IsChanged,                   ///< bool: not the default
        Haystack,                    ///< QString: what a filter looks through
    };

    explicit ThresholdModel(QObject* parent = nullptr);

    /// Values that differ from their defaults, by full name.
    void setChanged(std::map<std::string, double> changed);
    void setEditable(bool editable) { editable_ = editable; }
    /// The row of a threshold; -1 when there is none of that name.
    int rowOf(const QString& name) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

signals:
    void edited(const QString& name, double value);

private:
    double value_of(const NamedThreshold& threshold) const;

    std::vector<NamedThreshold> rows_;
    std::map<std::string, double> changed_;
    bool editable_ = true;
};

}  // namespace casebook
