#pragma once

#include <string>
#include <string_view>

namespace casebook::capture_detail {

/// What a statement's text shows without a server: words outside of comments, literals and quoted names.
struct StatementLook {
    int parameters = 0;           ///< the highest n of $n
    std::string not_explainable;  ///< why EXPLAIN must not be put in front of it; empty when it may
    std::string not_runnable;     ///< why EXPLAIN ANALYZE, which runs it, must not; empty when it may
};

/// Explainable is a single SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES, TABLE or WITH. Runnable is of those only what reads:
/// no data-modifying WITH, no SELECT INTO, no FOR UPDATE or SHARE, and no call of a function that acts outside of its
/// transaction (pg_terminate_backend, dblink, ...). Everything else that a function might do is left to the read-only
/// transaction that is rolled back. In doubt the answer is no.
StatementLook look_at_statement(std::string_view sql);

}  // namespace casebook::capture_detail
