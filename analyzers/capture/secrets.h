#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace casebook::capture_detail {

/// What must never be written anywhere, and how it is taken out of text.
class Secrets {
public:
    /// Also in the form that a URI has it in. Empty text is no secret.
    void add(std::string_view secret);

    /// The text with every secret replaced by "****". A short one only where it stands as a word of its own: "a" is a
    /// bad password, and taking every a out would leave no message.
    std::string scrub(std::string_view text) const;
    /// The same for the cell of a table, where only secrets of 8 bytes and more are looked for: a shorter one is as
    /// likely the name of a table.
    bool occurs_in_cell(std::string_view cell) const;
    std::string scrub_cell(std::string_view cell) const;

private:
    std::vector<std::string> secrets_;  // longest first
};

/// A statement with the values of passwords masked: `PASSWORD '...'` of CREATE and ALTER ROLE, and `password=...` of a
/// connection string inside a literal. Parameters ($1) stay.
std::string mask_passwords(std::string_view sql);

}  // namespace casebook::capture_detail
