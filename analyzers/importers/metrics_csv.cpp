// Series in a table, side by side or one value per row:
//   "Time","hikaricp_connections_active{pool=""main""}","LatencyP99(s)"        time,name,value,service,pool
//   2026-11-23 00:00:00,3,0.25                                              2026-11-23T00:00:00Z,rps,12.5,orders,
// Text columns of the first form are labels of all series in their row ("PodName" becomes the label instance).

#include "analyzers/core/importer.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/importers/support/columns.h"
#include "analyzers/importers/support/metric_labels.h"
#include "analyzers/importers/support/table_reader.h"

#include <algorithm>
#include <cmath>

namespace casebook::importers {

extern const Importer metrics_csv;

namespace {

constexpr std::size_t npos = TableReader::npos;

bool is_time_name(std::string_view name)
{
    const std::string key = squashed(name);
    for (const std::string_view known :
         {"time", "timestamp", "ts", "at", "date", "datetime", "capturedat", "sampletime", "timeutc", "utctime",
          "epoch", "unixtime", "epochms", "timestampms", "timems", "clock", "when", "timeiso", "periodstart"})
        if (key == known) return true;
    return false;
}

/// Columns whose text tells series apart, by what they are called; also under the names Casebook uses.
std::string_view known_label(std::string_view name)
{
    const std::string key = squashed(name);
    for (const std::string_view service : {"service", "servicename", "app", "application"})
        if (key == service) return "service";
    for (const std::string_view instance :
         {"instance", "instanceid", "pod", "podname", "host", "hostname", "node", "nodename", "server"})
        if (key == instance) return "instance";
    return {};
}

bool is_number(std::string_view cell, bool comma) { return cell_quantity(cell, comma).has_value(); }

/// Which column is what. Long tables have a column for the series' name and one for its value.
struct MetricColumns {
    std::size_t time = npos, name = npos, value = npos, unit = npos, field = npos;
    std::vector<std::size_t> series, labels;
    bool comma = false;

    explicit MetricColumns(const TableLayout& layout) : comma(layout.dialect.delimiter != ',')
    {
        const Columns columns(layout.columns);
        for (std::size_t i = 0; i < columns.size() && time == npos; ++i)
            if (is_time_name(columns.name(i)) && i < layout.first_row.size() && cell_instant(layout.first_row[i]))
                time = i;
        if (time == npos) return;
        name = columns.find({"name", "metric", "metric_name", "measurement", "series", "__name__"});
        value = columns.find({"value", "metric_value", "val"});
        field = columns.find({"field"});  // InfluxDB splits a name into measurement and field
        unit = columns.find({"unit", "units"});
        if (value == npos || (name == npos && field == npos)) name = value = unit = field = npos;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (i == time || i == name || i == value || i == unit || i == field || squashed(columns.name(i)).empty())
                continue;
            if (is_time_name(columns.name(i))) continue;
            const std::string_view cell =
                i < layout.first_row.size() ? std::string_view(layout.first_row[i]) : std::string_view();
            const std::string key = squashed(columns.name(i));
            if (value != npos) {
                if (key != "result" && key != "table" && key != "start" && key != "stop") labels.push_back(i);
            } else if (!known_label(columns.name(i)).empty() || (!is_number(cell, comma) && !is_null_text(cell))) {
                labels.push_back(i);
            } else {
                series.push_back(i);
            }
        }
    }

    bool is_long() const { return time != npos && value != npos; }
    bool is_wide() const { return time != npos && value == npos && !series.empty(); }
};

/// "name{a="b", c=d}" (also Grafana's `name {a="b"}`) cut into name and labels. False when the braces do not fit.
bool split_series_name(std::string_view text, std::string& name, MetricLabels& labels)
{
    const std::size_t open = text.find('{');
    name = trim(text.substr(0, open));
    if (open == std::string_view::npos || !text.ends_with('}')) return open == std::string_view::npos;
    std::string_view rest = text.substr(open + 1, text.size() - open - 2);
    while (!trim(rest).empty()) {
        const std::size_t equals = rest.find('=');
        if (equals == std::string_view::npos) return false;
        const std::string_view key = trim(rest.substr(0, equals));
        rest = rest.substr(equals + 1);
        while (rest.starts_with(' ')) rest.remove_prefix(1);
        std::string_view value;
        if (rest.starts_with('"')) {
            const std::size_t close = rest.find('"', 1);
            if (close == std::string_view::npos) return false;
            value = rest.substr(1, close - 1);
            rest = rest.substr(close + 1);
            const std::size_t comma = rest.find(',');
            rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        } else {
            const std::size_t comma = rest.find(',');
            value = trim(rest.substr(0, comma));
            rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        }
        if (key == "__name__") name = value;
        else labels.set(key, value);
    }
    return true;
}

class MetricTable {
public:
    MetricTable(TableReader& table, ImportContext& context)
        : table_(table), context_(context), names_(table.columns()), columns_(table.layout())
    {
        for (const std::size_t i : columns_.series) {
            Series series;
            series.column = i;
            series.unit = names_.unit(i);
            // A header such as "latency{route="/x"} (ms)" has its unit behind the labels; Columns took it off already.
            if (!split_series_name(names_.name(i), series.name, series.labels)) {
                series.name = names_.name(i);
                series.labels.clear();
            }
            if (series.name.empty()) series.name = "value";
            if (series.unit.empty()) series.unit = prometheus_unit(series.name);
            series_.push_back(std::move(series));
        }
    }

