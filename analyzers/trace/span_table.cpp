#include "analyzers/trace/span_table.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/store/case_file.h"
#include "analyzers/store/span_chunk.h"
#include "analyzers/trace/operation.h"
#include "analyzers/trace/sql_text.h"
#include "analyzers/trace/tree.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace casebook {
namespace {

enum class Role : std::uint8_t { none, statement, method, route, path, full_url };

/// Attribute keys by what they mean, in the order of preference of formats/semantic conventions: new names first.
constexpr std::array<std::pair<std::string_view, Role>, 15> roles{{{"db.query.text", Role::statement},
                                                                    {"db.statement", Role::statement},
                                                                    {"sql.query", Role::statement},
                                                                    {"db.sql.text", Role::statement},
                                                                    {"sql.sanitized_query", Role::statement},
                                                                    {"http.request.method", Role::method},
                                                                    {"http.method", Role::method},
                                                                    {"http.route", Role::route},
                                                                    {"url.path", Role::path},
                                                                    {"http.target", Role::path},
                                                                    {"http.path", Role::path},
                                                                    {"url.full", Role::full_url},
                                                                    {"http.url", Role::full_url},
                                                                    {"url.template", Role::route},
                                                                    {"http.uri", Role::path}}};

/// Appends the spans of one chunk, its strings merged into the table's pool.
void append(SpanTable& table, const SpanColumns& columns, std::uint32_t file_id, std::vector<std::pair<std::uint64_t, std::uint64_t>>& trace_ids)
{
    std::vector<SpanTable::Id> ids(columns.strings.size());
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = table.strings.intern(columns.strings[i]);
    const auto translate = [&](std::vector<SpanTable::Id>& to, const std::vector<std::uint32_t>& from) {
        for (const std::uint32_t index : from) to.push_back(ids[index]);
    };
    for (const std::uint32_t index : columns.trace) trace_ids.emplace_back(columns.trace_high[index], columns.trace_low[index]);
    const auto extend = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    extend(table.span_id, columns.span_id);
    extend(table.parent_id, columns.parent_id);
    for (const std::int64_t at_ns : columns.start_ns) table.start_ns.push_back(clamp_instant(at_ns));
    for (const std::int64_t ns : columns.duration_ns) table.duration_ns.push_back(clamp_duration(ns));
    translate(table.service, columns.service);
    translate(table.name, columns.name);
    translate(table.instance, columns.instance);
    translate(table.version, columns.version);
    for (const std::uint8_t kind : columns.kind) table.kind.push_back(static_cast<SpanKind>(kind));
    for (const std::uint8_t status : columns.status) table.status.push_back(static_cast<SpanStatus>(status));
    for (const std::uint32_t count : columns.attribute_count) table.attribute_begin.push_back(table.attribute_begin.back() + count);
    translate(table.attribute_key, columns.attribute_key);
    translate(table.attribute_value, columns.attribute_value);
    table.file.insert(table.file.end(), columns.size(), file_id);
}

template <class T>
void permute(std::vector<T>& column, const std::vector<std::uint32_t>& order)
{
    std::vector<T> sorted(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) sorted[i] = column[order[i]];
    column = std::move(sorted);
}

/// Rows into the documented order, and the traces they make.
void sort_rows(SpanTable& table, const std::vector<std::pair<std::uint64_t, std::uint64_t>>& trace_ids)
{
    std::vector<std::uint32_t> order(table.size());
    std::iota(order.begin(), order.end(), 0u);
    // The last keys only matter for copies of one span in several files; they keep the order independent of the files'.
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        if (trace_ids[a] != trace_ids[b]) return trace_ids[a] < trace_ids[b];
        if (table.start_ns[a] != table.start_ns[b]) return table.start_ns[a] < table.start_ns[b];
        if (table.span_id[a] != table.span_id[b]) return table.span_id[a] < table.span_id[b];
        if (table.duration_ns[a] != table.duration_ns[b]) return table.duration_ns[a] < table.duration_ns[b];
        if (table.name[a] != table.name[b]) return table.text(table.name[a]) < table.text(table.name[b]);
        return a < b;
    });
    // The same span in two files (an export and a part of it) is one span; forgetting one file leaves the other's.
    const auto same = [&](std::uint32_t a, std::uint32_t b) {
        return table.span_id[a] != 0 && trace_ids[a] == trace_ids[b] && table.span_id[a] == table.span_id[b] && table.start_ns[a] == table.start_ns[b] &&
               table.duration_ns[a] == table.duration_ns[b] && table.name[a] == table.name[b] && table.kind[a] == table.kind[b];
    };
    const auto unique_end = std::unique(order.begin(), order.end(), same);
    table.copies = static_cast<std::uint64_t>(order.end() - unique_end);
    order.erase(unique_end, order.end());
    permute(table.span_id, order);
    permute(table.parent_id, order);
    permute(table.start_ns, order);
    permute(table.duration_ns, order);
    permute(table.service, order);
    permute(table.name, order);
    permute(table.instance, order);
    permute(table.version, order);
    permute(table.kind, order);
    permute(table.status, order);
    permute(table.file, order);

    std::vector<std::uint32_t> begin{0};
    begin.reserve(order.size() + 1);
    std::vector<SpanTable::Id> keys, values;
    keys.reserve(table.attribute_key.size());
    values.reserve(table.attribute_value.size());
    for (const std::uint32_t row : order) {
        for (std::uint32_t i = table.attribute_begin[row]; i < table.attribute_begin[row + 1]; ++i) {
            keys.push_back(table.attribute_key[i]);
            values.push_back(table.attribute_value[i]);
        }
        begin.push_back(static_cast<std::uint32_t>(keys.size()));
    }
    table.attribute_begin = std::move(begin);
    table.attribute_key = std::move(keys);
    table.attribute_value = std::move(values);

    table.trace.resize(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto& id = trace_ids[order[i]];
        if (table.traces.empty() || table.traces.back().high != id.first || table.traces.back().low != id.second) {
            SpanTable::Trace trace;
            trace.high = id.first;
            trace.low = id.second;
            trace.first = static_cast<SpanTable::Row>(i);
            table.traces.push_back(trace);
        }
        ++table.traces.back().count;
        table.trace[i] = static_cast<std::uint32_t>(table.traces.size() - 1);
    }
}

