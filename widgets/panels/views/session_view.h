#pragma once

#include "widgets/models/views/session_table.h"
#include "widgets/panels/views/query_view.h"

class QComboBox;
class QPlainTextEdit;
class QToolButton;

namespace casebook {

class DataTable;

/// Sessions of a database server, sample by sample: who waits for whom as a tree, then the other sessions, with the text
/// of the current one's statement below. Opens at the sample a finding speaks of, else at the one with most waiters.
class SessionView : public QueryView {
    Q_OBJECT
public:
    SessionView(Session& session, QWidget* parent);
    QString copyText() const override;
    void pointAt(const Evidence& evidence, const Finding& finding) override;
    DataTable& table() { return *table_; }
    QComboBox& samples() { return *samples_; }

    static const char* query();
    /// Rows that are sessions, and not numbers about them.
    static bool suits(const Evidence& evidence);

protected:
    void load() override;
    void show_rows(std::shared_ptr<const QueryResult>) override {}
    void set_time_zone(TimeZoneMode zone) override;

private:
    void name_samples();
    void show_sample();
    void step(int by);
    void go_to_proof();
    void show_statement(std::uint32_t row);
    std::size_t first_sample() const;

    /// The session that proves the finding.
    struct Proof {
        std::optional<std::int64_t> file_id, at_ns;
        std::int64_t pid = 0;
    };

    JobSlot proof_slot_;
    std::shared_ptr<const SessionSamples> loaded_;
    std::optional<Proof> proof_;
    SessionTable shown_;
    TimeZoneMode zone_ = TimeZoneMode::utc;
    QWidget* bar_;
    QComboBox* samples_;
    QToolButton *before_, *after_;
    QLabel* headline_;
    DataTable* table_;
    QPlainTextEdit* text_;
};

}  // namespace casebook
