#pragma once

#include "analyzers/trace/span_table.h"
#include "widgets/panels/views/query_view.h"

namespace casebook {

class TraceComparisons;
class TracePane;

/// The trace of a piece of evidence: runs its query to learn the trace and the rows that matter, then shows the whole
/// trace with these rows marked.
class WaterfallView : public QueryView {
    Q_OBJECT
public:
    WaterfallView(Session& session, QWidget* parent);
    QString copyText() const override;
    TracePane& pane() { return *pane_; }

protected:
    void show_rows(std::shared_ptr<const QueryResult> rows) override;
    void set_time_zone(TimeZoneMode zone) override;

private:
    void show_trace(std::shared_ptr<const SpanTable> spans, const QueryResult& rows);

    TracePane* pane_;
    TraceComparisons* comparisons_;
};

/// The rows of one trace that a finding speaks of: spans whose statement's fingerprint is part of its key, else those of
/// a statement it names as subject, else what its service does that other evidence of it asks for by name, else its
/// operation, else its service. Empty when the trace has none of them.
std::vector<SpanTable::Row> rows_of_finding(const SpanTable& spans, std::size_t trace_index, const Finding& finding);

}  // namespace casebook
