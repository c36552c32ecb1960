#include "analyzers/importers/support/import_context.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/sql_text.h"

namespace casebook {
namespace {

constexpr std::int64_t earliest_ns = -(std::int64_t{1} << 62), latest_ns = std::int64_t{7} << 60, longest_ns = std::int64_t{1} << 60;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value)
{
    hash ^= value * 0x9E3779B97F4A7C15ull;
    hash ^= hash >> 32;
    return hash * 0xD6E8FEB86659FD93ull;
}

std::uint64_t mix_id(std::uint64_t trace_high, std::uint64_t trace_low, std::uint64_t span_id)
{
    return mix(mix(mix(0, trace_high), trace_low), span_id);
}

/// Text as the store may hold it: valid UTF-8 without NUL. Keeps the mended copies alive for one row.
class Mender {
public:
    explicit Mender(StoreImportContext& context) : context_(context) {}
    std::string_view operator()(std::string_view text)
    {
        if (is_clean_utf8(text)) return text;
        if (kept_.empty()) context_.repair(0, "invalid_utf8", "bytes that are not UTF-8 were replaced by U+FFFD");
        kept_.push_back(std::make_unique<std::string>(clean_utf8(text)));
        return *kept_.back();
    }

private:
    StoreImportContext& context_;
    std::vector<std::unique_ptr<std::string>> kept_;
};

}  // namespace

StoreImportContext::StoreImportContext(RowWriter& writer, Source& source, const ImportOptions& options, std::string path, const Control& control)
    : writer_(writer), source_(source), options_(options), path_(std::move(path)),
      at_ns_(options.at_ns ? options.at_ns : instant_in_file_name(path_)), control_(control)
{
}

Status StoreImportContext::add(const SpanRow& row)
{
    if (row.start_ns <= earliest_ns || row.start_ns >= latest_ns || row.duration_ns < 0 || row.duration_ns >= longest_ns) {
        dropped_row_ = true;
        note(0, "time_out_of_range", "spans with a start or duration that no clock shows");
        return {};
    }
    // The same span exported twice is one span; the same id with other content are two, and the trees use the first.
    const std::uint64_t id = mix_id(row.trace_high, row.trace_low, row.span_id);
    const std::uint64_t content = mix(mix(mix(hash64(row.name), static_cast<std::uint64_t>(row.start_ns)), static_cast<std::uint64_t>(row.duration_ns)),
                                      static_cast<std::uint64_t>(row.kind));
    switch (row.span_id == 0 ? SeenSpans::Answer::first : seen_spans_.see(id, content)) {
    case SeenSpans::Answer::first: break;
    case SeenSpans::Answer::same:
        dropped_row_ = true;
        note(0, "duplicate_span", "spans that came a second time, equal to the first");
        return {};
    case SeenSpans::Answer::other: note(0, "duplicate_span_id", "different spans with one id; children belong to the first"); break;
    }
    return writer_.add(row);
}

void StoreImportContext::expect_span(std::uint64_t trace_high, std::uint64_t trace_low, std::uint64_t span_id)
{
    seen_spans_.fetch(mix_id(trace_high, trace_low, span_id));
}

Status StoreImportContext::add(const MetricPoint& row)
{
    Mender mend(*this);
    MetricPoint clean = row;
    clean.name = mend(row.name);
    clean.labels = mend(row.labels);
    clean.unit = mend(row.unit);
    return writer_.add(clean);
}

Status StoreImportContext::add(const StatementRow& row)
{
    Mender mend(*this);
    StatementRow clean = row;
    clean.query = mend(row.query);
    clean.query_id = mend(row.query_id);
    return writer_.add(clean, clean.query.empty() ? std::string() : sql_fingerprint(clean.query));
}

Status StoreImportContext::add(const PlanRow& row)
{
    return writer_.add(row, row.query.empty() ? std::string() : sql_fingerprint(row.query));
}

Status StoreImportContext::add(const HeapClassRow& row)
{
    Mender mend(*this);
    HeapClassRow clean = row;
    clean.class_name = mend(row.class_name);
    return writer_.add(clean);
}

