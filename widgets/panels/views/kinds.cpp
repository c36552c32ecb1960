// The list of views. The first with the highest score is taken, so the table, which suits everything a little, is last.

#include "widgets/panels/evidence_view.h"
#include "widgets/models/views/plan_table.h"
#include "widgets/panels/views/console_view.h"
#include "widgets/panels/views/flame_view.h"
#include "widgets/panels/views/gc_view.h"
#include "widgets/panels/views/heap_view.h"
#include "widgets/panels/views/latency_view.h"
#include "widgets/panels/views/metric_view.h"
#include "widgets/panels/views/plan_diff_view.h"
#include "widgets/panels/views/plan_list_view.h"
#include "widgets/panels/views/plan_view.h"
#include "widgets/panels/views/series_view.h"
#include "widgets/panels/views/service_map_view.h"
#include "widgets/panels/views/session_view.h"
#include "widgets/panels/views/span_table_view.h"
#include "widgets/panels/views/statement_view.h"
#include "widgets/panels/views/table_view.h"
#include "widgets/panels/views/text_view.h"
#include "widgets/panels/views/thread_view.h"
#include "widgets/panels/views/trace_diff_evidence.h"
#include "widgets/panels/views/trace_diff_view.h"
#include "widgets/panels/views/waterfall_view.h"

#include <QCoreApplication>
#include <array>

namespace casebook {
namespace {

template <class View>
EvidenceView* make(Session& session, QWidget* parent)
{
    return new View(session, parent);
}

/// 100 when the evidence asks for this view.
template <const char* const& Name>
int asks_for(const Evidence& evidence)
{
    return evidence.view == Name ? 100 : 0;
}

const char* const span_tree = "span_tree";
const char* const series = "series";
const char* const distribution = "distribution";
const char* const one_plan = "plan";  // `plan` is a namespace
const char* const plan_diff = "plan_diff";
const char* const text = "text";
const char* const trace_diff = "trace_diff";
// Views that are opened from the menu; findings do not ask for them.
const char* const traces = "traces";
const char* const operation_list = "operations";
const char* const statements = "statements";
const char* const sessions = "sessions";
const char* const heap = "heap";
const char* const gc = "gc";
const char* const threads = "threads";
const char* const service_map = "service_map";
const char* const metrics = "metrics";
const char* const plan_list = "plans";
const char* const event_list = "events";
const char* const console = "console";
// Where rows come from.
const char* const of_statements = "statement";
const char* const of_events = "event";
const char* const of_threads = "thread";

/// A finding's table of rows from `Source`, which this view shows better than a plain table.
template <const char* const& Name, const char* const& Source>
int has_rows_of(const Evidence& evidence)
{
    return evidence.view == Name ? 100 : evidence.view == "table" && evidence.source == Source ? 60 : 0;
}

int flame_of_spans(const Evidence& evidence) { return evidence.source == "profile" ? 0 : FlameView::suits(evidence); }
int flame_of_profile(const Evidence& evidence) { return evidence.source == "profile" ? FlameView::suits(evidence) : 0; }

int sessions_and_locks(const Evidence& evidence) { return evidence.view == sessions ? 100 : SessionView::suits(evidence) ? 60 : 0; }

std::optional<Evidence> nothing() { return {}; }

/// Evidence that is looked at on its own. The views of spans need no query.
Evidence of_case(const char* caption, const char* view, const char* source, const char* sql = "")
{
    return {QCoreApplication::translate("EvidenceViewKind", caption).toStdString(), view, source, sql, {}};
}

std::optional<Evidence> explore_traces() { return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "All traces"), traces, "span"); }
std::optional<Evidence> explore_comparison() { return no_comparison(); }
std::optional<Evidence> explore_operations() { return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "Operations of all services"), operation_list, "span"); }
std::optional<Evidence> explore_statements()
{
    return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "Statements as the database counted them"), statements, "statement", StatementView::query());
}
std::optional<Evidence> explore_sessions() { return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "Who waits for whom in the database"), sessions, "session", SessionView::query()); }
std::optional<Evidence> explore_heap() { return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "Classes on the heap"), heap, "heap", HeapView::query()); }
std::optional<Evidence> explore_gc() { return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "Garbage collection"), gc, "gc", GcView::query()); }
std::optional<Evidence> explore_threads() { return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "What threads do and wait for"), threads, "thread", ThreadView::query()); }
std::optional<Evidence> explore_services() { return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "Who calls whom"), service_map, "span"); }
std::optional<Evidence> explore_flame() { return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "Where the time of requests goes"), "flame", "span"); }
std::optional<Evidence> explore_profile() { return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "Profiles"), "flame", "profile", FlameView::profile_query()); }
std::optional<Evidence> explore_metrics() { return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "All metrics"), metrics, "metric", MetricView::query()); }
std::optional<Evidence> explore_plans()
{
    return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "All plans; Enter opens one"), plan_list, "plan",
                   plan_table_query());
}
std::optional<Evidence> explore_plan_diff() { return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "Two plans as one tree"), plan_diff, "plan"); }
std::optional<Evidence> explore_events()
{
    return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "Deploys and other events"), event_list, "event", "SELECT at_ns, kind, service, text FROM event ORDER BY at_ns");
}
std::optional<Evidence> explore_console() { return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "Questions of your own"), console, ""); }
std::optional<Evidence> explore_latency() { return of_case(QT_TRANSLATE_NOOP("EvidenceViewKind", "Requests by start and duration"), distribution, "span"); }

}  // namespace

