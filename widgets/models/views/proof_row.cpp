#include "widgets/models/views/proof_row.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <compare>
#include <set>

namespace casebook {
namespace {

constexpr std::size_t most_rows = 100'000, longest_text = 512, shortest_part = 3;

constexpr std::size_t most_words = 64;

/// One bit per word, the first word's the highest: cells that are the word, texts that have it in them.
struct Rank {
    std::uint64_t is = 0, has = 0;
    auto operator<=>(const Rank&) const = default;
};

Rank rank_of(const TableData& table, std::size_t row, const std::vector<std::string>& words)
{
    Rank rank;
    for (const TableColumn& column : table.columns) {
        if (!column.is_text() || column.is_null(row)) continue;
        const std::string_view cell = column.texts[row];
        for (std::size_t i = 0; i < std::min(words.size(), most_words); ++i) {
            const std::uint64_t bit = std::uint64_t{1} << (most_words - 1 - i);
            if (cell == words[i]) rank.is |= bit;
            else if (cell.size() <= longest_text && words[i].size() >= shortest_part && cell.find(words[i]) != std::string_view::npos) rank.has |= bit;
        }
    }
    return rank;
}

}  // namespace

std::vector<std::string> proof_words(const Evidence& evidence, const Finding& finding)
{
    std::vector<std::string> words;
    for (const Subject& subject : finding.subjects) words.push_back(subject.name);
    for (const std::string_view part : split(finding.key, '|')) words.emplace_back(part);
    for (const auto& argument : evidence.arguments)
        if (const auto* text = std::get_if<std::string>(&argument)) words.push_back(*text);
    std::set<std::string_view> seen{""};
    std::vector<std::string> once;
    for (const std::string& word : words)
        if (seen.insert(word).second) once.push_back(word);
    return once;
}

std::optional<std::uint32_t> proof_row(const TableData& table, const std::vector<std::string>& words)
{
    if (table.rows == 0) return {};
    std::uint32_t best = 0;
    Rank best_rank;
    for (std::size_t row = 0; row < std::min(table.rows, most_rows); ++row)
        if (const Rank rank = rank_of(table, row, words); rank > best_rank) {
            best_rank = rank;
            best = static_cast<std::uint32_t>(row);
        }
    return best;
}

}  // namespace casebook
