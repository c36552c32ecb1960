#include "widgets/panels/views/trace_diff_view.h"

#include "analyzers/core/text.h"
#include "widgets/charts/line_text.h"
#include "widgets/panels/views/keys_at_once.h"
#include "widgets/panels/views/span_lookup.h"
#include "widgets/panels/views/table_view.h"
#include "widgets/panels/views/trace_diff_evidence.h"
#include "widgets/panels/views/trace_diff_pane.h"
#include "widgets/session/session.h"

namespace casebook {
namespace {

/// The rows of a comparison's query, by side.
struct Sides {
    QueryResult rows[2];
    QString names[2];
    std::string trace_missing;  ///< a trace that is not in the case
    ComparedRequests requests[2];
};

Sides sides_of(const QueryResult& rows)
{
    Sides sides;
    const auto side = column_of(rows, "side"), name = column_of(rows, "name");
    for (QueryResult& one : sides.rows) one.columns = rows.columns;
    for (const auto& row : rows.rows) {
        const std::string text = side ? to_text(row[*side]) : std::string();
        if (text != "A" && text != "B") continue;
        const int at = text == "B";
        if (name && sides.names[at].isEmpty()) sides.names[at] = to_qt_line(to_text(row[*name]), 60);
        sides.rows[at].rows.push_back(row);
    }
    return sides;
}

/// The requests of rows that name spans, else the roots of the traces they name. A side none of whose traces is there says which
/// one is missing.
void find_requests(const SpanTable& spans, Sides& sides)
{
    for (int at = 0; at < 2; ++at) {
        const QueryResult& rows = sides.rows[at];
        std::vector<SpanTable::Row>& found = sides.requests[at].rows;
        sides.requests[at].name = sides.names[at];
        const std::size_t trace_column = *column_of(rows, "trace_id");
        if (column_of(rows, "span_id")) found = spans_of_rows(spans, rows);
        else
            for (const auto& row : rows.rows)
                if (const std::size_t trace = trace_of_id(spans, to_text(row[trace_column])); trace < spans.traces.size()) found.push_back(spans.traces[trace].root);
        if (found.empty() && !rows.rows.empty()) sides.trace_missing = to_text(rows.rows.front()[trace_column]);
    }
}

}  // namespace

TraceDiffView::TraceDiffView(Session& session, QWidget* parent) : QueryView(session, parent), pane_(new TraceDiffPane)
{
    set_body(pane_);
    set_empty_hint(tr("No request to compare: the case has none of that operation and time any more."));
    connect(pane_, &TraceDiffPane::span_chosen, this, &TraceDiffView::open_span);
    connect(pane_, &TraceDiffPane::swap_asked, this, &TraceDiffView::swap);
    connect(&session, &Session::selectionChanged, this, [this] {
        const Selection& selection = this->session().selection();
        if (evidence().sql.empty() && (selection.service != service_ || selection.operation != operation_)) load();
    });
}

void TraceDiffView::load()
{
    data_.reset();
    if (!evidence().sql.empty()) return QueryView::load();
    service_ = session().selection().service;
    operation_ = session().selection().operation;
    if (operation_.empty())
        return show_hint(tr("Nothing chosen to compare. In Traces, select two (Ctrl+click) and press Compare. In a trace, \"Compare with\" takes the median "
                            "request of its operation or another trace. In Operations, Compare sets slow requests against usual ones, or an incident against its baseline."));
    run(compare_operation(session(), service_, operation_));
}

/// The query of another comparison than the evidence's own.
void TraceDiffView::run(const Evidence& comparison)
{
    slot_ = session().query(comparison, this, [this](Result<QueryResult> result) {
        if (!result) return show_error(result.error());
        if (result->rows.empty()) return show_hint(tr("The selected operation has no requests to compare."));
        show_rows(std::make_shared<const QueryResult>(std::move(*result)));
    });
}

void TraceDiffView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    if (!column_of(*rows, "side") || !column_of(*rows, "trace_id")) return show_hint(tr("The query of this evidence does not say what to compare: it needs the columns side (A or B) and trace_id."));
    slot_ = session().spans(this, [this, rows](Result<std::shared_ptr<const SpanTable>> spans) {
        if (!spans) return show_error(spans.error());
        spans_ = std::move(*spans);
        using Made = std::shared_ptr<const TraceDiffData>;
        slot_ = session().compute<Made>(
            tr("Compare requests"),
            [spans = spans_, rows](const Control&) -> Result<Made> {
                Sides sides = sides_of(*rows);
                find_requests(*spans, sides);
                if (!sides.trace_missing.empty())
                    return fail(Error::Code::usage, tr("Trace %1 is not in the case").arg(to_qt_line(sides.trace_missing, 40)).toStdString(), tr("Choose one from Traces").toStdString());
                return compare_requests(spans, std::move(sides.requests[0]), std::move(sides.requests[1]));
            },
            this, [this](Result<Made> data) { show_comparison(std::move(data)); });
    });
}

void TraceDiffView::show_comparison(Result<std::shared_ptr<const TraceDiffData>> data)
{
    if (!data) return show_error(data.error());
    data_ = std::move(*data);
    if (data_->diff.requests_a == 0 || data_->diff.requests_b == 0)
        return show_hint((data_->diff.requests_a == 0 ? tr("Side A has no request (%1).") : tr("Side B has no request (%1)."))
                             .arg(data_->diff.requests_a == 0 ? data_->a.name : data_->b.name) +
                         QLatin1Char('\n') + tr("Other windows, or another operation, may have some."));
    show_body();
    pane_->set_comparison(data_);
    take_keys(*this);
}

void TraceDiffView::swap()
{
    if (!data_) return;
    using Made = std::shared_ptr<const TraceDiffData>;
    slot_ = session().compute<Made>(
        tr("Compare requests"), [data = data_](const Control&) -> Result<Made> { return compare_requests(data->spans, data->b, data->a); }, this,
        [this](Result<Made> data) { show_comparison(std::move(data)); });
}

void TraceDiffView::open_span(quint32 row)
{
    if (!data_ || row >= data_->spans->size()) return;
    const SpanTable& spans = *data_->spans;
    const SpanTable::Trace& trace = spans.traces[spans.trace[row]];
    const std::string id = hex64(trace.high) + hex64(trace.low);
    session().selectTrace(id);
    session().openEvidence(span_evidence(id, hex64(spans.span_id[row])));
}

void TraceDiffView::set_time_zone(TimeZoneMode zone) { pane_->set_time_zone(zone); }

QString TraceDiffView::copyText() const { return data_ ? pane_->text() : QString(); }

}  // namespace casebook