std::span<const EvidenceViewKind> evidence_view_kinds()
{
    static constexpr std::array kinds{
        EvidenceViewKind{"waterfall", QT_TRANSLATE_NOOP("EvidenceViewKind", "Trace waterfall"), asks_for<span_tree>, make<WaterfallView>, nothing},
        EvidenceViewKind{"latency", QT_TRANSLATE_NOOP("EvidenceViewKind", "Latency"), asks_for<distribution>, make<LatencyView>, explore_latency, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "scatter, percentiles, slow requests")},
        EvidenceViewKind{"traces", QT_TRANSLATE_NOOP("EvidenceViewKind", "Traces"), asks_for<traces>, make<TraceListView>, explore_traces, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "all traces, spans, waterfall")},
        EvidenceViewKind{"trace_diff", QT_TRANSLATE_NOOP("EvidenceViewKind", "Trace diff"), asks_for<trace_diff>, make<TraceDiffView>, explore_comparison, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "compare two traces")},
        EvidenceViewKind{"operations", QT_TRANSLATE_NOOP("EvidenceViewKind", "Operations"), asks_for<operation_list>, make<OperationView>, explore_operations, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "endpoints, routes, requests per second")},
        EvidenceViewKind{"service_map", QT_TRANSLATE_NOOP("EvidenceViewKind", "Service map"), asks_for<service_map>, make<ServiceMapView>, explore_services, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "dependencies, who calls whom")},
        EvidenceViewKind{"flame", QT_TRANSLATE_NOOP("EvidenceViewKind", "Flame graph"), flame_of_spans, make<FlameView>, explore_flame, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "where time goes, self time")},
        EvidenceViewKind{"profile", QT_TRANSLATE_NOOP("EvidenceViewKind", "Profile"), flame_of_profile, make<FlameView>, explore_profile, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "pprof, folded stacks, CPU")},
        EvidenceViewKind{"metrics", QT_TRANSLATE_NOOP("EvidenceViewKind", "Metrics"), asks_for<metrics>, make<MetricView>, explore_metrics, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "series, gauges, counters, Prometheus")},
        EvidenceViewKind{"statements", QT_TRANSLATE_NOOP("EvidenceViewKind", "Statements"), has_rows_of<statements, of_statements>, make<StatementView>, explore_statements, true, QT_TRANSLATE_NOOP("EvidenceViewKind", "pg_stat_statements, queries, database time")},
        EvidenceViewKind{"plans", QT_TRANSLATE_NOOP("EvidenceViewKind", "Plans"), asks_for<plan_list>, make<PlanListView>, explore_plans, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "EXPLAIN ANALYZE, query plans")},
        EvidenceViewKind{"plan_diff", QT_TRANSLATE_NOOP("EvidenceViewKind", "Plan diff"), asks_for<plan_diff>, make<PlanDiffView>, explore_plan_diff, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "compare two plans, EXPLAIN")},
        EvidenceViewKind{"sessions", QT_TRANSLATE_NOOP("EvidenceViewKind", "Sessions and locks"), sessions_and_locks, make<SessionView>, explore_sessions, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "pg_stat_activity, blockers, lock tree")},
        EvidenceViewKind{"heap", QT_TRANSLATE_NOOP("EvidenceViewKind", "Heap classes"), has_rows_of<heap, heap>, make<HeapView>, explore_heap, true, QT_TRANSLATE_NOOP("EvidenceViewKind", "histogram, jmap, memory leak")},
        EvidenceViewKind{"gc", QT_TRANSLATE_NOOP("EvidenceViewKind", "Garbage collection"), asks_for<gc>, make<GcView>, explore_gc, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "GC log, pauses, JVM")},
        EvidenceViewKind{"threads", QT_TRANSLATE_NOOP("EvidenceViewKind", "Threads"), has_rows_of<threads, of_threads>, make<ThreadView>, explore_threads, true, QT_TRANSLATE_NOOP("EvidenceViewKind", "thread dump, jstack, deadlock")},
        EvidenceViewKind{"events", QT_TRANSLATE_NOOP("EvidenceViewKind", "Events"), has_rows_of<event_list, of_events>, make<TableView>, explore_events, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "deploys, releases, restarts")},
        EvidenceViewKind{"console", QT_TRANSLATE_NOOP("EvidenceViewKind", "SQL console"), asks_for<console>, make<ConsoleView>, explore_console, false, QT_TRANSLATE_NOOP("EvidenceViewKind", "query, SELECT, your own question")},
        EvidenceViewKind{"series", QT_TRANSLATE_NOOP("EvidenceViewKind", "Chart"), asks_for<series>, make<SeriesView>, nothing},
        EvidenceViewKind{"plan", QT_TRANSLATE_NOOP("EvidenceViewKind", "Plan"), asks_for<one_plan>, make<PlanEvidenceView>, nothing},
        EvidenceViewKind{"text", QT_TRANSLATE_NOOP("EvidenceViewKind", "Text"), asks_for<text>, make<TextView>, nothing},
        EvidenceViewKind{"table", QT_TRANSLATE_NOOP("EvidenceViewKind", "Table"), [](const Evidence&) { return 1; }, make<TableView>, nothing},
    };
    return kinds;
}

}  // namespace casebook