    Status read()
    {
        for (std::int64_t count = 0;; ++count) {
            if (count % 1024 == 0) TRY(context_.control().check());
            TRY_ASSIGN(const bool there, table_.next());
            if (!there) return {};
            if (table_.ragged()) {
                context_.drop(table_.line(), "ragged_row",
                              std::to_string(table_.cell_count()) + " cells under " +
                                  std::to_string(table_.columns().size()) + " columns");
                continue;
            }
            const auto at = cell_instant(table_.cell(columns_.time));
            if (!at) {
                context_.drop(table_.line(), "bad_time",
                              "\"" + std::string(table_.cell(columns_.time).substr(0, 40)) + "\" is no time");
                continue;
            }
            TRY(columns_.is_long() ? read_long(*at) : read_wide(*at));
        }
    }

private:
    struct Series {
        std::size_t column = 0;
        std::string name, unit, json;
        MetricLabels labels;
    };

    void set_row_labels(MetricLabels& labels) const
    {
        for (const std::size_t i : columns_.labels) {
            const std::string_view value = trim(table_.cell(i));
            if (is_null_text(value)) continue;
            const std::string_view known = known_label(names_.name(i));
            labels.set(known.empty() ? names_.name(i) : known, value);
        }
        labels.name_service(context_.default_service());
    }

    Status read_long(std::int64_t at)
    {
        MetricLabels labels;
        std::string name;
        const std::string_view written = trim(table_.cell(columns_.name));
        if (!split_series_name(written, name, labels)) name = written;
        if (const std::string_view field = trim(table_.cell(columns_.field)); !field.empty())
            name += (name.empty() ? "" : ".") + std::string(field);
        if (name.empty()) {
            context_.drop(table_.line(), "no_name", "a value without the name of its series");
            return {};
        }
        set_row_labels(labels);
        MetricPoint point;
        point.name = name;
        point.labels = labels.json();
        const std::string_view unit = trim(table_.cell(columns_.unit));
        return take_cell(point, table_.cell(columns_.value),
                         !unit.empty()                          ? unit
                         : !names_.unit(columns_.value).empty() ? names_.unit(columns_.value)
                                                                : prometheus_unit(name),
                         at);
    }

    Status read_wide(std::int64_t at)
    {
        refresh_labels();
        for (Series& series : series_) {
            const std::string_view cell = trim(table_.cell(series.column));
            if (cell.empty() || (is_null_text(cell) && !equals_ignoring_case(cell, "nan"))) continue;  // a gap
            MetricPoint point;
            point.name = series.name;
            point.labels = series.json;
            TRY(take_cell(point, cell, series.unit, at));
        }
        return {};
    }

    /// The labels of every series with those of the row, made anew only when a row has others than the one before.
    void refresh_labels()
    {
        std::string key;
        for (const std::size_t i : columns_.labels) (key += table_.cell(i)) += '\0';
        if (labelled_ && key == row_labels_) return;
        labelled_ = true;
        row_labels_ = std::move(key);
        for (Series& series : series_) {
            MetricLabels labels = series.labels;
            set_row_labels(labels);
            series.json = labels.json();
        }
    }

    Status take_cell(MetricPoint& point, std::string_view cell, std::string_view unit, std::int64_t at)
    {
        cell = trim(cell);
        const auto quantity = cell_quantity(cell, columns_.comma);
        if (!quantity) {
            const bool infinite = equals_ignoring_case(cell, "nan") || contains_ignoring_case(cell, "inf");
            context_.drop(table_.line(), infinite ? "not_finite" : "bad_number",
                          "\"" + std::string(cell.substr(0, 40)) + "\" is no value");
            return {};
        }
        point.at_ns = at;
        point.value = quantity->value;
        point.unit = quantity->unit.empty() ? unit : std::string_view(quantity->unit);
        TRY(context_.add(point));
        context_.stored();
        return {};
    }

    TableReader& table_;
    ImportContext& context_;
    const Columns names_;
    const MetricColumns columns_;
    std::vector<Series> series_;
    std::string row_labels_;
    bool labelled_ = false;
};

int sniff(const Probe& probe)
{
    const TableLayout layout = table_layout(probe.head, probe.whole);
    if (layout.framing == TableFraming::none || layout.framing == TableFraming::json) return 0;
    const Columns names(layout.columns);
    // Logs, spans and request lists have times and numbers too, but one row is one event there.
    if (names.has({"trace_id", "span_id", "message", "msg", "level", "severity", "responseCode", "kind", "query",
                   "dealloc", "pid", "relname"}))
        return 0;
    const MetricColumns columns(layout);
    if (columns.is_long()) return 60;
    return columns.is_wide() ? 40 : 0;
}

Status read(Source& source, ImportContext& context)
{
    TRY_ASSIGN(const auto table, TableReader::open(source));
    const MetricColumns columns(table->layout());
    if (!columns.is_long() && !columns.is_wide())
        return fail(Error::Code::notUnderstood, "the table has no time column with numbers beside it",
                    "wanted: time and one column per series, or time, name, value and labels");
    return MetricTable(*table, context).read();
}

}  // namespace

const Importer metrics_csv{
    .id = "metrics_csv",
    .title = "Metrics (CSV)",
    .brings = "metric_point",
    .how =
        "export a Grafana panel (Inspect > Data > Download CSV, formatted data off), or write time,name,value,service",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
