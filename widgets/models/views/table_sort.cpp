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

/// In the order of the table: rows of one rank stay in it, and memory is read from one end to the other.
void in_table_order(std::vector<std::uint32_t>& rows)
{
    if (std::is_sorted(rows.begin(), rows.end())) return;
    std::vector<std::uint8_t> there(*std::max_element(rows.begin(), rows.end()) + std::size_t{1}, 0);
    for (const std::uint32_t row : rows) there[row] = 1;
    std::size_t next = 0;
    for (std::size_t row = 0; row < there.size(); ++row)
        if (there[row]) rows[next++] = static_cast<std::uint32_t>(row);
}

/// Sorts a column with few different texts by their ranks: comparing long equal texts a million times costs ten times as
/// much. `keyed` is in the order of the table. False when there are too many.
bool sort_by_rank(const TableColumn& column, bool descending, std::vector<Keyed>& keyed)
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
    std::vector<std::size_t> rank(texts.size()), begin(texts.size() + 1, 0);
    for (std::size_t i = 0; i < texts.size(); ++i) rank[numbers[texts[i]]] = descending ? texts.size() - 1 - i : i;
    for (const std::uint32_t number : number_of) ++begin[rank[number] + 1];
    for (std::size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
    std::vector<Keyed> sorted(keyed.size());
    for (std::size_t i = 0; i < keyed.size(); ++i) sorted[begin[rank[number_of[i]]]++] = keyed[i];
    keyed = std::move(sorted);
    return true;
}

}  // namespace

void sort_rows(const TableColumn& column, bool descending, std::vector<std::uint32_t>& rows)
{
    in_table_order(rows);
    std::vector<Keyed> keyed;
    std::vector<std::uint32_t> nulls;
    keyed.reserve(rows.size());
    for (const std::uint32_t row : rows) {
        if (column.is_null(row)) { nulls.push_back(row); continue; }
        const std::uint64_t key = column.is_text() ? prefix_of(column.texts[row])
                                  : column.integers.empty() ? ordered(column.numbers[row]) : ordered(column.integers[row]);
        keyed.push_back({descending ? ~key : key, row});
    }
    if (!column.is_text()) {
        std::sort(keyed.begin(), keyed.end(), [](const Keyed& a, const Keyed& b) { return a.key != b.key ? a.key < b.key : a.row < b.row; });
    } else if (!sort_by_rank(column, descending, keyed)) {
        std::sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
            if (a.key != b.key) return a.key < b.key;
            const int order = column.texts[a.row].compare(column.texts[b.row]);
            if (order != 0) return descending ? order > 0 : order < 0;
            return a.row < b.row;
        });
    }
    for (std::size_t i = 0; i < keyed.size(); ++i) rows[i] = keyed[i].row;
    std::copy(nulls.begin(), nulls.end(), rows.begin() + static_cast<std::ptrdiff_t>(keyed.size()));
}

}  // namespace casebook
