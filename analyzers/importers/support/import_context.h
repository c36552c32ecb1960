#pragma once

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/import_run.h"
#include "analyzers/importers/support/seen_spans.h"
#include "analyzers/importers/support/source.h"
#include "analyzers/store/row_writer.h"

#include <chrono>
#include <map>

namespace casebook {

/// The ImportContext of a real import: counts for the ledger, mends text, recognises spans that came twice, reports
/// progress, and hands rows to the store.
class StoreImportContext final : public ImportContext {
public:
    StoreImportContext(RowWriter& writer, Source& source, const ImportOptions& options, std::string path, const Control& control);

    Status add(const SpanRow& row) override;
    void expect_span(std::uint64_t trace_high, std::uint64_t trace_low, std::uint64_t span_id) override;
    Status add(const MetricPoint& row) override;
    Status add(const StatementRow& row) override;
    Status add(const PlanRow& row) override;
    Status add(const HeapClassRow& row) override;
    Status add(const GcPauseRow& row) override;
    Status add(const ThreadRow& row) override;
    Status add(const EventRow& row) override;
    Status add(const SessionRow& row) override;
    Status add(const TableStatRow& row) override;
    Status add(const ProfileRow& row) override;
    Status add(const LogLineRow& row) override;
    Status add(const SettingRow& row) override;

    void stored() override;
    void drop(std::int64_t line, std::string_view code, std::string_view detail) override;
    void repair(std::int64_t line, std::string_view code, std::string_view detail) override;
    void note(std::int64_t line, std::string_view code, std::string_view detail) override;

    std::string_view default_service() const override { return options_.service; }
    std::optional<std::int64_t> at_ns() const override
    {
        asked_time_ = true;
        return at_ns_;
    }
    /// The time that the file's name says, when the importer asked for it.
    std::optional<std::int64_t> used_name_time() const { return asked_time_ && !options_.at_ns ? at_ns_ : std::nullopt; }
    std::string_view path() const override { return path_; }
    const Control& control() const override { return control_; }

    /// The ledger entry so far: counts and notes.
    void fill(ImportedFile& file) const;

private:
    void report_progress();

    RowWriter& writer_;
    Source& source_;
    const ImportOptions& options_;
    std::string path_;
    std::optional<std::int64_t> at_ns_;
    mutable bool asked_time_ = false;
    const Control& control_;
    std::int64_t stored_ = 0, repaired_ = 0, dropped_ = 0;
    bool dropped_row_ = false;  // the row just added was refused here; the record's stored() then counts as dropped
    std::map<std::string, ImportNote, std::less<>> notes_;
    SeenSpans seen_spans_;
    std::chrono::steady_clock::time_point last_report_{};
};

}  // namespace casebook
