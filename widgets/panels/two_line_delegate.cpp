#include "widgets/panels/two_line_delegate.h"

#include "widgets/style/icons.h"
#include "widgets/style/theme.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QIcon>
#include <QPainter>
#include <QTextLayout>
#include <QTreeView>

namespace casebook {
namespace {

constexpr int margin = 4, gap = 6, icon_side = 16, badge_side = 14;

/// Breaks a text into lines of `width`, at most `max_lines`; the last one is elided.
QStringList break_lines(const QString& text, const QFont& font, int width, int max_lines)
{
    QStringList lines;
    if (text.isEmpty()) return lines;
    QTextLayout layout(text, font);
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    layout.setTextOption(option);
    layout.beginLayout();
    while (static_cast<int>(lines.size()) < max_lines) {
        QTextLine line = layout.createLine();
        if (!line.isValid()) break;
        line.setLineWidth(width);
        const bool last = static_cast<int>(lines.size()) + 1 == max_lines;
        const QString rest = text.mid(line.textStart());
        lines << (last ? QFontMetrics(font).elidedText(rest, Qt::ElideRight, width)
                       : rest.left(line.textLength()).trimmed());
    }
    layout.endLayout();
    return lines;
}

QFont small_font(QFont font)
{
    font.setPointSizeF(font.pointSizeF() * 0.9);
    return font;
}

}  // namespace

struct TwoLineDelegate::Layout {
    QStringList title, subtitle;
    QFont title_font, subtitle_font;
    int title_height = 0, subtitle_height = 0, left = 0;
    QStringList badges;
    int right = 0;  // taken by them

    int height() const
    {
        return 2 * margin + static_cast<int>(title.size()) * title_height +
               static_cast<int>(subtitle.size()) * subtitle_height;
    }
};

TwoLineDelegate::TwoLineDelegate(int subtitle_role, int group_role, QObject* parent)
    : QStyledItemDelegate(parent), subtitle_role_(subtitle_role), group_role_(group_role)
{
}

void TwoLineDelegate::setMaxLines(int title, int subtitle)
{
    title_lines_ = title;
    subtitle_lines_ = subtitle;
}

bool TwoLineDelegate::is_group(const QModelIndex& index) const
{
    return group_role_ >= 0 && index.data(group_role_).toBool();
}

TwoLineDelegate::Layout TwoLineDelegate::lay_out(const QStyleOptionViewItem& option, const QModelIndex& index,
                                                 int width) const
{
    Layout layout;
    layout.title_font = option.font;
    layout.title_font.setBold(is_group(index));
    layout.subtitle_font = small_font(option.font);
    layout.title_height = QFontMetrics(layout.title_font).lineSpacing();
    layout.subtitle_height = QFontMetrics(layout.subtitle_font).lineSpacing();
    layout.left = margin + (index.data(Qt::DecorationRole).isValid() ? icon_side + gap : 0);
    if (badges_role_ >= 0) layout.badges = index.data(badges_role_).toStringList();
    layout.right = static_cast<int>(layout.badges.size()) * (badge_side + 2) + (layout.badges.isEmpty() ? 0 : gap);
    const int text_width = std::max(40, width - layout.left - layout.right - margin);
    layout.title = break_lines(index.data(Qt::DisplayRole).toString(), layout.title_font, text_width, title_lines_);
    layout.subtitle = break_lines(index.data(subtitle_role_).toString().simplified(), layout.subtitle_font, text_width,
                                  subtitle_lines_);
    return layout;
}

void TwoLineDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    item.text.clear();
    item.icon = {};
    QApplication::style()->drawControl(QStyle::CE_ItemViewItem, &item, painter, item.widget);

    const Layout layout = lay_out(option, index, option.rect.width());
    const bool selected = option.state & QStyle::State_Selected;
    const QColor text = option.palette.color(selected ? QPalette::HighlightedText : QPalette::Text);
    painter->save();
    int y = option.rect.top() + margin;
    const QIcon icon = index.data(Qt::DecorationRole).value<QIcon>();
    if (!icon.isNull()) {
        const QRect place(option.rect.left() + margin, y + (layout.title_height - icon_side) / 2, icon_side, icon_side);
        if (selected) {  // the badge keeps its own colours, so it gets a ground they were chosen for
            painter->setPen(Qt::NoPen);
            painter->setBrush(option.palette.color(QPalette::Base));
            painter->drawRoundedRect(place.adjusted(-2, -2, 2, 2), 4, 4);
        }
        icon.paint(painter, place);
    }
    int badge_x = option.rect.right() - margin - layout.right + gap;
    for (const QString& name : layout.badges) {
        action_icon(name).paint(painter, {badge_x, y + (layout.title_height - badge_side) / 2, badge_side, badge_side},
                                Qt::AlignCenter, selected ? QIcon::Selected : QIcon::Normal);
        badge_x += badge_side + 2;
    }
    const auto draw = [&](const QStringList& lines, const QFont& font, int height, const QColor& color) {
        painter->setFont(font);
        painter->setPen(color);
        for (const QString& line : lines) {
            painter->drawText(
                QRect(option.rect.left() + layout.left, y, option.rect.width() - layout.left - layout.right - margin, height),
                Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, line);
            y += height;
        }
    };
    draw(layout.title, layout.title_font, layout.title_height, text);
    draw(layout.subtitle, layout.subtitle_font, layout.subtitle_height, selected ? text : theme().muted_text);
    painter->restore();
}

QSize TwoLineDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    int width = option.rect.width();
    if (const auto* view = qobject_cast<const QAbstractItemView*>(option.widget)) {
        width = view->viewport()->width();
        if (const auto* tree = qobject_cast<const QTreeView*>(view)) {
            int depth = tree->rootIsDecorated() ? 1 : 0;
            for (QModelIndex above = index.parent(); above.isValid(); above = above.parent()) ++depth;
            width -= tree->indentation() * depth;
        }
    }
    return {width, lay_out(option, index, width).height()};
}

}  // namespace casebook
