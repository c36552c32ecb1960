#pragma once

#include <QStyledItemDelegate>

namespace casebook {

/// Paints an entry as a badge, a wrapped title and a muted second line, and a group as a bold line. Heights follow the
/// width of the view.
class TwoLineDelegate : public QStyledItemDelegate {
    Q_OBJECT

public:
    /// Roles of the model: the second line (text), and whether the row is a group (-1: there are none).
    TwoLineDelegate(int subtitle_role, int group_role, QObject* parent);

    /// The title takes at most this many lines, the second line at most this many.
    void setMaxLines(int title, int subtitle);
    /// Role with the names of small icons shown at the right of the title (QStringList); -1: there are none.
    void setBadgesRole(int role) { badges_role_ = role; }
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    struct Layout;
    Layout lay_out(const QStyleOptionViewItem& option, const QModelIndex& index, int width) const;
    bool is_group(const QModelIndex& index) const;

    int subtitle_role_, group_role_;
    int title_lines_ = 4, subtitle_lines_ = 2;
    int badges_role_ = -1;
};

}  // namespace casebook
