#pragma once

#include "analyzers/store/query.h"
#include "widgets/jobs/job_runner.h"
#include "widgets/panels/evidence_view.h"

class QLabel;
class QPushButton;
class QTreeWidget;

namespace casebook {

class DataTable;
class SqlEditor;

/// Queries over the case, read-only: editor with completion and history, rows as a table, and the dictionary of views
/// and columns beside it.
class ConsoleView : public EvidenceView {
    Q_OBJECT
public:
    ConsoleView(Session& session, QWidget* parent);

    void showEvidence(const Evidence& evidence, const Finding* finding) override;
    QString copyText() const override;
    void run();
    SqlEditor& editor() { return *editor_; }
    DataTable& table() { return *table_; }
    QTreeWidget& dictionary() { return *dictionary_; }
    const QLabel& status() const { return *status_; }

    static constexpr std::int64_t most_rows = 1'000'000;

private:
    void fill_dictionary();
    void show_result(Result<QueryResult> result, qint64 ms);

    Session& session_;
    JobSlot slot_;
    SqlEditor* editor_;
    QPushButton* run_;
    QLabel* status_;
    DataTable* table_;
    QTreeWidget* dictionary_;
};

}  // namespace casebook
