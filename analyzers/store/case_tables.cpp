#include "analyzers/core/instant.h"
#include "analyzers/store/case_file.h"

#include <array>
#include <cmath>

namespace casebook {
namespace {

/// Every table with rows that came from a file, by file_id.
constexpr std::array tables_by_file{"import_notes", "span_chunks", "statements", "heap_classes", "gc_pauses", "threads",  "events",
                                    "sessions",     "table_stats", "profiles",   "log_lines",    "settings",  "plans",    "metric_series"};

std::string role_of(const std::string& name) { return name == "baseline" || name == "incident" || name == "after" ? name : ""; }

}  // namespace

Result<std::vector<ImportFileRow>> import_files(CaseFile& file)
{
    TRY_ASSIGN(Statement statement, file.database().prepare("SELECT id, path, importer, coalesce(window, ''), records, stored, repaired, dropped, bytes, "
                                                            "seconds, content_hash FROM import_files ORDER BY id"));
    std::vector<ImportFileRow> rows;
    for (;;) {
        TRY_ASSIGN(const bool more, statement.step());
        if (!more) return rows;
        ImportFileRow row;
        row.id = statement.integer(0);
        row.path = statement.text(1);
        row.importer = statement.text(2);
        row.window = statement.text(3);
        row.records = statement.integer(4);
        row.stored = statement.integer(5);
        row.repaired = statement.integer(6);
        row.dropped = statement.integer(7);
        row.bytes = statement.integer(8);
        row.seconds = statement.real(9);
        row.content_hash = statement.text(10);
        rows.push_back(std::move(row));
    }
}

Status forget_file(CaseFile& file, std::int64_t file_id)
{
    Database& database = file.database();
    TRY_ASSIGN(Transaction transaction, Transaction::begin(database));
    TRY_ASSIGN(Statement row, database.prepare("DELETE FROM import_files WHERE id = ?1"));
    TRY(row.bind(1, file_id).run());
    if (database.changes() == 0)
        return fail(Error::Code::usage, "there is no imported file " + std::to_string(file_id), "casebook-cli info CASE lists the files");
    for (const char* dependent : {"DELETE FROM metric_samples WHERE series_id IN (SELECT id FROM metric_series WHERE file_id = ?1)",
                                  "DELETE FROM plan_nodes WHERE plan_id IN (SELECT id FROM plans WHERE file_id = ?1)"}) {
        TRY_ASSIGN(Statement statement, database.prepare(dependent));
        TRY(statement.bind(1, file_id).run());
    }
    for (const char* table : tables_by_file) {
        TRY_ASSIGN(Statement statement, database.prepare(std::string("DELETE FROM ") + table + " WHERE file_id = ?1"));
        TRY(statement.bind(1, file_id).run());
    }
    TRY(file.touch());
    return transaction.commit();
}

Result<std::vector<WindowRow>> windows(CaseFile& file)
{
    TRY_ASSIGN(Statement statement, file.database().prepare("SELECT name, role, from_ns, to_ns FROM windows ORDER BY from_ns, to_ns, name"));
    std::vector<WindowRow> rows;
    for (;;) {
        TRY_ASSIGN(const bool more, statement.step());
        if (!more) return rows;
        rows.push_back({std::string(statement.text(0)), std::string(statement.text(1)), {clamp_instant(statement.integer(2)), clamp_instant(statement.integer(3))}});
    }
}

Status set_window(CaseFile& file, const std::string& name, TimeRange range)
{
    if (name.empty()) return fail(Error::Code::usage, "a window needs a name", "baseline, incident and after have roles; any other name is free");
    if (range.to_ns <= range.from_ns) return fail(Error::Code::usage, "the window ends before it begins", "Give FROM before TO");
    TRY_ASSIGN(Transaction transaction, Transaction::begin(file.database()));
    TRY_ASSIGN(Statement statement, file.database().prepare("INSERT OR REPLACE INTO windows (name, role, from_ns, to_ns) VALUES (?1, ?2, ?3, ?4)"));
    TRY(statement.bind(1, std::string_view(name)).bind(2, std::string_view(role_of(name))).bind(3, range.from_ns).bind(4, range.to_ns).run());
    TRY(file.touch());
    return transaction.commit();
}

Status delete_window(CaseFile& file, const std::string& name)
{
    TRY_ASSIGN(Transaction transaction, Transaction::begin(file.database()));
    TRY_ASSIGN(Statement statement, file.database().prepare("DELETE FROM windows WHERE name = ?1"));
    TRY(statement.bind(1, std::string_view(name)).run());
    if (file.database().changes() == 0) return fail(Error::Code::usage, "there is no window " + name, "window CASE --list shows them");
    TRY(file.touch());
    return transaction.commit();
}

Result<std::vector<std::pair<std::string, double>>> stored_thresholds(CaseFile& file)
{
    TRY_ASSIGN(Statement statement, file.database().prepare("SELECT name, value FROM thresholds ORDER BY name"));
    std::vector<std::pair<std::string, double>> rows;
    for (;;) {
        TRY_ASSIGN(const bool more, statement.step());
        if (!more) return rows;
        rows.emplace_back(statement.text(0), statement.real(1));
    }
}

Status store_threshold(CaseFile& file, const std::string& name, std::optional<double> value)
{
    if (value && !std::isfinite(*value)) return fail(Error::Code::usage, "a threshold is a number", "Give one such as 0.05 or 250");
    // The rows stay what they are, so the generation does: what was loaded from them is still right.
    TRY_ASSIGN(Statement statement, file.database().prepare(value ? "INSERT OR REPLACE INTO thresholds (name, value) VALUES (?1, ?2)"
                                                                  : "DELETE FROM thresholds WHERE name = ?1"));
    statement.bind(1, std::string_view(name));
    if (value) statement.bind(2, *value);
    return statement.run();
}

}  // namespace casebook
