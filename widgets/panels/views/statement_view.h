#pragma once

#include "widgets/models/views/statement_data.h"
#include "widgets/panels/views/query_view.h"

#include <optional>

class QPlainTextEdit;

namespace casebook {

class DataTable;
class SnapshotPicker;

/// Statements of pg_stat_statements by total time, counted since the last reset or between two snapshots, with the
/// text of the current one below. Choosing one selects its fingerprint for all panels.
class StatementView : public QueryView {
    Q_OBJECT
public:
    StatementView(Session& session, QWidget* parent);
    QString copyText() const override;
    DataTable& table() { return *table_; }
    SnapshotPicker& picker() { return *picker_; }

    static const char* query();

protected:
    void show_rows(std::shared_ptr<const QueryResult> rows) override;
    void set_time_zone(TimeZoneMode zone) override;

private:
    void name_snapshots();
    void show_interval();
    void show_statement(std::uint32_t row);
    std::string_view text_of(const char* column, std::uint32_t row) const;

    std::optional<StatementData> data_;
    TimeZoneMode zone_ = TimeZoneMode::utc;
    SnapshotPicker* picker_;
    DataTable* table_;
    QPlainTextEdit* text_;
};

}  // namespace casebook
