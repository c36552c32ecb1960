#include "analyzers/trace/self_time.h"

namespace casebook {

void compute_self_time(SpanTable& table)
{
    table.self_ns.resize(table.size());
    for (SpanTable::Row row = 0; row < table.size(); ++row)
    {
        const std::int64_t end = span_end_ns(table, row);
        std::int64_t covered_until = table.start_ns[row];
        std::int64_t self = 0;
        for (const SpanTable::Row child : table.children(row))  // in start order
        {
            if (!is_blocking_child(table, row, child))
                continue;
            const std::int64_t child_start = table.start_ns[child];
            if (child_start > covered_until)
                self += child_start - covered_until;
            covered_until = std::max(covered_until, std::min(span_end_ns(table, child), end));
        }
        table.self_ns[row] = self + (end - covered_until);
    }
}

}  // namespace casebook
