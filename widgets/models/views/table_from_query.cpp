#include "widgets/models/views/table_from_query.h"

#include "widgets/qt_text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace casebook {
namespace {

using Kind = TableColumn::Kind;

constexpr double least_date_ns = 1e17;     // 1973: no duration is that long
constexpr double latest_date_ns = 9.2e18;  // 2261

bool ends_with(std::string_view text, std::string_view end) { return text.size() > end.size() && text.ends_with(end); }

struct Content { bool integers = false, numbers = false, texts = false, nulls = false; };

Content content_of(const QueryResult& result, std::size_t index)
{
    Content content;
    for (const auto& row : result.rows) {
        if (index >= row.size()) { content.nulls = true; continue; }
        switch (row[index].index()) {
        case 0: content.nulls = true; break;
        case 1: content.integers = true; break;
        case 2: content.numbers = true; break;
        default: content.texts = true;
        }
    }
    return content;
}

/// True for texts whose ends tell them apart: paths, class and metric names, stacks.
bool ends_tell(std::string_view name)
{
    constexpr std::array names{"path", "file", "class", "name", "stack", "top_frame"};
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Kind, factor, unit and title that the name of a column of numbers tells.
void interpret_name(TableColumn& column, std::string_view name)
{
    column.kind = Kind::count;
    const auto duration = [&](std::string_view suffix, double factor) {
        if (!ends_with(name, suffix)) return false;
        column.kind = Kind::duration;
        column.factor = factor;
        column.title = to_qt(name.substr(0, name.size() - suffix.size()));
        return true;
    };
    if (ends_with(name, "_per_s") || ends_with(name, "_per_second")) {
        column.title = to_qt(name.substr(0, name.rfind("_per_")));
        column.unit = QStringLiteral("1/s");
        return;
    }
    if (duration("_ns", 1)) {
        std::size_t dates = 0, others = 0;
        const std::size_t rows = std::max(column.integers.size(), column.numbers.size());
        for (std::size_t row = 0; row < rows; row += rows / 1000 + 1) {
            const double value = column.number(row);
            if (value != 0) ++(value > least_date_ns && value < latest_date_ns ? dates : others);
        }
        if (dates == 0 || others > 0) return;
        column.kind = Kind::instant;
        for (const double value : std::exchange(column.numbers, {})) column.integers.push_back(static_cast<std::int64_t>(value));
        return;
    }
    if (duration("_us", 1e3) || duration("_ms", 1e6) || duration("_seconds", 1e9)) return;
    if (name == "seconds") {
        column.kind = Kind::duration;
        column.factor = 1e9;
        column.title = QStringLiteral("time");
    } else if (name == "bytes" || ends_with(name, "_bytes")) {
        column.kind = Kind::bytes;
        column.title = to_qt(name == "bytes" ? "size" : name.substr(0, name.size() - 6));
    } else if (name == "share" || ends_with(name, "_share") || ends_with(name, "_ratio")) {
        column.kind = Kind::share;
    } else if (ends_with(name, "_percent")) {
        column.title = to_qt(name.substr(0, name.size() - 8));
        column.unit = QStringLiteral("%");
    } else if (name == "shared_hit" || name == "shared_read" || name == "temp_written") {
        column.unit = QStringLiteral("blocks");
    }
}

}  // namespace

std::shared_ptr<TableData> table_from_query(std::shared_ptr<const QueryResult> result)
{
    auto table = std::make_shared<TableData>();
    if (!result) return table;
    const std::size_t rows = result->rows.size();
    table->rows = rows;
    table->cut = result->cut;
    table->owners.push_back(result);
    for (std::size_t index = 0; index < result->columns.size(); ++index) {
        TableColumn column;
        column.name = to_qt(result->columns[index]);
        column.title = column.name;
        const Content content = content_of(*result, index);
        if (content.nulls) column.null.assign(rows, 0);
        const bool numeric = (content.integers || content.numbers) && !content.texts;
        if (numeric && !content.numbers) column.integers.resize(rows);
        else if (numeric) column.numbers.resize(rows);
        else column.texts.resize(rows);
        for (std::size_t row = 0; row < rows; ++row) {
            static const Value nothing;
            const Value& value = index < result->rows[row].size() ? result->rows[row][index] : nothing;
            if (value.index() == 0) column.null[row] = 1;
            else if (!column.integers.empty()) column.integers[row] = std::get<std::int64_t>(value);
            else if (!column.numbers.empty()) column.numbers[row] = value.index() == 1 ? static_cast<double>(std::get<std::int64_t>(value)) : std::get<double>(value);
            else if (const auto* text = std::get_if<std::string>(&value)) column.texts[row] = *text;
            else column.texts[row] = table->keep(to_text(value));
        }
        if (numeric) interpret_name(column, result->columns[index]);
        else if (ends_tell(result->columns[index])) column.elide = Qt::ElideMiddle;
        column.title.replace(QLatin1Char('_'), QLatin1Char(' '));
        table->columns.push_back(std::move(column));
    }
    finish_table(*table);
    return table;
}

}  // namespace casebook
