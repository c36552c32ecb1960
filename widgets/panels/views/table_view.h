#pragma once

#include "widgets/panels/views/query_view.h"

namespace casebook {

class DataTable;

/// Rows of any evidence as a table. A row with a trace or a plan opens it, one with a service or statement selects it.
class TableView : public QueryView {
    Q_OBJECT
public:
    TableView(Session& session, QWidget* parent);
    QString copyText() const override;
    DataTable& table() { return *table_; }

protected:
    void load() override;
    void show_rows(std::shared_ptr<const QueryResult> rows) override;
    void set_time_zone(TimeZoneMode zone) override;

private:
    void open_row(std::uint32_t row);

    DataTable* table_;
};

/// The waterfall of one trace as evidence.
Evidence trace_evidence(const std::string& trace_id);
/// The waterfall of one trace at one of its spans.
Evidence span_evidence(const std::string& trace_id, const std::string& span_id);
/// One plan, whole, as evidence.
Evidence plan_evidence(std::int64_t plan_id);

}  // namespace casebook
