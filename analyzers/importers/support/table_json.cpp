// Rows as JSON objects: json_agg, row_to_json, or any exporter that writes flat objects:
//   [{"queryid":-880,"query":"select 1","calls":3},
//    {"queryid":299,"query":"select 2","calls":1}]

#include "analyzers/importers/support/json_objects.h"
#include "analyzers/importers/support/table_text.h"

#include "analyzers/core/text.h"

#include <simdjson.h>
#include <tsl/robin_map.h>

namespace casebook {
namespace {

/// A value as a cell: strings without quotes, null empty, everything else in its JSON spelling.
std::string cell_text(simdjson::dom::element value)
{
    if (value.is_string()) return std::string(std::string_view(value));
    if (value.is_null()) return {};
    return simdjson::minify(value);
}

class JsonTable final : public TableReader {
public:
    JsonTable(Source& source, TableLayout layout) : TableReader(std::move(layout)), objects_(source)
    {
        for (std::size_t i = 0; i < layout_.columns.size(); ++i) columns_.emplace(layout_.columns[i], i);
    }

    Result<bool> next() override
    {
        TRY_ASSIGN(const auto object, objects_.next());
        if (!object) return false;
        line_ = objects_.line();
        cells_.clear();
        texts_.assign(layout_.columns.size(), {});
        ragged_ = true;
        padded_.assign(*object);
        padded_.reserve(padded_.size() + simdjson::SIMDJSON_PADDING);
        simdjson::dom::object parsed;
        if (parser_.parse(padded_.data(), padded_.size(), false).get(parsed)) return true;
        std::size_t i = 0;
        for (const auto field : parsed) {
            // The objects of one result have the same keys in the same order.
            const std::size_t column = i < texts_.size() && layout_.columns[i] == field.key ? i : find(field.key);
            if (column < texts_.size()) texts_[column] = cell_text(field.value);
            ++i;
        }
        cells_.assign(texts_.begin(), texts_.end());
        ragged_ = false;
        return true;
    }

private:
    std::size_t find(std::string_view key) const
    {
        const auto found = columns_.find(std::string(key));
        return found == columns_.end() ? npos : found->second;
    }

    JsonObjects objects_;
    tsl::robin_map<std::string, std::size_t> columns_;
    simdjson::dom::parser parser_;
    std::string padded_;
    std::vector<std::string> texts_;
};

}  // namespace

TableLayout json_layout(std::string_view head)
{
    TableLayout layout;
    const std::size_t first = head.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || (head[first] != '[' && head[first] != '{')) return layout;
    const std::size_t open = head[first] == '{' ? first : head.find_first_not_of(" \t\r\n", first + 1);
    if (open == std::string_view::npos || head[open] != '{') return layout;
    const std::size_t size = json_object_size(head.substr(open));
    if (size == std::string_view::npos) return layout;
    const std::string text(head.substr(open, size));
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    if (parser.parse(text).get(object)) return layout;
    layout.framing = TableFraming::json;
    for (const auto field : object) {
        layout.columns.emplace_back(field.key);
        layout.first_row.push_back(cell_text(field.value));
    }
    return layout;
}

std::unique_ptr<TableReader> json_table(Source& source, TableLayout layout)
{
    return std::make_unique<JsonTable>(source, std::move(layout));
}

}  // namespace casebook
