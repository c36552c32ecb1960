#include "analyzers/trace/tree.h"

#include "analyzers/trace/self_time.h"

#include <algorithm>

namespace casebook {

namespace {

using Row = SpanTable::Row;

struct IdRow {
    std::uint64_t id;
    Row row;
    bool operator<(const IdRow& other) const { return id != other.id ? id < other.id : row < other.row; }
};

/// Joins "span id" with "parent id" of one trace by sorting both: no ids, however chosen, make it slower than O(n log n).
class ParentResolver {
public:
    explicit ParentResolver(SpanTable& table) : table_(table) {}

    void resolve(const SpanTable::Trace& trace)
    {
        ids_.clear();
        wanted_.clear();
        for (Row row = trace.first; row < trace.first + trace.count; ++row)
        {
            ids_.push_back({table_.span_id[row], row});
            const std::uint64_t parent = table_.parent_id[row];
            if (parent == 0)
                continue;
            if (parent == table_.span_id[row])
                ++table_.cycles_cut;
            else
                wanted_.push_back({parent, row});
        }
        std::sort(ids_.begin(), ids_.end());
        std::sort(wanted_.begin(), wanted_.end());
        auto id = ids_.begin();
        for (const IdRow& child : wanted_)
        {
            while (id != ids_.end() && id->id < child.id)
                ++id;
            if (id != ids_.end() && id->id == child.id)
                table_.parent[child.row] = id->row;
            else
                ++table_.orphans;
        }
        for (std::size_t i = 1; i < ids_.size(); ++i)
            table_.duplicate_ids += ids_[i].id == ids_[i - 1].id;
    }

private:
    SpanTable& table_;
    std::vector<IdRow> ids_, wanted_;
};

/// Walks from every row towards its root; a walk that meets itself has found a ring of parents.
void cut_cycles(SpanTable& table)
{
    constexpr std::uint32_t unseen = 0;
    std::vector<std::uint32_t> seen_by(table.size(), unseen);  // number of the walk that came by first
    std::uint32_t walk = 0;
    for (Row start = 0; start < table.size(); ++start)
    {
        if (seen_by[start] != unseen)
            continue;
        ++walk;
        Row row = start;
        while (row != SpanTable::no_row && seen_by[row] == unseen)
        {
            seen_by[row] = walk;
            row = table.parent[row];
        }
        if (row == SpanTable::no_row || seen_by[row] != walk)
            continue;
        Row earliest = row;
        for (Row next = table.parent[row]; next != row; next = table.parent[next])
            earliest = std::min(earliest, next);  // rows of a trace are in start order
        table.parent[earliest] = SpanTable::no_row;
        ++table.cycles_cut;
    }
}

void list_children(SpanTable& table)
{
    const std::size_t size = table.size();
    table.child_begin.assign(size + 1, 0);
    for (const Row parent : table.parent)
        if (parent != SpanTable::no_row)
            ++table.child_begin[parent + 1];
    for (std::size_t i = 0; i < size; ++i)
        table.child_begin[i + 1] += table.child_begin[i];
    table.child_rows.resize(table.child_begin[size]);
    std::vector<std::uint32_t> next(table.child_begin.begin(), table.child_begin.end() - 1);
    for (Row row = 0; row < size; ++row)  // in start order, and so are the children of each
        if (const Row parent = table.parent[row]; parent != SpanTable::no_row)
            table.child_rows[next[parent]++] = row;
}

void describe(const SpanTable& table, SpanTable::Trace& trace)
{
    trace.root = SpanTable::no_row;
    trace.start_ns = trace.end_ns = 0;
    bool names_no_parent = false;
    for (Row row = trace.first; row < trace.first + trace.count; ++row)
    {
        const std::int64_t end = span_end_ns(table, row);
        trace.start_ns = row == trace.first ? table.start_ns[row] : std::min(trace.start_ns, table.start_ns[row]);
        trace.end_ns = row == trace.first ? end : std::max(trace.end_ns, end);
        if (table.parent[row] != SpanTable::no_row || names_no_parent)
            continue;
        names_no_parent = table.parent_id[row] == 0;
        if (names_no_parent || trace.root == SpanTable::no_row)
            trace.root = row;
    }
}

}  // namespace

void build_trees(SpanTable& table)
{
    table.orphans = table.cycles_cut = table.duplicate_ids = 0;
    table.parent.assign(table.size(), SpanTable::no_row);
    ParentResolver resolver(table);
    for (const SpanTable::Trace& trace : table.traces)
        resolver.resolve(trace);
    cut_cycles(table);
    list_children(table);
    for (SpanTable::Trace& trace : table.traces)
        describe(table, trace);
    compute_self_time(table);
}

}  // namespace casebook
