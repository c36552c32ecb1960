#include "analyzers/playbook/runner.h"

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/windows.h"
#include "analyzers/playbook/finding_json.h"
#include "analyzers/playbook/playbook_data.h"
#include "analyzers/playbook/thresholds.h"
#include "analyzers/store/query.h"

#include <algorithm>
#include <chrono>
#include <set>

namespace casebook {
namespace {

std::string file_name_of(const std::string& path) { return path.substr(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/') + 1); }

/// Overrides stored with the case, then those of this run; only those that differ from the default count.
Result<std::map<std::string, double>> chosen_thresholds(CaseFile& file, const AnalyzeOptions& options, std::vector<ThresholdOverride>& listed)
{
    std::map<std::string, double> values;
    TRY_ASSIGN(const auto stored, stored_thresholds(file));
    for (const auto& [name, value] : stored)
        if (default_threshold(name)) values[name] = value;
    for (const auto& [name, value] : options.thresholds) {
        if (!default_threshold(name)) return fail(Error::Code::usage, "there is no threshold " + name, "casebook-cli list thresholds shows them");
        values[name] = value;
    }
    for (const auto& [name, value] : values)
        if (value != *default_threshold(name)) listed.push_back({name, value, *default_threshold(name)});
    return values;
}

/// Re-runs the evidence of a finding as a reader would, and notes how many rows it gives.
Status count_evidence(CaseFile& file, Finding& finding, const Control& control)
{
    for (Evidence& evidence : finding.evidence) {
        std::vector<Value> arguments;
        for (const auto& argument : evidence.arguments) std::visit([&](const auto& value) { arguments.emplace_back(value); }, argument);
        auto rows = run_query(file, evidence.sql, arguments, {100'000, 30'000, 0}, control);
        if (!rows) {
            if (rows.error().code == Error::Code::cancelled) return tl::unexpected<Error>(std::move(rows.error()));
            return fail(Error::Code::internal, finding.analyzer + " gave evidence that does not run: " + rows.error().what);
        }
        evidence.rows = static_cast<std::int64_t>(rows->rows.size());
    }
    if (finding.verdict <= Verdict::suspected && finding.evidence.empty())
        return fail(Error::Code::internal, finding.analyzer + " gave a finding without evidence");
    return {};
}

Result<AnalyzerVerdict> run_one(const Analyzer& analyzer, CaseEvidence& evidence, const AnalysisWindows& windows,
                                const std::map<std::string, double>& thresholds, std::optional<RequestSet>& requests, std::vector<Finding>& findings)
{
    const auto started = std::chrono::steady_clock::now();
    AnalyzerVerdict result{std::string(analyzer.id), {}, 0};
    TRY_ASSIGN(const std::vector<Missing> missing, missing_for(analyzer.needs, evidence));
    if (!missing.empty()) {
        std::string names;
        for (const Missing& entry : missing) names += (names.empty() ? "" : ", ") + entry.evidence;
        result.answer = {Verdict::notEnoughEvidence, "not imported: " + names, missing};
        return result;
    }
    AnalysisContext context(evidence, windows, thresholds, analyzer, requests);
    auto answer = analyzer.run(context);
    if (!answer) return tl::unexpected<Error>(std::move(answer.error()));
    result.answer = std::move(*answer);
    std::vector<Finding>& found = context.findings();
    for (Finding& finding : found) TRY(count_evidence(evidence.file(), finding, evidence.control()));
    std::sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) {
        if (a.verdict != b.verdict) return a.verdict < b.verdict;
        if (a.severity != b.severity) return a.severity < b.severity;
        if (a.impact != b.impact) return a.impact > b.impact;
        return a.key < b.key;
    });
    if (!found.empty()) {
        result.answer.verdict = found.front().verdict;
        result.answer.reason = found.front().headline;
    }
    for (Finding& finding : found)
        if (finding.verdict <= Verdict::inconclusive) findings.push_back(std::move(finding));
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return result;
}

const Analyzer* find_analyzer(std::string_view id)
{
    for (const Analyzer* analyzer : all_analyzers())
        if (analyzer->id == id) return analyzer;
    return nullptr;
}

/// CONTRACT section 4: verdict, severity, impact, cause before symptom, id, key.
bool contract_order(const Finding& a, const Finding& b)
{
    if (a.verdict != b.verdict) return a.verdict < b.verdict;
    if (a.severity != b.severity) return a.severity < b.severity;
    if (a.impact != b.impact) return a.impact > b.impact;
    const auto kind = [](const Finding& finding) {
        const Analyzer* analyzer = find_analyzer(finding.analyzer);
        return analyzer ? analyzer->kind : AnalyzerKind::cause;
    };
    if (kind(a) != kind(b)) return kind(a) < kind(b);
    if (a.analyzer != b.analyzer) return a.analyzer < b.analyzer;
    return a.key < b.key;
}

Status store(CaseFile& file, const AnalysisReport& report)
{
    Database& database = file.database();
    TRY_ASSIGN(Transaction transaction, Transaction::begin(database));
    TRY(database.execute("DELETE FROM verdicts; DELETE FROM findings; DELETE FROM reports"));
    TRY_ASSIGN(Statement verdict, database.prepare("INSERT INTO verdicts VALUES (?1, ?2, ?3)"));
    for (const AnalyzerVerdict& row : report.verdicts)
        TRY(verdict.bind(1, std::string_view(row.analyzer)).bind(2, name_of(row.answer.verdict)).bind(3, std::string_view(row.answer.reason)).run());
    TRY_ASSIGN(Statement insert, database.prepare("INSERT INTO findings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    std::int64_t position = 0;
    for (const Finding& finding : report.findings) {
        const std::string document = to_json(finding);
        insert.bind(1, ++position).bind(2, std::string_view(finding.analyzer)).bind(3, std::string_view(finding.key)).bind(4, name_of(finding.verdict));
        insert.bind(5, name_of(finding.severity)).bind(6, std::string_view(finding.headline)).bind(7, finding.impact);
        TRY(insert.bind(8, std::string_view(document)).run());
    }
    const std::string document = to_json(report);
    TRY_ASSIGN(Statement whole, database.prepare("INSERT INTO reports VALUES (1, ?1, ?2)"));
    TRY(whole.bind(1, file.generation()).bind(2, std::string_view(document)).run());
    return transaction.commit();
}

}  // namespace

Result<AnalysisReport> analyze(CaseFile& file, const AnalyzeOptions& options, const Control& control)
{
    for (const std::string& id : options.only)
        if (!find_analyzer(id)) return fail(Error::Code::usage, "there is no analyzer " + id, "casebook-cli list analyzers shows them");
    AnalysisReport report;
    std::vector<std::string> only = options.only;
    if (!options.symptom.empty()) {
        TRY_ASSIGN(const Playbook playbook, playbook_of(options.symptom));
        if (only.empty() && options.symptom != "unknown")
            for (const PlaybookQuestion& question : playbook.questions) only.push_back(question.analyzer);
    }
    report.case_name = file_name_of(file.path());
    TRY_ASSIGN(const auto thresholds, chosen_thresholds(file, options, report.thresholds));
    CaseEvidence evidence(file, control);
    TRY_ASSIGN(const AnalysisWindows windows, choose_windows(evidence, options));
    if (windows.analysed.to_ns > windows.analysed.from_ns) report.windows.push_back({windows.analysed_name, {}, windows.analysed});
    if (windows.baseline) report.windows.push_back({windows.baseline_name, {}, *windows.baseline});
    if (windows.incident && *windows.incident != windows.analysed) report.windows.push_back({"incident", {}, *windows.incident});
    report.windows_proposed = windows.proposed_why;

    TRY_ASSIGN(const Signals signals, measure_signals(evidence, windows));
    report.symptoms = match_symptoms(signals, thresholds);

    std::optional<RequestSet> requests;
    std::uint64_t done = 0;
    for (const Analyzer* analyzer : all_analyzers()) {
        TRY(control.check());
        control.report({std::string(analyzer->id), done++, all_analyzers().size(), report.findings.size()});
        if (!only.empty() && std::find(only.begin(), only.end(), analyzer->id) == only.end()) continue;
        TRY_ASSIGN(AnalyzerVerdict verdict, run_one(*analyzer, evidence, windows, thresholds, requests, report.findings));
        report.verdicts.push_back(std::move(verdict));
    }
    std::sort(report.findings.begin(), report.findings.end(), contract_order);
    if (requests) report.slow_time = requests->slow_seconds / std::max(windows.analysed.seconds(), 1e-3);
    if (!file.read_only()) TRY(store(file, report));
    return report;
}

Result<std::optional<StoredReport>> stored_report(CaseFile& file)
{
    TRY_ASSIGN(Statement statement, file.database().prepare("SELECT generation, document FROM reports WHERE id = 1"));
    TRY_ASSIGN(const bool row, statement.step());
    if (!row) return std::optional<StoredReport>();
    StoredReport stored;
    stored.stale = statement.integer(0) != file.generation();
    TRY_ASSIGN(stored.report, report_from_json(statement.text(1)));
    return std::optional<StoredReport>(std::move(stored));
}

}  // namespace casebook
