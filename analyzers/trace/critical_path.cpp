#include "analyzers/trace/critical_path.h"

#include "analyzers/core/number_hash.h"
#include "analyzers/trace/self_time.h"

#include <algorithm>
#include <limits>
#include <tsl/robin_map.h>

namespace casebook {

namespace {

using Row = SpanTable::Row;

constexpr std::int64_t tolerance_floor_ns = 50'000;       // 1 % of a short parent is less than clocks resolve
constexpr std::int64_t tolerance_divisor = 100;           // 1 % of the parent
constexpr std::int64_t millisecond_ns = 1'000'000;
constexpr std::int64_t overhang_ns = 5 * millisecond_ns;  // stock clients' children stick out by up to 3.5 ms

std::int64_t shifted(std::int64_t at_ns, std::int64_t shift_ns)
{
    std::int64_t result = 0;
    if (__builtin_add_overflow(at_ns, shift_ns, &result))
        return shift_ns > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
    return result;
}

/// a - b, not beyond what fits; a >= b.
std::int64_t distance(std::int64_t b, std::int64_t a)
{
    std::int64_t result = 0;
    return __builtin_sub_overflow(a, b, &result) ? std::numeric_limits<std::int64_t>::max() : result;
}

bool crosses_hosts(const SpanTable& table, Row parent, Row child)
{
    return table.kind[parent] == SpanKind::client && table.kind[child] == SpanKind::server;
}

bool same_process(const SpanTable& table, Row parent, Row child)
{
    return table.service[parent] == table.service[child] && table.instance[parent] == table.instance[child]
           && !crosses_hosts(table, parent, child);
}

}  // namespace

void CriticalPathFinder::add_section(Row row, std::int64_t from_ns, std::int64_t to_ns)
{
    if (from_ns >= to_ns)
        return;
    if (!sections_.empty() && sections_.back().row == row && sections_.back().from_ns == to_ns)
        sections_.back().from_ns = from_ns;
    else
        sections_.push_back({row, from_ns, to_ns});
}

void CriticalPathFinder::push(Row row, std::int64_t shift_ns, std::int64_t low_ns, std::int64_t high_ns)
{
    Frame frame;
    frame.row = row;
    frame.shift_ns = shift_ns;
    frame.low_ns = low_ns;
    frame.cursor_ns = frame.high_ns = high_ns;
    frame.candidates_begin = candidates_.size();
    frame.latest_start_ns = std::numeric_limits<std::int64_t>::min();
    const std::int64_t start = shifted(table_.start_ns[row], shift_ns);
    const std::int64_t end = shifted(span_end_ns(table_, row), shift_ns);
    const std::int64_t one_percent = distance(start, end) / tolerance_divisor;
    const auto children = table_.children(row);
    bool whole_milliseconds = children.size() > 1;
    for (const Row child : children)
    {
        whole_milliseconds = whole_milliseconds && table_.start_ns[child] % millisecond_ns == 0;
        Candidate candidate{child, shifted(table_.start_ns[child], shift_ns), shifted(span_end_ns(table_, child), shift_ns), shift_ns, false};
        const std::int64_t duration = distance(candidate.start_ns, candidate.end_ns);
        if (duration == 0 || (table_.kind[row] == SpanKind::producer && table_.kind[child] == SpanKind::consumer))
            continue;
        if (crosses_hosts(table_, row, child) && duration <= distance(start, end)
            && (candidate.start_ns < start || candidate.end_ns > end))
        {
            candidate.start_ns = std::clamp(candidate.start_ns, start, end - duration);
            candidate.shift_ns = distance(table_.start_ns[child], candidate.start_ns);
            if (candidate.start_ns < table_.start_ns[child])
                candidate.shift_ns = -distance(candidate.start_ns, table_.start_ns[child]);
            candidate.end_ns = candidate.start_ns + duration;
        }
        if (candidate.start_ns >= end || candidate.start_ns >= high_ns || candidate.end_ns <= low_ns)
            continue;
        candidate.outlives = same_process(table_, row, child) && candidate.end_ns > end
                             && distance(end, candidate.end_ns) > std::max(overhang_ns, one_percent);
        if (!candidate.outlives)
            frame.latest_start_ns = std::max(frame.latest_start_ns, candidate.start_ns);
        candidates_.push_back(candidate);
    }
    // The last to finish is taken first; of several, the one that started first.
    std::sort(candidates_.begin() + static_cast<std::ptrdiff_t>(frame.candidates_begin), candidates_.end(),
              [](const Candidate& a, const Candidate& b) {
                  if (a.end_ns != b.end_ns)
                      return a.end_ns < b.end_ns;
                  return a.start_ns != b.start_ns ? a.start_ns > b.start_ns : a.row > b.row;
              });
    frame.tolerance_ns = std::max({one_percent, tolerance_floor_ns, whole_milliseconds ? millisecond_ns : 0});
    stack_.push_back(frame);
}

bool CriticalPathFinder::take_next(Frame& frame, Candidate& taken)
{
    while (candidates_.size() > frame.candidates_begin)
    {
        taken = candidates_.back();
        candidates_.pop_back();
        if (taken.start_ns >= frame.cursor_ns || (taken.outlives && taken.start_ns <= frame.latest_start_ns))
            continue;
        if (frame.cursor_ns == frame.high_ns || taken.end_ns <= frame.cursor_ns)
            return true;
        const std::int64_t overlap = distance(frame.cursor_ns, taken.end_ns);
        const std::int64_t shorter = std::min(distance(taken.start_ns, taken.end_ns), frame.last_duration_ns);
        if (overlap <= frame.tolerance_ns && overlap <= shorter / 2)
            return true;
    }
    return false;
}

std::span<const PathSection> CriticalPathFinder::find(Row root)
{
    sections_.clear();
    stack_.clear();
    candidates_.clear();
    push(root, 0, table_.start_ns[root], span_end_ns(table_, root));
    while (!stack_.empty())
    {
        Frame& frame = stack_.back();
        Candidate child{};
        if (frame.cursor_ns <= frame.low_ns || !take_next(frame, child))
        {
            add_section(frame.row, frame.low_ns, frame.cursor_ns);
            candidates_.resize(frame.candidates_begin);
            stack_.pop_back();
            continue;
        }
        const std::int64_t high = std::min(child.end_ns, frame.cursor_ns);
        const std::int64_t low = std::max(child.start_ns, frame.low_ns);
        if (high <= low)
            continue;
        add_section(frame.row, high, frame.cursor_ns);
        frame.cursor_ns = low;
        frame.last_duration_ns = distance(child.start_ns, child.end_ns);
        push(child.row, child.shift_ns, low, high);  // invalidates frame
    }
    std::reverse(sections_.begin(), sections_.end());
    return sections_;
}

std::vector<PathSection> critical_path(const SpanTable& table, Row root)
{
    CriticalPathFinder finder(table);
    const auto sections = finder.find(root);
    return {sections.begin(), sections.end()};
}

std::vector<PathShare> path_by_operation(const SpanTable& table, std::span<const Row> roots)
{
    CriticalPathFinder finder(table);
    tsl::robin_map<std::uint64_t, std::size_t, NumberHash> index;
    std::vector<PathShare> shares;
    std::vector<std::size_t> last_root;  // 1 + number of the root that touched the share last
    for (std::size_t i = 0; i < roots.size(); ++i)
        for (const PathSection& section : finder.find(roots[i]))
        {
            const SpanTable::Id service = table.service[section.row], operation = table.operation[section.row];
            const auto [found, is_new] = index.try_emplace(std::uint64_t{service} << 32 | operation, shares.size());
            if (is_new)
            {
                shares.push_back({service, operation});
                last_root.push_back(0);
            }
            PathShare& share = shares[found->second];
            share.total_ns += section.duration_ns();
            ++share.sections;
            share.roots += last_root[found->second] != i + 1;
            last_root[found->second] = i + 1;
        }
    std::sort(shares.begin(), shares.end(), [&](const PathShare& a, const PathShare& b) {
        if (a.total_ns != b.total_ns)
            return a.total_ns > b.total_ns;
        if (a.service != b.service)
            return table.text(a.service) < table.text(b.service);
        return table.text(a.operation) < table.text(b.operation);
    });
    return shares;
}

}  // namespace casebook
