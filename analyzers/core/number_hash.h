#pragma once

#include <cstddef>
#include <cstdint>

namespace casebook {

/// Spreads a number over all bits (the finaliser of splitmix64). Hash tables of numbers that are put together from two ids,
/// or that a file may choose, need it: the standard hash is the number itself, and a table that looks at its low bits only
/// then grows until there is no memory left.
struct NumberHash {
    std::size_t operator()(std::uint64_t x) const
    {
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
        x = (x ^ x >> 27) * 0x94d049bb133111ebull;
        return static_cast<std::size_t>(x ^ x >> 31);
    }
};

}  // namespace casebook
