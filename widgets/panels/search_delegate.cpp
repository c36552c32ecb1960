#include "widgets/panels/search_delegate.h"

#include "widgets/models/search_model.h"
#include "widgets/style/theme.h"

#include <QApplication>
#include <QPainter>
#include <QTextLayout>

#include <algorithm>

namespace casebook {
namespace {

constexpr int margin = 8, gap = 10;
constexpr int lead = 24;        // letters shown before a match far inside a text
constexpr int most_shown = 400;

}  // namespace

void SearchDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    item.text.clear();
    QApplication::style()->drawControl(QStyle::CE_ItemViewItem, &item, painter, item.widget);

    const bool selected = option.state & QStyle::State_Selected;
    const QColor text = option.palette.color(selected ? QPalette::HighlightedText : QPalette::Text);
    const QColor muted = selected ? text : theme().muted_text;
    const QFontMetrics metrics(option.font);
    QRect room = option.rect.adjusted(margin, 0, -margin, 0);
    painter->save();
    painter->setFont(option.font);
    painter->setPen(muted);
    const int kind_width = metrics.horizontalAdvance(QStringLiteral("import note")) + gap;
    painter->drawText(QRect(room.left(), room.top(), kind_width, room.height()), Qt::AlignVCenter | Qt::AlignLeft, index.data(SearchModel::Kind).toString());
    room.setLeft(room.left() + kind_width);

    const QString shortcut = index.data(SearchModel::Shortcut).toString();
    if (!shortcut.isEmpty()) {
        const int width = metrics.horizontalAdvance(shortcut) + 2;
        painter->drawText(QRect(room.right() - width, room.top(), width, room.height()), Qt::AlignVCenter | Qt::AlignRight, shortcut);
        room.setRight(room.right() - width - gap);
    }
    const QString detail = metrics.elidedText(index.data(SearchModel::Detail).toString(), Qt::ElideMiddle, room.width() / 2);
    if (!detail.isEmpty()) {
        const int width = metrics.horizontalAdvance(detail) + 2;
        painter->drawText(QRect(room.right() - width, room.top(), width, room.height()), Qt::AlignVCenter | Qt::AlignRight, detail);
        room.setRight(room.right() - width - gap);
    }

    // A match that lies beyond what fits is brought into sight.
    const QString whole = index.data(Qt::DisplayRole).toString();
    const QVariantList ranges = index.data(SearchModel::Ranges).toList();
    int cut = 0;
    if (!ranges.isEmpty()) {
        const int first = ranges[0].toInt(), end = first + ranges[1].toInt();
        if (metrics.horizontalAdvance(whole.left(std::min(end, most_shown))) > room.width() || end > most_shown) cut = std::max(0, first - lead);
    }
    QString shown = whole.mid(cut, most_shown);
    if (cut > 0) shown.prepend(QChar(0x2026));
    QFont bold = option.font;
    bold.setBold(true);
    QList<QTextLayout::FormatRange> formats;
    for (qsizetype i = 0; i + 1 < ranges.size(); i += 2) {
        const int start = ranges[i].toInt() - cut + (cut > 0 ? 1 : 0);
        if (start < 0 || start >= shown.size()) continue;
        QTextLayout::FormatRange range;
        range.start = start;
        range.length = ranges[i + 1].toInt();
        range.format.setFont(bold);
        formats << range;
    }
    shown = QFontMetrics(formats.isEmpty() ? option.font : bold).elidedText(shown, Qt::ElideRight, room.width());
    QTextLayout layout(shown, option.font);
    layout.setFormats(formats);
    layout.beginLayout();
    QTextLine line = layout.createLine();
    line.setLineWidth(room.width());
    layout.endLayout();
    painter->setPen(text);
    painter->setClipRect(room);
    layout.draw(painter, QPointF(room.left(), room.top() + (room.height() - line.height()) / 2));
    painter->restore();
}

QSize SearchDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const
{
    return {200, QFontMetrics(option.font).height() + 8};
}

}  // namespace casebook
