#include "widgets/session/case_state.h"

#include "analyzers/playbook/report_inputs.h"
#include "analyzers/store/query.h"
#include "widgets/session/case_access.h"

#include <unordered_map>

namespace casebook {

Result<std::vector<ImportedFile>> read_ledger(CaseFile& file)
{
    TRY_ASSIGN(const auto rows, import_files(file));
    std::vector<ImportedFile> ledger;
    std::unordered_map<std::int64_t, std::size_t> position;
    for (const ImportFileRow& row : rows) {
        position[row.id] = ledger.size();
        ImportedFile entry;
        entry.id = row.id;
        entry.path = row.path;
        entry.importer = row.importer;
        entry.records = row.records;
        entry.stored = row.stored;
        entry.repaired = row.repaired;
        entry.dropped = row.dropped;
        entry.seconds = row.seconds;
        entry.bytes = row.bytes;
        ledger.push_back(std::move(entry));
    }
    TRY_ASSIGN(const auto notes, run_query(file, "SELECT file_id, line, code, detail, count FROM import_note", {},
                                           QueryLimits{.max_rows = 100'000}, Control{}));
    const auto integer = [](const Value& value) {
        const auto* number = std::get_if<std::int64_t>(&value);
        return number ? *number : 0;
    };
    for (const auto& row : notes.rows) {
        const auto found = position.find(integer(row[0]));
        if (found == position.end()) continue;
        ledger[found->second].notes.push_back({integer(row[1]), to_text(row[2]), to_text(row[3]), integer(row[4])});
    }
    return ledger;
}

Result<CaseState> read_case_state(CaseFile& file)
{
    CaseState state;
    TRY_ASSIGN(state.ledger, read_ledger(file));
    TRY_ASSIGN(state.windows, windows(file));
    TRY_ASSIGN(auto stored, stored_report(file));
    if (stored) {
        state.report = std::make_shared<const AnalysisReport>(std::move(stored->report));
        state.report_stale = stored->stale;
    }
    TRY_ASSIGN(auto decisions, finding_decisions(file));
    for (StoredDecision& row : decisions) state.decisions[{row.analyzer, row.key}] = std::move(row.decision);
    TRY_ASSIGN(state.thresholds, case_thresholds(file));
    TRY_ASSIGN(state.history, verdict_history(file));
    return state;
}

Status change_and_read(CaseAccess& access, CaseState& state, const std::function<Status(CaseFile&)>& change)
{
    return access.use_writer([&](CaseFile& file) -> Status {
        TRY(change(file));
        TRY_ASSIGN(state, read_case_state(file));
        return {};
    });
}

}  // namespace casebook
