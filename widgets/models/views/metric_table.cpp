#include "widgets/models/views/metric_table.h"

#include "analyzers/core/text.h"
#include "widgets/models/views/series_from_query.h"
#include "widgets/models/views/table_from_query.h"
#include "widgets/qt_text.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>

namespace casebook {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("MetricTable", text); }

using Labels = std::map<QString, QString>;

std::string all_labels(const Labels& labels, const std::string& json)
{
    QStringList parts;
    for (const auto& [key, value] : labels) parts += key + QLatin1Char('=') + value;
    return parts.isEmpty() && json != "{}" ? json : parts.join(QStringLiteral(", ")).toStdString();
}

/// What tells the series of one metric apart; for the only one of its metric, where it comes from.
std::vector<std::string> differing_labels(const std::vector<Labels>& series)
{
    std::map<QString, std::set<QString>> values;
    for (const Labels& labels : series)
        for (const auto& [key, value] : labels) values[key].insert(value);
    for (auto& [key, seen] : values)
        if (std::any_of(series.begin(), series.end(), [&key = key](const Labels& labels) { return labels.find(key) == labels.end(); })) seen.insert(QString());
    std::vector<std::string> texts;
    for (const Labels& labels : series) {
        const auto wanted = [&](const QString& key) { return labels.count(key) > 0 && (series.size() == 1 || values[key].size() > 1); };
        QStringList parts;
        const QString service = QStringLiteral("service"), instance = QStringLiteral("instance");
        for (const auto& [key, value] : labels)
            if (series.size() > 1 && key != service && key != instance && wanted(key)) parts += key.mid(key.lastIndexOf(QLatin1Char('.')) + 1) + QLatin1Char('=') + value;
        // An instance that begins with the name of its service says both.
        if (wanted(service) && !(wanted(instance) && labels.at(instance).startsWith(labels.at(service)))) parts += labels.at(service);
        if (wanted(instance)) parts += labels.at(instance);
        texts.push_back(parts.join(QStringLiteral(", ")).toStdString());
    }
    return texts;
}

/// A value with three digits in a unit of its own: "134 MB". The column of units says what counts count.
std::string value_text(double value, const QString& unit)
{
    const AxisUnit shown = axis_unit(unit, std::fabs(value));
    const double scaled = value * shown.factor;
    const std::string number = scaled != 0 && std::fabs(scaled) < 1e-3 ? QString::number(scaled, 'g', 3).toStdString() : format_number(scaled, 3);
    const bool counts = shown.name == QLatin1String("count") || unit.startsWith(QLatin1Char('{'));
    return counts ? number : number + ' ' + shown.name.toStdString();
}

QString unit_text(const QString& unit)
{
    if (unit == QLatin1String("1")) return {};
    return unit.startsWith(QLatin1Char('{')) && unit.endsWith(QLatin1Char('}')) ? unit.mid(1, unit.size() - 2) : unit;
}

struct Shape { std::vector<double> mean, highest; };

std::vector<float> spark_of(const QString& name, const Shape& shape)
{
    ChartSeries series{name, {}, {}, shape.highest};
    std::vector<float> line;
    if (!is_counter(series)) {
        line.assign(shape.mean.begin(), shape.mean.end());
        return line;
    }
    for (std::size_t i = 1; i < shape.highest.size(); ++i) line.push_back(static_cast<float>(std::max(0.0, shape.highest[i] - shape.highest[i - 1])));
    return line;
}

std::unordered_map<std::int64_t, Shape> shapes_of(const QueryResult& stretches)
{
    std::unordered_map<std::int64_t, Shape> shapes;
    const auto real = [](const Value& value) {
        if (const auto* number = std::get_if<double>(&value)) return *number;
        const auto* integer = std::get_if<std::int64_t>(&value);
        return integer ? static_cast<double>(*integer) : 0.0;
    };
    for (const auto& row : stretches.rows) {
        if (row.size() < 4) continue;
        Shape& shape = shapes[static_cast<std::int64_t>(real(row[0]))];
        shape.mean.push_back(real(row[2]));
        shape.highest.push_back(real(row[3]));
    }
    return shapes;
}

}  // namespace

const char* metric_series_query()
{
    return "SELECT m.name, m.labels, '' AS trend, (SELECT l.value FROM metric_point l WHERE l.series_id = m.series_id ORDER BY l.at_ns DESC LIMIT 1) AS latest, "
           "m.unit, min(m.value) AS lowest, max(m.value) AS highest, count(*) AS points, m.series_id FROM metric_point m GROUP BY m.series_id ORDER BY m.name, m.labels";
}

const char* metric_shapes_query()
{
    return "SELECT p.series_id, CAST((p.at_ns - r.first) * 39.999 / max(1, r.last - r.first) AS INTEGER) AS slot, avg(p.value), max(p.value) "
           "FROM (SELECT series_id, min(at_ns) AS first, max(at_ns) AS last FROM metric_point GROUP BY series_id HAVING last > first) r "
           "JOIN metric_point p ON p.series_id = r.series_id GROUP BY 1, 2 ORDER BY 1, 2";
}

std::shared_ptr<TableData> metric_table(std::shared_ptr<const QueryResult> series, const QueryResult& stretches)
{
    std::shared_ptr<TableData> table = table_from_query(std::move(series));
    enum : std::size_t { name, labels, trend, latest, unit, lowest, highest, points, series_id, columns };
    if (table->columns.size() != columns) return table;
    std::vector<TableColumn>& column = table->columns;
    column[name].title = tr("metric");
    column[labels].elide = Qt::ElideMiddle;
    column[trend].help = tr("Over the time of the series; what is added, where it counts up");
    column[latest].help = tr("Value at the end; of counters the sum so far");
    column[unit].help = tr("As the source or the name says it");

    // Rows come by name, so that the series of a metric stand together.
    std::vector<Labels> group;
    for (std::size_t row = 0, first = 0; row < table->rows; ++row) {
        const std::string json(column[labels].texts[row]);
        group.push_back(labels_of(to_qt(json)));
        column[labels].texts[row] = table->keep(all_labels(group.back(), json));
        if (row + 1 < table->rows && column[name].texts[row + 1] == column[name].texts[first]) continue;
        for (std::string& text : differing_labels(group)) column[labels].shown.push_back(table->keep(std::move(text)));
        group.clear();
        first = row + 1;
    }
    const std::unordered_map<std::int64_t, Shape> shapes = shapes_of(stretches);
    for (std::size_t row = 0; row < table->rows; ++row) {
        const QString metric = to_qt(column[name].texts[row]), own_unit = metric_unit(metric, to_qt(column[unit].texts[row]));
        for (const std::size_t value : {latest, lowest, highest}) {
            if (column[value].is_null(row) || column[value].is_text()) { column[value].shown.emplace_back(); continue; }
            column[value].shown.push_back(table->keep(value_text(column[value].number(row), own_unit)));
        }
        column[unit].shown.push_back(table->keep(unit_text(own_unit).toStdString()));
        const auto shape = shapes.find(static_cast<std::int64_t>(column[series_id].number(row)));
        column[trend].sparks.push_back(shape == shapes.end() ? std::vector<float>() : spark_of(metric, shape->second));
    }
    finish_table(*table);
    return table;
}

}  // namespace casebook
