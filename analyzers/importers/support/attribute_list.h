#pragma once

#include "analyzers/core/rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// Text that stays where it is until clear(). Blocks are kept, so that the next record allocates nothing.
class TextArena {
public:
    char* take(std::size_t size)
    {
        if (size > left_) grow(size);
        char* const place = next_;
        next_ += size;
        left_ -= size;
        return place;
    }
    /// Gives back the last `size` bytes taken.
    void give_back(std::size_t size)
    {
        next_ -= size;
        left_ += size;
    }
    std::string_view store(std::string_view text)
    {
        char* const place = take(text.size());
        if (!text.empty()) std::memcpy(place, text.data(), text.size());
        return {place, text.size()};
    }
    void clear()
    {
        if (blocks_.empty()) return;
        if (blocks_.size() > 1) blocks_.resize(1);
        next_ = blocks_[0].get();
        left_ = block_size;
    }

private:
    static constexpr std::size_t block_size = std::size_t{64} << 10;
    void grow(std::size_t size)
    {
        if (blocks_.empty()) blocks_.push_back(std::make_unique<char[]>(block_size));  // the one that clear() keeps
        left_ = block_size;
        if (size > block_size || next_ != nullptr) {
            left_ = std::max(size, block_size);
            blocks_.push_back(std::make_unique<char[]>(left_));
        }
        next_ = blocks_.back().get();
    }
    std::vector<std::unique_ptr<char[]>> blocks_;
    char* next_ = nullptr;
    std::size_t left_ = 0;
};

/// The attributes of one record with the text made for them. Views given to add() must live as long as the record.
class AttributeList {
public:
    void clear()
    {
        list_.clear();
        text_.clear();
    }
    void add(std::string_view key, std::string_view value) { list_.push_back({key, value}); }
    void add_copy(std::string_view key, std::string_view value) { list_.push_back({key, text_.store(value)}); }
    void add(std::string_view key, bool value)
    {
        add(key, value ? std::string_view("true") : std::string_view("false"));
    }
    void add(std::string_view key, const char* value) { add(key, std::string_view(value)); }
    void add(std::string_view key, std::int64_t value) { list_.push_back({key, number(value)}); }
    void add(std::string_view key, std::uint64_t value) { list_.push_back({key, number(value)}); }
    void add(std::string_view key, double value) { list_.push_back({key, number(value)}); }

    /// Numbers in their JSON spelling, shortest round trip; "NaN", "Infinity" and "-Infinity" as OTLP JSON has them.
    std::string_view number(std::int64_t value) { return print(value); }
    std::string_view number(std::uint64_t value) { return print(value); }
    std::string_view number(double value)
    {
        if (std::isnan(value)) return "NaN";
        if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
        return print(value);
    }

    TextArena& text() { return text_; }
    std::vector<AttributeView>& views() { return list_; }
    const std::vector<AttributeView>& views() const { return list_; }
    /// The value of a key, or nullptr.
    const AttributeView* find(std::string_view key) const
    {
        for (const AttributeView& attribute : list_)
            if (attribute.key == key) return &attribute;
        return nullptr;
    }

private:
    template <class T>
    std::string_view print(T value)
    {
        constexpr std::size_t room = 32;  // a double needs 24, an integer 20
        char* const place = text_.take(room);
        const auto [end, error] = std::to_chars(place, place + room, value);
        const auto length = static_cast<std::size_t>(end - place);
        text_.give_back(room - length);
        return {place, length};
    }

    std::vector<AttributeView> list_;
    TextArena text_;
};

}  // namespace casebook
