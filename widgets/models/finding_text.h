#pragma once

#include "analyzers/core/finding.h"
#include "analyzers/playbook/runner.h"
#include "analyzers/store/finding_decisions.h"
#include "analyzers/store/verdict_history.h"

#include <QString>

#include <map>
#include <utility>
#include <vector>

namespace casebook {

/// Words for the engine's enumerations, translated.
QString verdict_text(Verdict verdict);    ///< "Ruled out"
QString severity_text(Severity severity); ///< "Critical"
/// What an analyzer asks: "Does one request run the same statement once per row?"; its id when it is unknown.
QString question_of(const std::string& analyzer);
/// A figure as a person reads it: value 212, unit "ms" -> "212 ms".
QString figure_text(double value, const std::string& unit);
/// A threshold, as exact as it was set: 99.95, unit "%" -> "99.95 %".
QString threshold_text(double value, const std::string& unit);
/// "23 Nov 01:41:12 UTC", or in the local zone with its offset, as DisplayZone says.
QString time_text(std::int64_t at_ns);
QString rows_text(std::int64_t rows);  ///< "1 row", "1,204 rows"
QString range_text(const TimeRange& range);

/// "Accepted", "Dismissed: the batch job does that"; empty for one that is open.
QString decision_text(const FindingDecision& decision);

using Decisions = std::map<std::pair<std::string, std::string>, FindingDecision>;  ///< by analyzer and key

/// One finding as Markdown, for a ticket or a chat, with what was decided about it.
QString finding_markdown(const Finding& finding, const FindingDecision& decision = {});
/// The whole analysis as Markdown: findings, pinned ones first and dismissed ones as a list, then what was ruled out and
/// what is missing.
QString report_markdown(const AnalysisReport& report, const QString& title, const Decisions& decisions = {});

/// What the inspector shows around a finding or an answer.
struct FindingContext {
    QString muted, good, bad;             ///< colours as "#rrggbb"
    std::vector<VerdictChange> history;   ///< of this finding or answer, oldest first
    std::vector<Missing> missing;         ///< evidence that would make the answer surer
    std::map<std::string, double> thresholds;  ///< set for this case, by full name
    bool editable = true;                 ///< thresholds can be set
};

/// HTML for the inspector. Links: "evidence:N" opens piece N, "finding:N" goes to related finding N, "threshold:NAME"
/// edits a threshold, "reset:NAME" gives it its default back.
QString finding_html(const Finding& finding, const FindingContext& context);
/// The answer of an analyzer without a finding; "copy:N" copies the command of missing evidence N.
QString verdict_html(const AnalyzerVerdict& verdict, const FindingContext& context);

}  // namespace casebook
