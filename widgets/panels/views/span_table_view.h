#pragma once

#include "analyzers/trace/span_table.h"
#include "widgets/models/views/table_data.h"
#include "widgets/panels/views/query_view.h"

class QLabel;

namespace casebook {

class DataTable;

/// A table that is made from the spans of the case, and follows the selection.
class SpanTableView : public QueryView {
    Q_OBJECT
public:
    SpanTableView(Session& session, QWidget* parent);
    QString copyText() const override;
    DataTable& table() { return *table_; }

protected:
    void load() override;
    void show_rows(std::shared_ptr<const QueryResult>) override {}
    void set_time_zone(TimeZoneMode zone) override;

    /// Runs on a pool thread.
    using Make = std::function<std::shared_ptr<TableData>(std::shared_ptr<const SpanTable>)>;
    /// What to make, given the selection; called on the GUI thread.
    virtual Make maker() = 0;
    virtual void arrived() {}
    virtual void activated(std::uint32_t row) = 0;
    void set_note(const QString& text);

    std::shared_ptr<const SpanTable> spans_;
    DataTable* table_;

private:
    QLabel* note_;
    std::pair<std::optional<TimeRange>, std::optional<TimeRange>> windows_;  ///< incident and baseline of the table
};

/// All traces, or those of the selected service, operation and range. Opens the waterfall; compares two.
class TraceListView : public SpanTableView {
    Q_OBJECT
public:
    TraceListView(Session& session, QWidget* parent);

protected:
    Make maker() override;
    void arrived() override;
    void activated(std::uint32_t row) override;

private:
    void compare();
    std::string trace_id(std::uint32_t row) const;

    std::string service_, operation_;
    std::optional<TimeRange> range_;
};

/// Operations with calls, errors, percentiles and the change against the baseline. Selects the operation and opens its
/// requests by start and duration; compares the requests of an operation.
class OperationView : public SpanTableView {
    Q_OBJECT
public:
    OperationView(Session& session, QWidget* parent);

protected:
    Make maker() override;
    void arrived() override;
    void activated(std::uint32_t row) override;

private:
    void compare();
};

}  // namespace casebook
