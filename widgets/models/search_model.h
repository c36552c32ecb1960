#pragma once

#include "widgets/models/case_index.h"

#include <QAbstractListModel>

#include <vector>

namespace casebook {

/// The hits of a search, best first.
class SearchModel : public QAbstractListModel {
    Q_OBJECT

public:
    enum Role { Detail = Qt::UserRole + 1, Kind, Shortcut, Ranges };

    using QAbstractListModel::QAbstractListModel;

    void setHits(std::vector<SearchHit> hits);
    const SearchHit& hit(int row) const { return hits_[static_cast<std::size_t>(row)]; }

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    std::vector<SearchHit> hits_;
};

}  // namespace casebook
