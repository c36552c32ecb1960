#pragma once

#include "analyzers/core/importer.h"
#include "tests/support/recording_context.h"

#include <QStringList>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace casebook::tests {

/// A span row with texts of its own.
struct KeptSpan {
    std::uint64_t trace_high = 0, trace_low = 0, span_id = 0, parent_id = 0;
    SpanKind kind = SpanKind::internal;
    SpanStatus status = SpanStatus::unset;
    std::int64_t start_ns = 0, duration_ns = 0;
    std::string service, name, instance, version;
    std::multimap<std::string, std::string> attributes;

    std::string attribute(const std::string& key) const
    {
        const auto found = attributes.find(key);
        return found == attributes.end() ? "(none)" : found->second;
    }
    /// All of it on a line, attributes by key; ids of 16 digits.
    std::string text() const
    {
        char head[160];
        std::snprintf(head, sizeof head, "%016llx%016llx %016llx %016llx %lld+%lld ", static_cast<unsigned long long>(trace_high), static_cast<unsigned long long>(trace_low),
                      static_cast<unsigned long long>(span_id), static_cast<unsigned long long>(parent_id), static_cast<long long>(start_ns), static_cast<long long>(duration_ns));
        std::string line = head + service + "|" + instance + "|" + version + "|" + name + "|" + std::string(name_of(kind)) + "|" + std::string(name_of(status));
        for (const auto& [key, value] : attributes) line += "|" + key + "=" + value;
        return line;
    }
};

/// Keeps spans whole, all else as RecordingContext does.
class TraceContext : public RecordingContext {
public:
    std::vector<KeptSpan> spans;

    using RecordingContext::add;
    Status add(const SpanRow& row) override
    {
        KeptSpan& span = spans.emplace_back();
        span.trace_high = row.trace_high;
        span.trace_low = row.trace_low;
        span.span_id = row.span_id;
        span.parent_id = row.parent_id;
        span.kind = row.kind;
        span.status = row.status;
        span.start_ns = row.start_ns;
        span.duration_ns = row.duration_ns;
        span.service = row.service;
        span.name = row.name;
        span.instance = row.instance;
        span.version = row.version;
        for (const AttributeView& attribute : row.attributes) span.attributes.emplace(attribute.key, attribute.value);
        return {};
    }

    /// Every row as text, sorted.
    std::vector<std::string> all_rows() const
    {
        std::vector<std::string> lines = rows;
        for (const KeptSpan& span : spans) lines.push_back(span.text());
        std::sort(lines.begin(), lines.end());
        return lines;
    }
    const KeptSpan* named(std::string_view name) const
    {
        for (const KeptSpan& span : spans)
            if (span.name == name) return &span;
        return nullptr;
    }
    int count(const std::string& code) const
    {
        const auto found = counts.find(code);
        return found == counts.end() ? 0 : found->second;
    }
};

inline const Importer* importer_named(std::string_view id)
{
    for (const Importer* importer : all_importers())
        if (importer->id == id) return importer;
    return nullptr;
}

/// The id of the importer that scores highest; "" when none does, both ids when two do.
inline std::string winner(std::string_view bytes)
{
    const Probe probe{"input", "json", bytes.substr(0, 64 << 10), bytes.size() <= (64 << 10)};
    std::string best;
    int score = 0;
    for (const Importer* importer : all_importers()) {
        const int own = importer->sniff(probe);
        if (own > score) best = importer->id;
        else if (own == score && own > 0) best += "+" + std::string(importer->id);
        score = std::max(score, own);
    }
    return best;
}

/// What an importer makes of bytes in memory.
inline TraceContext read_trace(std::string_view id, std::string_view bytes)
{
    TraceContext context;
    const Control control;
    const auto source = Source::from_memory(bytes, control);
    if (const Status status = importer_named(id)->read(*source, context); !status) context.counts["error: " + status.error().what] = 1;
    return context;
}

/// As read_trace, from a source that gives a few bytes at a time.
inline TraceContext read_trace_in_chunks(std::string_view id, std::string_view bytes, std::size_t chunk)
{
    TraceContext context;
    ChunkedSource source(bytes, chunk);
    if (const Status status = importer_named(id)->read(source, context); !status) context.counts["error: " + status.error().what] = 1;
    return context;
}

/// As read_trace, from a file that may be compressed.
inline TraceContext read_trace_file(std::string_view id, const std::filesystem::path& path)
{
    TraceContext context;
    const Control control;
    const auto source = Source::open(path.string(), control);
    if (!source || !importer_named(id)->read(**source, context)) context.counts["error"] = 1;
    return context;
}

inline std::string read_file(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// For QCOMPARE, which prints such lists.
inline QStringList list(const std::vector<std::string>& lines)
{
    QStringList result;
    for (const std::string& line : lines) result << QString::fromStdString(line);
    return result;
}

}  // namespace casebook::tests
