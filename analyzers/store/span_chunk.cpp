#include "analyzers/store/span_chunk.h"

#include <algorithm>
#include <cstring>
#include <zstd.h>

namespace casebook {
namespace {

constexpr std::uint32_t magic = 0x31534243;  // "CBS1"
constexpr std::int64_t max_raw_bytes = std::int64_t{1} << 30;

template <class T>
void put(std::string& out, const std::vector<T>& column)
{
    out.append(reinterpret_cast<const char*>(column.data()), column.size() * sizeof(T));
}

struct Header {
    std::uint32_t magic, spans, traces, strings, attributes, reserved;
};

/// Cuts typed columns off a byte string; `ok` turns false when there are too few bytes.
struct Cutter {
    std::string_view left;
    bool ok = true;

    template <class T>
    void take(std::vector<T>& column, std::size_t count)
    {
        if (count > left.size() / sizeof(T)) {
            ok = false;
            return;
        }
        column.resize(count);
        if (count > 0) std::memcpy(column.data(), left.data(), count * sizeof(T));
        left.remove_prefix(count * sizeof(T));
    }
};

template <class T>
bool all_below(const std::vector<T>& column, std::size_t limit)
{
    return std::all_of(column.begin(), column.end(), [limit](T value) { return value < limit; });
}

std::uint64_t mix(std::uint64_t high, std::uint64_t low) { return (high * 0x9E3779B97F4A7C15ull) ^ low; }

}  // namespace

void SpanColumns::clear()
{
    for (auto* column : {&trace_high, &trace_low, &span_id, &parent_id}) column->clear();
    for (auto* column : {&trace, &service, &name, &instance, &version, &attribute_count, &attribute_key, &attribute_value}) column->clear();
    start_ns.clear();
    duration_ns.clear();
    kind.clear();
    status.clear();
    strings.clear();
}

/// Appends the id of a text. It often is the one `back` places before, where the span before has what this one has here;
/// comparing with that is cheaper than finding the text in the pool.
void SpanChunkBuilder::add_text(std::vector<std::uint32_t>& column, std::string_view text, std::size_t back)
{
    const bool same = back <= column.size() && pool_.text(column[column.size() - back]) == text;
    column.push_back(same ? column[column.size() - back] : pool_.intern(text));
}

void SpanChunkBuilder::add(const SpanRow& row)
{
    // Ids that collide after mixing but differ get a further trace entry; the map then keeps the newest.
    std::uint32_t trace = 0;
    const auto [entry, fresh] = traces_.try_emplace(mix(row.trace_high, row.trace_low), static_cast<std::uint32_t>(columns_.trace_high.size()));
    if (!fresh) trace = entry->second;
    if (fresh || columns_.trace_high[trace] != row.trace_high || columns_.trace_low[trace] != row.trace_low) {
        trace = static_cast<std::uint32_t>(columns_.trace_high.size());
        columns_.trace_high.push_back(row.trace_high);
        columns_.trace_low.push_back(row.trace_low);
        entry.value() = trace;
    }
    columns_.trace.push_back(trace);
    columns_.span_id.push_back(row.span_id);
    columns_.parent_id.push_back(row.parent_id);
    columns_.start_ns.push_back(row.start_ns);
    columns_.duration_ns.push_back(row.duration_ns);
    add_text(columns_.service, row.service, 1);
    add_text(columns_.name, row.name, 1);
    add_text(columns_.instance, row.instance, 1);
    add_text(columns_.version, row.version, 1);
    columns_.kind.push_back(static_cast<std::uint8_t>(row.kind));
    columns_.status.push_back(static_cast<std::uint8_t>(row.status));
    columns_.attribute_count.push_back(static_cast<std::uint32_t>(row.attributes.size()));
    // The attributes of the resource come last: they are the same as many places from the end, whatever comes before.
    for (const AttributeView& attribute : row.attributes) {
        add_text(columns_.attribute_key, attribute.key, row.attributes.size());
        add_text(columns_.attribute_value, attribute.value, row.attributes.size());
    }
    min_start_ns_ = std::min(min_start_ns_, row.start_ns);
    max_start_ns_ = std::max(max_start_ns_, row.start_ns);
}

std::string SpanChunkBuilder::take()
{
    const Header header{magic,
                        static_cast<std::uint32_t>(columns_.size()),
                        static_cast<std::uint32_t>(columns_.trace_high.size()),
                        static_cast<std::uint32_t>(pool_.size()),
                        static_cast<std::uint32_t>(columns_.attribute_key.size()),
                        0};
    std::string out;
    out.reserve(sizeof header + columns_.size() * 70 + columns_.attribute_key.size() * 8 + pool_.bytes() + pool_.size() * 4);
    out.append(reinterpret_cast<const char*>(&header), sizeof header);
    put(out, columns_.trace_high);
    put(out, columns_.trace_low);
    put(out, columns_.trace);
    put(out, columns_.span_id);
    put(out, columns_.parent_id);
    put(out, columns_.start_ns);
    put(out, columns_.duration_ns);
    put(out, columns_.service);
    put(out, columns_.name);
    put(out, columns_.instance);
    put(out, columns_.version);
    put(out, columns_.kind);
    put(out, columns_.status);
    put(out, columns_.attribute_count);
    put(out, columns_.attribute_key);
    put(out, columns_.attribute_value);
    for (StringPool::Id id = 0; id < pool_.size(); ++id) {
        const auto length = static_cast<std::uint32_t>(pool_.text(id).size());
        out.append(reinterpret_cast<const char*>(&length), sizeof length);
    }
    for (StringPool::Id id = 0; id < pool_.size(); ++id) out.append(pool_.text(id));
    columns_.clear();
    pool_.clear();
    traces_.clear();
    min_start_ns_ = INT64_MAX;
    max_start_ns_ = INT64_MIN;
    return out;
}

std::string compress_chunk(std::string_view plain)
{
    std::string out(ZSTD_compressBound(plain.size()), '\0');
    const std::size_t size = ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 1);
    out.resize(ZSTD_isError(size) ? 0 : size);
    return out;
}

