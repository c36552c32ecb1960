#include "widgets/panels/views/waterfall_view.h"

#include "analyzers/core/text.h"
#include "analyzers/trace/critical_path.h"
#include "widgets/panels/views/span_lookup.h"
#include "widgets/panels/views/trace_comparisons.h"
#include "widgets/panels/views/trace_pane.h"
#include "widgets/session/session.h"

#include <algorithm>
#include <string>

namespace casebook {

std::vector<SpanTable::Row> rows_of_finding(const SpanTable& spans, std::size_t trace_index, const Finding& finding)
{
    using Ids = std::vector<SpanTable::Id>;
    const auto add = [&](Ids& ids, std::string_view text) {
        if (const SpanTable::Id id = spans.strings.find(text); id != StringPool::none && id != 0) ids.push_back(id);
    };
    const auto has = [](const Ids& ids, SpanTable::Id id) { return id != 0 && std::find(ids.begin(), ids.end(), id) != ids.end(); };
    Ids fingerprints, statements, services, operations, asked_for;
    for (const std::string_view part : split(finding.key, '|')) add(fingerprints, part);
    for (const Subject& subject : finding.subjects)
        if (subject.kind == "statement" || subject.kind == "service" || subject.kind == "operation")
            add(subject.kind == "statement" ? statements : subject.kind == "service" ? services : operations, subject.name);
    for (const Evidence& evidence : finding.evidence)
        for (const auto& argument : evidence.arguments)
            if (const auto* text = std::get_if<std::string>(&argument)) add(asked_for, *text);

    const SpanTable::Trace& trace = spans.traces[trace_index];
    std::vector<SpanTable::Row> rows;
    const auto collect = [&](auto&& matches) {
        if (!rows.empty()) return;
        for (SpanTable::Row row = trace.first; row < trace.first + trace.count; ++row)
            if (matches(row)) rows.push_back(row);
    };
    const auto called = [&](const Ids& names, SpanTable::Row row) { return has(names, spans.operation[row]) || has(names, spans.name[row]); };
    collect([&](SpanTable::Row row) { return has(fingerprints, spans.fingerprint[row]); });
    collect([&](SpanTable::Row row) { return has(statements, spans.statement[row]) || has(statements, spans.operation[row]); });
    // Not statements: what the finding's other evidence asks for by name, then its operation, then its service.
    collect([&](SpanTable::Row row) { return called(asked_for, row) && !called(operations, row) && has(services, spans.service[row]); });
    collect([&](SpanTable::Row row) { return called(operations, row) && has(services, spans.service[row]); });
    collect([&](SpanTable::Row row) { return called(operations, row); });
    collect([&](SpanTable::Row row) { return has(services, spans.service[row]); });
    return rows;
}

WaterfallView::WaterfallView(Session& session, QWidget* parent) : QueryView(session, parent), pane_(new TracePane), comparisons_(new TraceComparisons(session, *pane_, this))
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
    comparisons_->set_trace(spans, index);

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
