#include "widgets/models/views/series_from_query.h"

#include "widgets/charts/line_text.h"
#include "widgets/models/views/table_from_query.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace casebook {
namespace {

constexpr std::size_t most_series = 200;

constexpr const char* counter_ends[]{"_count", ".count", "_sum", ".sum"};

/// Where the time is: index of the column, or -1.
int time_column(const TableData& table)
{
    int other = -1;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const TableColumn& column = table.columns[i];
        if (column.is_text() || column.integers.empty()) continue;
        if (column.name == QLatin1String("at_ns") || column.name == QLatin1String("snapshot_at_ns")) return static_cast<int>(i);
        if (column.kind == TableColumn::Kind::instant && other < 0) other = static_cast<int>(i);
    }
    return other;
}

QString unit_of(const TableColumn& column)
{
    if (column.kind == TableColumn::Kind::duration) return column.factor == 1 ? QStringLiteral("ns") : column.factor == 1e3 ? QStringLiteral("us") : column.factor == 1e6 ? QStringLiteral("ms") : QStringLiteral("s");
    if (column.kind == TableColumn::Kind::bytes) return QStringLiteral("By");
    if (column.kind == TableColumn::Kind::share) return QStringLiteral("ratio");
    return column.unit;
}

/// Sorts by time; points of one time stay in the order of the rows.
void sort_by_time(ChartSeries& series)
{
    if (std::is_sorted(series.at_ns.begin(), series.at_ns.end())) return;
    std::vector<std::size_t> order(series.at_ns.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return series.at_ns[a] < series.at_ns[b]; });
    ChartSeries sorted = series;
    for (std::size_t i = 0; i < order.size(); ++i) {
        sorted.at_ns[i] = series.at_ns[order[i]];
        sorted.values[i] = series.values[order[i]];
    }
    series = std::move(sorted);
}

/// Leaves out texts that name rows rather than lines: file paths, and what differs in nearly every row.
void drop_row_names(const TableData& table, std::vector<std::size_t>& texts)
{
    std::erase_if(texts, [&](std::size_t index) {
        const TableColumn& column = table.columns[index];
        if (column.name == QLatin1String("path") || column.name == QLatin1String("file")) return true;
        const std::set<std::string_view> distinct(column.texts.begin(), column.texts.end());
        return table.rows > 3 && distinct.size() * 10 > table.rows * 9;
    });
}

struct Line {
    QString text;                       ///< of the text columns but labels and unit
    std::map<QString, QString> labels;
    QString column, unit;
    ChartSeries series;
};

/// Names lines by what tells them apart.
void name_lines(std::vector<Line>& lines, bool several_columns)
{
    std::map<QString, std::set<QString>> values;  // label -> values
    std::set<QString> texts;
    for (const Line& line : lines) {
        texts.insert(line.text);
        for (const auto& [key, value] : line.labels) values[key].insert(value);
        for (auto& [key, seen] : values)
            if (line.labels.find(key) == line.labels.end()) seen.insert(QString());
    }
    for (Line& line : lines) {
        QStringList parts;
        if (!line.text.isEmpty()) parts += line.text;
        if (several_columns || parts.isEmpty()) parts += line.column;
        for (const auto& [key, value] : line.labels)
            if (values[key].size() > 1 && !value.isEmpty()) parts += key == QLatin1String("service") || key == QLatin1String("instance") ? value : key + QLatin1Char('=') + value;
        line.series.name = parts.join(QStringLiteral(", "));
    }
}

}  // namespace

std::map<QString, QString> labels_of(const QString& json)
{
    std::map<QString, QString> labels;
    const QJsonObject object = QJsonDocument::fromJson(json.toUtf8()).object();
    for (auto label = object.begin(); label != object.end(); ++label) labels[label.key()] = label.value().toVariant().toString();
    return labels;
}

QString metric_unit(const QString& name, const QString& unit)
{
    if (!unit.isEmpty()) return unit;
    // Prometheus writes base units at the end of the name.
    static const std::pair<const char*, const char*> ends[]{{"seconds", "s"}, {"_ms", "ms"}, {".ms", "ms"}, {"milliseconds", "ms"}, {"bytes", "By"}, {"ratio", "ratio"}, {"percent", "%"}};
    QString base = name;
    for (const char* end : {"_total", "_sum", ".sum"})
        if (base.endsWith(QLatin1String(end))) base.chop(static_cast<qsizetype>(qstrlen(end)));
    for (const auto& [end, base_unit] : ends)
        if (base.endsWith(QLatin1String(end))) return QLatin1String(base_unit);
    return QStringLiteral("1");
}

