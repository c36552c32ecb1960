#pragma once

#include <string>
#include <string_view>

namespace casebook::plan {

/// The JSON name of an element of EXPLAIN (FORMAT XML), which spells all punctuation as '-': "I-O-Read-Time" is
/// "I/O Read Time", "One-Time-Filter" is "One-Time Filter".
std::string key_of_tag(std::string_view tag);

/// Whether the property is text even where its value looks like a number: names, conditions, expressions.
bool is_text_property(std::string_view key);

/// Whether text EXPLAIN prints a list of expressions behind this key, which JSON has as an array.
bool is_list_property(std::string_view key);

}  // namespace casebook::plan