/// Fills operation, statement and fingerprint from names and attributes. Each distinct text is worked on once.
void derive(SpanTable& table)
{
    std::vector<std::uint8_t> role_of(table.strings.size(), 0);  // role + 1 in the order of `roles`
    for (std::size_t i = 0; i < roles.size(); ++i)
        if (const auto id = table.strings.find(roles[i].first); id != StringPool::none) role_of[id] = static_cast<std::uint8_t>(i + 1);

    struct Key {
        SpanTable::Id name, method, route, path;
        std::uint32_t http;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const { return hash64({reinterpret_cast<const char*>(&key), sizeof key}); }
    };
    tsl::robin_map<Key, SpanTable::Id, KeyHash> operations;
    tsl::robin_map<SpanTable::Id, SpanTable::Id> fingerprints;
    table.operation.resize(table.size());
    table.statement.assign(table.size(), 0);
    table.fingerprint.assign(table.size(), 0);
    for (SpanTable::Row row = 0; row < table.size(); ++row) {
        std::array<SpanTable::Id, 6> found{};
        std::array<std::uint8_t, 6> rank{};
        for (std::uint32_t i = table.attribute_begin[row]; i < table.attribute_begin[row + 1]; ++i) {
            const std::uint8_t index = role_of[table.attribute_key[i]];
            if (index == 0) continue;
            const auto role = static_cast<std::size_t>(roles[index - 1].second);
            if (rank[role] != 0 && rank[role] <= index) continue;
            rank[role] = index;
            found[role] = table.attribute_value[i];
        }
        const auto get = [&](Role role) { return found[static_cast<std::size_t>(role)]; };
        const SpanTable::Id path = get(Role::path) != 0 ? get(Role::path) : get(Role::full_url);
        const bool http = get(Role::method) != 0;
        const Key key{table.name[row], get(Role::method), get(Role::route), http ? path : 0, http};
        auto operation = operations.find(key);
        if (operation == operations.end()) {
            const OperationFacts facts{table.text(key.name), table.text(key.method), table.text(key.route), table.text(key.path), http};
            const std::string text = operation_of(facts);
            operation = operations.emplace(key, table.strings.intern(text)).first;
        }
        table.operation[row] = operation->second;
        if (const SpanTable::Id statement = get(Role::statement); statement != 0) {
            table.statement[row] = statement;
            auto fingerprint = fingerprints.find(statement);
            if (fingerprint == fingerprints.end())
                fingerprint = fingerprints.emplace(statement, table.strings.intern(sql_fingerprint(table.text(statement)))).first;
            table.fingerprint[row] = fingerprint->second;
        }
    }
}

}  // namespace

