#pragma once

#include <protozero/types.hpp>
#include <protozero/varint.hpp>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace casebook {

/// One field of a protobuf message.
struct WireField {
    std::uint32_t number = 0;
    protozero::pbf_wire_type type = protozero::pbf_wire_type::varint;
    std::uint64_t value = 0;     ///< varint, fixed64 or fixed32
    std::string_view bytes;      ///< length-delimited
    bool complete = true;        ///< false: the message ends inside `bytes`

    bool is_varint() const { return type == protozero::pbf_wire_type::varint; }
    bool is_fixed64() const { return type == protozero::pbf_wire_type::fixed64; }
    bool is_bytes() const { return type == protozero::pbf_wire_type::length_delimited; }
    double real() const
    {
        double number_value = 0;
        std::memcpy(&number_value, &value, sizeof number_value);
        return number_value;
    }
};

/// Walks the fields of a message in the order of the wire, within its bytes whatever they hold. Unlike
/// protozero::pbf_reader it gives the beginning of a field that is cut off, and throws nothing.
class WireWalk {
public:
    explicit WireWalk(std::string_view message) : at_(message.data()), end_(message.data() + message.size()) {}

    /// False at the end, or where the bytes are no protobuf: broken() tells which.
    bool next(WireField& field)
    {
        if (at_ == end_) return false;
        std::uint64_t tag = 0;
        if (!varint(tag)) return fail();
        field.number = static_cast<std::uint32_t>(tag >> 3);
        field.type = static_cast<protozero::pbf_wire_type>(tag & 7);
        field.complete = true;
        if (field.number == 0 || tag >> 3 > max_number) return fail();
        switch (field.type) {
        case protozero::pbf_wire_type::varint: return varint(field.value) || fail();
        case protozero::pbf_wire_type::fixed64: return fixed<std::uint64_t>(field.value) || fail();
        case protozero::pbf_wire_type::fixed32: return fixed<std::uint32_t>(field.value) || fail();
        case protozero::pbf_wire_type::length_delimited: {
            std::uint64_t length = 0;
            if (!varint(length)) return fail();
            const auto left = static_cast<std::uint64_t>(end_ - at_);
            field.complete = length <= left;
            field.bytes = {at_, static_cast<std::size_t>(field.complete ? length : left)};
            at_ += field.bytes.size();
            return true;
        }
        default: return fail();  // groups, which OTLP never had
        }
    }

    bool broken() const { return broken_; }

private:
    static constexpr std::uint64_t max_number = (std::uint64_t{1} << 29) - 1;

    bool fail()
    {
        broken_ = true;
        at_ = end_;
        return false;
    }

    bool varint(std::uint64_t& value)
    {
        if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) {
            value = static_cast<unsigned char>(*at_++);
            return true;
        }
        try {
            value = protozero::decode_varint(&at_, end_);
        } catch (const protozero::exception&) {
            return false;
        }
        return true;
    }

    template <class Integer>
    bool fixed(std::uint64_t& value)
    {
        if (end_ - at_ < static_cast<std::ptrdiff_t>(sizeof(Integer))) return false;
        Integer read = 0;
        for (std::size_t i = sizeof(Integer); i-- > 0;)
            read = static_cast<Integer>(read << 8 | static_cast<unsigned char>(at_[i]));
        at_ += sizeof(Integer);
        value = read;
        return true;
    }

    const char* at_;
    const char* end_;
    bool broken_ = false;
};

}  // namespace casebook
