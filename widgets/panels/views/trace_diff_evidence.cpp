#include "widgets/panels/views/trace_diff_evidence.h"

#include "widgets/charts/line_text.h"
#include "widgets/charts/time_text.h"
#include "widgets/panels/views/case_windows.h"

#include <QCoreApplication>

namespace casebook {
namespace {

constexpr double slow_percentile = 95;  // of durations; the slowest requests a comparison takes

QString tr(const char* text) { return QCoreApplication::translate("TraceDiff", text); }

QString operation_text(const std::string& service, const std::string& operation)
{
    if (service.empty() && operation.empty()) return tr("all requests");
    return to_qt_line(service + (service.empty() || operation.empty() ? "" : " ") + operation, 160);
}

/// The requests of ?1 and ?2 (empty: any), as lists of requests take them. Of nested ones the comparison takes the outermost.
const std::string requests =
    "WITH request AS (SELECT trace_id, span_id, start_ns, duration_ns FROM span WHERE (?1 = '' OR service = ?1) AND (?2 = '' OR operation = ?2) "
    "AND (parent_id IS NULL OR (kind IN ('server', 'consumer') AND ?1 || ?2 <> '')))";

Evidence comparison(const QString& caption, std::string sql, decltype(Evidence::arguments) arguments)
{
    return {caption.toStdString(), "trace_diff", "span", std::move(sql), std::move(arguments)};
}

}  // namespace

Evidence compare_traces(const std::string& trace_a, const std::string& trace_b)
{
    return comparison(tr("Trace %1 (A) against trace %2 (B)").arg(to_qt_line(trace_a, 40), to_qt_line(trace_b, 40)),
                      "SELECT 'A' AS side, ?1 AS trace_id UNION ALL SELECT 'B', ?2", {trace_a, trace_b});
}

Evidence compare_with_median(const MedianOf& of, const std::string& trace_a, const std::string& span_a, const std::string& trace_b, const std::string& span_b)
{
    const QString place = of.window.empty() ? tr("in the whole case") : tr("in window %1").arg(to_qt_line(of.window, 60));
    const QString median = of.requests == 1 ? tr("The only other request of the operation %1").arg(place)
                                            : tr("Median of the %1 other requests of the operation %2").arg(count_text(static_cast<std::int64_t>(of.requests)), place);
    return comparison(tr("%1 (A, trace %2) against a request of trace %3 (B)").arg(median, to_qt_line(trace_a, 40), to_qt_line(trace_b, 40)),
                      "SELECT 'A' AS side, ?1 AS trace_id, ?2 AS span_id UNION ALL SELECT 'B', ?3, ?4", {trace_a, span_a, trace_b, span_b});
}

Evidence compare_slow_with_fast(const std::string& service, const std::string& operation)
{
    return comparison(tr("Usual (A) against slow requests (B): %1").arg(operation_text(service, operation)),
                      requests + ", edge AS (SELECT percentile(duration_ns, 50) AS usual, percentile(duration_ns, ?3) AS slow FROM request) "
                                 "SELECT CASE WHEN duration_ns >= slow AND slow > usual THEN 'B' ELSE 'A' END AS side, "
                                 "CASE WHEN duration_ns >= slow AND slow > usual THEN ?4 ELSE ?5 END AS name, trace_id, span_id "
                                 "FROM request, edge WHERE duration_ns <= usual OR duration_ns >= slow",
                      {service, operation, slow_percentile, tr("slowest 5 %").toStdString(), tr("up to the median").toStdString()});
}

Evidence compare_windows(const std::string& service, const std::string& operation, const std::string& name_a, TimeRange a, const std::string& name_b, TimeRange b)
{
    return comparison(tr("%1 (A) against %2 (B): %3").arg(to_qt_line(name_a, 60), to_qt_line(name_b, 60), operation_text(service, operation)),
                      requests + "SELECT 'A' AS side, ?3 AS name, trace_id, span_id FROM request WHERE start_ns >= ?4 AND start_ns < ?5 "
                                 "UNION ALL SELECT 'B', ?6, trace_id, span_id FROM request WHERE start_ns >= ?7 AND start_ns < ?8",
                      {service, operation, name_a, a.from_ns, a.to_ns, name_b, b.from_ns, b.to_ns});
}

Evidence compare_operation(const Session& session, const std::string& service, const std::string& operation)
{
    const auto baseline = window_of(session, "baseline"), incident = window_of(session, "incident");
    return baseline && incident ? compare_windows(service, operation, "baseline", *baseline, "incident", *incident) : compare_slow_with_fast(service, operation);
}

Evidence compare_with_window(const std::string& service, const std::string& operation, const std::string& name, TimeRange window, const std::string& trace,
                             const std::string& span)
{
    return comparison(tr("%1 (A) against a request of trace %2 (B): %3").arg(to_qt_line(name, 60), to_qt_line(trace, 40), operation_text(service, operation)),
                      requests + "SELECT 'A' AS side, ?3 AS name, trace_id, span_id FROM request WHERE start_ns >= ?4 AND start_ns < ?5 "
                                 "UNION ALL SELECT 'B', '', ?6, ?7",
                      {service, operation, name, window.from_ns, window.to_ns, trace, span});
}

Evidence compare_box(const std::string& service, const std::string& operation, const RequestBox& box)
{
    return comparison(tr("The rest (A) against the marked requests (B): %1").arg(operation_text(service, operation)),
                      requests + ", marked AS (SELECT trace_id, span_id, start_ns BETWEEN ?3 AND ?4 AND duration_ns BETWEEN ?5 AND ?6 AS inside FROM request) "
                                 "SELECT CASE WHEN inside THEN 'B' ELSE 'A' END AS side, CASE WHEN inside THEN ?7 ELSE ?8 END AS name, trace_id, span_id "
                                 "FROM marked",
                      {service, operation, box.start_from_ns, box.start_to_ns, box.duration_from_ns, box.duration_to_ns, tr("marked").toStdString(), tr("the rest").toStdString()});
}

Evidence no_comparison() { return comparison(tr("Two traces, or groups of requests, as one call tree"), {}, {}); }

}  // namespace casebook
