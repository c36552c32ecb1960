#pragma once

#include "widgets/charts/view_colors.h"
#include "widgets/models/views/flame_data.h"

#include <QAbstractScrollArea>
#include <memory>
#include <vector>

namespace casebook {

/// Merged stacks, root on top ("icicle") or at the bottom ("flame"). Paints what is in sight and at least a pixel wide, so a
/// million nodes and a depth of a hundred thousand cost what the screen costs.
///
/// A click or Enter zooms to the node, a click on what is above it zooms back out, Escape or 0 shows everything. Arrows walk
/// the tree as it is drawn.
class FlameGraph : public QAbstractScrollArea {
    Q_OBJECT
public:
    using Node = FlameData::Node;

    explicit FlameGraph(QWidget* parent = nullptr);

    void set_data(std::shared_ptr<const FlameData> data);
    const FlameData* data() const { return data_.get(); }
    void set_hint(const QString& text) { hint_ = text; }
    void set_category_numbers(std::shared_ptr<CategoryNumbers> numbers) { numbers_ = std::move(numbers); }
    /// Marks nodes whose text contains this (no case); returns their share of the whole, counting nested ones once.
    double find(const QString& text);
    Node current() const { return current_; }
    Node zoomed() const { return zoomed_; }
    bool shows_everything() const;
    void go_to(Node node);
    void zoom_to(Node node);  ///< none = everything
    void set_root_on_top(bool on_top);
    bool root_on_top() const { return root_on_top_; }
    /// Goes to the next node that find() marked, around the end.
    void go_to_next_match();
    Node node_at(QPoint point) const;
    QRect rect_of(Node node) const;
    QString node_text(Node node) const;
    int row_height() const;

signals:
    void current_changed(quint32 node);
    void zoom_changed();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    bool viewportEvent(QEvent* event) override;

private:
    void update_scroll_bar();
    int content_height() const;
    int y_of(std::uint32_t depth) const;            ///< in the viewport
    std::int64_t depth_at(int y) const;             ///< may lie outside of the data
    double x_of(double cost) const;
    const QColor& color_of(std::uint32_t label);
    QString value_text(double value) const;
    Node neighbour(Node node, int direction) const;

    std::shared_ptr<const FlameData> data_;
    ViewColors colors_;
    std::shared_ptr<CategoryNumbers> numbers_ = std::make_shared<CategoryNumbers>();
    std::vector<int> label_colors_;           ///< by label, -1 = not asked yet
    std::vector<std::uint8_t> label_matches_; ///< by label; empty: nothing is looked for
    Node current_ = FlameData::none, zoomed_ = FlameData::none;
    double view_left_ = 0, view_width_ = 1;
    bool root_on_top_ = true;
    QString hint_;
};

}  // namespace casebook
