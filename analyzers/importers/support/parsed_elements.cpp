#include "analyzers/importers/support/parsed_elements.h"

#include "analyzers/importers/support/json_records.h"

namespace casebook {
namespace {

// Handing over a batch costs some microseconds: smaller elements are gathered.
constexpr std::size_t small_bytes = std::size_t{32} << 10;

bool parse_object(JsonParser& parser, ParsedElement& element)
{
    simdjson::dom::element document;
    simdjson::dom::object fields;
    if (!element.complete || element.text.size() > max_whole_bytes ||
        !parser.parse_strictly(element.text, element.slack, document) ||
        document.get_object().get(fields) != simdjson::SUCCESS)
        return false;
    element.fields = fields;
    return true;
}

}  // namespace

ParsedElements::ParsedElements(Source& source, const ElementRules& rules, ImportContext& context, std::size_t depth)
    : context_(context), depth_(depth), elements_(source, rules), parser_(depth),
      ahead_([this](Batch& batch) { fill(batch); })
{
}

void ParsedElements::note(const std::vector<JsonOddity>& oddities)
{
    for (const JsonOddity& oddity : oddities) context_.note(oddity.line, oddity.code, oddity.detail);
}

Result<const ParsedElement*> ParsedElements::next()
{
    while (batch_ == nullptr || index_ == batch_->elements.size()) {
        if (batch_ != nullptr && batch_->last) {
            TRY(batch_->status);
            note(std::exchange(batch_->oddities, {}));
            return nullptr;
        }
        batch_ = &ahead_.next();
        index_ = 0;
    }
    ParsedElement& element = batch_->elements[index_++];
    note(element.oddities);
    // One of an array that does not parse: it may be another one's fault.
    if (!element.fields && !batch_->array.empty()) parse_object(parser_, element);
    return &element;
}

void ParsedElements::fill(Batch& batch)
{
    if (!batch.parser) batch.parser.emplace(depth_);
    batch.elements.clear();
    batch.array.clear();
    batch.status = gather(batch);
    if (!batch.status) batch.last = true;
    batch.hold = false;
    if (!batch.elements.empty()) parse(batch);
}

/// Splits off one element, or as many small ones as are worth a parse; these are copied into an array.
Status ParsedElements::gather(Batch& batch)
{
    while (batch.array.size() < batch_bytes) {
        if (!left_over_) {
            TRY_ASSIGN(const auto element, elements_.next());
            if (!element) {
                batch.oddities = elements_.take_oddities();
                batch.last = true;
                return {};
            }
            const bool escaped_nul = element->backslashes && element->text.find("\\u0000") != std::string_view::npos;
            left_over_ = ParsedElement{*element, {}, escaped_nul, elements_.take_oddities()};
        }
        const bool small = left_over_->complete && !left_over_->too_large && left_over_->text.size() <= small_bytes;
        if (!small && !batch.elements.empty()) return {};
        ParsedElement& element = batch.elements.emplace_back(*std::exchange(left_over_, {}));
        if (!small) return {};
        batch.array.reserve(batch_bytes + small_bytes + 2 + simdjson::SIMDJSON_PADDING);  // views stay valid
        batch.array += batch.array.empty() ? '[' : ',';
        const std::size_t begin = batch.array.size();
        batch.array += element.text;
        element.text = std::string_view(batch.array).substr(begin);
        element.slack = 0;
    }
    return {};
}

void ParsedElements::parse(Batch& batch)
{
    if (batch.array.empty()) {
        ParsedElement& element = batch.elements.front();
        batch.hold = !parse_object(*batch.parser, element);
        if (!batch.hold) element.text = {};
        return;
    }
    simdjson::dom::array objects;
    if (!batch.parser->parse_array(batch.array, batch.elements.size(), objects)) return;
    auto element = batch.elements.begin();
    for (const simdjson::dom::element object : objects) {
        simdjson::dom::object fields;
        if (object.get_object().get(fields) == simdjson::SUCCESS) element->fields = fields;
        ++element;
    }
}

}  // namespace casebook
