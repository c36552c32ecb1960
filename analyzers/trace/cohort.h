#pragma once

#include "analyzers/trace/span_table.h"

#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// One thing that rows of a selection share more often than the rest: an attribute value, an instance, a version, or a
/// pair of such.
struct CohortValue {
    std::string key, value;          ///< pairs: "a & b" and "x & y"
    std::uint64_t selected = 0;      ///< selected rows that have it
    std::uint64_t rest = 0;          ///< other rows that have it
    double coverage = 0;             ///< share of the selection that has it
    double rest_share = 0;           ///< share of the rest that has it
    double lift = 0;                 ///< share in the selection / share in selection and rest together
    double p = 1, q = 1;             ///< Fisher's exact test; adjusted over everything tested (Benjamini-Hochberg)
    std::uint64_t rest_known = 0;    ///< other rows that say anything of it: without any, how common it is among them is unknown
    std::vector<std::string> aliases;  ///< other keys that name the same rows: "host.name=web-1"
    std::vector<bool> has;           ///< per row of `selection`, then per row of `rest`
};

/// The value that each row has of one attribute.
struct AttributeColumn {
    std::string key;
    std::vector<SpanTable::Id> value;  ///< per row; StringPool::none where absent
};

/// The value names where a request was served, by which build: instance, version, host, pod, container, process; a pair does
/// when either does, and so does a value that nearly the same rows have.
bool names_place(const CohortValue& value);
bool names_place(std::string_view key);

/// The attributes of rows that may be a reason: ids by name, outcomes, names and addresses are left out, as below; instance
/// and version are among them. By key. O(attributes of the rows).
std::vector<AttributeColumn> attribute_columns(const SpanTable& spans, const std::vector<SpanTable::Row>& rows, const std::vector<SpanTable::Row>& context_rows);

struct CohortComparison {
    std::vector<CohortValue> values;  ///< by coverage x log(lift), best first; lift > 1 only
    std::size_t tested = 0;           ///< values tested, the family of q
    std::vector<double> p;            ///< of all of these, to adjust over several comparisons; 1 for those with lift <= 1
    std::size_t attributes = 0;       ///< attribute keys that could be compared (not ids, not constant, not outcomes)
};

/// Compares two disjoint sets of rows, attribute by attribute; attributes of the request's entry span (the row of
/// `context_row`, same length as selection + rest, or empty) count for the row as well. Left out, because they separate
/// rows without explaining them: ids and timestamps (nearly every row has a value of its own), constants, addresses and
/// ports of peers, names of the operation, and outcomes (status, error). O(rows x attributes).
CohortComparison compare_cohorts(const SpanTable& spans, const std::vector<SpanTable::Row>& selection, const std::vector<SpanTable::Row>& rest,
                                 const std::vector<SpanTable::Row>& context_rows = {});

}  // namespace casebook
