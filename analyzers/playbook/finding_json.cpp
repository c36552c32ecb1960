#include "analyzers/playbook/finding_json.h"

#include "analyzers/core/instant.h"

#include <simdjson.h>

namespace casebook {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

void write_range(JsonWriter& json, TimeRange range)
{
    json.begin_object().key("from").value(format_instant(range.from_ns)).key("to").value(format_instant(range.to_ns)).end_object();
}

std::string text_at(const object& from, const char* key)
{
    std::string_view text;
    if (from[key].get(text) != simdjson::SUCCESS) return {};
    return std::string(text);
}

double number_at(const object& from, const char* key)
{
    element value;
    double number = 0;
    if (from[key].get(value) == simdjson::SUCCESS && value.is_number()) number = double(value.get_double().value_unsafe());
    return number;
}

/// Calls `each` with every object of the array under `key`.
template <class F>
void for_each_object(const object& from, const char* key, F each)
{
    array items;
    if (from[key].get(items) != simdjson::SUCCESS) return;
    for (const element item : items) {
        object entry;
        if (item.get(entry) == simdjson::SUCCESS) each(entry);
    }
}

std::optional<TimeRange> range_at(const object& from)
{
    const auto begin = parse_instant(text_at(from, "from")), end = parse_instant(text_at(from, "to"));
    if (!begin || !end) return {};
    return TimeRange{*begin, *end};
}

Verdict verdict_named(std::string_view name)
{
    for (const Verdict verdict : {Verdict::confirmed, Verdict::suspected, Verdict::inconclusive, Verdict::ruledOut})
        if (name_of(verdict) == name) return verdict;
    return Verdict::notEnoughEvidence;
}

Evidence read_evidence(const object& from)
{
    Evidence evidence{text_at(from, "caption"), text_at(from, "view"), text_at(from, "source"), text_at(from, "sql"), {}, 0};
    evidence.rows = static_cast<std::int64_t>(number_at(from, "rows"));
    array arguments;
    if (from["arguments"].get(arguments) == simdjson::SUCCESS)
        for (const element argument : arguments) {
            std::string_view text;
            std::int64_t integer = 0;
            double real = 0;
            if (argument.get(text) == simdjson::SUCCESS) evidence.arguments.emplace_back(std::string(text));
            else if (argument.get(integer) == simdjson::SUCCESS) evidence.arguments.emplace_back(integer);
            else if (argument.get(real) == simdjson::SUCCESS) evidence.arguments.emplace_back(real);
        }
    return evidence;
}

Finding read_finding(const object& from)
{
    Finding finding;
    finding.analyzer = text_at(from, "analyzer");
    finding.key = text_at(from, "key");
    finding.verdict = verdict_named(text_at(from, "verdict"));
    const std::string severity = text_at(from, "severity");
    finding.severity = severity == "critical" ? Severity::critical : severity == "warning" ? Severity::warning : Severity::note;
    finding.headline = text_at(from, "headline");
    finding.impact = number_at(from, "impact");
    finding.refutes_if = text_at(from, "refutes_if");
    finding.proof = text_at(from, "proof");
    finding.rollback = text_at(from, "rollback");
    finding.note = text_at(from, "note");
    object when;
    if (from["when"].get(when) == simdjson::SUCCESS) finding.when = range_at(when);
    for_each_object(from, "subjects", [&](const object& o) { finding.subjects.push_back({text_at(o, "kind"), text_at(o, "name")}); });
    for_each_object(from, "figures", [&](const object& o) {
        Figure figure{text_at(o, "name"), number_at(o, "value"), text_at(o, "unit"), {}, text_at(o, "threshold_name"), text_at(o, "bound") == "at_most" ? Bound::atMost : Bound::atLeast};
        element threshold;
        if (o["threshold"].get(threshold) == simdjson::SUCCESS && threshold.is_number()) figure.threshold = number_at(o, "threshold");
        finding.figures.push_back(std::move(figure));
    });
    for_each_object(from, "evidence", [&](const object& o) { finding.evidence.push_back(read_evidence(o)); });
    for_each_object(from, "fixes", [&](const object& o) {
        finding.fixes.push_back({text_at(o, "title"), text_at(o, "effort"), text_at(o, "effect"), text_at(o, "watch")});
    });
    for_each_object(from, "related", [&](const object& o) { finding.related.push_back({text_at(o, "analyzer"), text_at(o, "key"), text_at(o, "relation")}); });
    return finding;
}

}  // namespace

