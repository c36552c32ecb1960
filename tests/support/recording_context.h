#pragma once

#include "analyzers/core/importer.h"
#include "analyzers/core/instant.h"
#include "analyzers/importers/support/source.h"

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace casebook::tests {

/// Keeps every row an importer gives as one line of text, "kind|field|field|…" in the order of core/rows.h (spans and
/// plans only counted), and what it noted. Absent optionals are "-", times ISO 8601.
class RecordingContext : public ImportContext {
public:
    std::vector<std::string> rows;
    std::map<std::string, int> counts;  ///< notes, repairs and drops by code
    std::map<std::string, std::int64_t> first_line;
    std::int64_t stored_count = 0, dropped = 0, repaired = 0;
    std::vector<double> pauses_ms;

    std::string service, file = "input";
    std::optional<std::int64_t> at;

    Status add(const SpanRow&) override { return keep({"span"}); }
    Status add(const PlanRow&) override { return keep({"plan"}); }
    Status add(const MetricPoint& r) override
    {
        return keep({"metric", time(r.at_ns), r.name, r.labels, r.unit, number(r.value)});
    }
    Status add(const StatementRow& r) override
    {
        return keep({"statement", time(r.snapshot_at_ns), r.query_id, r.query, integer(r.calls), integer(r.rows),
                     number(r.total_ms), number(r.mean_ms), number(r.min_ms), number(r.max_ms), number(r.stddev_ms),
                     integer(r.shared_hit), integer(r.shared_read), integer(r.temp_written)});
    }
    Status add(const HeapClassRow& r) override
    {
        return keep({"class", time(r.at_ns), r.class_name, integer(r.instances), integer(r.bytes)});
    }
    Status add(const GcPauseRow& r) override
    {
        pauses_ms.push_back(r.pause_ms);
        return keep({"pause", time(r.at_ns), r.collector, r.kind, r.cause, number(r.pause_ms), integer(r.before_bytes),
                     integer(r.after_bytes), integer(r.capacity_bytes)});
    }
    Status add(const ThreadRow& r) override
    {
        return keep({"thread", time(r.at_ns), r.name, r.state, r.waiting_on, r.holding, r.top_frame});
    }
    Status add(const EventRow& r) override { return keep({"event", time(r.at_ns), r.kind, r.service, r.text}); }
    Status add(const SessionRow& r) override
    {
        return keep({"session", time(r.at_ns), integer(r.pid), r.user, r.database, r.application, r.state,
                     r.wait_event_type, r.wait_event, r.blocked_by, number(r.xact_age_ms), number(r.query_age_ms),
                     r.query});
    }
    Status add(const TableStatRow& r) override
    {
        return keep({"table", time(r.at_ns), r.table, integer(r.live_rows), integer(r.dead_rows), integer(r.seq_scans),
                     integer(r.index_scans), time(r.last_vacuum_ns), time(r.last_analyze_ns), integer(r.heap_hit),
                     integer(r.heap_read), integer(r.index_hit), integer(r.index_read),
                     integer(r.modified_since_analyze), integer(r.size_bytes)});
    }
    Status add(const ProfileRow& r) override { return keep({"profile", r.kind, r.stack, number(r.value), r.unit}); }
    Status add(const LogLineRow& r) override { return keep({"log", time(r.at_ns), r.service, r.level, r.text}); }
    Status add(const SettingRow& r) override { return keep({"setting", r.source, r.name, r.value, r.unit}); }

    void stored() override { ++stored_count; }
    void drop(std::int64_t line, std::string_view code, std::string_view) override { ++dropped, noted(line, code); }
    void repair(std::int64_t line, std::string_view code, std::string_view) override { ++repaired, noted(line, code); }
    void note(std::int64_t line, std::string_view code, std::string_view) override { noted(line, code); }
    std::string_view default_service() const override { return service; }
    std::optional<std::int64_t> at_ns() const override { return at; }
    std::string_view path() const override { return file; }
    const Control& control() const override { return control_; }

    std::size_t count_of(std::string_view kind) const
    {
        std::size_t count = 0;
        for (const std::string& row : rows) count += row.starts_with(std::string(kind) + "|");
        return count;
    }

private:
    static std::string time(std::optional<std::int64_t> at_ns) { return at_ns ? format_instant(*at_ns) : "-"; }
    static std::string integer(std::optional<std::int64_t> value) { return value ? std::to_string(*value) : "-"; }
    static std::string number(std::optional<double> value)
    {
        char text[40];
        if (!value) return "-";
        std::snprintf(text, sizeof text, "%.10g", *value);
        return text;
    }

    /// Parts may be std::string temporaries or views of the row: joined before they go.
    struct Part {
        std::string text;
        Part(const char* t) : text(t) {}
        Part(std::string t) : text(std::move(t)) {}
        Part(std::string_view t) : text(t) {}
    };
    Status keep(std::initializer_list<Part> parts)
    {
        std::string row;
        for (const Part& part : parts) (row += row.empty() ? "" : "|") += part.text;
        rows.push_back(std::move(row));
        return {};
    }
    void noted(std::int64_t line, std::string_view code)
    {
        if (counts[std::string(code)]++ == 0) first_line[std::string(code)] = line;
    }

    Control control_;
};

/// A source that gives a few bytes more than asked for, each time from a new place: views kept too long are seen by
/// AddressSanitizer, and readers must cope with a window that ends anywhere.
class ChunkedSource final : public Source {
public:
    ChunkedSource(std::string_view bytes, std::size_t chunk) : bytes_(bytes), chunk_(chunk) {}
    std::uint64_t file_bytes_read() const override { return at_; }
    std::uint64_t file_bytes_total() const override { return bytes_.size(); }

private:
    Result<std::string_view> fill(std::size_t minimum) override
    {
        const std::size_t size = std::min(bytes_.size() - at_, minimum + chunk_);
        // One byte more, so that an empty window has an address of its own.
        auto fresh = std::make_unique<char[]>(size + 1);
        bytes_.copy(fresh.get(), size, at_);
        held_ = std::move(fresh);
        return std::string_view(held_.get(), size);
    }
    void advance(std::size_t count) override { at_ += count; }

    std::string_view bytes_;
    std::size_t chunk_, at_ = 0;
    std::unique_ptr<char[]> held_;
};

}  // namespace casebook::tests