SeriesSet series_from_query(const QueryResult& result)
{
    SeriesSet set;
    // Not owned: the table lives no longer than this call.
    const std::shared_ptr<TableData> table = table_from_query(std::shared_ptr<const QueryResult>(&result, [](const QueryResult*) {}));
    const int time = time_column(*table);
    bool has_time = false;
    if (time >= 0)
        for (std::size_t row = 0; row < table->rows && !has_time; ++row) has_time = !table->columns[static_cast<std::size_t>(time)].is_null(row);
    std::vector<std::size_t> values, texts;
    int labels = -1, unit = -1;
    for (std::size_t i = 0; i < table->columns.size(); ++i) {
        const TableColumn& column = table->columns[i];
        if (static_cast<int>(i) == time) continue;
        if (column.is_text() && column.name == QLatin1String("labels")) labels = static_cast<int>(i);
        else if (column.is_text() && column.name == QLatin1String("unit")) unit = static_cast<int>(i);
        else if (column.is_text()) texts.push_back(i);
        else if (column.kind != TableColumn::Kind::instant && !column.name.endsWith(QLatin1String("_id"))) values.push_back(i);
    }
    drop_row_names(*table, texts);
    std::map<std::pair<std::string, std::size_t>, std::size_t> known;  // texts and column -> line
    std::vector<Line> lines;
    for (std::size_t row = 0; row < table->rows; ++row) {
        if (has_time && table->columns[static_cast<std::size_t>(time)].is_null(row)) continue;
        std::string key;
        for (const std::size_t i : texts) key += std::string(table->columns[i].texts[row]) + '\x1f';
        if (labels >= 0) key += table->columns[static_cast<std::size_t>(labels)].texts[row];
        for (const std::size_t i : values) {
            if (table->columns[i].is_null(row)) continue;
            auto found = known.find({key, i});
            if (found == known.end()) {
                if (lines.size() >= most_series) continue;
                Line line;
                QStringList parts;
                for (const std::size_t text : texts)
                    if (!table->columns[text].texts[row].empty()) parts += to_qt_line(table->columns[text].texts[row], 80);
                line.text = parts.join(QStringLiteral(", "));
                if (labels >= 0) line.labels = labels_of(to_qt(table->columns[static_cast<std::size_t>(labels)].texts[row]));
                line.column = table->columns[i].title;
                line.series.unit = unit >= 0 ? to_qt(table->columns[static_cast<std::size_t>(unit)].texts[row]) : unit_of(table->columns[i]);
                line.series.unit = metric_unit(texts.empty() ? line.column : line.text, line.series.unit);
                found = known.emplace(std::pair{key, i}, lines.size()).first;
                lines.push_back(std::move(line));
            }
            ChartSeries& series = lines[found->second].series;
            series.at_ns.push_back(has_time ? table->columns[static_cast<std::size_t>(time)].integers[row] : static_cast<std::int64_t>(series.at_ns.size() + 1) * 1'000'000'000);
            series.values.push_back(table->columns[i].number(row));
        }
    }
    name_lines(lines, values.size() > 1);
    for (Line& line : lines) {
        sort_by_time(line.series);
        set.series.push_back(std::move(line.series));
    }
    if (!has_time) set.axis = ChartAxis::ordinal;
    else if (table->columns[static_cast<std::size_t>(time)].kind != TableColumn::Kind::instant) set.axis = ChartAxis::sinceStart;
    return set;
}

bool is_counter(const ChartSeries& series)
{
    const QString metric = series.name.section(QStringLiteral(", "), 0, 0);
    if (metric.endsWith(QLatin1String("_total"))) return true;
    // Gauges are called ".count" too (connections in a pool): those also fall.
    const bool named = std::any_of(std::begin(counter_ends), std::end(counter_ends), [&](const char* end) { return metric.endsWith(QLatin1String(end)); });
    return named && series.values.size() >= 3 && std::is_sorted(series.values.begin(), series.values.end()) && series.values.back() > series.values.front();
}

ChartSeries rate_of(const ChartSeries& counter)
{
    ChartSeries rate;
    rate.name = counter.name;
    const QString unit = counter.unit.isEmpty() || counter.unit == QLatin1String("1") ? QStringLiteral("1") : counter.unit;
    rate.unit = unit + QStringLiteral("/s");
    for (std::size_t i = 1; i < counter.values.size(); ++i) {
        const double seconds = static_cast<double>(counter.at_ns[i] - counter.at_ns[i - 1]) / 1e9;
        if (seconds <= 0) continue;
        const double grown = counter.values[i] >= counter.values[i - 1] ? counter.values[i] - counter.values[i - 1] : counter.values[i];
        rate.at_ns.push_back(counter.at_ns[i]);
        rate.values.push_back(grown / seconds);
    }
    return rate;
}

}  // namespace casebook
