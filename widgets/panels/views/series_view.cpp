#include "widgets/panels/views/series_view.h"

#include "widgets/charts/time_chart.h"
#include "widgets/panels/views/shared_time.h"
#include "widgets/panels/views/chart_marks.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QCheckBox>
#include <QVBoxLayout>
#include <algorithm>

namespace casebook {

SeriesView::SeriesView(Session& session, QWidget* parent)
    : QueryView(session, parent), chart_(new TimeChart), rates_(new QCheckBox(tr("Counters as rate per second"))), marks_(new ChartMarks(session, this))
{
    auto* body = new QWidget;
    auto* lines = new QVBoxLayout(body);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    rates_->setContentsMargins(8, 2, 8, 2);
    lines->addWidget(rates_);
    lines->addWidget(chart_, 1);
    body->setFocusProxy(chart_);
    set_body(body);
    set_empty_hint(tr("No points. Import metrics: Prometheus API answers or exposition, OTLP metrics, or CSV."));
    connect(rates_, &QCheckBox::toggled, this, &SeriesView::show_chart);
    connect(chart_, &TimeChart::stretch_selected, this, [this](qint64 from, qint64 to) {
        if (set_.axis == ChartAxis::time) this->session().selectRange(TimeRange{from, to});
    });
    share_time_axis(session, *chart_);
    connect(chart_, &Chart::failed, this, [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
    connect(marks_, &ChartMarks::changed, this, &SeriesView::show_chart);
}

void SeriesView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    set_ = series_from_query(*rows);
    const bool counters = std::any_of(set_.series.begin(), set_.series.end(), is_counter);
    rates_->setVisible(counters);
    rates_->blockSignals(true);
    rates_->setChecked(counters);
    rates_->blockSignals(false);
    show_chart();
    marks_->read_events();
}

std::vector<ChartThreshold> SeriesView::thresholds() const
{
    std::vector<ChartThreshold> lines;
    if (finding() == nullptr) return lines;
    for (const Figure& figure : finding()->figures) {
        // "1" and counts of all kinds share a unit without being the same thing: only speaking units may draw a line.
        if (!figure.threshold || figure.unit.empty() || figure.unit == "1") continue;
        QString unit = to_qt(figure.unit);
        if (unit == QLatin1String("bytes")) unit = QStringLiteral("By");
        // And only a line that is the figure: growth held against a threshold is not the size that is drawn.
        const bool shown = std::any_of(set_.series.begin(), set_.series.end(), [&](const ChartSeries& series) {
            return series.unit == unit && (series.name.contains(to_qt(figure.name), Qt::CaseInsensitive) || to_qt(figure.name).contains(series.name, Qt::CaseInsensitive));
        });
        if (shown) lines.push_back({to_qt(figure.name) + tr(" threshold"), unit, *figure.threshold});
    }
    return lines;
}

void SeriesView::show_chart()
{
    if (set_.series.empty()) return;
    TimeChart::Data data;
    data.axis = set_.axis;
    for (const ChartSeries& series : set_.series) data.series.push_back(rates_->isChecked() && is_counter(series) ? rate_of(series) : series);
    data.thresholds = thresholds();
    marks_->put_in(data);
    chart_->set_data(std::move(data));
}

void SeriesView::set_time_zone(TimeZoneMode zone) { chart_->set_time_zone(zone); }

QString SeriesView::copyText() const { return chart_->csv(); }

}  // namespace casebook
