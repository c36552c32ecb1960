#include "analyzers/trace/cache_use.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <map>
#include <set>

namespace casebook {
namespace {

using Row = SpanTable::Row;
constexpr std::int64_t clock_rounding_ns = 1'000'000;

bool is_separator(char c) { return c == ':' || c == '/' || c == '|' || c == '.' || c == '-' || c == '_' || c == '=' || c == ',' || c == '{' || c == '}'; }

/// "v7", "v12", "V3": a version is part of what a key is, not of which one.
bool is_version(std::string_view part)
{
    if (part.size() < 2 || part.size() > 5 || (part[0] != 'v' && part[0] != 'V')) return false;
    return std::all_of(part.begin() + 1, part.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Anything with a digit, or long and mixed: an id, a hash, a number.
bool is_variable(std::string_view part)
{
    if (part.empty() || is_version(part)) return false;
    const auto digits = std::count_if(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    return digits > 0 || part.size() > 24;
}

/// Walks over a key; `variable` says what stands for the n-th variable part.
template <class Variable>
std::string replaced(std::string_view key, Variable variable)
{
    std::string pattern;
    std::size_t n = 0;
    for (std::size_t i = 0; i < key.size();) {
        std::size_t end = i;
        while (end < key.size() && !is_separator(key[end])) ++end;
        const std::string_view part = key.substr(i, end - i);
        if (is_variable(part)) pattern += variable(n++, part);
        else pattern += part;
        if (end < key.size()) pattern += key[end];
        i = end + 1;
    }
    return pattern;
}

/// Whether a part varies is a matter of the keys there are: a release or a year has few values, an id has many.
void keep_common_parts(const SpanTable& spans, std::vector<CacheRead>& reads)
{
    constexpr std::size_t enough_reads = 50, few_values = 8;
    std::map<std::pair<SpanTable::Id, std::string_view>, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < reads.size(); ++i)
        if (std::count(reads[i].pattern.begin(), reads[i].pattern.end(), '?') > 1) groups[{spans.service[reads[i].get], reads[i].pattern}].push_back(i);
    std::vector<std::pair<std::size_t, std::string>> better;
    for (const auto& [group, members] : groups) {
        if (members.size() < enough_reads) continue;
        std::vector<std::set<std::string_view>> values;
        for (const std::size_t i : members)
            replaced(reads[i].key, [&](std::size_t n, std::string_view part) {
                if (n >= values.size()) values.resize(n + 1);
                if (values[n].size() <= few_values) values[n].insert(part);
                return std::string_view();
            });
        const auto varies = [&](const std::set<std::string_view>& of) { return of.size() > few_values; };
        if (std::none_of(values.begin(), values.end(), varies) || std::all_of(values.begin(), values.end(), varies)) continue;
        for (const std::size_t i : members)
            better.emplace_back(i, replaced(reads[i].key, [&](std::size_t n, std::string_view part) { return varies(values[n]) ? std::string_view("?") : part; }));
    }
    for (auto& [i, pattern] : better) reads[i].pattern = std::move(pattern);
}

}  // namespace

std::string key_pattern(std::string_view key)
{
    return replaced(key, [](std::size_t, std::string_view) { return std::string_view("?"); });
}

NewKeys new_keys(const PatternReads& before, const PatternReads& after)
{
    const auto sum = [](const PatternReads& patterns) {
        std::uint64_t reads = 0;
        for (const auto& [pattern, n] : patterns) reads += n;
        return static_cast<double>(reads);
    };
    const double all_before = sum(before), all_after = sum(after);
    NewKeys keys;
    if (all_before == 0 || all_after == 0) return keys;
    std::uint64_t fresh = 0, most = 0;
    for (const auto& [pattern, n] : after) {
        const auto known = before.find(pattern);
        if (known != before.end() && static_cast<double>(n) * all_before <= 10 * static_cast<double>(known->second) * all_after) continue;
        fresh += n;
        if (n > most) {
            most = n;
            keys.new_pattern = pattern;
        }
    }
    most = 0;
    for (const auto& [pattern, n] : before)
        if (n > most) {
            most = n;
            keys.old_pattern = pattern;
        }
    keys.share = static_cast<double>(fresh) / all_after;
    return keys;
}

double new_pattern_share(const SpanTable& spans, const std::vector<CacheRead>& reads, std::int64_t split_ns)
{
    PatternReads before, after;
    for (const CacheRead& read : reads)
        if (!read.pattern.empty()) ++(spans.start_ns[read.get] < split_ns ? before : after)[read.pattern];
    return new_keys(before, after).share;
}

std::vector<CacheRead> cache_reads(const SpanTable& spans, const SpanClasses& classes)
{
    std::vector<CacheRead> reads;
    for (const SpanTable::Trace& trace : spans.traces) {
        struct Work {
            std::vector<std::size_t> reads;
            std::vector<std::pair<Row, std::string>> puts;
            std::vector<Row> statements;
        };
        std::map<Row, Work> by_entry;
        for (Row row = trace.first; row < trace.first + trace.count; ++row) {
            const SpanClass c = classes.of[row];
            if (c != SpanClass::cache && c != SpanClass::statement) continue;
            const Row entry = classes.entry[row];
            if (entry == SpanTable::no_row) continue;
            if (c == SpanClass::statement) {
                by_entry[entry].statements.push_back(row);
                continue;
            }
            const CacheCommand command = cache_command(spans, row);
            if (command.kind == CacheCommand::Kind::put) by_entry[entry].puts.emplace_back(row, command.key);
            if (command.kind != CacheCommand::Kind::get) continue;
            CacheRead read;
            read.get = row;
            read.entry = entry;
            read.key = command.key;
            read.pattern = key_pattern(command.key);
            read.said = command.hit >= 0;
            read.hit = command.hit != 0;
            by_entry[entry].reads.push_back(reads.size());
            reads.push_back(std::move(read));
        }
        for (const auto& [entry, work] : by_entry) {
            std::set<std::string> put_keys;
            for (const auto& [row, key] : work.puts) put_keys.insert(key);
            for (std::size_t i = 0; i < work.reads.size(); ++i) {
                CacheRead& read = reads[work.reads[i]];
                const std::int64_t from = spans.start_ns[read.get] - clock_rounding_ns;
                // A statement fills the latest read before it: the next read ends what can belong to this one.
                const std::int64_t until = i + 1 < work.reads.size() ? spans.start_ns[reads[work.reads[i + 1]].get] : INT64_MAX;
                for (const Row statement : work.statements)
                    if (spans.start_ns[statement] >= from && spans.start_ns[statement] < until && read.filled_by == SpanTable::no_row) read.filled_by = statement;
                if (read.said) {
                    if (read.hit) read.filled_by = SpanTable::no_row;
                    continue;
                }
                const bool put = !read.key.empty() && put_keys.contains(read.key);
                read.hit = !put && (read.filled_by == SpanTable::no_row || (!work.puts.empty() && !read.key.empty()));
                if (read.hit) read.filled_by = SpanTable::no_row;
            }
        }
    }
    keep_common_parts(spans, reads);
    return reads;
}

}  // namespace casebook
