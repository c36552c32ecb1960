#include "widgets/panels/views/gc_view.h"

#include "widgets/panels/views/series_view.h"
#include "widgets/panels/views/shared_time.h"
#include "widgets/panels/views/chart_marks.h"
#include "widgets/panels/views/span_lookup.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QSignalBlocker>
#include <QVBoxLayout>
#include <algorithm>
#include <map>
#include <set>

namespace casebook {
namespace {

constexpr std::size_t most_kinds = 10;
constexpr std::int64_t least_date_ns = 100'000'000'000'000'000;

double real(const Value& value)
{
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
    const auto* number = std::get_if<double>(&value);
    return number ? *number : 0;
}

}  // namespace

const char* GcView::query()
{
    return "SELECT g.at_ns, g.kind, g.cause, g.pause_ms, g.before_bytes, g.after_bytes, g.capacity_bytes, f.path FROM gc_pause g "
           "LEFT JOIN import_file f ON f.id = g.file_id ORDER BY g.at_ns";
}

TimeChart::Data gc_chart(const QueryResult& rows, const std::string& path)
{
    TimeChart::Data data;
    const auto at = column_of(rows, "at_ns"), kind = column_of(rows, "kind"), pause = column_of(rows, "pause_ms"), file = column_of(rows, "path");
    if (!at || !kind || !pause) return data;
    std::map<std::string, double> sums;  // of all files, so that colours stay
    for (const auto& row : rows.rows) sums[to_text(row[*kind])] += real(row[*pause]);
    std::vector<std::pair<double, std::string>> largest;
    for (const auto& [name, sum] : sums) largest.emplace_back(-sum, name);
    std::sort(largest.begin(), largest.end());
    std::set<std::string> named;
    for (std::size_t i = 0; i < std::min(largest.size(), most_kinds); ++i) named.insert(largest[i].second);
    std::map<std::string, ChartSeries> pauses;
    const QString bytes = QStringLiteral("By");
    ChartSeries before{QCoreApplication::translate("GcView", "heap before"), bytes, {}, {}}, after{QCoreApplication::translate("GcView", "heap after"), bytes, {}, {}};
    ChartSeries capacity{QCoreApplication::translate("GcView", "capacity"), bytes, {}, {}, true};
    bool dates = false;
    for (const auto& row : rows.rows) {
        const auto* time = std::get_if<std::int64_t>(&row[*at]);
        if (time == nullptr || (!path.empty() && file && to_text(row[*file]) != path)) continue;
        dates = dates || *time > least_date_ns;
        const std::string name = to_text(row[*kind]);
        ChartSeries& series = pauses[named.count(name) > 0 ? name : "other kinds"];
        series.at_ns.push_back(*time);
        series.values.push_back(real(row[*pause]));
        const auto add = [&](ChartSeries& line, const char* name) {
            const auto column = column_of(rows, name);
            if (!column || row[*column].index() == 0) return;
            line.at_ns.push_back(*time);
            line.values.push_back(real(row[*column]));
        };
        add(before, "before_bytes");
        add(after, "after_bytes");
        add(capacity, "capacity_bytes");
    }
    for (auto& [name, series] : pauses) {
        series.name = QCoreApplication::translate("GcView", "pause, %1").arg(name.empty() ? QStringLiteral("?") : to_qt(name));
        series.unit = QStringLiteral("ms");
        series.points_only = true;
        data.series.push_back(std::move(series));
    }
    for (ChartSeries* line : {&before, &after, &capacity})
        if (!line->at_ns.empty()) data.series.push_back(std::move(*line));
    if (!dates) data.axis = ChartAxis::sinceStart;
    return data;
}

GcView::GcView(Session& session, QWidget* parent) : QueryView(session, parent), files_(new QComboBox), chart_(new TimeChart), marks_(new ChartMarks(session, this))
{
    auto* body = new QWidget;
    auto* lines = new QVBoxLayout(body);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    files_->setAccessibleName(tr("Log file"));
    files_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    lines->addWidget(files_);
    lines->addWidget(chart_, 1);
    body->setFocusProxy(chart_);
    set_body(body);
    set_empty_hint(tr("No garbage collection log in the case. Run the JVM with -Xlog:gc*:file=gc.log and import the file."));
    connect(files_, &QComboBox::currentIndexChanged, this, &GcView::show_file);
    connect(marks_, &ChartMarks::changed, this, &GcView::show_file);
    connect(chart_, &TimeChart::stretch_selected, this, [this](qint64 from, qint64 to) {
        if (chart_->data().axis == ChartAxis::time) this->session().selectRange(TimeRange{from, to});
    });
    share_time_axis(session, *chart_);
    connect(chart_, &Chart::failed, this, [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
}

void GcView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    rows_ = std::move(rows);
    const auto file = column_of(*rows_, "path"), at = column_of(*rows_, "at_ns");
    std::map<std::string, bool> files;  // path -> has dates
    if (file && at)
        for (const auto& row : rows_->rows) {
            const auto* time = std::get_if<std::int64_t>(&row[*at]);
            files[to_text(row[*file])] |= time != nullptr && *time > least_date_ns;
        }
    const bool comparable = std::all_of(files.begin(), files.end(), [](const auto& one) { return one.second; });
    const QSignalBlocker quiet(files_);
    files_->clear();
    if (comparable) files_->addItem(tr("All logs"), QString());
    for (const auto& [path, dates] : files) files_->addItem(to_qt(path.substr(path.find_last_of('/') + 1)), to_qt(path));
    files_->setVisible(files.size() > 1);
    show_file();
    marks_->read_events();
}

void GcView::show_file()
{
    if (!rows_) return;
    TimeChart::Data data = gc_chart(*rows_, files_->currentData().toString().toStdString());
    marks_->put_in(data);
    chart_->set_data(std::move(data));
}

void GcView::set_time_zone(TimeZoneMode zone) { chart_->set_time_zone(zone); }

QString GcView::copyText() const { return chart_->csv(); }

}  // namespace casebook
