#pragma once

#include <string>
#include <string_view>

namespace casebook {

/// A path with its variable parts replaced: "/orders/17/items?x=1" -> "/orders/:id/items"; of a URL the path only.
/// Variable are integers, UUIDs, hex of 8 or more with a digit, dates, long mixed tokens, and percent-encoded or very
/// long segments (path_template.h). Applying it twice changes nothing.
std::string template_path(std::string_view path_or_url);

/// The low-cardinality name of a span: "METHOD route" when the route is known; for HTTP spans named only by their method,
/// or by method and raw path, or as every request is ("HTTP", "flask.request"), "METHOD templated-path" from the name,
/// else from `path`; else the span's own name with variable parts of paths and trailing ids replaced, and literals
/// when the name is a whole SQL statement. Spans named by old and new conventions come out the same.
struct OperationFacts {
    std::string_view name, method, route, path;  ///< path: url.path, http.target or the full URL; any may be empty
    bool is_http = false;
};
std::string operation_of(const OperationFacts& facts);

}  // namespace casebook
