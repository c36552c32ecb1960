#include "analyzers/importers/support/json_records.h"

#include "analyzers/importers/support/json_hollow.h"

#include <algorithm>

namespace casebook {
namespace {

constexpr std::size_t batch_bytes = std::size_t{256} << 10;
constexpr std::size_t max_record_bytes = std::size_t{64} << 20;

}  // namespace

void note_oddities(JsonElements& elements, ImportContext& context)
{
    for (const JsonOddity& oddity : elements.take_oddities()) context.note(oddity.line, oddity.code, oddity.detail);
}

Status JsonRecords::read(std::string_view items, std::int64_t line, const Place& place, const Read& read,
                         const TakeApart& take_apart)
{
    JsonItems walk(items);
    JsonItems::Item item;
    const char* counted = items.data();
    while (walk.next(item)) {
        line += std::count(counted, item.text.data(), '\n');
        counted = item.text.data();
        if (!item.is_object) {
            context_.note(line, "not_a_record", "something that is no object stands among the records");
            continue;
        }
        if (!item.complete || item.text.size() > max_whole_bytes) {
            TRY(flush(place, read, take_apart));
            TRY(one(item.text, item.complete, line, place, read, take_apart));
            continue;
        }
        pending_.push_back({item.text, line});
        pending_bytes_ += item.text.size();
        if (pending_bytes_ >= batch_bytes) TRY(flush(place, read, take_apart));
    }
    return flush(place, read, take_apart);
}

/// Parses the records at hand as one array, and one by one when that fails.
Status JsonRecords::flush(const Place& place, const Read& read, const TakeApart& take_apart)
{
    if (pending_.empty()) return {};
    TRY(context_.control().check());
    batch_.assign(1, '[');
    for (const Pending& record : pending_) {
        if (batch_.size() > 1) batch_ += ',';
        batch_ += record.text;
    }
    batch_ += ']';
    batch_.reserve(batch_.size() + simdjson::SIMDJSON_PADDING);

    simdjson::dom::element document;
    simdjson::dom::array array;
    const bool parsed = parser_.parse_strictly(batch_, batch_.capacity() - batch_.size(), document) &&
                        document.get_array().get(array) == simdjson::SUCCESS && array.size() == pending_.size();
    if (parsed) {
        std::size_t index = 0;
        for (const simdjson::dom::element item : array) {
            simdjson::dom::object fields;
            place(pending_[index++].line, false);
            if (item.get_object().get(fields) == simdjson::SUCCESS) TRY(read(fields));
        }
    } else {
        for (const Pending& record : pending_) TRY(one(record.text, true, record.line, place, read, take_apart));
    }
    pending_.clear();
    pending_bytes_ = 0;
    return {};
}

Status JsonRecords::one(std::string_view record, bool complete, std::int64_t line, const Place& place, const Read& read,
                        const TakeApart& take_apart)
{
    if (complete && record.size() <= max_record_bytes) {
        simdjson::dom::element document;
        simdjson::dom::object fields;
        if (parser_.parse(record, 0, document) && document.get_object().get(fields) == simdjson::SUCCESS) {
            place(line, parser_.mended());
            return read(fields);
        }
    }
    if (take_apart) {
        TRY_ASSIGN(const bool done, take_apart(record, complete, line));
        if (done) return {};
    }
    if (!complete) {
        dropped_truncated_ = true;
        context_.drop(line, "truncated", "the input ends inside this record");
    } else if (record.size() > max_record_bytes) {
        context_.drop(line, "too_large", "a single record of more than 64 MiB");
    } else {
        context_.drop(line, "broken_json", parser_.error());
    }
    return {};
}

}  // namespace casebook
