#pragma once

#include "widgets/charts/time_text.h"
#include "widgets/charts/view_colors.h"
#include "widgets/models/views/trace_rows.h"

#include <QAbstractScrollArea>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

class QPainter;

namespace casebook {

/// A stretch of the critical path: what the trace waited for at that time.
struct CriticalStretch {
    SpanTable::Row row = 0;
    std::int64_t from_ns = 0, to_ns = 0;  ///< absolute
};

/// The spans of one trace over time. Paints the rows in sight only, so a trace of a million spans, a chain of a
/// hundred thousand or a million children of one parent cost what forty rows cost.
///
/// Keys: Up/Down/PageUp/PageDown/Home/End move; Left closes or goes to the parent, Right opens or goes to the first
/// child; +/-/0 zoom, Shift+Left/Right pan; Enter zooms to the span; E, Shift+E next and previous error; N, Shift+N
/// next and previous match; G, Shift+G next and previous row of the evidence.
/// Mouse: wheel scrolls, Ctrl+wheel zooms, Shift+wheel pans; drag pans; drag on the axis or with Shift zooms to the
/// stretch; drag the overview to move; double click zooms to the span.
class Waterfall : public QAbstractScrollArea {
    Q_OBJECT
public:
    using Row = SpanTable::Row;
    using Node = FlatTree::Node;

    explicit Waterfall(QWidget* parent = nullptr);

    /// Shows a trace; keeps the table alive. An index past the end clears the view.
    void set_trace(std::shared_ptr<const SpanTable> spans, std::size_t trace_index);
    /// Marks the rows of this trace among `rows`, opens what hides them and goes to the first.
    void set_evidence(const std::vector<Row>& rows);
    void set_critical_path(std::vector<CriticalStretch> stretches);
    void set_critical_path_shown(bool shown);
    void set_time_zone(TimeZoneMode mode);
    /// Shared with other views so that a service has one colour everywhere.
    void set_category_numbers(std::shared_ptr<CategoryNumbers> numbers);
    /// Marks spans whose service, operation, name, statement or an attribute contains the text (no case; empty: none).
    /// Returns how many.
    std::size_t find(const QString& text);

    const TraceRows& rows() const { return rows_; }
    std::optional<Row> current_row() const;
    Node current_node() const { return current_; }
    std::size_t match_count() const { return matches_.size(); }
    /// Whether a node is marked by set_evidence().
    bool is_evidence(Node node) const { return node < evidence_marks_.size() && evidence_marks_[node] != 0; }
    /// Selects the node, opens what hides it, and scrolls to it.
    void go_to(Node node);
    void set_collapsed(Node node, bool collapsed);
    void expand_all();
    void collapse_below(std::uint32_t depth);

    /// The stretch of time in sight, relative to the trace's start, in ns.
    double view_from() const { return view_from_; }
    double view_to() const { return view_to_; }
    void set_view(double from, double to);
    void reset_view();
    void zoom(double factor, double around);
    void zoom_to(Node node);

    /// One span as text, every figure exact; what the tooltip and the clipboard show.
    QString span_text(Node node) const;
    QString span_line(Node node) const;

    int row_height() const;
    int header_height() const;
    int label_width() const { return label_width_; }
    int x_of(double offset_ns) const;
    double time_at(int x) const;
    /// The node painted at a point of the viewport.
    std::optional<Node> node_at(QPoint point) const;
    /// Where the row of a visible node is in the viewport.
    QRect row_rect(Node node) const;

public slots:
    void next_match(int direction = 1);
    void next_error(int direction = 1);
    void next_evidence(int direction = 1);
    void copy_current();

signals:
    void current_changed(quint32 span_row);
    void view_changed(double from_ns, double to_ns);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;

private:
    enum class Drag { none, pan, zoomStretch, overview, splitter };
    struct Indent { std::uint32_t base = 0; double step = 12; };

    void add_actions();
    void update_scroll_bars();
    void tree_changed();
    void select(Node node);
    void describe_current();
    void move_current(std::int64_t rows);
    void next_of(const std::vector<Node>& nodes, int direction);
    QString empty_text() const;

    Indent indent_in_sight(std::size_t first, std::size_t last) const;
    int label_x(Node node) const;
    const TraceRows::Intervals& covered(Node node);
    void paint_header(QPainter& painter);
    void paint_overview(QPainter& painter, const QRect& area);
    void paint_axis(QPainter& painter, const QRect& area);
    void paint_row(QPainter& painter, Node node, const QRect& area, const Indent& indent);
    void paint_ground(QPainter& painter, Node node, const QRect& area, bool odd);
    void paint_grid(QPainter& painter);
    std::vector<double> ticks(ScaledUnit unit) const;
    void paint_label(QPainter& painter, Node node, const QRect& area, const Indent& indent);
    void paint_bar(QPainter& painter, Node node, const QRect& area);
    void paint_stretches(QPainter& painter, const TraceRows::Intervals& stretches, const QRect& bar, const QColor& color);
    void paint_error_mark(QPainter& painter, QPoint center) const;
    const QColor& service_color(Node node);
    QString service_text(Node node) const;
    QString operation_text(Node node) const;

    std::shared_ptr<const SpanTable> spans_;
    TraceRows rows_;
    ViewColors colors_;
    std::shared_ptr<CategoryNumbers> numbers_ = std::make_shared<CategoryNumbers>();
    std::unordered_map<SpanTable::Id, std::size_t> service_numbers_;
    std::unordered_map<Node, TraceRows::Intervals> covered_;
    std::size_t covered_stretches_ = 0;
    std::unordered_map<Row, TraceRows::Intervals> critical_;
    bool critical_shown_ = true;
    std::vector<std::uint32_t> open_spans_;
    std::vector<std::uint8_t> evidence_marks_, match_marks_;  ///< by node; empty when there are none
    std::vector<Node> evidence_, matches_;                    ///< ascending
    Node current_ = FlatTree::none;
    TimeZoneMode zone_ = TimeZoneMode::utc;
    double view_from_ = 0, view_to_ = 1;
    int label_width_ = 0;
    bool updating_scroll_ = false;
    Drag drag_ = Drag::none;
    bool dragged_ = false;
    QPoint press_;
    double press_from_ = 0, press_to_ = 1;
    int press_scroll_ = 0;
    int stretch_to_ = 0;  ///< x of the moving end of a zoom stretch
};

}  // namespace casebook
