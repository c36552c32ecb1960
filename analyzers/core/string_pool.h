#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <tsl/robin_map.h>
#include <vector>

namespace casebook {

/// Distinct strings with small ids, in order of first appearance. Id 0 is the empty string. Views stay valid for
/// the life of the pool. Not thread-safe.
class StringPool {
public:
    using Id = std::uint32_t;

    StringPool() { clear(); }
    StringPool(StringPool&&) = default;
    StringPool& operator=(StringPool&&) = default;

    Id intern(std::string_view text);
    /// The id of a string that is there, or `none`.
    Id find(std::string_view text) const;
    std::string_view text(Id id) const { return texts_[id]; }
    std::size_t size() const { return texts_.size(); }
    std::size_t bytes() const { return bytes_; }
    void clear();

    static constexpr Id none = 0xffffffffu;

private:
    struct Hash { std::size_t operator()(std::string_view text) const; };

    std::string_view keep(std::string_view text);

    tsl::robin_map<std::string_view, Id, Hash> ids_;
    std::vector<std::string_view> texts_;
    std::vector<std::unique_ptr<char[]>> blocks_;
    std::size_t block_left_ = 0;
    char* block_at_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace casebook
