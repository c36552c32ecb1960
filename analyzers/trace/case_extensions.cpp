#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/store/case_file.h"
#include "analyzers/store/extensions.h"
#include "analyzers/store/virtual_table.h"
#include "analyzers/trace/operation.h"
#include "analyzers/trace/span_cache.h"
#include "analyzers/trace/sql_text.h"

#include <charconv>

namespace casebook {

Result<std::shared_ptr<const SpanTable>> cached_spans(CaseFile& file, const Control& control)
{
    if (auto cached = std::static_pointer_cast<const SpanTable>(file.span_cache())) return cached;
    auto loaded = load_spans(file, control);
    if (!loaded) return tl::unexpected<Error>(std::move(loaded.error()));
    auto table = std::make_shared<const SpanTable>(std::move(*loaded));
    file.set_span_cache(table);
    return table;
}

namespace {

std::optional<std::uint64_t> hex_value(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc() || end != text.data() + text.size() || text.empty() || text.size() > 16) return {};
    return value;
}

using Rows = std::vector<std::pair<SpanTable::Row, SpanTable::Row>>;  // half-open ranges

/// The rows that can satisfy the looked-up columns: all, one trace, or one span of a trace.
Rows candidate_rows(const SpanTable& table, const Value* trace_id, const Value* span_id)
{
    if (!trace_id) return {{0, static_cast<SpanTable::Row>(table.size())}};
    const auto* text = std::get_if<std::string>(trace_id);
    if (!text || text->size() != 32) return {};
    const auto high = hex_value(std::string_view(*text).substr(0, 16)), low = hex_value(std::string_view(*text).substr(16));
    if (!high || !low) return {};
    const std::size_t index = table.find_trace(*high, *low);
    if (index == table.traces.size()) return {};
    const SpanTable::Trace& trace = table.traces[index];
    if (!span_id) return {{trace.first, trace.first + trace.count}};
    const auto* span_text = std::get_if<std::string>(span_id);
    const auto id = span_text ? hex_value(*span_text) : std::nullopt;
    Rows rows;
    for (SpanTable::Row row = trace.first; id && row < trace.first + trace.count; ++row)
        if (table.span_id[row] == *id) rows.emplace_back(row, row + 1);
    return rows;
}

const Value* value_for(const std::vector<std::pair<int, Value>>& equal, int column)
{
    for (const auto& [index, value] : equal)
        if (index == column) return &value;
    return nullptr;
}

class SpanCursor final : public VirtualCursor {
public:
    SpanCursor(std::shared_ptr<const SpanTable> table, Rows ranges, bool attributes, SpanTable::Id key)
        : table_(std::move(table)), ranges_(std::move(ranges)), attributes_(attributes), key_(key)
    {
        if (!ranges_.empty()) row_ = ranges_[0].first;
        if (!at_end() && row_ == ranges_[0].second) next_row();
        if (attributes_ && !at_end()) {
            attribute_ = table_->attribute_begin[row_];
            settle();
        }
    }

    bool at_end() const override { return range_ >= ranges_.size(); }

    void advance() override
    {
        if (!attributes_) return next_row();
        ++attribute_;
        settle();
    }

