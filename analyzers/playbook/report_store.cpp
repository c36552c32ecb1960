#include "analyzers/playbook/report_store.h"

#include "analyzers/playbook/finding_json.h"
#include "analyzers/playbook/relations.h"
#include "analyzers/store/verdict_history.h"

#include <chrono>

namespace casebook {
namespace {

bool same_windows(const std::vector<WindowRow>& a, const std::vector<WindowRow>& b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const WindowRow& x, const WindowRow& y) { return x.name == y.name && x.range == y.range; });
}

/// Why verdicts may differ from those of the report before.
std::string cause_of(const std::optional<PreviousReport>& before, std::int64_t generation, const AnalysisReport& report, const AnalysisInputs& inputs)
{
    if (!before) return "first analysis";
    if (const std::string changed = what_changed(before->inputs, inputs); !changed.empty()) return changed;
    if (!same_windows(before->report.windows, report.windows)) return "the windows of time changed";
    return before->generation != generation ? "the evidence changed" : "analyzed again";
}

Status remember_verdicts(CaseFile& file, const AnalysisReport& report, const std::string& cause)
{
    std::vector<VerdictChange> now;
    for (const AnalyzerVerdict& row : report.verdicts) now.push_back({0, row.analyzer, {}, {}, std::string(name_of(row.answer.verdict)), {}});
    for (const Finding& finding : report.findings) now.push_back({0, finding.analyzer, finding.key, {}, std::string(name_of(finding.verdict)), {}});
    const auto clock = std::chrono::system_clock::now().time_since_epoch();
    return append_verdict_changes(file, now, cause, std::chrono::duration_cast<std::chrono::nanoseconds>(clock).count());
}

}  // namespace

Result<std::optional<PreviousReport>> previous_report(CaseFile& file)
{
    TRY_ASSIGN(Statement statement, file.database().prepare("SELECT generation, document, inputs FROM reports WHERE id = 1"));
    TRY_ASSIGN(const bool row, statement.step());
    if (!row) return std::optional<PreviousReport>();
    PreviousReport previous;
    previous.generation = statement.integer(0);
    TRY_ASSIGN(previous.report, report_from_json(statement.text(1)));
    previous.inputs = inputs_from_json(statement.text(2));
    return std::optional<PreviousReport>(std::move(previous));
}

Result<std::optional<StoredReport>> stored_report(CaseFile& file)
{
    TRY_ASSIGN(auto previous, previous_report(file));
    if (!previous) return std::optional<StoredReport>();
    StoredReport stored{std::move(previous->report), previous->generation != file.generation()};
    link_findings(stored.report.findings);
    if (previous->inputs.plain) {
        TRY_ASSIGN(const auto thresholds, case_thresholds(file));
        stored.stale |= thresholds != previous->inputs.thresholds;
    }
    return std::optional<StoredReport>(std::move(stored));
}

Status store_report(CaseFile& file, const AnalysisReport& report, const AnalysisInputs& inputs)
{
    Database& database = file.database();
    TRY_ASSIGN(Transaction transaction, Transaction::begin(database));
    // A report that cannot be read any more is replaced like one that was never there.
    auto read_before = previous_report(file);
    const auto before = read_before ? std::move(*read_before) : std::nullopt;
    TRY(remember_verdicts(file, report, cause_of(before, file.generation(), report, inputs)));
    TRY(database.execute("DELETE FROM verdicts; DELETE FROM findings; DELETE FROM reports"));
    TRY_ASSIGN(Statement verdict, database.prepare("INSERT INTO verdicts VALUES (?1, ?2, ?3)"));
    for (const AnalyzerVerdict& row : report.verdicts)
        TRY(verdict.bind(1, std::string_view(row.analyzer)).bind(2, name_of(row.answer.verdict)).bind(3, std::string_view(row.answer.reason)).run());
    TRY_ASSIGN(Statement insert, database.prepare("INSERT INTO findings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    std::vector<Finding> linked = report.findings;
    link_findings(linked);
    std::int64_t position = 0;
    for (const Finding& finding : linked) {
        const std::string document = to_json(finding);
        insert.bind(1, ++position).bind(2, std::string_view(finding.analyzer)).bind(3, std::string_view(finding.key)).bind(4, name_of(finding.verdict));
        insert.bind(5, name_of(finding.severity)).bind(6, std::string_view(finding.headline)).bind(7, finding.impact);
        TRY(insert.bind(8, std::string_view(document)).run());
    }
    const std::string document = to_json(report), made_from = to_json(inputs);
    TRY_ASSIGN(Statement whole, database.prepare("INSERT INTO reports VALUES (1, ?1, ?2, ?3)"));
    TRY(whole.bind(1, file.generation()).bind(2, std::string_view(document)).bind(3, std::string_view(made_from)).run());
    return transaction.commit();
}

}  // namespace casebook
