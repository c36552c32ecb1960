#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// An object taken apart one level: its large arrays aside, the rest of it as a small object.
struct JsonHollow {
    struct Array {
        std::string_view key;    ///< one of the keys asked for
        std::string_view items;  ///< the text between the brackets
        bool complete = true;    ///< the closing bracket is there
    };
    std::string skeleton;        ///< the object with `[]` in place of each of these arrays; always closed
    std::vector<Array> arrays;   ///< in the order of the text, whose bytes they refer to
    bool complete = true;        ///< the whole object was there
};

/// Takes the arrays under `split` out of the object `text` (which may break off anywhere); objects under `inside` are
/// looked into as well. Members that break off are left out. A skeleton beyond `max_skeleton` bytes loses the members
/// that do not fit.
JsonHollow hollow_json(std::string_view text, std::span<const std::string_view> split,
                       std::span<const std::string_view> inside = {}, std::size_t max_skeleton = std::size_t{16} << 20);

/// Walks the items of an array (the text between its brackets).
class JsonItems {
public:
    explicit JsonItems(std::string_view items) : rest_(items) {}

    struct Item {
        std::string_view text;
        bool complete = true;
        bool is_object = true;
    };
    /// False at the end.
    bool next(Item& item);

private:
    std::string_view rest_;
};

}  // namespace casebook
