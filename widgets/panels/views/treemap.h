#pragma once

#include "widgets/charts/view_colors.h"

#include <QWidget>
#include <optional>
#include <vector>

namespace casebook {

/// Sizes as areas (squarified: Bruls, Huizing, van Wijk 2000), growth as colour. Shows as many as have room; the rest is one tile.
class Treemap : public QWidget {
    Q_OBJECT
public:
    struct Item {
        QString name;
        double size = 0;
        QString exact;  ///< the size in words, for the tooltip
        std::optional<double> before = {};  ///< size before, where two are compared: what grew and what shrank is coloured
    };

    explicit Treemap(QWidget* parent = nullptr);

    /// Items largest first; `title` says what the areas mean, with the unit.
    void set_items(std::vector<Item> items, const QString& title);
    void set_current(const QString& name);
    QString item_at(QPoint point) const;
    /// What a tile with this room says: the name, or without its package, or broken over lines, or shortened in the middle;
    /// nothing where too little of it would be left.
    static QStringList label_of(const QString& name, const QFontMetrics& metrics, const QSize& room);
    QSize minimumSizeHint() const override { return {120, 80}; }

signals:
    void item_clicked(const QString& name);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    bool event(QEvent* event) override;

private:
    struct Tile { QRectF area; std::size_t item; };
    void lay_out();
    QColor fill_of(const Item& item) const;

    ViewColors colors_;
    std::vector<Item> items_;  ///< the last one may be "the rest"
    std::vector<Tile> tiles_;
    QString title_, current_;
    double sum_ = 0;
};

}  // namespace casebook
