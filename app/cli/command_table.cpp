#include "app/cli/command_table.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace casebook::cli {

namespace commands {
extern const Command diagnose, import, forget, window, analyze, show, walk, query, capture, info, list;
}

std::span<const Command* const> all_commands()
{
    static constexpr std::array table{
        &commands::diagnose, &commands::import, &commands::forget, &commands::window, &commands::analyze,
        &commands::show,     &commands::walk,   &commands::query,  &commands::capture, &commands::info,
        &commands::list,
    };
    return table;
}

const Command* find_command(std::string_view name)
{
    for (const Command* command : all_commands())
        if (command->name == name) return command;
    return nullptr;
}

namespace {

/// Levenshtein distance; both words are short.
std::size_t edit_distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

}  // namespace

const Command* closest_command(std::string_view mistyped)
{
    if (mistyped.size() > 20) return nullptr;
    const Command* best = nullptr;
    std::size_t best_distance = 3;  // more than two slips is another word
    for (const Command* command : all_commands()) {
        const std::size_t distance = edit_distance(mistyped, command->name);
        if (distance < best_distance) {
            best = command;
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace casebook::cli
