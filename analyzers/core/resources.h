#pragma once

#include <span>
#include <string_view>

namespace casebook {

/// A file of resources/ compiled into the program: "schema/1.sql", "handbook/pool.exhaustion.md".
struct Resource {
    std::string_view name;
    std::string_view bytes;
};

std::span<const Resource> all_resources();

/// The bytes of one resource; empty when there is none of that name.
std::string_view resource(std::string_view name);

}  // namespace casebook
