#include "widgets/panels/views/latency_view.h"

#include "analyzers/core/text.h"
#include "widgets/charts/latency_chart.h"
#include "widgets/charts/time_chart.h"
#include "widgets/models/views/table_from_query.h"
#include "widgets/models/views/trace_table.h"
#include "widgets/panels/views/latency_pane.h"
#include "widgets/panels/views/series_view.h"
#include "widgets/panels/views/shared_time.h"
#include "widgets/panels/views/case_events.h"
#include "widgets/panels/views/selection_note.h"
#include "widgets/panels/views/case_windows.h"
#include "widgets/panels/views/span_lookup.h"
#include "widgets/panels/views/table_view.h"
#include "widgets/panels/views/trace_diff_evidence.h"
#include "widgets/session/session.h"

#include <QTabWidget>
#include <QToolButton>
#include <algorithm>

namespace casebook {
namespace {

/// Start and duration of rows without a span to show: the first instant and the first duration. Empty when either is missing.
LatencyPoints points_of(const QueryResult& rows)
{
    LatencyPoints points;
    const std::shared_ptr<TableData> table = table_from_query(std::shared_ptr<const QueryResult>(&rows, [](const QueryResult*) {}));
    const auto first_of = [&](TableColumn::Kind kind) {
        return std::find_if(table->columns.begin(), table->columns.end(), [kind](const TableColumn& column) { return column.kind == kind; });
    };
    const auto start = first_of(TableColumn::Kind::instant), duration = first_of(TableColumn::Kind::duration);
    if (start == table->columns.end() || duration == table->columns.end()) return points;
    for (std::size_t row = 0; row < table->rows; ++row) {
        if (start->is_null(row) || duration->is_null(row)) continue;
        points.start_ns.push_back(start->integers[row]);
        points.duration_ns.push_back(static_cast<std::int64_t>(std::clamp(duration->number(row) * duration->factor, 0.0, 9e18)));
    }
    return points;
}

}  // namespace

LatencyView::LatencyView(Session& session, QWidget* parent) : QueryView(session, parent), pane_(new LatencyPane), compare_slot_(session.jobs()), events_slot_(session.jobs()), trees_(new QToolButton)
{
    set_body(pane_);
    trees_->setText(tr("Compare Call Trees"));
    trees_->setToolTip(tr("Compare the marked requests with the rest as one call tree; drag a box around requests first"));
    trees_->setAutoRaise(true);
    trees_->setEnabled(false);
    pane_->tabs().setCornerWidget(trees_);
    connect(trees_, &QToolButton::clicked, this, &LatencyView::compare_trees);
    connect(pane_, &LatencyPane::selection_changed, this, &LatencyView::compare);
    connect(pane_, &LatencyPane::request_chosen, this, &LatencyView::open_trace);
    share_time_axis(session, pane_->chart());
    share_time_axis(session, pane_->percentiles());
    connect(&pane_->chart(), &Chart::failed, this, [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
    connect(pane_, &LatencyPane::everything_asked, this, [this] { show_everything(this->session()); });
    for (const auto signal : {&Session::windowsChanged, &Session::reportChanged}) connect(&session, signal, this, &LatencyView::show_windows);
    connect(&session, &Session::selectionChanged, this, [this] {
        const Selection& selection = this->session().selection();
        if (evidence().sql.empty() && pane_->spans() && (selection.service != service_ || selection.operation != operation_)) show_all();
    });
}

void LatencyView::show_windows() { pane_->set_windows(chart_windows(session())); }

void LatencyView::load()
{
    show_windows();
    events_slot_ = read_case_events(session(), this, [this](std::vector<ChartEvent> events) { pane_->set_events(std::move(events)); });
    if (evidence().sql.empty()) show_all();
    else QueryView::load();
}

void LatencyView::show_all()
{
    slot_ = session().spans(this, [this](Result<std::shared_ptr<const SpanTable>> spans) {
        if (!spans) return show_error(spans.error());
        if ((*spans)->empty()) return show_hint(tr("No traces in the case. Import OTLP, Jaeger or Zipkin files: drop them on the window."));
        const Selection& selection = session().selection();
        service_ = selection.service;
        operation_ = selection.operation;
        pane_->set_note(limits_note(selection, tr("Requests"), false));
        struct Found {
            PreparedRequests requests;
            bool all = false;
        };
        slot_ = session().compute<Found>(
            tr("Draw the requests"),
            [spans = *spans, service = service_, operation = operation_](const Control&) -> Result<Found> {
                std::vector<SpanTable::Row> rows = request_rows(*spans, {service, operation, {}});
                const bool all = rows.empty();
                if (all) rows = request_rows(*spans, {});
                return Found{prepare_requests(spans, rows), all};
            },
            this, [this](Result<Found> found) {
                if (!found) return show_error(found.error());
                if (found->all) pane_->set_note(tr("The selected service has no requests of its own: all are shown"));
                show_body();
                pane_->show_requests(std::move(found->requests));
            });
    });
}

void LatencyView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    show_loading();
    const auto show = [this, rows](std::shared_ptr<const SpanTable> spans) {
        slot_ = session().compute<PreparedRequests>(
            tr("Draw the requests"),
            [rows, spans](const Control&) -> Result<PreparedRequests> {
                if (spans)
                    if (const std::vector<SpanTable::Row> found = spans_of_rows(*spans, *rows); !found.empty()) return prepare_requests(spans, found);
                return prepare_requests(points_of(*rows));
            },
            this, [this](Result<PreparedRequests> prepared) {
                if (!prepared) return show_error(prepared.error());
                if (prepared->requests->points.size() == 0) return show_hint(tr("These rows have no start and duration to show. The table shows them."));
                show_body();
                pane_->show_requests(std::move(*prepared));
            });
    };
    const auto has = [&](const char* column) { return std::find(rows->columns.begin(), rows->columns.end(), column) != rows->columns.end(); };
    if (!has("span_id") || !has("trace_id")) return show(nullptr);
    slot_ = session().spans(this, [this, show](Result<std::shared_ptr<const SpanTable>> spans) {
        if (!spans) return show_error(spans.error());
        show(std::move(*spans));
    });
}

void LatencyView::compare(const std::vector<quint32>& places)
{
    compare_slot_.clear();
    boxed_.clear();
    trees_->setEnabled(false);
    if (places.empty()) return pane_->set_comparison_hint(tr("Drag a box around requests above, slow ones for instance: this tab then ranks the attributes they share and the others do not."));
    using Split = std::shared_ptr<const RequestSplit>;
    compare_slot_ = session().compute<Split>(
        tr("Divide the requests"),
        [requests = pane_->chart().requests(), places](const Control&) -> Result<Split> { return std::make_shared<const RequestSplit>(split_requests(*requests, places)); }, this,
        [this](Result<Split> split) {
            if (!split) return pane_->set_comparison_hint(QString::fromStdString(split.error().what));
            pane_->show_split(**split);
            if (!pane_->spans() || (*split)->selected.empty()) return;
            compare_sides(*split);
        });
}

void LatencyView::compare_sides(std::shared_ptr<const RequestSplit> split)
{
    boxed_ = split->selected;
    trees_->setEnabled(evidence().sql.empty());
    pane_->set_comparison_hint(tr("Comparing %1 requests with %2 others…").arg(count_text(static_cast<std::int64_t>(split->selected.size())), count_text(static_cast<std::int64_t>(split->rest.size()))));
    compare_slot_ = session().compute<CohortComparison>(
        tr("Compare the selection with the rest"),
        [spans = pane_->spans(), split](const Control&) -> Result<CohortComparison> { return compare_cohorts(*spans, split->selected, split->rest); }, this,
        [this](Result<CohortComparison> comparison) {
            if (comparison) pane_->set_comparison(*comparison);
            else pane_->set_comparison_hint(QString::fromStdString(comparison.error().what));
        });
}

void LatencyView::compare_trees()
{
    if (boxed_.empty() || !pane_->spans()) return;
    const SpanTable& spans = *pane_->spans();
    RequestBox box{spans.start_ns[boxed_.front()], spans.start_ns[boxed_.front()], spans.duration_ns[boxed_.front()], spans.duration_ns[boxed_.front()]};
    for (const quint32 row : boxed_) {
        box.start_from_ns = std::min(box.start_from_ns, spans.start_ns[row]);
        box.start_to_ns = std::max(box.start_to_ns, spans.start_ns[row]);
        box.duration_from_ns = std::min(box.duration_from_ns, spans.duration_ns[row]);
        box.duration_to_ns = std::max(box.duration_to_ns, spans.duration_ns[row]);
    }
    session().openEvidence(compare_box(service_, operation_, box));
}

void LatencyView::open_trace(quint32 row)
{
    const SpanTable::Trace& trace = pane_->spans()->traces[pane_->spans()->trace[row]];
    const std::string id = hex64(trace.high) + hex64(trace.low);
    session().selectTrace(id);
    session().openEvidence(trace_evidence(id));
}

void LatencyView::set_time_zone(TimeZoneMode zone) { pane_->set_time_zone(zone); }

QString LatencyView::copyText() const { return pane_->chart().csv(); }

}  // namespace casebook
