#include "analyzers/core/string_pool.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <cstring>

namespace casebook {

std::size_t StringPool::Hash::operator()(std::string_view text) const { return hash64(text); }

std::string_view StringPool::keep(std::string_view text)
{
    constexpr std::size_t block_bytes = 256u << 10;
    if (text.size() > block_left_) {
        // A long string gets a block of its own and leaves the current one open.
        if (text.size() > block_bytes / 4) {
            blocks_.push_back(std::make_unique<char[]>(text.size()));
            std::memcpy(blocks_.back().get(), text.data(), text.size());
            return {blocks_.back().get(), text.size()};
        }
        blocks_.push_back(std::make_unique<char[]>(block_bytes));
        block_at_ = blocks_.back().get();
        block_left_ = block_bytes;
    }
    std::memcpy(block_at_, text.data(), text.size());
    const std::string_view kept(block_at_, text.size());
    block_at_ += text.size();
    block_left_ -= text.size();
    return kept;
}

StringPool::Id StringPool::intern(std::string_view text)
{
    const std::size_t hash = Hash{}(text);
    if (const auto found = ids_.find(text, hash); found != ids_.end()) return found->second;
    const std::string_view kept = keep(text);
    const Id id = static_cast<Id>(texts_.size());
    texts_.push_back(kept);
    ids_.emplace(kept, id);
    bytes_ += text.size();
    return id;
}

StringPool::Id StringPool::find(std::string_view text) const
{
    const auto found = ids_.find(text);
    return found == ids_.end() ? none : found->second;
}

void StringPool::clear()
{
    ids_.clear();
    texts_.clear();
    blocks_.clear();
    block_left_ = 0;
    block_at_ = nullptr;
    bytes_ = 0;
    texts_.emplace_back("", 0);
    ids_.emplace(texts_.front(), 0);
}

}  // namespace casebook
