#pragma once

#include "analyzers/trace/span_class.h"

#include <string>
#include <vector>

namespace casebook {

/// The span failed, as requests.h has it for requests.
bool failed(const SpanTable& spans, SpanTable::Row row);
/// Refused with an HTTP code of the 400s, or a gRPC code that says so: the request was wrong, whatever the status of the span.
bool is_callers_fault(const SpanTable& spans, SpanTable::Row row);
/// The other end answered, with a code: it was reached. Unavailable and deadline exceeded are what the caller says by itself.
bool has_answer_code(const SpanTable& spans, SpanTable::Row row);

/// What kind of error it says: error.type, exception.type, a database's code, a gRPC or an HTTP status, a description; empty when it says nothing.
std::string error_kind(const SpanTable& spans, SpanTable::Row row);

/// Rows so that every parent comes before its children. O(n), iterative.
std::vector<SpanTable::Row> parents_first(const SpanTable& spans);

/// The route a client span calls without its variable parts, for grouping: "GET /users/:id". The operation, or method and
/// templated URL.
std::string_view call_name(const SpanTable& spans, SpanTable::Row row);

/// The operation that answers a call, as the callee names it; as the caller names it when the callee was not recorded.
std::string_view called_operation(const SpanTable& spans, SpanTable::Row row);

/// The full URL a client span calls, empty when it does not say.
std::string_view call_url(const SpanTable& spans, SpanTable::Row row);

}  // namespace casebook
