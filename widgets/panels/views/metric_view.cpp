#include "widgets/panels/views/metric_view.h"

#include "widgets/charts/time_chart.h"
#include "widgets/models/views/metric_table.h"
#include "widgets/panels/views/chart_marks.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/shared_time.h"
#include "widgets/session/session.h"

#include <QCheckBox>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>

namespace casebook {
namespace {

constexpr qsizetype most_picked = 40;
constexpr std::int64_t most_points = 5'000'000;

constexpr int wide_enough = 900;  // pixels for a table and a chart side by side

}  // namespace

struct MetricView::Loaded {
    std::shared_ptr<QueryResult> series = std::make_shared<QueryResult>();
    QueryResult stretches;
};

const char* MetricView::query() { return metric_series_query(); }

MetricView::MetricView(Session& session, QWidget* parent)
    : QueryView(session, parent), table_(new DataTable), chart_(new TimeChart), rates_(new QCheckBox(tr("Counters as rate per second"))), both_(new QSplitter(Qt::Vertical)),
      marks_(new ChartMarks(session, this)), points_slot_(session.jobs())
{
    auto* right = new QWidget;
    auto* lines = new QVBoxLayout(right);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    rates_->setChecked(true);
    lines->addWidget(rates_);
    lines->addWidget(chart_, 1);
    both_->addWidget(table_);
    both_->addWidget(right);
    both_->setStretchFactor(0, 1);
    both_->setStretchFactor(1, 1);
    both_->setSizes({500, 500});
    both_->setFocusProxy(table_);
    set_body(both_);
    set_empty_hint(tr("No metrics in the case. Import Prometheus API answers or exposition, OTLP metrics, or CSV."));
    chart_->set_hint(tr("Pick series on the left: their lines appear here. Ctrl and Shift pick several."));
    connect(table_->view().selectionModel(), &QItemSelectionModel::selectionChanged, this, &MetricView::picked);
    connect(rates_, &QCheckBox::toggled, this, &MetricView::show_chart);
    connect(marks_, &ChartMarks::changed, this, &MetricView::show_chart);
    connect(chart_, &TimeChart::stretch_selected, this, [this](qint64 from, qint64 to) { this->session().selectRange(TimeRange{from, to}); });
    share_time_axis(session, *chart_);
    connect(chart_, &Chart::failed, this, [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
    connect(table_, &DataTable::failed, this, [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
}

void MetricView::load()
{
    slot_ = session().read<Loaded>(
        tr("Read the metrics"),
        [sql = evidence().sql](CaseFile& file, const Control& control) -> Result<Loaded> {
            Loaded loaded;
            TRY_ASSIGN(*loaded.series, run_query(file, sql, {}, {}, control));
            TRY_ASSIGN(loaded.stretches, run_query(file, metric_shapes_query(), {}, {}, control));
            return loaded;
        },
        this,
        [this](Result<Loaded> loaded) {
            if (!loaded) return show_error(loaded.error());
            if (loaded->series->rows.empty()) return show_hint(empty_hint());
            show_body();
            show_table(std::move(*loaded));
            marks_->read_events();
        });
}

void MetricView::show_table(Loaded loaded)
{
    std::shared_ptr<TableData> table = metric_table(std::move(loaded.series), loaded.stretches);
    bool buckets = false;
    for (const std::string_view name : table->columns[0].texts) buckets = buckets || name.ends_with("bucket");
    table_->set_table(std::move(table));
    // Buckets of histograms would bury everything else; the filter says that they are hidden.
    if (buckets) table_->set_filter(QStringLiteral("-bucket"));
    const int last = table_->model().columnCount() - 1;
    if (last >= 0) table_->view().setColumnHidden(last, true);
    if (table_->model().rowCount() > 0) table_->go_to(0);
}

void MetricView::resizeEvent(QResizeEvent* event)
{
    QueryView::resizeEvent(event);
    both_->setOrientation(width() >= wide_enough ? Qt::Horizontal : Qt::Vertical);
}

void MetricView::picked()
{
    const TableData* table = table_->model().table();
    if (table == nullptr || table->columns.empty() || table->columns.back().integers.empty()) return;
    std::string ids;
    qsizetype count = 0;
    for (const QItemSelectionRange& range : table_->view().selectionModel()->selection())
        for (int row = range.top(); row <= range.bottom() && count < most_picked; ++row, ++count)
            ids += (ids.empty() ? "" : ",") + std::to_string(table->columns.back().integers[table_->model().table_row(row)]);
    if (ids.empty()) return;
    points_slot_ = session().query("SELECT at_ns, name, labels, unit, value FROM metric_point WHERE series_id IN (" + ids + ") ORDER BY series_id, at_ns", {}, this,
                                   [this](Result<QueryResult> found) {
                                       if (!found) return session().tell(found.error());
                                       set_ = series_from_query(*found);
                                       show_chart();
                                   },
                                   QueryLimits{most_points});
}

void MetricView::show_chart()
{
    if (set_.series.empty()) return;
    rates_->setVisible(std::any_of(set_.series.begin(), set_.series.end(), is_counter));
    TimeChart::Data data;
    data.axis = set_.axis;
    for (const ChartSeries& series : set_.series) data.series.push_back(rates_->isChecked() && is_counter(series) ? rate_of(series) : series);
    marks_->put_in(data);
    chart_->set_data(std::move(data));
}

void MetricView::set_time_zone(TimeZoneMode zone)
{
    table_->set_time_zone(zone);
    chart_->set_time_zone(zone);
}

QString MetricView::copyText() const { return chart_->csv(); }

}  // namespace casebook