Result<SpanColumns> decode_chunk(std::string_view compressed, std::int64_t raw_bytes, std::string& storage)
{
    const auto damaged = [] { return fail(Error::Code::caseFile, "a span chunk is damaged", "Forget the file it came from and import it again"); };
    if (raw_bytes < static_cast<std::int64_t>(sizeof(Header)) || raw_bytes > max_raw_bytes) return damaged();
    storage.resize(static_cast<std::size_t>(raw_bytes));
    const std::size_t size = ZSTD_decompress(storage.data(), storage.size(), compressed.data(), compressed.size());
    if (ZSTD_isError(size) || size != storage.size()) return damaged();

    Header header{};
    std::memcpy(&header, storage.data(), sizeof header);
    if (header.magic != magic) return damaged();
    Cutter cutter{std::string_view(storage).substr(sizeof header)};
    SpanColumns columns;
    cutter.take(columns.trace_high, header.traces);
    cutter.take(columns.trace_low, header.traces);
    cutter.take(columns.trace, header.spans);
    cutter.take(columns.span_id, header.spans);
    cutter.take(columns.parent_id, header.spans);
    cutter.take(columns.start_ns, header.spans);
    cutter.take(columns.duration_ns, header.spans);
    cutter.take(columns.service, header.spans);
    cutter.take(columns.name, header.spans);
    cutter.take(columns.instance, header.spans);
    cutter.take(columns.version, header.spans);
    cutter.take(columns.kind, header.spans);
    cutter.take(columns.status, header.spans);
    cutter.take(columns.attribute_count, header.spans);
    cutter.take(columns.attribute_key, header.attributes);
    cutter.take(columns.attribute_value, header.attributes);
    std::vector<std::uint32_t> lengths;
    cutter.take(lengths, header.strings);
    if (!cutter.ok) return damaged();
    columns.strings.reserve(lengths.size());
    for (const std::uint32_t length : lengths) {
        if (length > cutter.left.size()) return damaged();
        columns.strings.push_back(cutter.left.substr(0, length));
        cutter.left.remove_prefix(length);
    }
    std::uint64_t attributes = 0;
    for (const std::uint32_t count : columns.attribute_count) attributes += count;
    const std::size_t strings = columns.strings.size();
    const bool sound = attributes == header.attributes && all_below(columns.trace, header.traces) && all_below(columns.service, strings) &&
                       all_below(columns.name, strings) && all_below(columns.instance, strings) && all_below(columns.version, strings) &&
                       all_below(columns.attribute_key, strings) && all_below(columns.attribute_value, strings) && all_below(columns.kind, 5) &&
                       all_below(columns.status, 3) &&
                       std::all_of(columns.duration_ns.begin(), columns.duration_ns.end(), [](std::int64_t ns) { return ns >= 0 && ns < (std::int64_t{1} << 60); }) &&
                       std::all_of(columns.start_ns.begin(), columns.start_ns.end(), [](std::int64_t ns) { return ns > -(std::int64_t{1} << 62) && ns < (std::int64_t{7} << 60); });
    if (!sound) return damaged();
    return columns;
}

}  // namespace casebook
