#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace casebook {

/// The keys of the first bytes of a JSON input, for sniffing: what is a key and what a value is told apart, which
/// searching for words would not do.
class JsonPeek {
public:
    /// Looks at no more than 64 KiB. `head` must outlive the object.
    explicit JsonPeek(std::string_view head);

    struct Key {
        std::string_view name;  ///< escapes not decoded
        int depth = 0;          ///< objects and arrays around it
        char value = '\0';      ///< first byte of its value: '{' '[' '"' or of a number or literal; 0 when cut off
    };

    /// The input begins with '{' or '[' (after white space and a byte order mark) and reads as JSON up to its end or a
    /// good part of it.
    bool is_json() const { return is_json_; }
    char first() const { return first_; }
    const std::vector<Key>& keys() const { return keys_; }
    /// A key of this name at most so deep; with `value`, one whose value begins so.
    const Key* find(std::string_view name, int max_depth, char value = '\0') const;
    bool has(std::string_view name, int max_depth, char value = '\0') const
    {
        return find(name, max_depth, value) != nullptr;
    }

private:
    bool is_json_ = false;
    char first_ = '\0';
    std::vector<Key> keys_;
};

}  // namespace casebook
