#include "analyzers/playbook/walk_case.h"

#include "analyzers/analysis/guards.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/windows.h"
#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/playbook/cause_links.h"
#include "analyzers/playbook/report_inputs.h"
#include "analyzers/playbook/thresholds.h"

#include <algorithm>
#include <array>
#include <set>

namespace casebook {
namespace {

/// The evidence behind the cells of the symptom table.
constexpr std::array<std::pair<std::string_view, std::string_view>, 27> atoms_of_cells{{
    {"p99", "span"}, {"p50", "span"}, {"mean", "span"}, {"latency", "span"}, {"offered_load", "span"}, {"completed", "span"},
    {"peak_latency", "span"}, {"low_latency", "span"}, {"correlation", "span"}, {"timeouts", "span"}, {"plateau", "span"},
    {"errors", "metric(errors)"}, {"cpu", "metric(cpu)"}, {"db_cpu", "metric(db_cpu)"}, {"db_time", "span"},
    {"restarts", "metric(restarts)"}, {"memory", "metric(memory_limit)"}, {"load", "span"}, {"period", "span"},
    {"same_period", "gc_pause"}, {"instances", "span"}, {"steal", "metric(steal)"}, {"queue_depth", "metric(queue_depth)"},
    {"arrivals", "metric(queue_arrivals)"}, {"consumer_cpu", "metric(cpu)"}, {"deploy", "event(deploy)"}, {"hit_ratio", "metric(cache_hits)"},
}};

WalkCheck check_of_baseline(const AnalysisWindows& windows, const std::string& case_path)
{
    WalkCheck check{"baseline"};
    if (!windows.baseline) {
        check.state = WalkCheck::State::missing;
        check.text = "nothing says what is normal here: without it only what compares absolutely can be judged";
        check.command = "casebook-cli window " + case_path + " baseline FROM TO";
        return check;
    }
    check.text = (windows.proposed ? "proposed, " : windows.baseline_name + ", ") + format_instant(windows.baseline->from_ns) + " to " + format_instant(windows.baseline->to_ns);
    if (windows.proposed && !windows.proposed_why.empty()) check.text += ", before this change: " + windows.proposed_why;
    return check;
}

/// As set for the case, else the defaults.
Result<DoubtLimits> doubt_limits(CaseFile& file)
{
    TRY_ASSIGN(const auto set, case_thresholds(file));
    const auto value = [&](const std::string& name) {
        const auto own = set.find(name);
        return own != set.end() ? own->second : default_threshold(name).value_or(0);
    };
    return DoubtLimits{value("common.damaged_share"), value("common.clock_skew")};
}

/// Whether all requests are here, and all of each.
WalkCheck check_of_sampling(const SpanDoubts::Counts& counts, const DoubtLimits& limits)
{
    WalkCheck check{"sampling"};
    const auto part = [&](std::uint64_t some) { return format_percent(static_cast<double>(some) / static_cast<double>(std::max<std::uint64_t>(1, counts.traces))); };
    check.text = counts.cut == 0 ? "no trace has a span whose parent is missing" : part(counts.cut) + " of the traces lack a span inside";
    for (const auto& doubt : {doubt_of_cut(counts, limits), doubt_of_choice(counts, limits), doubt_of_trimming(counts, limits)}) {
        if (!doubt) continue;
        check.text = check.state == WalkCheck::State::doubtful ? check.text + "; " + doubt->text : doubt->text;
        check.state = WalkCheck::State::doubtful;
        if (check.command.empty()) check.command = doubt->command;
    }
    if (counts.sampled + counts.rationed > 0)
        check.text += "; " + part(counts.sampled + counts.rationed) + (counts.rationed > 0 ? " of the traces were kept as some of so many per second: their number says nothing of the load"
                                                                                           : " of the traces are a sample by chance: shares hold, numbers are of the sample");
    return check;
}

WalkCheck check_of_clocks(const SpanDoubts::Counts& counts, const DoubtLimits& limits)
{
    WalkCheck check{"clocks", WalkCheck::State::good, "the clocks of the services agree within " + format_ms(limits.clock_skew_ms)};
    if (counts.calls == 0) check.text = "one clock: no call crosses services";
    if (const auto doubt = doubt_of_clocks(counts, limits, false)) {
        check.state = WalkCheck::State::doubtful;
        check.text = doubt->text + ": times between services mean little";
        check.command = doubt->command;
    }
    return check;
}

/// What an analyzer answered; `explained` belongs to the report's findings.
WalkAnswer answer_of(const AnalyzerVerdict& verdict, const AnalysisReport& report, const std::vector<Explanation>& explained)
{
    WalkAnswer answer;
    answer.analyzer = verdict.analyzer;
    answer.verdict = verdict.answer.verdict;
    answer.reason = verdict.answer.reason;
    answer.missing = verdict.answer.missing;
    for (const Analyzer* analyzer : all_analyzers())
        if (analyzer->id == verdict.analyzer) answer.kind = analyzer->kind;
    const Finding *strongest = nullptr, *unexplained = nullptr;
    std::set<std::string> behind;
    for (std::size_t i = 0; i < report.findings.size(); ++i) {
        const Finding& finding = report.findings[i];
        if (finding.analyzer != verdict.analyzer) continue;
        if (!strongest) strongest = &finding;
        if (finding.verdict != Verdict::confirmed) continue;
        if (finding.impact > 0 && report.slow_time > 0) answer.share = std::min(1.0, answer.share.value_or(0) + finding.impact / report.slow_time);
        if (explained[i].link != CauseLink::none) behind.insert(report.findings[explained[i].root].analyzer);
        else if (!unexplained) unexplained = &finding;
    }
    behind.erase(answer.analyzer);
    answer.explained_by.assign(behind.begin(), behind.end());
    answer.explained = answer.verdict == Verdict::confirmed && strongest && !unexplained;
    if (const Finding* shown = unexplained ? unexplained : strongest) {
        answer.key = shown->key;
        answer.headline = shown->headline;
        answer.severity = shown->severity;
        answer.fixes = shown->fixes;
        answer.proof = shown->proof;
        answer.rollback = shown->rollback;
    }
    return answer;
}

bool is_complete(const AnalysisReport& report)
{
    return std::all_of(all_analyzers().begin(), all_analyzers().end(), [&](const Analyzer* analyzer) {
        return std::any_of(report.verdicts.begin(), report.verdicts.end(), [&](const AnalyzerVerdict& row) { return row.analyzer == analyzer->id; });
    });
}

}  // namespace

Missing missing_cell(std::string_view cell)
{
    for (const auto& [name, atom] : atoms_of_cells)
        if (name == cell) return missing_evidence(atom, "whether the symptom fits depends on it, too (" + std::string(cell) + ")");
    return {std::string(cell), "whether the symptom fits depends on it, too", ""};
}

Result<std::vector<WalkCheck>> walk_checks(CaseEvidence& evidence, const AnalysisWindows& windows, const std::string& case_path)
{
    std::vector<WalkCheck> checks{check_of_baseline(windows, case_path)};
    TRY_ASSIGN(const SpanTable* spans, evidence.spans());
    if (!spans->empty()) {
        TRY_ASSIGN(const DoubtLimits limits, doubt_limits(evidence.file()));
        const SpanDoubts doubts = doubts_about(*spans, windows.analysed, windows.baseline.value_or(TimeRange{}), limits.clock_skew_ms);
        checks.push_back(check_of_sampling(doubts.all, limits));
        checks.push_back(check_of_clocks(doubts.all, limits));
    }
    return checks;
}

Result<Walk> walk_report(CaseEvidence& evidence, const AnalysisWindows& windows, const AnalysisReport& report, const std::string& symptom)
{
    std::string id = symptom;
    if (id.empty()) id = report.symptoms.empty() ? "unknown" : report.symptoms.front().id;
    TRY_ASSIGN(const Playbook playbook, playbook_of(id));
    TRY_ASSIGN(const WalkRules rules, walk_rules());
    WalkInput input;
    input.case_path = evidence.file().path();
    std::vector<const Finding*> findings;
    for (const Finding& finding : report.findings) findings.push_back(&finding);
    const std::vector<Explanation> explained = explain_findings(findings);
    for (const AnalyzerVerdict& verdict : report.verdicts) input.answers.push_back(answer_of(verdict, report, explained));
    for (const SymptomMatch& match : report.symptoms)
        if (match.id == id)
            for (const std::string& cell : match.unknown) input.symptom_missing.push_back(missing_cell(cell));
    TRY_ASSIGN(input.checks, walk_checks(evidence, windows, input.case_path));
    return build_walk(playbook, rules, input);
}

Result<Walk> walk_case(CaseFile& file, const std::string& symptom, const Control& control)
{
    if (!symptom.empty()) TRY(playbook_of(symptom));
    CaseEvidence evidence(file, control);
    TRY_ASSIGN(const AnalysisWindows windows, choose_windows(evidence, {}));
    TRY_ASSIGN(const std::optional<StoredReport> stored, stored_report(file));
    if (stored && !stored->stale && is_complete(stored->report)) return walk_report(evidence, windows, stored->report, symptom);
    TRY_ASSIGN(const AnalysisReport report, analyze(file, {}, control));
    return walk_report(evidence, windows, report, symptom);
}

}  // namespace casebook
