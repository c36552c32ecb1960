#include "widgets/models/views/table_sort.h"

#include <algorithm>
#include <bit>
#include <tsl/robin_map.h>

namespace casebook {
namespace {

struct Keyed { std::uint64_t key; std::uint32_t row; };

constexpr std::uint64_t sign_bit = 1ull << 63;

std::uint64_t ordered(std::int64_t value) { return static_cast<std::uint64_t>(value) ^ sign_bit; }

/// Order-preserving bits of a double; NaN sorts above everything.
std::uint64_t ordered(double value)
{
    if (value != value) return ~0ull;
    const auto bits = std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
    return bits & sign_bit ? ~bits : bits | sign_bit;
}

/// The first eight bytes as a number that orders as the text does.
std::uint64_t prefix_of(std::string_view text)
{
    std::uint64_t key = 0;
    for (std::size_t i = 0; i < 8; ++i) key = key << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0u);
    return key;
}

/// Ranks of a column with few different texts, one per entry of `keyed`: comparing long equal texts a million times
/// costs ten times as much. False when there are too many.
bool rank_texts(const TableColumn& column, bool descending, std::vector<Keyed>& keyed)
{
    constexpr std::size_t most_texts = 4096;
    tsl::robin_map<std::string_view, std::uint32_t> numbers;
    std::vector<std::string_view> texts;
    std::vector<std::uint32_t> number_of(keyed.size());
    for (std::size_t i = 0; i < keyed.size(); ++i) {
        const auto [entry, added] = numbers.try_emplace(column.texts[keyed[i].row], static_cast<std::uint32_t>(texts.size()));
        if (added) texts.push_back(entry->first);
        if (texts.size() > most_texts) return false;
        number_of[i] = entry->second;
    }
    std::sort(texts.begin(), texts.end());
    std::vector<std::uint64_t> rank(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) rank[numbers[texts[i]]] = descending ? texts.size() - i : i;
    for (std::size_t i = 0; i < keyed.size(); ++i) keyed[i].key = rank[number_of[i]];
    return true;
}

}  // namespace

void sort_rows(const TableColumn& column, bool descending, std::vector<std::uint32_t>& rows)
{
    std::vector<Keyed> keyed;
    std::vector<std::uint32_t> nulls;
    keyed.reserve(rows.size());
    for (const std::uint32_t row : rows) {
        if (column.is_null(row)) { nulls.push_back(row); continue; }
        const std::uint64_t key = column.is_text() ? prefix_of(column.texts[row])
                                  : column.integers.empty() ? ordered(column.numbers[row]) : ordered(column.integers[row]);
        keyed.push_back({descending ? ~key : key, row});
    }
    std::sort(nulls.begin(), nulls.end());
    if (column.is_text() && !rank_texts(column, descending, keyed)) {
        std::sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
            if (a.key != b.key) return a.key < b.key;
            const int order = column.texts[a.row].compare(column.texts[b.row]);
            if (order != 0) return descending ? order > 0 : order < 0;
            return a.row < b.row;
        });
    } else {
        std::sort(keyed.begin(), keyed.end(), [](const Keyed& a, const Keyed& b) { return a.key != b.key ? a.key < b.key : a.row < b.row; });
    }
    for (std::size_t i = 0; i < keyed.size(); ++i) rows[i] = keyed[i].row;
    std::copy(nulls.begin(), nulls.end(), rows.begin() + static_cast<std::ptrdiff_t>(keyed.size()));
}

}  // namespace casebook
