#include "analyzers/playbook/walk_case.h"

#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/windows.h"
#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>

namespace casebook {
namespace {

constexpr double tolerated_orphans = 0.01;                // more spans without their parent than this: cut off or sampled
constexpr double tolerated_skew_ms = 5;                   // MAP guard "clock skew above 5 ms"
constexpr double tolerated_early = 0.01;

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
    if (windows.proposed && !windows.proposed_why.empty()) check.text += ": before " + windows.proposed_why;
    return check;
}

WalkCheck check_of_sampling(const SpanTable& spans)
{
    WalkCheck check{"sampling"};
    const double orphans = static_cast<double>(spans.orphans) / static_cast<double>(std::max<std::size_t>(1, spans.size()));
    check.text = format_percent(orphans) + " of the spans name a parent that is not here";
    if (orphans <= tolerated_orphans) return check;
    check.state = WalkCheck::State::doubtful;
    check.text += ": traces are cut off or sampled in part, so counts per request are too low";
    check.command = "export the traces again with all services and without span-level sampling";
    return check;
}

/// Calls whose answering side began before the caller did.
WalkCheck check_of_clocks(const SpanTable& spans)
{
    WalkCheck check{"clocks"};
    std::uint64_t calls = 0, early = 0;
    double worst_ms = 0;
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        const SpanTable::Row parent = spans.parent[row];
        if (parent == SpanTable::no_row || spans.service[parent] == spans.service[row]) continue;
        ++calls;
        const double ahead_ms = TimeRange{spans.start_ns[row], spans.start_ns[parent]}.seconds() * 1000;
        if (ahead_ms <= tolerated_skew_ms) continue;
        ++early;
        worst_ms = std::max(worst_ms, ahead_ms);
    }
    check.text = "the clocks of the services agree within 5 ms";
    if (calls == 0) check.text = "one clock: no call crosses services";
    if (calls == 0 || static_cast<double>(early) <= tolerated_early * static_cast<double>(calls)) return check;
    check.state = WalkCheck::State::doubtful;
    check.text = format_percent(static_cast<double>(early) / static_cast<double>(calls)) + " of the calls are answered before they are made, by up to " +
                 format_ms(worst_ms) + ": clocks disagree, so times between services mean little";
    check.command = "synchronise the clocks of the hosts (chronyc tracking) and record again";
    return check;
}

WalkAnswer answer_of(const AnalyzerVerdict& verdict, const AnalysisReport& report)
{
    WalkAnswer answer;
    answer.analyzer = verdict.analyzer;
    answer.verdict = verdict.answer.verdict;
    answer.reason = verdict.answer.reason;
    answer.missing = verdict.answer.missing;
    for (const Analyzer* analyzer : all_analyzers())
        if (analyzer->id == verdict.analyzer) answer.kind = analyzer->kind;
    for (const Finding& finding : report.findings) {
        if (finding.analyzer != verdict.analyzer) continue;
        if (answer.key.empty()) {
            answer.key = finding.key;
            answer.headline = finding.headline;
            answer.severity = finding.severity;
            answer.fixes = finding.fixes;
            answer.proof = finding.proof;
            answer.rollback = finding.rollback;
        }
        if (finding.verdict == Verdict::confirmed && finding.impact > 0 && report.slow_time > 0)
            answer.share = std::min(1.0, answer.share.value_or(0) + finding.impact / report.slow_time);
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
        if (name == cell) return missing_evidence(atom, "the symptom's cell '" + std::string(cell) + "' is unknown");
    return {std::string(cell), "the symptom's cell is unknown", ""};
}

Result<std::vector<WalkCheck>> walk_checks(CaseEvidence& evidence, const AnalysisWindows& windows, const std::string& case_path)
{
    std::vector<WalkCheck> checks{check_of_baseline(windows, case_path)};
    TRY_ASSIGN(const SpanTable* spans, evidence.spans());
    if (!spans->empty()) {
        checks.push_back(check_of_sampling(*spans));
        checks.push_back(check_of_clocks(*spans));
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
    for (const AnalyzerVerdict& verdict : report.verdicts) input.answers.push_back(answer_of(verdict, report));
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
