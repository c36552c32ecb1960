#pragma once

#include "analyzers/core/finding.h"
#include "analyzers/playbook/runner.h"

#include <QString>

namespace casebook {

/// Words for the engine's enumerations, translated.
QString verdict_text(Verdict verdict);    ///< "Ruled out"
QString severity_text(Severity severity); ///< "Critical"
/// What an analyzer asks: "Does one request run the same statement once per row?"; its id when it is unknown.
QString question_of(const std::string& analyzer);
/// A figure as a person reads it: value 212, unit "ms" -> "212 ms".
QString figure_text(double value, const std::string& unit);
/// "23 Nov 01:41:12 UTC", or in the local zone with its offset, as DisplayZone says.
QString time_text(std::int64_t at_ns);
QString rows_text(std::int64_t rows);  ///< "1 row", "1,204 rows"
QString range_text(const TimeRange& range);

/// One finding as Markdown, for a ticket or a chat.
QString finding_markdown(const Finding& finding);
/// The whole analysis as Markdown: findings, then what was ruled out and what is missing.
QString report_markdown(const AnalysisReport& report, const QString& title);

/// HTML for the inspector. Links: "evidence:N" opens piece N, "finding:N" goes to related finding N.
/// `muted` is the colour of side remarks, as "#rrggbb".
QString finding_html(const Finding& finding, const QString& muted);
/// The answer of an analyzer without a finding; "copy:N" copies the command of missing evidence N.
QString verdict_html(const AnalyzerVerdict& verdict, const QString& muted);

}  // namespace casebook
