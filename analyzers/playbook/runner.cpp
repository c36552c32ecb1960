#include "analyzers/playbook/runner.h"

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/guards.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/windows.h"
#include "analyzers/playbook/playbook_data.h"
#include "analyzers/playbook/relations.h"
#include "analyzers/playbook/report_store.h"
#include "analyzers/playbook/thresholds.h"
#include "analyzers/store/query.h"

#include <algorithm>
#include <chrono>
#include <set>

namespace casebook {
namespace {

std::string file_name_of(const std::string& path) { return path.substr(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/') + 1); }

/// Overrides stored with the case, then those of this run; only those that differ from the default count.
Result<std::map<std::string, double>> chosen_thresholds(CaseFile& file, const AnalyzeOptions& options)
{
    TRY_ASSIGN(auto values, case_thresholds(file));
    for (const auto& [name, value] : options.thresholds) {
        const auto usual = default_threshold(name);
        if (!usual) return fail(Error::Code::usage, "there is no threshold " + name, "casebook-cli list thresholds shows them");
        if (value == *usual) values.erase(name);
        else values[name] = value;
    }
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
                                const std::map<std::string, double>& thresholds, SharedLooks& shared, std::vector<Finding>& findings,
                                std::set<std::string>& reads)
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
    AnalysisContext context(evidence, windows, thresholds, analyzer, shared);
    TRY_ASSIGN(result.answer, analyzer.run(context));
    TRY(apply_guards(context, result.answer));
    reads = context.thresholds_read();
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
        if (found.front().verdict == Verdict::inconclusive && !found.front().note.empty()) result.answer.reason += "; " + found.front().note;
    }
    if (windows.limited) {
        TRY_ASSIGN(const std::string undated, undated_evidence(analyzer.needs, analyzer.improves, evidence));
        if (!undated.empty()) result.answer.reason += "; left out, for --from/--to asks for a time: " + undated;
    }
    if (result.answer.missing.empty() && (result.answer.verdict == Verdict::suspected || result.answer.verdict == Verdict::inconclusive)) {
        TRY_ASSIGN(result.answer.missing, improvements_for(analyzer.improves, evidence));
    }
    for (Finding& finding : found)
        if (finding.verdict <= Verdict::inconclusive) findings.push_back(std::move(finding));
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return result;
}

/// The answers of the stored report that would be the same again: nothing they were made from has changed.
class Reusable {
public:
    Reusable(std::optional<PreviousReport> previous, const AnalysisInputs& now, std::int64_t generation) : previous_(std::move(previous))
    {
        if (!previous_ || previous_->generation != generation || !previous_->inputs.plain || !now.plain || previous_->inputs.program != now.program) previous_.reset();
        if (previous_) changed_ = changed_thresholds(previous_->inputs, now);
    }

    const AnalysisReport* report() const { return previous_ ? &previous_->report : nullptr; }
    bool symptoms() const { return previous_ && !touches("symptom.") && !touches("common.tail_samples"); }
    /// The answer of an analyzer that read none of the thresholds that changed; null when it must be asked.
    const AnalyzerVerdict* answer(std::string_view analyzer) const
    {
        const std::set<std::string>* read = reads(analyzer);
        if (!read) return nullptr;
        for (const std::string& name : changed_)
            if (read->contains(name)) return nullptr;
        for (const AnalyzerVerdict& verdict : previous_->report.verdicts)
            if (verdict.analyzer == analyzer) return &verdict;
        return nullptr;
    }
    const std::set<std::string>* reads(std::string_view analyzer) const
    {
        if (!previous_) return nullptr;
        const auto read = previous_->inputs.reads.find(std::string(analyzer));
        return read == previous_->inputs.reads.end() ? nullptr : &read->second;
    }

private:
    bool touches(std::string_view prefix) const
    {
        return std::any_of(changed_.begin(), changed_.end(), [&](const std::string& name) { return name.starts_with(prefix); });
    }
    std::optional<PreviousReport> previous_;
    std::set<std::string> changed_;
};

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

}  // namespace

Result<AnalysisReport> analyze(CaseFile& file, const AnalyzeOptions& options, const Control& control)
{
    for (const std::string& id : options.only)
        if (!find_analyzer(id)) return fail(Error::Code::usage, "there is no analyzer " + id, "casebook-cli list analyzers shows them");
    AnalysisReport report;
    // All questions are asked whatever users see: a cause need not be among those that the symptom's row expects.
    if (!options.symptom.empty()) TRY(playbook_of(options.symptom));
    const std::vector<std::string>& only = options.only;
    report.case_name = file_name_of(file.path());
    TRY_ASSIGN(const auto thresholds, chosen_thresholds(file, options));
    for (const auto& [name, value] : thresholds) report.thresholds.push_back({name, value, *default_threshold(name)});
    TRY_ASSIGN(AnalysisInputs inputs, describe_inputs(file, options, thresholds));
    std::optional<PreviousReport> previous;
    if (options.reuse) {
        TRY_ASSIGN(previous, previous_report(file));
    }
    const Reusable reusable(std::move(previous), inputs, file.generation());

    CaseEvidence evidence(file, control);
    TRY_ASSIGN(const AnalysisWindows windows, choose_windows(evidence, options));
    if (windows.analysed.to_ns > windows.analysed.from_ns) report.windows.push_back({windows.analysed_name, {}, windows.analysed});
    if (windows.baseline) report.windows.push_back({windows.baseline_name, {}, *windows.baseline});
    if (windows.incident && *windows.incident != windows.analysed) report.windows.push_back({"incident", {}, *windows.incident});
    report.windows_proposed = windows.proposed_why;

    if (reusable.symptoms() && options.symptom.empty()) {
        report.symptoms = reusable.report()->symptoms;
    } else {
        const auto set = thresholds.find("common.tail_samples");
        const double tail_samples = set != thresholds.end() ? set->second : *default_threshold("common.tail_samples");
        TRY_ASSIGN(const Signals signals, measure_signals(evidence, windows, tail_samples));
        report.symptoms = match_symptoms(signals, thresholds, options.symptom);
    }

    SharedLooks shared;
    std::uint64_t done = 0;
    for (const Analyzer* analyzer : all_analyzers()) {
        TRY(control.check());
        control.report({std::string(analyzer->id), done++, all_analyzers().size(), report.findings.size()});
        if (!only.empty() && std::find(only.begin(), only.end(), analyzer->id) == only.end()) continue;
        if (const AnalyzerVerdict* same = reusable.answer(analyzer->id)) {
            report.verdicts.push_back(*same);
            for (const Finding& finding : reusable.report()->findings)
                if (finding.analyzer == analyzer->id) report.findings.push_back(finding);
            inputs.reads[std::string(analyzer->id)] = *reusable.reads(analyzer->id);
            continue;
        }
        TRY_ASSIGN(AnalyzerVerdict verdict, run_one(*analyzer, evidence, windows, thresholds, shared, report.findings, inputs.reads[std::string(analyzer->id)]));
        report.verdicts.push_back(std::move(verdict));
        report.asked.emplace_back(analyzer->id);
    }
    std::sort(report.findings.begin(), report.findings.end(), contract_order);
    if (shared.requests) report.slow_time = shared.requests->slow_seconds / std::max(windows.analysed.seconds(), 1e-3);
    else if (reusable.report()) report.slow_time = reusable.report()->slow_time;
    if (!file.read_only()) TRY(store_report(file, report, inputs));
    link_findings(report.findings);
    return report;
}

}  // namespace casebook