Status StoreImportContext::add(const GcPauseRow& row)
{
    Mender mend(*this);
    GcPauseRow clean = row;
    clean.cause = mend(row.cause);
    clean.kind = mend(row.kind);
    return writer_.add(clean);
}

Status StoreImportContext::add(const ThreadRow& row)
{
    Mender mend(*this);
    ThreadRow clean = row;
    for (std::string_view ThreadRow::*field : {&ThreadRow::name, &ThreadRow::state, &ThreadRow::waiting_on, &ThreadRow::holding, &ThreadRow::top_frame})
        clean.*field = mend(row.*field);
    return writer_.add(clean);
}

Status StoreImportContext::add(const EventRow& row)
{
    Mender mend(*this);
    EventRow clean = row;
    for (std::string_view EventRow::*field : {&EventRow::kind, &EventRow::service, &EventRow::text}) clean.*field = mend(row.*field);
    if (clean.service.empty()) clean.service = options_.service;
    return writer_.add(clean);
}

Status StoreImportContext::add(const SessionRow& row)
{
    Mender mend(*this);
    SessionRow clean = row;
    for (std::string_view SessionRow::*field : {&SessionRow::user, &SessionRow::database, &SessionRow::application, &SessionRow::state,
                                                &SessionRow::wait_event_type, &SessionRow::wait_event, &SessionRow::blocked_by, &SessionRow::query})
        clean.*field = mend(row.*field);
    return writer_.add(clean);
}

Status StoreImportContext::add(const TableStatRow& row)
{
    Mender mend(*this);
    TableStatRow clean = row;
    clean.table = mend(row.table);
    return writer_.add(clean);
}

Status StoreImportContext::add(const ProfileRow& row)
{
    Mender mend(*this);
    ProfileRow clean = row;
    clean.stack = mend(row.stack);
    return writer_.add(clean);
}

Status StoreImportContext::add(const LogLineRow& row)
{
    Mender mend(*this);
    LogLineRow clean = row;
    for (std::string_view LogLineRow::*field : {&LogLineRow::service, &LogLineRow::level, &LogLineRow::text}) clean.*field = mend(row.*field);
    if (clean.service.empty()) clean.service = options_.service;
    return writer_.add(clean);
}

Status StoreImportContext::add(const SettingRow& row)
{
    Mender mend(*this);
    SettingRow clean = row;
    for (std::string_view SettingRow::*field : {&SettingRow::source, &SettingRow::name, &SettingRow::value, &SettingRow::unit}) clean.*field = mend(row.*field);
    return writer_.add(clean);
}

void StoreImportContext::stored()
{
    if (dropped_row_) ++dropped_;
    else ++stored_;
    dropped_row_ = false;
    if (((stored_ + dropped_) & 0xfff) == 0) report_progress();
}

void StoreImportContext::drop(std::int64_t line, std::string_view code, std::string_view detail)
{
    ++dropped_;
    note(line, code, detail);
}

void StoreImportContext::repair(std::int64_t line, std::string_view code, std::string_view detail)
{
    ++repaired_;
    note(line, code, detail);
}

void StoreImportContext::note(std::int64_t line, std::string_view code, std::string_view detail)
{
    const auto found = notes_.find(code);
    if (found != notes_.end()) ++found->second.count;
    else notes_.emplace(code, ImportNote{line, std::string(code), clean_utf8(detail.substr(0, 400)), 1});
}

void StoreImportContext::report_progress()
{
    const auto now = std::chrono::steady_clock::now();
    if (now - last_report_ < std::chrono::milliseconds(50)) return;
    last_report_ = now;
    control_.report({path_, source_.file_bytes_so_far(), source_.file_bytes_total(), static_cast<std::uint64_t>(stored_)});
}

void StoreImportContext::fill(ImportedFile& file) const
{
    file.stored = stored_;
    file.repaired = std::min(repaired_, stored_);
    file.dropped = dropped_;
    file.records = stored_ + dropped_;
    file.notes.clear();
    for (const auto& [code, note] : notes_) file.notes.push_back(note);
}

}  // namespace casebook
