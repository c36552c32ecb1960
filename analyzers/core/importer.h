#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/result.h"
#include "analyzers/core/rows.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace casebook {

/// What a sniffer may look at: the name and the first bytes, decompressed.
struct Probe {
    std::string_view path;      ///< as given; may be a member of an archive, or "-" for standard input
    std::string_view extension; ///< lower case, without dot and without .gz/.zst: "ndjson"
    std::string_view head;      ///< up to 64 KiB; the whole input when `whole`
    bool whole = false;
};

/// Where rows go and oddities are noted. One per imported file; lives on the importing thread.
/// A record is the format's own unit (a span, a metric point, a statement row, a plan, a class row, a pause).
/// For every record an importer calls exactly one of stored() or drop(); so records == stored + dropped.
class ImportContext {
public:
    virtual ~ImportContext() = default;

    virtual Status add(const SpanRow& row) = 0;
    /// A span with these ids will be added soon. A hint that changes nothing: what the store knows of such a span lies
    /// somewhere in a large table, and may be fetched while the rest of the span is read.
    virtual void expect_span(std::uint64_t trace_high, std::uint64_t trace_low, std::uint64_t span_id)
    {
        static_cast<void>(trace_high), static_cast<void>(trace_low), static_cast<void>(span_id);
    }
    virtual Status add(const MetricPoint& row) = 0;
    virtual Status add(const StatementRow& row) = 0;
    virtual Status add(const PlanRow& row) = 0;
    virtual Status add(const HeapClassRow& row) = 0;
    virtual Status add(const GcPauseRow& row) = 0;
    virtual Status add(const ThreadRow& row) = 0;
    virtual Status add(const EventRow& row) = 0;
    virtual Status add(const SessionRow& row) = 0;
    virtual Status add(const TableStatRow& row) = 0;
    virtual Status add(const ProfileRow& row) = 0;
    virtual Status add(const LogLineRow& row) = 0;
    virtual Status add(const SettingRow& row) = 0;

    /// One record is now in the store (its rows were added).
    virtual void stored() = 0;
    /// One record could not be kept. `line` is 1-based, or the byte offset for binary formats.
    virtual void drop(std::int64_t line, std::string_view code, std::string_view detail) = 0;
    /// A stored record was mended or guessed at (counts as repaired): bad UTF-8, a clamped time, an unknown enum.
    virtual void repair(std::int64_t line, std::string_view code, std::string_view detail) = 0;
    /// Worth knowing, no record concerned (dropped attribute counts, ignored sections). Equal codes are counted
    /// together, the first places kept.
    virtual void note(std::int64_t line, std::string_view code, std::string_view detail) = 0;

    /// `--service`: the service of rows that name none. Empty when not given.
    virtual std::string_view default_service() const = 0;
    /// `--at`, else the file's own time when its name carries one (…_20261123T014039Z.csv); else empty.
    virtual std::optional<std::int64_t> at_ns() const = 0;
    virtual std::string_view path() const = 0;
    virtual const Control& control() const = 0;
};

class Source;  // analyzers/importers/support/source.h

/// One input format. Defined once per file of analyzers/importers, as an object named like the file; the build
/// writes the registry from the folder listing.
struct Importer {
    std::string_view id;     ///< equals the file name
    std::string_view title;  ///< "pg_stat_statements (CSV)"
    std::string_view brings; ///< evidence it brings: "statement"
    std::string_view how;    ///< one line: how to get such a file from a live system
    int (*sniff)(const Probe&);                 ///< 0 = not mine .. 100 = certain; two equal highest scores are an error
    Status (*read)(Source&, ImportContext&);    ///< pulls from the source until its end
};

/// All importers, sorted by id. Generated from the folder.
std::span<const Importer* const> all_importers();

}  // namespace casebook
