#pragma once

#include <QWidget>

#include <vector>

namespace casebook {

/// Stacked counts side by side, one column per dump: how many threads were in which state. A click or the arrow keys
/// choose a column. Told apart by colour and by the legend's order, exact in the tooltip.
class StateBars : public QWidget {
    Q_OBJECT

public:
    explicit StateBars(QWidget* parent = nullptr);

    struct Column {
        QString name;  ///< when it was taken, or its file
        std::vector<std::size_t> counts;
    };
    void set_columns(const QStringList& states, std::vector<Column> columns);
    void set_current(int column);
    int current() const { return current_; }
    /// Where a column is painted.
    QRect column_rect(int column) const;
    QSize sizeHint() const override;

signals:
    void chosen(int column);

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    int column_at(int x) const;
    QRect plot() const;
    void choose(int column);

    QStringList states_;
    std::vector<Column> columns_;
    std::size_t most_ = 0;
    int current_ = -1;
};

}  // namespace casebook
