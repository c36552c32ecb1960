#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace casebook {

/// Which spans of a file came before, in 8 bytes each: open addressing, 48 bits of the id's hash and 16 of what the span
/// says. Among five million spans the chance that any two different ids look alike is about 4 %, and then only a note is
/// written: a span is taken for a copy only when id and content agree.
class SeenSpans {
public:
    enum class Answer {
        first,  ///< not seen
        same,   ///< seen with equal content
        other,  ///< the id was seen with other content
    };

    /// `id` and `content` are well-mixed hashes.
    Answer see(std::uint64_t id, std::uint64_t content)
    {
        if ((size_ + 1) * 4 > slots_.size() * 3) grow();
        const std::uint64_t value = (id & id_mask) | (content >> 48);
        return put(value == 0 ? 1 : value);
    }

    /// Fetches what see() will look at. With millions of spans the table is far larger than the caches, and waiting for
    /// memory was a tenth of an import.
    void fetch(std::uint64_t id) const
    {
        if (!slots_.empty()) __builtin_prefetch(&slots_[id >> shift_]);
    }

private:
    static constexpr std::uint64_t id_mask = ~std::uint64_t{0xffff};

    /// The home of a value comes from its top bits, which it carries with it, so the table can grow.
    Answer put(std::uint64_t value)
    {
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t i = value >> shift_;; i = (i + 1) & mask) {
            if (slots_[i] == 0) {
                slots_[i] = value;
                ++size_;
                return Answer::first;
            }
            if ((slots_[i] & id_mask) == (value & id_mask)) return slots_[i] == value ? Answer::same : Answer::other;
        }
    }

    void grow()
    {
        std::vector<std::uint64_t> old(slots_.empty() ? 4096 : slots_.size() * 2);
        old.swap(slots_);
        shift_ = 64 - std::countr_zero(slots_.size());
        size_ = 0;
        for (const std::uint64_t value : old)
            if (value != 0) put(value);
    }

    std::vector<std::uint64_t> slots_;
    std::size_t size_ = 0;
    int shift_ = 0;
};

}  // namespace casebook
