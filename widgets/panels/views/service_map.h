#pragma once

#include "widgets/charts/view_colors.h"
#include "widgets/models/views/service_graph.h"

#include <QWidget>
#include <memory>
#include <optional>
#include <vector>

class QPainter;
class QPainterPath;

namespace casebook {

/// Services from left (entry) to right (what they call), with rate, errors and P95; lines are as thick as they are busy.
/// Drag pans, the wheel zooms, 0 fits; arrows walk the nodes, Enter or a double click chooses one.
class ServiceMap : public QWidget {
    Q_OBJECT
public:
    explicit ServiceMap(QWidget* parent = nullptr);

    void set_graph(ServiceGraph graph);
    const ServiceGraph& graph() const { return graph_; }
    void set_category_numbers(std::shared_ptr<CategoryNumbers> numbers) { numbers_ = std::move(numbers); }
    /// Marks a service; an unknown name marks none.
    void set_current(const QString& service);
    std::optional<std::size_t> node_at(QPoint point) const;
    QRectF rect_of(std::size_t node) const;  ///< in widget coordinates
    QString node_text(std::size_t node) const;
    QString edge_text(std::size_t edge) const;
    QString text() const;
    QSize minimumSizeHint() const override { return {200, 120}; }

public slots:
    void fit();

signals:
    void service_chosen(const QString& service);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    bool event(QEvent* event) override;

private:
    QRectF place_of(std::size_t node) const;  ///< in map coordinates
    QPainterPath path_of(const ServiceGraph::Edge& edge) const;
    void paint_edge(QPainter& painter, const ServiceGraph::Edge& edge, double busiest) const;
    void paint_node(QPainter& painter, std::size_t node) const;
    void mark(std::size_t node);

    ServiceGraph graph_;
    ViewColors colors_;
    std::shared_ptr<CategoryNumbers> numbers_ = std::make_shared<CategoryNumbers>();
    std::vector<int> layer_sizes_;
    std::optional<std::size_t> current_;
    double scale_ = 1;
    QPointF offset_;
    bool fitted_ = true;
    QPoint press_;
    QPointF press_offset_;
};

}  // namespace casebook
