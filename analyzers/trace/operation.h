#pragma once

#include <string>
#include <string_view>

namespace casebook {

/// A path with its variable parts replaced: "/orders/17/items?x=1" -> "/orders/:id/items". Variable are integers,
/// UUIDs, hex of 8 or more with a digit, dates, long mixed tokens, and percent-encoded or very long segments.
std::string template_path(std::string_view path_or_url);

/// The low-cardinality name of a span: "METHOD route" when http.route is known; for HTTP server and client spans
/// named only by their method (or by method and raw path) "METHOD templated-path" from url.path, http.target,
/// url.full or http.url; else the span's own name with variable parts of paths and trailing ids replaced.
struct OperationFacts {
    std::string_view name, method, route, path;  ///< path: url.path, http.target or the full URL; any may be empty
    bool is_http = false;
};
std::string operation_of(const OperationFacts& facts);

}  // namespace casebook
