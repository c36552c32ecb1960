#pragma once

#include "widgets/models/views/thread_dumps.h"
#include "widgets/panels/views/query_view.h"

#include <optional>

class QPlainTextEdit;
class QTabWidget;

namespace casebook {

class DataTable;
class StateBars;

/// Thread dumps: states over the dumps, below them the threads of the chosen dump grouped by the frames on top, or the
/// locks with who holds and who waits; the stack of the current row beside them.
class ThreadView : public QueryView {
    Q_OBJECT
public:
    ThreadView(Session& session, QWidget* parent);
    QString copyText() const override;
    StateBars& bars() { return *bars_; }
    DataTable& groups() { return *groups_; }
    DataTable& locks() { return *locks_; }
    QTabWidget& tabs() { return *tabs_; }

    static const char* query() { return ThreadDumps::query(); }

protected:
    void show_rows(std::shared_ptr<const QueryResult> rows) override;
    void set_time_zone(TimeZoneMode zone) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void name_dumps();
    void show_dump(int dump);
    void show_stack();

    std::optional<ThreadDumps> data_;
    std::vector<ThreadDumps::Group> shown_;  // by row of the groups' table
    std::vector<int> lock_threads_;          // by row of the locks' table
    int dump_ = -1;
    TimeZoneMode zone_ = TimeZoneMode::utc;
    StateBars* bars_;
    QLabel* headline_;
    QTabWidget* tabs_;
    DataTable* groups_;
    DataTable* locks_;
    QPlainTextEdit* stack_;
};

}  // namespace casebook
