#include "widgets/models/search_model.h"

namespace casebook {

void SearchModel::setHits(std::vector<SearchHit> hits)
{
    beginResetModel();
    hits_ = std::move(hits);
    endResetModel();
}

int SearchModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(hits_.size());
}

QVariant SearchModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const SearchHit& hit = hits_[static_cast<std::size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole: return hit.item.title;
    case Qt::ToolTipRole: return hit.item.title.left(1'000);
    case Qt::AccessibleTextRole: {
        QStringList parts{kind_text(hit.item.kind), hit.item.title.left(300)};
        if (!hit.item.detail.isEmpty()) parts << hit.item.detail;
        if (!hit.item.shortcut.isEmpty()) parts << hit.item.shortcut;
        return parts.join(QStringLiteral(", "));
    }
    case Detail: return hit.item.detail;
    case Kind: return kind_text(hit.item.kind);
    case Shortcut: return hit.item.shortcut;
    case Ranges: {
        QVariantList places;
        for (const auto& [start, length] : hit.ranges) places << start << length;
        return places;
    }
    default: return {};
    }
}

}  // namespace casebook
