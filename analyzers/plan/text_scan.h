#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace casebook::plan {

/// Where a reader of SQL expressions stands: inside '...', inside "...", and how many brackets are open.
/// Quotes inside quotes are doubled, so that passing over them leaves the state as it was.
struct QuoteState {
    bool in_single = false;
    bool in_double = false;
    int depth = 0;  ///< ( [ { outside of quotes; may become negative

    void pass(std::string_view text);
    void pass(char c);
    bool in_quotes() const { return in_single || in_double; }
};

/// Cuts at every ", " outside of quotes and brackets: the items of "Output", "Sort Key", ...
std::vector<std::string_view> split_list(std::string_view text);

/// First place of `part` outside of quotes and brackets, or npos.
std::size_t find_outside_quotes(std::string_view text, std::string_view part);

/// Takes an identifier off the front of `text`: bare up to a space or dot, or quoted; unquoted in the result.
std::string take_identifier(std::string_view& text);

/// "Buckets: 1024  Batches: 1  Memory Usage: 9kB" as pairs; values run up to two spaces and the next key.
struct Pair {
    std::string_view key, value;
};
std::vector<Pair> split_pairs(std::string_view text);

/// "shared hit=3 read=4, temp read=1": what = for every name, with the word in front of the names.
struct Counter {
    std::string_view group, name, value;  ///< "shared" "hit" "3"; group empty when there is none
};
std::vector<Counter> split_counters(std::string_view text);

}  // namespace casebook::plan
