#pragma once

#include "analyzers/importers/support/cells.h"
#include "analyzers/importers/support/table_reader.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// A column with its unit: durations as ms, whatever the header says ("mean_time", "Mean Time (ms)", "total_seconds").
struct ScaledColumn {
    std::size_t index = TableReader::npos;
    double to_ms = 1;
    explicit operator bool() const { return index != TableReader::npos; }
};

/// Finds columns by name. Names compare by their letters and digits, in lower case: "Query ID", "query_id" and
/// "queryid" are one. Of several aliases the first that is there wins.
class Columns {
public:
    explicit Columns(const std::vector<std::string>& names);

    std::size_t find(std::initializer_list<std::string_view> aliases) const;
    bool has(std::initializer_list<std::string_view> aliases) const { return find(aliases) != TableReader::npos; }
    /// A duration column: an alias alone (milliseconds), with a unit in brackets, or with one as suffix.
    ScaledColumn find_duration(std::initializer_list<std::string_view> aliases) const;
    /// How many of the names are there.
    int count(std::initializer_list<std::string_view> names) const;
    std::size_t size() const { return keys_.size(); }
    /// The unit in brackets behind a name, as written: "%", "ms", "Mi". Empty without.
    std::string_view unit(std::size_t column) const { return units_[column]; }
    /// The name without brackets, trimmed, without quotes.
    std::string_view name(std::size_t column) const { return names_[column]; }

private:
    std::vector<std::string> keys_;  // squashed, without bracketed unit
    std::vector<std::string> names_;
    std::vector<std::string> units_;
};

/// Lower-case letters and digits only.
std::string squashed(std::string_view name);

}  // namespace casebook
