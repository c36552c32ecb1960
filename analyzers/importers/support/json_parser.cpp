#include "analyzers/importers/support/json_parser.h"

#include "analyzers/importers/support/json_repair.h"

#include <algorithm>
#include <bit>

namespace casebook {

bool JsonParser::reserve(std::size_t size)
{
    if (size <= capacity_) return true;
    constexpr std::size_t least = std::size_t{64} << 10;
    const std::size_t wanted = std::max(least, std::bit_ceil(size));
    error_ = parser_.allocate(wanted, depth_);
    capacity_ = error_ == simdjson::SUCCESS ? wanted : 0;
    return error_ == simdjson::SUCCESS;
}

bool JsonParser::parse_strictly(std::string_view text, std::size_t slack, simdjson::dom::element& document)
{
    mended_ = false;
    if (!reserve(text.size())) return false;
    if (slack < simdjson::SIMDJSON_PADDING) {
        copy_.reserve(text.size() + simdjson::SIMDJSON_PADDING);
        copy_.assign(text);
        text = copy_;
    }
    error_ = parser_.parse(text.data(), text.size(), false).get(document);
    return error_ == simdjson::SUCCESS;
}

bool JsonParser::parse_array(std::string& array, std::size_t count, simdjson::dom::array& objects)
{
    array += ']';
    array.reserve(array.size() + simdjson::SIMDJSON_PADDING);
    simdjson::dom::element document;
    return parse_strictly(array, array.capacity() - array.size(), document) &&
           document.get_array().get(objects) == simdjson::SUCCESS && objects.size() == count;
}

bool JsonParser::parse(std::string_view text, std::size_t slack, simdjson::dom::element& document)
{
    if (parse_strictly(text, slack, document)) return true;
    if (error_ == simdjson::DEPTH_ERROR || error_ == simdjson::MEMALLOC || error_ == simdjson::CAPACITY) return false;
    std::string repaired;
    repair_json(text, repaired);
    copy_ = std::move(repaired);
    copy_.reserve(copy_.size() + simdjson::SIMDJSON_PADDING);
    if (!reserve(copy_.size())) return false;
    error_ = parser_.parse(copy_.data(), copy_.size(), false).get(document);
    mended_ = error_ == simdjson::SUCCESS;
    return mended_;
}

}  // namespace casebook
