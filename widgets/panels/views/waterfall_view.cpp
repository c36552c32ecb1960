#include "widgets/panels/views/waterfall_view.h"

#include "analyzers/core/text.h"
#include "analyzers/trace/critical_path.h"
#include "widgets/panels/views/span_lookup.h"
#include "widgets/panels/views/trace_pane.h"
#include "widgets/session/session.h"

#include <algorithm>
#include <string>

namespace casebook {

std::vector<SpanTable::Row> rows_of_finding(const SpanTable& spans, std::size_t trace_index, const Finding& finding)
{
    std::vector<SpanTable::Id> fingerprints;
    for (const std::string_view part : split(finding.key, '|'))
        if (const SpanTable::Id id = spans.strings.find(part); id != StringPool::none && id != 0) fingerprints.push_back(id);
    std::vector<SpanTable::Row> rows;
    const SpanTable::Trace& trace = spans.traces[trace_index];
    const auto collect = [&](auto&& matches) {
        for (SpanTable::Row row = trace.first; row < trace.first + trace.count; ++row)
            if (matches(row)) rows.push_back(row);
    };
    collect([&](SpanTable::Row row) {
        return spans.fingerprint[row] != 0 && std::find(fingerprints.begin(), fingerprints.end(), spans.fingerprint[row]) != fingerprints.end();
    });
    for (const Subject& subject : finding.subjects) {
        if (!rows.empty()) break;
        if (subject.kind != "statement") continue;
        const SpanTable::Id id = spans.strings.find(subject.name);
        if (id != StringPool::none && id != 0) collect([&](SpanTable::Row row) { return spans.statement[row] == id || spans.operation[row] == id; });
    }
    return rows;
}

WaterfallView::WaterfallView(Session& session, QWidget* parent) : QueryView(session, parent), pane_(new TracePane)
{
    set_body(pane_);
    set_empty_hint(tr("The trace is not in the case any more."));
}

void WaterfallView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    slot_ = session().spans(this, [this, rows](Result<std::shared_ptr<const SpanTable>> spans) {
        if (!spans) return show_error(spans.error());
        show_trace(std::move(*spans), *rows);
    });
}

void WaterfallView::show_trace(std::shared_ptr<const SpanTable> spans, const QueryResult& rows)
{
    const auto trace_column = column_of(rows, "trace_id"), span_column = column_of(rows, "span_id");
    if (!trace_column) return show_hint(tr("The query of this evidence does not say which trace it is about."));
    const std::string id = to_text(rows.rows.front()[*trace_column]);
    const std::size_t index = trace_of_id(*spans, id);
    if (index >= spans->traces.size()) return show_hint(tr("The trace is not in the case any more."));
    const SpanTable::Trace& trace = spans->traces[index];

    std::vector<CriticalStretch> critical;
    if (trace.root != SpanTable::no_row)
        for (const PathSection& section : critical_path(*spans, trace.root)) critical.push_back({section.row, section.from_ns, section.to_ns});
    pane_->set_trace(spans, index, std::move(critical));

    // A query that returns the whole trace marks nothing by itself; the finding may.
    std::vector<SpanTable::Row> marked;
    if (span_column && rows.rows.size() < trace.count) {
        marked = spans_of_rows(*spans, rows);  // those of other traces are not shown
    } else if (finding() != nullptr) {
        marked = rows_of_finding(*spans, index, *finding());
    }
    if (!marked.empty()) pane_->waterfall().set_evidence(marked);
}

void WaterfallView::set_time_zone(TimeZoneMode zone) { pane_->set_time_zone(zone); }

QString WaterfallView::copyText() const { return pane_->text(); }

}  // namespace casebook