void write_json(JsonWriter& json, const Finding& finding, std::span<const std::string> results)
{
    json.begin_object();
    json.key("analyzer").value(finding.analyzer).key("key").value(finding.key).key("verdict").value(name_of(finding.verdict));
    json.key("severity").value(name_of(finding.severity)).key("headline").value(finding.headline).key("impact").value(finding.impact);
    json.key("subjects").begin_array();
    for (const Subject& subject : finding.subjects) json.begin_object().key("kind").value(subject.kind).key("name").value(subject.name).end_object();
    json.end_array().key("figures").begin_array();
    for (const Figure& figure : finding.figures) {
        json.begin_object().key("name").value(figure.name).key("value").value(figure.value).key("unit").value(figure.unit);
        if (figure.threshold) {
            json.key("threshold").value(*figure.threshold).key("threshold_name").value(figure.threshold_name);
            json.key("bound").value(figure.bound == Bound::atMost ? "at_most" : "at_least").key("holds").value(figure.holds());
        }
        json.end_object();
    }
    json.end_array();
    if (finding.when) {
        json.key("when");
        write_range(json, *finding.when);
    }
    json.key("refutes_if").value(finding.refutes_if);
    json.key("evidence").begin_array();
    for (std::size_t i = 0; i < finding.evidence.size(); ++i) {
        const Evidence& evidence = finding.evidence[i];
        json.begin_object().key("caption").value(evidence.caption).key("view").value(evidence.view).key("source").value(evidence.source);
        json.key("sql").value(evidence.sql).key("arguments").begin_array();
        for (const auto& argument : evidence.arguments) std::visit([&](const auto& value) { json.value(value); }, argument);
        json.end_array().key("rows").value(evidence.rows);
        if (i < results.size()) json.key("result").raw(results[i]);
        json.end_object();
    }
    json.end_array().key("fixes").begin_array();
    for (const Fix& fix : finding.fixes)
        json.begin_object().key("title").value(fix.title).key("effort").value(fix.effort).key("effect").value(fix.effect).key("watch").value(fix.watch).end_object();
    json.end_array().key("proof").value(finding.proof).key("rollback").value(finding.rollback);
    if (!finding.note.empty()) json.key("note").value(finding.note);
    json.key("related").begin_array();
    for (const RelatedFinding& related : finding.related)
        json.begin_object().key("analyzer").value(related.analyzer).key("key").value(related.key).key("relation").value(related.relation).end_object();
    json.end_array().end_object();
}

std::string to_json(const Finding& finding)
{
    JsonWriter json;
    write_json(json, finding);
    return json.take();
}

std::string to_json(const AnalysisReport& report)
{
    JsonWriter json;
    json.begin_object().key("case").value(report.case_name).key("windows").begin_array();
    for (const WindowRow& window : report.windows) {
        json.begin_object().key("name").value(window.name);
        json.key("from").value(format_instant(window.range.from_ns)).key("to").value(format_instant(window.range.to_ns)).end_object();
    }
    json.end_array();
    if (!report.windows_proposed.empty()) json.key("windows_proposed").value(report.windows_proposed);
    json.key("slow_time").value(report.slow_time).key("thresholds").begin_array();
    for (const ThresholdOverride& threshold : report.thresholds)
        json.begin_object().key("name").value(threshold.name).key("value").value(threshold.value).key("default").value(threshold.default_value).end_object();
    json.end_array().key("symptoms").begin_array();
    for (const SymptomMatch& symptom : report.symptoms) {
        json.begin_object().key("id").value(symptom.id).key("match").value(symptom.match).key("unknown").begin_array();
        for (const std::string& cell : symptom.unknown) json.value(cell);
        json.end_array().key("why").value(symptom.why).end_object();
    }
    json.end_array().key("verdicts").begin_array();
    for (const AnalyzerVerdict& verdict : report.verdicts) {
        json.begin_object().key("analyzer").value(verdict.analyzer).key("verdict").value(name_of(verdict.answer.verdict)).key("reason").value(verdict.answer.reason);
        json.key("missing").begin_array();
        for (const Missing& missing : verdict.answer.missing)
            json.begin_object().key("evidence").value(missing.evidence).key("why").value(missing.why).key("command").value(missing.command).end_object();
        json.end_array().end_object();
    }
    json.end_array().key("findings").begin_array();
    for (const Finding& finding : report.findings) write_json(json, finding);
    json.end_array().end_object();
    return json.take();
}

Result<AnalysisReport> report_from_json(std::string_view text)
{
    simdjson::dom::parser parser;
    const simdjson::padded_string padded(text);
    object root;
    if (parser.parse(padded).get(root) != simdjson::SUCCESS)
        return fail(Error::Code::caseFile, "the stored report is damaged", "Run the analysis again");
    AnalysisReport report;
    report.case_name = text_at(root, "case");
    for_each_object(root, "windows", [&](const object& o) { report.windows.push_back({text_at(o, "name"), {}, range_at(o).value_or(TimeRange{})}); });
    report.slow_time = number_at(root, "slow_time");
    report.windows_proposed = text_at(root, "windows_proposed");
    for_each_object(root, "thresholds", [&](const object& o) { report.thresholds.push_back({text_at(o, "name"), number_at(o, "value"), number_at(o, "default")}); });
    for_each_object(root, "symptoms", [&](const object& o) {
        SymptomMatch match{text_at(o, "id"), number_at(o, "match"), {}, text_at(o, "why")};
        array unknown;
        if (o["unknown"].get(unknown) == simdjson::SUCCESS)
            for (const element cell : unknown) {
                std::string_view name;
                if (cell.get(name) == simdjson::SUCCESS) match.unknown.emplace_back(name);
            }
        report.symptoms.push_back(std::move(match));
    });
    for_each_object(root, "verdicts", [&](const object& o) {
        AnalyzerVerdict verdict{text_at(o, "analyzer"), {verdict_named(text_at(o, "verdict")), text_at(o, "reason"), {}}, 0};
        for_each_object(o, "missing", [&](const object& m) { verdict.answer.missing.push_back({text_at(m, "evidence"), text_at(m, "why"), text_at(m, "command")}); });
        report.verdicts.push_back(std::move(verdict));
    });
    for_each_object(root, "findings", [&](const object& o) { report.findings.push_back(read_finding(o)); });
    return report;
}

}  // namespace casebook