    void column(int index, ColumnSink& sink) const override
    {
        const SpanTable& t = *table_;
        const auto text = [&](SpanTable::Id id) { sink.set(t.text(id)); };
        if (index == 0) return sink.set(std::string_view(hex64(t.traces[t.trace[row_]].high) + hex64(t.traces[t.trace[row_]].low)));
        if (index == 1) return sink.set(std::string_view(hex64(t.span_id[row_])));
        if (attributes_) return text(index == 2 ? t.attribute_key[attribute_] : t.attribute_value[attribute_]);
        switch (index) {
        case 2: return t.parent_id[row_] == 0 ? sink.set_null() : sink.set(std::string_view(hex64(t.parent_id[row_])));
        case 3: return text(t.service[row_]);
        case 4: return text(t.operation[row_]);
        case 5: return sink.set(name_of(t.kind[row_]));
        case 6: return sink.set(name_of(t.status[row_]));
        case 7: return sink.set(t.start_ns[row_]);
        case 8: return sink.set(t.duration_ns[row_]);
        case 9: return sink.set(t.self_ns[row_]);
        case 10: return text(t.instance[row_]);
        case 11: return text(t.version[row_]);
        case 12: return text(t.name[row_]);
        case 13: return text(t.statement[row_]);
        case 14: return text(t.fingerprint[row_]);
        default: return sink.set(static_cast<std::int64_t>(t.file[row_]));
        }
    }

private:
    void next_row()
    {
        if (++row_ < ranges_[range_].second) return;
        for (++range_; range_ < ranges_.size(); ++range_)
            if (ranges_[range_].first < ranges_[range_].second) {
                row_ = ranges_[range_].first;
                return;
            }
    }

    /// Moves on to the next attribute that exists and has the wanted key.
    void settle()
    {
        while (!at_end()) {
            if (attribute_ < table_->attribute_begin[row_ + 1]) {
                if (key_ == StringPool::none || table_->attribute_key[attribute_] == key_) return;
                ++attribute_;
            } else {
                next_row();
                if (!at_end()) attribute_ = table_->attribute_begin[row_];
            }
        }
    }

    std::shared_ptr<const SpanTable> table_;
    Rows ranges_;
    bool attributes_;
    SpanTable::Id key_;
    std::size_t range_ = 0;
    SpanTable::Row row_ = 0;
    std::uint32_t attribute_ = 0;
};

/// The tables span and span_attribute.
class SpanView final : public VirtualTable {
public:
    SpanView(CaseFile& file, bool attributes) : file_(file), attributes_(attributes) {}

    std::string declaration() const override
    {
        if (attributes_) return "trace_id TEXT, span_id TEXT, key TEXT, value TEXT";
        return "trace_id TEXT, span_id TEXT, parent_id TEXT, service TEXT, operation TEXT, kind TEXT, status TEXT, start_ns INTEGER, "
               "duration_ns INTEGER, self_ns INTEGER, instance TEXT, version TEXT, name TEXT, statement TEXT, fingerprint TEXT, file_id INTEGER";
    }

    std::vector<int> key_columns() const override { return attributes_ ? std::vector{0, 1, 2} : std::vector{0, 1}; }

    Result<std::unique_ptr<VirtualCursor>> open(const std::vector<std::pair<int, Value>>& equal) override
    {
        TRY_ASSIGN(auto table, cached_spans(file_, Control()));
        SpanTable::Id key = StringPool::none;
        Rows rows = candidate_rows(*table, value_for(equal, 0), value_for(equal, 1));
        if (const Value* wanted = attributes_ ? value_for(equal, 2) : nullptr) {
            const auto* text = std::get_if<std::string>(wanted);
            key = text ? table->strings.find(*text) : StringPool::none;
            if (key == StringPool::none) rows.clear();
        }
        return std::make_unique<SpanCursor>(std::move(table), std::move(rows), attributes_, key);
    }

private:
    CaseFile& file_;
    bool attributes_;
};

Result<Value> text_function(const std::vector<Value>& arguments, std::string (*convert)(std::string_view))
{
    if (const auto* text = std::get_if<std::string>(&arguments[0])) return Value(convert(*text));
    return Value();
}

}  // namespace

Status register_case_extensions(CaseFile& file)
{
    Database& database = file.database();
    TRY(add_virtual_table(database, "span", std::make_shared<SpanView>(file, false)));
    TRY(add_virtual_table(database, "span_attribute", std::make_shared<SpanView>(file, true)));
    TRY(add_function(database, "fingerprint", 1, [](const std::vector<Value>& a) { return text_function(a, sql_fingerprint); }));
    TRY(add_function(database, "template", 1, [](const std::vector<Value>& a) { return text_function(a, template_path); }));
    return add_percentile(database, "percentile", percentile);
}

}  // namespace casebook
