#pragma once

#include "widgets/models/views/table_model.h"

#include <QWidget>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

class QAction;
class QHBoxLayout;
class QKeySequence;
class QLabel;
class QLineEdit;
class QStackedLayout;
class QTableView;
class QTimer;

namespace casebook {

/// A table with everything a table here can do: typed sort by header, filter, copy, CSV, UTC or local time, exact
/// tooltips, a hint while it is empty. Columns of text give way, so that the numbers are in sight. Stays fast at millions of rows.
class DataTable : public QWidget {
    Q_OBJECT
public:
    explicit DataTable(QWidget* parent = nullptr);

    void set_table(std::shared_ptr<const TableData> table);
    /// What an empty table says, and how to fill it.
    void set_hint(const QString& text);
    void set_time_zone(TimeZoneMode zone);
    void sort_by(int column, Qt::SortOrder order);
    void set_filter(const QString& text);
    /// Selects a row of the table and scrolls to it.
    void go_to(std::uint32_t table_row);
    std::optional<std::uint32_t> current_table_row() const;
    /// The table's rows behind the selected ones, as shown from the top; at most `most`.
    std::vector<std::uint32_t> selected_table_rows(std::size_t most) const;
    /// Adds a command for selected rows: to the context menu, and as a button beside the filter. It can be used while between
    /// `least` and `most` rows are selected.
    QAction* add_row_command(const QString& text, const QString& tip, const QKeySequence& keys, int least, int most, std::function<void()> act);
    /// Goes to the first row that has all these texts, each a cell of its own, now or with the next table that has one.
    void reveal(const QStringList& texts);
    /// Goes to the row that `find` names, now and in every table that is set later.
    using Finder = std::function<std::optional<std::uint32_t>(const TableData&)>;
    void point_at(Finder find);

    TableModel& model() { return *model_; }
    QTableView& view() { return *view_; }
    QLineEdit& filter_line() { return *filter_; }

    /// The selected cells, tab separated, as shown. At most a million cells.
    QString selected_text(bool with_header) const;
    /// Writes the shown rows; returns an empty string or what went wrong.
    QString export_csv(const QString& path) const;

public slots:
    void copy();
    void copy_with_header();
    void ask_and_export_csv();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

signals:
    void current_row_changed(quint32 table_row);
    /// Enter or double click.
    void activated(quint32 table_row);
    void failed(const QString& what);

private:
    void add_actions();
    void filter_now();
    void fit_columns();
    void share_room();
    void update_state();
    void look_for_rows();
    void go_to_found();
    void reveal_now();

    TableModel* model_;
    QTableView* view_;
    QLineEdit* filter_;
    QLabel* count_;
    QHBoxLayout* bar_;
    QLabel* hint_;
    QWidget* body_;
    QStackedLayout* stack_;
    QTimer* filter_timer_;
    QString hint_text_;
    QStringList wanted_;
    Finder find_;
    struct Width {
        int natural = 0, least = 0;  ///< in pixels; numbers give way as far as their bar does
        bool names = false;          ///< a text before the numbers: what the row is
        int spark = 0;               ///< of the width, for the small line
        int title = 0;               ///< of the header, without the arrow of the column that sorts
    };
    std::vector<Width> widths_;
    bool header_pressed_ = false, set_by_hand_ = false;  ///< a width that was dragged stays
};

}  // namespace casebook
