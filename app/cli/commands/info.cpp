#include "analyzers/core/instant.h"
#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"
#include "analyzers/playbook/runner.h"
#include "analyzers/store/case_file.h"
#include "app/cli/case_summary.h"
#include "app/cli/command.h"
#include "app/cli/exit_status.h"
#include "app/cli/table.h"
#include "app/cli/terminal.h"

#include <filesystem>

namespace casebook::cli::commands {

namespace {

struct CaseInfo {
    std::string path, name, notice;
    std::int64_t bytes = 0;
    int schema = 0;
    bool analysed = false, stale = false;
    std::size_t findings = 0;
    std::vector<EvidenceSummary> evidence;
    std::vector<WindowRow> windows;
    std::vector<ImportFileRow> files;
};

Result<CaseInfo> read_info(const std::string& path, const Control& control)
{
    TRY_ASSIGN(const auto file, CaseFile::open(path, CaseFile::Mode::readOnly));
    CaseInfo info;
    info.path = path;
    info.name = std::filesystem::path(path).filename().string();
    info.notice = file->notice();
    std::error_code no_size;
    const auto bytes = std::filesystem::file_size(path, no_size);
    info.bytes = no_size ? 0 : static_cast<std::int64_t>(bytes);
    info.schema = file->schema_version();
    TRY_ASSIGN(info.evidence, evidence_in(*file, control));
    TRY_ASSIGN(info.windows, casebook::windows(*file));
    TRY_ASSIGN(info.files, import_files(*file));
    TRY_ASSIGN(const auto stored, stored_report(*file));
    info.analysed = stored.has_value();
    info.stale = stored && stored->stale;
    info.findings = stored ? stored->report.findings.size() : 0;
    return info;
}

void optional_instant(JsonWriter& json, std::string_view key, const std::optional<std::int64_t>& at_ns)
{
    json.key(key);
    if (at_ns) json.value(format_instant(*at_ns));
    else json.null();
}

std::string as_json(const CaseInfo& info)
{
    JsonWriter json;
    json.begin_object().key("case").value(info.name).key("bytes").value(info.bytes).key("schema_version").value(info.schema);
    json.key("newest_schema_version").value(CaseFile::current_schema_version());
    json.key("analyzed").value(info.analysed).key("stale").value(info.stale);
    json.key("findings").value(static_cast<std::int64_t>(info.findings));
    json.key("evidence").begin_array();
    for (const EvidenceSummary& kind : info.evidence) {
        json.begin_object().key("view").value(kind.view).key("rows").value(kind.rows);
        optional_instant(json, "from", kind.first_ns);
        optional_instant(json, "to", kind.last_ns);
        json.end_object();
    }
    json.end_array().key("windows").begin_array();
    for (const WindowRow& row : info.windows)
        json.begin_object().key("name").value(row.name).key("role").value(row.role)
            .key("from").value(format_instant(row.range.from_ns)).key("to").value(format_instant(row.range.to_ns))
            .end_object();
    json.end_array().key("files").begin_array();
    for (const ImportFileRow& row : info.files)
        json.begin_object().key("id").value(row.id).key("path").value(row.path).key("importer").value(row.importer)
            .key("window").value(row.window).key("records").value(row.records).key("stored").value(row.stored)
            .key("repaired").value(row.repaired).key("dropped").value(row.dropped).key("bytes").value(row.bytes)
            .key("content_hash").value(row.content_hash).end_object();
    json.end_array().end_object();
    return json.take() + "\n";
}

std::string as_text(const CaseInfo& info, int width, bool color)
{
    const auto when = [](const std::optional<std::int64_t>& at_ns) { return at_ns ? format_instant(*at_ns) : std::string(); };
    std::string text = printable(info.path) + "  " + format_bytes(static_cast<double>(info.bytes)) + ", schema " +
                       std::to_string(info.schema) + "\n";
    if (!info.analysed) text += "not analysed yet\n";
    else
        text += format_count(static_cast<std::int64_t>(info.findings)) + (info.findings == 1 ? " finding" : " findings") +
                (info.stale ? ", stale: the evidence has changed since; analyze again\n" : ", up to date\n");

    Table evidence({{"evidence"}, {"rows", true}, {"from"}, {"to"}});
    for (const EvidenceSummary& kind : info.evidence)
        evidence.add({kind.view, format_count(kind.rows), when(kind.first_ns), when(kind.last_ns)});
    text += "\n" + (evidence.empty() ? "no evidence yet: casebook-cli import brings it in\n" : evidence.text(width, color));
    Table windows({{"window"}, {"role"}, {"from"}, {"to"}});
    for (const WindowRow& row : info.windows)
        windows.add({row.name, row.role, format_instant(row.range.from_ns), format_instant(row.range.to_ns)});
    if (!windows.empty()) text += "\n" + windows.text(width, color);
    Table files({{"id", true}, {"file"}, {"importer"}, {"window"}, {"records", true}, {"dropped", true}, {"size", true}});
    for (const ImportFileRow& row : info.files)
        files.add({std::to_string(row.id), row.path, row.importer, row.window, format_count(row.records),
                   row.dropped == 0 ? "" : format_count(row.dropped), format_bytes(static_cast<double>(row.bytes))});
    if (!files.empty()) text += "\n" + files.text(width, color);
    return text;
}

Result<int> run(const Arguments& arguments, Terminal& terminal)
{
    TRY_ASSIGN(const CaseInfo info, read_info(arguments.value("CASE"), terminal.control()));
    if (!info.notice.empty()) terminal.remark(info.notice);
    terminal.print(arguments.has("--json") ? as_json(info) : as_text(info, terminal.width(), terminal.color()));
    return exit_status::done;
}

}  // namespace

extern const Command info;
const Command info{
    "info",
    "CASE [--json]",
    "what is in a case: evidence, windows, files, whether it is analysed",
    "",
    {{"CASE", "the case file"}},
    {{"--json", "", "print JSON"}},
    run,
};

}  // namespace casebook::cli::commands
