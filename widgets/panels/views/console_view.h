#pragma once

#include "analyzers/store/query.h"
#include "widgets/jobs/job_runner.h"
#include "widgets/panels/evidence_view.h"

class QLabel;
class QMenu;
class QPushButton;
class QTreeWidget;

namespace casebook {

class DataTable;
class SqlEditor;

/// Queries over the case, read-only: editor with completion and history, rows as a table, and the dictionary of views
/// and columns beside it. Ctrl+Return runs, Escape cancels; an error marks its place. Rows may be opened as a chart.
class ConsoleView : public EvidenceView {
    Q_OBJECT
public:
    ConsoleView(Session& session, QWidget* parent);

    void showEvidence(const Evidence& evidence, const Finding* finding) override;
    QString copyText() const override;
    void run();
    void cancel();
    bool is_running() const { return running_; }
    SqlEditor& editor() { return *editor_; }
    DataTable& table() { return *table_; }
    QPushButton& run_button() { return *run_; }
    QPushButton& chart_button() { return *chart_; }
    QMenu& history_menu() { return *history_; }
    QTreeWidget& dictionary() { return *dictionary_; }
    const QLabel& status() const { return *status_; }

    static constexpr std::int64_t most_rows = 1'000'000;

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    void fill_dictionary();
    void fill_history();
    void open_chart();
    void set_running(bool running);
    void show_result(Result<QueryResult> result, qint64 ms);

    Session& session_;
    JobSlot slot_;
    SqlEditor* editor_;
    QPushButton* run_;
    QPushButton* chart_;
    QMenu* history_;
    QLabel* status_;
    DataTable* table_;
    QTreeWidget* dictionary_;
    QString sql_;  ///< of the rows that are shown
    bool running_ = false;
};

}  // namespace casebook