Result<SpanTable> load_spans(CaseFile& file, const Control& control)
{
    SpanTable table;
    table.attribute_begin.push_back(0);
    table.child_begin.push_back(0);
    TRY_ASSIGN(Statement counts, file.database().prepare("SELECT coalesce(sum(spans), 0) FROM span_chunks"));
    TRY_ASSIGN(const bool counted, counts.step());
    const std::int64_t expected = counted ? counts.integer(0) : 0;
    if (expected < 0 || expected > std::int64_t{0xfffffff0})
        return fail(Error::Code::limitExceeded, "the case holds more spans than can be analysed at once", "Split the evidence over several cases");
    counts.reset();

    std::vector<std::pair<std::uint64_t, std::uint64_t>> trace_ids;
    TRY_ASSIGN(Statement chunks, file.database().prepare("SELECT file_id, raw_bytes, columns, spans FROM span_chunks ORDER BY id"));
    for (;;) {
        TRY(control.check());
        TRY_ASSIGN(const bool more, chunks.step());
        if (!more) break;
        std::string storage;
        auto columns = decode_chunk(chunks.blob(2), chunks.integer(1), storage);
        if (!columns) {
            const std::string number = std::to_string(chunks.integer(0));
            columns.error().what = "a span chunk of file " + number + " is damaged";
            columns.error().hint = "Forget file " + number + " and import it again";
            return tl::unexpected<Error>(std::move(columns.error()));
        }
        if (table.size() + columns->size() > 0xfffffff0u || table.attribute_key.size() + columns->attribute_key.size() > 0xfffffff0u)
            return fail(Error::Code::limitExceeded, "the case holds more spans than can be analysed at once", "Split the evidence over several cases");
        append(table, *columns, static_cast<std::uint32_t>(chunks.integer(0)), trace_ids);
    }
    sort_rows(table, trace_ids);
    TRY(control.check());
    derive(table);
    build_trees(table);
    return table;
}

SpanTable::Id SpanTable::attribute(Row row, Id key) const
{
    for (std::uint32_t i = attribute_begin[row]; i < attribute_begin[row + 1]; ++i)
        if (attribute_key[i] == key) return attribute_value[i];
    return StringPool::none;
}

std::string_view SpanTable::attribute(Row row, std::span<const std::string_view> keys) const
{
    for (const std::string_view key : keys) {
        const Id id = strings.find(key);
        if (id == StringPool::none) continue;
        if (const Id value = attribute(row, id); value != StringPool::none) return text(value);
    }
    return {};
}

std::size_t SpanTable::find_trace(std::uint64_t high, std::uint64_t low) const
{
    const auto found = std::lower_bound(traces.begin(), traces.end(), std::pair(high, low),
                                        [](const Trace& trace, const std::pair<std::uint64_t, std::uint64_t>& id) { return std::pair(trace.high, trace.low) < id; });
    if (found == traces.end() || found->high != high || found->low != low) return traces.size();
    return static_cast<std::size_t>(found - traces.begin());
}

TimeRange SpanTable::time_range() const
{
    if (empty()) return {};
    const auto [low, high] = std::minmax_element(start_ns.begin(), start_ns.end());
    return {*low, *high + 1};
}

}  // namespace casebook
