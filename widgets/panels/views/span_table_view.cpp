#include "widgets/panels/views/span_table_view.h"

#include "analyzers/core/text.h"
#include "widgets/models/views/trace_table.h"
#include "widgets/panels/views/case_windows.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/selection_note.h"
#include "widgets/panels/views/table_view.h"
#include "widgets/panels/views/trace_diff_evidence.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QLabel>
#include <QTableView>
#include <QVBoxLayout>

namespace casebook {

SpanTableView::SpanTableView(Session& session, QWidget* parent) : QueryView(session, parent), table_(new DataTable), note_(new QLabel)
{
    auto* body = new QWidget;
    auto* lines = new QVBoxLayout(body);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    note_->setContentsMargins(8, 4, 8, 2);
    note_->setTextFormat(Qt::RichText);
    note_->setWordWrap(true);
    connect(note_, &QLabel::linkActivated, this, [this] { show_everything(this->session()); });
    lines->addWidget(note_);
    lines->addWidget(table_, 1);
    body->setFocusProxy(table_);
    set_body(body);
    connect(table_, &DataTable::activated, this, [this](quint32 row) { activated(row); });
    connect(table_, &DataTable::failed, this, [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
    // The windows may come with the report; only other windows are worth a new table.
    const auto again = [this] {
        if (!spans_ || windows_ == std::pair{window_of(this->session(), "incident"), window_of(this->session(), "baseline")}) return;
        load();
    };
    connect(&session, &Session::windowsChanged, this, again);
    connect(&session, &Session::reportChanged, this, again);
}

void SpanTableView::set_note(const QString& text)
{
    note_->setText(text);
    note_->setVisible(!text.isEmpty());
}

void SpanTableView::load()
{
    windows_ = {window_of(session(), "incident"), window_of(session(), "baseline")};
    slot_ = session().spans(this, [this](Result<std::shared_ptr<const SpanTable>> spans) {
        if (!spans) return show_error(spans.error());
        spans_ = std::move(*spans);
        if (spans_->empty()) return show_hint(tr("No traces in the case. Import OTLP, Jaeger or Zipkin files: drop them on the window."));
        slot_ = session().compute<std::shared_ptr<TableData>>(
            tr("Make the table"), [make = maker(), spans = spans_](const Control&) -> Result<std::shared_ptr<TableData>> { return make(spans); }, this,
            [this](Result<std::shared_ptr<TableData>> made) {
                if (!made) return show_error(made.error());
                show_body();
                table_->set_table(std::move(*made));
                arrived();
            });
    });
}

void SpanTableView::set_time_zone(TimeZoneMode zone) { table_->set_time_zone(zone); }

QString SpanTableView::copyText() const { return table_->selected_text(true); }

TraceListView::TraceListView(Session& session, QWidget* parent) : SpanTableView(session, parent)
{
    table_->set_hint(tr("No trace of the selected service, operation and time."));
    table_->add_row_command(tr("Compare Traces"), tr("Compare the two selected traces as one call tree; Ctrl+click selects a second one"), QKeySequence(Qt::CTRL | Qt::Key_D), 2, 2,
                            [this] { compare(); });
    connect(&session, &Session::selectionChanged, this, [this] {
        const Selection& selection = this->session().selection();
        if (spans_ && (selection.service != service_ || selection.operation != operation_ || selection.range != range_)) load();
    });
}

SpanTableView::Make TraceListView::maker()
{
    const Selection& selection = session().selection();
    service_ = selection.service;
    operation_ = selection.operation;
    range_ = selection.range;
    set_note(limits_note(session().selection(), tr("Traces"), true));
    return [filter = TraceFilter{service_, operation_, range_}](std::shared_ptr<const SpanTable> spans) { return trace_table(std::move(spans), filter); };
}

void TraceListView::arrived()
{
    const int columns = table_->model().columnCount();
    if (columns == 0) return;
    table_->view().setColumnHidden(columns - 1, true);
    table_->sort_by(1, Qt::DescendingOrder);
}

std::string TraceListView::trace_id(std::uint32_t row) const
{
    const SpanTable::Trace& trace = spans_->traces[trace_of_row(*table_->model().table(), row)];
    return hex64(trace.high) + hex64(trace.low);
}

void TraceListView::compare()
{
    std::vector<std::uint32_t> rows = table_->selected_table_rows(2);
    if (rows.size() != 2 || !spans_) return;
    // The faster one first: what the slower one has more is what people ask for.
    const auto duration = [this](std::uint32_t row) { return spans_->duration_ns[spans_->traces[trace_of_row(*table_->model().table(), row)].root]; };
    if (duration(rows[0]) > duration(rows[1])) std::swap(rows[0], rows[1]);
    session().openEvidence(compare_traces(trace_id(rows[0]), trace_id(rows[1])));
}

void TraceListView::activated(std::uint32_t row)
{
    if (table_->model().table() == nullptr || !spans_) return;
    const std::string id = trace_id(row);
    session().selectTrace(id);
    session().openEvidence(trace_evidence(id));
}

OperationView::OperationView(Session& session, QWidget* parent) : SpanTableView(session, parent)
{
    table_->add_row_command(tr("Compare Requests"), tr("Compare the operation's requests as one call tree: incident against baseline, without these windows slow against usual ones"),
                            QKeySequence(Qt::CTRL | Qt::Key_D), 1, 1, [this] { compare(); });
}

void OperationView::compare()
{
    const TableData* table = table_->model().table();
    const std::vector<std::uint32_t> rows = table_->selected_table_rows(1);
    if (table == nullptr || rows.empty()) return;
    session().openEvidence(compare_operation(session(), std::string(table->columns[0].texts[rows[0]]), std::string(table->columns[1].texts[rows[0]])));
}

SpanTableView::Make OperationView::maker()
{
    const std::optional<TimeRange> incident = window_of(session(), "incident"), baseline = window_of(session(), "baseline");
    set_note(incident && baseline ? tr("Window incident, against baseline") : incident ? tr("Window incident; a baseline window would show what changed") : tr("The whole case; windows incident and baseline would show what changed"));
    return [incident, baseline](std::shared_ptr<const SpanTable> spans) { return operation_table(std::move(spans), incident, baseline); };
}

void OperationView::arrived()
{
    const TableData* table = table_->model().table();
    for (std::size_t i = 0; table != nullptr && i < table->columns.size(); ++i)
        if (table->columns[i].name == QLatin1String("total_ns")) table_->sort_by(static_cast<int>(i), Qt::DescendingOrder);
}

void OperationView::activated(std::uint32_t row)
{
    const TableData* table = table_->model().table();
    if (table == nullptr) return;
    session().selectService(std::string(table->columns[0].texts[row]), std::string(table->columns[1].texts[row]));
    if (const EvidenceViewKind* latency = kind_named("latency")) session().openEvidence(*latency->explore());
}

}  // namespace casebook
