#include "analyzers/importers/support/json_records.h"

#include <algorithm>

namespace casebook {
namespace {

constexpr std::size_t batch_records = 4096;  // of which few may be objects
constexpr std::size_t max_record_bytes = std::size_t{64} << 20;

}  // namespace

void note_oddities(JsonElements& elements, ImportContext& context)
{
    for (const JsonOddity& oddity : elements.take_oddities()) context.note(oddity.line, oddity.code, oddity.detail);
}

Status JsonRecords::read(std::string_view items, std::int64_t line, const Place& place, const Read& read,
                         const TakeApart& take_apart)
{
    ahead_.restart();
    rest_ = JsonItems(items);
    counted_ = items.data();
    line_ = line;
    for (;;) {
        TRY(context_.control().check());
        const Batch& batch = ahead_.next();
        for (const Record& record : batch.records) TRY(one(record, place, read, take_apart));
        if (batch.last) return {};
    }
}

/// Takes the next records and parses them as one array.
void JsonRecords::fill(Batch& batch)
{
    batch.records.clear();
    batch.array.clear();
    std::size_t in_array = 0;
    while (batch.array.size() < batch_bytes && batch.records.size() < batch_records) {
        JsonItems::Item item;
        batch.last = !rest_.next(item);
        if (batch.last) break;
        line_ += std::count(counted_, item.text.data(), '\n');
        counted_ = item.text.data();
        Record& record = batch.records.emplace_back(Record{item.text, line_, item.complete, item.is_object});
        record.in_array = item.is_object && item.complete && item.text.size() <= max_whole_bytes;
        if (!record.in_array) continue;
        batch.array += in_array++ == 0 ? '[' : ',';
        batch.array += item.text;
    }
    if (in_array == 0) return;
    if (!batch.parser) batch.parser.emplace(parser_.depth());
    simdjson::dom::array objects;
    if (!batch.parser->parse_array(batch.array, in_array, objects)) return;  // one() finds out which it was
    auto record = batch.records.begin();
    for (const simdjson::dom::element object : objects) {
        while (!record->in_array) ++record;
        simdjson::dom::object fields;
        if (object.get_object().get(fields) == simdjson::SUCCESS) record->fields = fields;
        ++record;
    }
}

Status JsonRecords::one(const Record& record, const Place& place, const Read& read, const TakeApart& take_apart)
{
    const auto& [text, line, complete, is_object, in_array, parsed] = record;
    if (parsed) {
        place(line, false);
        return read(*parsed);
    }
    if (!is_object) {
        context_.note(line, "not_a_record", "something that is no object stands among the records");
        return {};
    }
    if (complete && text.size() <= max_record_bytes) {
        simdjson::dom::element document;
        simdjson::dom::object fields;
        if (parser_.parse(text, 0, document) && document.get_object().get(fields) == simdjson::SUCCESS) {
            place(line, parser_.mended());
            return read(fields);
        }
    }
    if (take_apart) {
        TRY_ASSIGN(const bool done, take_apart(text, complete, line));
        if (done) return {};
    }
    if (!complete) {
        dropped_truncated_ = true;
        context_.drop(line, "truncated", "the input ends inside this record");
    } else if (text.size() > max_record_bytes) {
        context_.drop(line, "too_large", "a single record of more than 64 MiB");
    } else {
        context_.drop(line, "broken_json", parser_.error());
    }
    return {};
}

}  // namespace casebook
