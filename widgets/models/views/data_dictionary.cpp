#include "widgets/models/views/data_dictionary.h"

#include <QCoreApplication>
#include <QSet>

namespace casebook {
namespace {

// One line per view: "name|meaning", then its columns as "name|unit|meaning". A test holds this against the schema.
constexpr const char* views[] = {
    QT_TRANSLATE_NOOP("Dictionary", "span|one operation of one service: a request, a call, a query"),
    QT_TRANSLATE_NOOP("Dictionary", " trace_id||32 hex digits"),
    QT_TRANSLATE_NOOP("Dictionary", " span_id||16 hex digits"),
    QT_TRANSLATE_NOOP("Dictionary", " parent_id||span that caused it; empty for the first span of a trace"),
    QT_TRANSLATE_NOOP("Dictionary", " service||service.name"),
    QT_TRANSLATE_NOOP("Dictionary", " operation||name with variable parts replaced: GET /orders/:id"),
    QT_TRANSLATE_NOOP("Dictionary", " kind||server client producer consumer internal"),
    QT_TRANSLATE_NOOP("Dictionary", " status||unset ok error"),
    QT_TRANSLATE_NOOP("Dictionary", " start_ns|ns since 1970|start"),
    QT_TRANSLATE_NOOP("Dictionary", " duration_ns|ns|duration"),
    QT_TRANSLATE_NOOP("Dictionary", " self_ns|ns|time not covered by children"),
    QT_TRANSLATE_NOOP("Dictionary", " instance||pod, host or process"),
    QT_TRANSLATE_NOOP("Dictionary", " version||service.version"),
    QT_TRANSLATE_NOOP("Dictionary", "span_attribute|attributes of spans as text; fast for one trace or one key"),
    QT_TRANSLATE_NOOP("Dictionary", " trace_id||32 hex digits"),
    QT_TRANSLATE_NOOP("Dictionary", " span_id||16 hex digits"),
    QT_TRANSLATE_NOOP("Dictionary", " key||name of the attribute"),
    QT_TRANSLATE_NOOP("Dictionary", " value||always text"),
    QT_TRANSLATE_NOOP("Dictionary", "statement|pg_stat_statements, one row per statement and snapshot"),
    QT_TRANSLATE_NOOP("Dictionary", " snapshot_at_ns|ns since 1970|when it was dumped; NULL when unknown"),
    QT_TRANSLATE_NOOP("Dictionary", " query_id||of the database"),
    QT_TRANSLATE_NOOP("Dictionary", " fingerprint||Casebook's own, equal for equal statements however they are spelled"),
    QT_TRANSLATE_NOOP("Dictionary", " query||text with constants replaced"),
    QT_TRANSLATE_NOOP("Dictionary", " calls||since the last reset"),
    QT_TRANSLATE_NOOP("Dictionary", " rows||returned or changed"),
    QT_TRANSLATE_NOOP("Dictionary", " total_ms|ms|execution time of all calls"),
    QT_TRANSLATE_NOOP("Dictionary", " mean_ms|ms|per call"),
    QT_TRANSLATE_NOOP("Dictionary", " min_ms|ms|shortest call"),
    QT_TRANSLATE_NOOP("Dictionary", " max_ms|ms|longest call"),
    QT_TRANSLATE_NOOP("Dictionary", " stddev_ms|ms|standard deviation"),
    QT_TRANSLATE_NOOP("Dictionary", " shared_hit|blocks|found in shared buffers"),
    QT_TRANSLATE_NOOP("Dictionary", " shared_read|blocks|read from disk or the system's cache"),
    QT_TRANSLATE_NOOP("Dictionary", " temp_written|blocks|spilled"),
    QT_TRANSLATE_NOOP("Dictionary", "plan|EXPLAIN output, one row per plan"),
    QT_TRANSLATE_NOOP("Dictionary", " id||plan_id of its nodes"),
    QT_TRANSLATE_NOOP("Dictionary", " file_id||imported file"),
    QT_TRANSLATE_NOOP("Dictionary", " format||text json yaml xml"),
    QT_TRANSLATE_NOOP("Dictionary", " query_id||of the database"),
    QT_TRANSLATE_NOOP("Dictionary", " fingerprint||of the query"),
    QT_TRANSLATE_NOOP("Dictionary", " query||when the plan says it"),
    QT_TRANSLATE_NOOP("Dictionary", " at_ns|ns since 1970|when it ran"),
    QT_TRANSLATE_NOOP("Dictionary", " planning_ms|ms|planning time"),
    QT_TRANSLATE_NOOP("Dictionary", " execution_ms|ms|execution time"),
    QT_TRANSLATE_NOOP("Dictionary", " nodes||how many"),
    QT_TRANSLATE_NOOP("Dictionary", " source_line||where it begins in the file"),
    QT_TRANSLATE_NOOP("Dictionary", "plan_node|nodes of plans in pre-order"),
    QT_TRANSLATE_NOOP("Dictionary", " plan_id||plan it belongs to"),
    QT_TRANSLATE_NOOP("Dictionary", " node_id||from 0, in pre-order"),
    QT_TRANSLATE_NOOP("Dictionary", " parent_id||NULL for the root"),
    QT_TRANSLATE_NOOP("Dictionary", " depth||0 for the root"),
    QT_TRANSLATE_NOOP("Dictionary", " node_type||Seq Scan, Hash Join, …"),
    QT_TRANSLATE_NOOP("Dictionary", " relation||table"),
    QT_TRANSLATE_NOOP("Dictionary", " index_name||index"),
    QT_TRANSLATE_NOOP("Dictionary", " plan_rows||expected per loop"),
    QT_TRANSLATE_NOOP("Dictionary", " actual_rows||per loop"),
    QT_TRANSLATE_NOOP("Dictionary", " loops||how often the node ran"),
    QT_TRANSLATE_NOOP("Dictionary", " total_ms|ms|over all loops, children included"),
    QT_TRANSLATE_NOOP("Dictionary", " self_ms|ms|over all loops, children excluded"),
    QT_TRANSLATE_NOOP("Dictionary", " rows_removed||by filters, over all loops"),
    QT_TRANSLATE_NOOP("Dictionary", " shared_hit|blocks|children included"),
    QT_TRANSLATE_NOOP("Dictionary", " shared_read|blocks|children included"),
    QT_TRANSLATE_NOOP("Dictionary", " temp_written|blocks|spilled"),
    QT_TRANSLATE_NOOP("Dictionary", " workers||launched"),
    QT_TRANSLATE_NOOP("Dictionary", "metric_point|one value of one series"),
    QT_TRANSLATE_NOOP("Dictionary", " name||of the metric"),
    QT_TRANSLATE_NOOP("Dictionary", " labels||JSON object, service and instance included"),
    QT_TRANSLATE_NOOP("Dictionary", " unit||as the source gave it"),
    QT_TRANSLATE_NOOP("Dictionary", " at_ns|ns since 1970|time"),
    QT_TRANSLATE_NOOP("Dictionary", " value||counters are cumulative"),
    QT_TRANSLATE_NOOP("Dictionary", "event|deploys, restarts, configuration changes"),
    QT_TRANSLATE_NOOP("Dictionary", " at_ns|ns since 1970|time"),
    QT_TRANSLATE_NOOP("Dictionary", " kind||deploy config restart oom failover …"),
    QT_TRANSLATE_NOOP("Dictionary", " service||service it touched"),
    QT_TRANSLATE_NOOP("Dictionary", " text||what happened"),
    QT_TRANSLATE_NOOP("Dictionary", "heap_class|class histograms"),
    QT_TRANSLATE_NOOP("Dictionary", " file_id||imported file"),
    QT_TRANSLATE_NOOP("Dictionary", " at_ns|ns since 1970|NULL when unknown"),
    QT_TRANSLATE_NOOP("Dictionary", " class||class name"),
    QT_TRANSLATE_NOOP("Dictionary", " instances||objects"),
    QT_TRANSLATE_NOOP("Dictionary", " bytes|bytes|shallow size"),
    QT_TRANSLATE_NOOP("Dictionary", "gc_pause|stop-the-world pauses"),
    QT_TRANSLATE_NOOP("Dictionary", " file_id||imported file"),
    QT_TRANSLATE_NOOP("Dictionary", " at_ns|ns|since 1970, or since the start of the process"),
    QT_TRANSLATE_NOOP("Dictionary", " collector||G1, Parallel, ZGC, …"),
    QT_TRANSLATE_NOOP("Dictionary", " kind||young, full, …"),
    QT_TRANSLATE_NOOP("Dictionary", " cause||why it ran"),
    QT_TRANSLATE_NOOP("Dictionary", " pause_ms|ms|length"),
    QT_TRANSLATE_NOOP("Dictionary", " before_bytes|bytes|heap before"),
    QT_TRANSLATE_NOOP("Dictionary", " after_bytes|bytes|heap after"),
    QT_TRANSLATE_NOOP("Dictionary", " capacity_bytes|bytes|heap committed"),
    QT_TRANSLATE_NOOP("Dictionary", "thread|threads of thread dumps"),
    QT_TRANSLATE_NOOP("Dictionary", " file_id||imported file"),
    QT_TRANSLATE_NOOP("Dictionary", " at_ns|ns since 1970|time of the dump"),
    QT_TRANSLATE_NOOP("Dictionary", " name||thread name"),
    QT_TRANSLATE_NOOP("Dictionary", " state||RUNNABLE BLOCKED WAITING …"),
    QT_TRANSLATE_NOOP("Dictionary", " waiting_on||monitor or lock"),
    QT_TRANSLATE_NOOP("Dictionary", " holding||monitors and locks it holds"),
    QT_TRANSLATE_NOOP("Dictionary", " top_frame||innermost frame"),
    QT_TRANSLATE_NOOP("Dictionary", " stack||frames and locks, innermost first, one a line"),
    QT_TRANSLATE_NOOP("Dictionary", "session|database sessions (pg_stat_activity)"),
    QT_TRANSLATE_NOOP("Dictionary", " at_ns|ns since 1970|time of the snapshot"),
    QT_TRANSLATE_NOOP("Dictionary", " pid||of the server process"),
    QT_TRANSLATE_NOOP("Dictionary", " user||role"),
    QT_TRANSLATE_NOOP("Dictionary", " database||database"),
    QT_TRANSLATE_NOOP("Dictionary", " application||application_name"),
    QT_TRANSLATE_NOOP("Dictionary", " state||active, idle in transaction, …"),
    QT_TRANSLATE_NOOP("Dictionary", " wait_event_type||Lock, IO, Client, …"),
    QT_TRANSLATE_NOOP("Dictionary", " wait_event||what exactly it waits for"),
    QT_TRANSLATE_NOOP("Dictionary", " blocked_by||pids, comma separated"),
    QT_TRANSLATE_NOOP("Dictionary", " xact_age_ms|ms|age of its transaction"),
    QT_TRANSLATE_NOOP("Dictionary", " query_age_ms|ms|age of its query"),
    QT_TRANSLATE_NOOP("Dictionary", " query||text"),
    QT_TRANSLATE_NOOP("Dictionary", " file_id||imported file"),
    QT_TRANSLATE_NOOP("Dictionary", " state_age_ms|ms|since its state changed"),
    QT_TRANSLATE_NOOP("Dictionary", " backend_type||client backend, walsender, …"),
    QT_TRANSLATE_NOOP("Dictionary", " leader_pid||of a parallel worker"),
    QT_TRANSLATE_NOOP("Dictionary", " backend_xid||its transaction id, when it wrote"),
    QT_TRANSLATE_NOOP("Dictionary", " backend_xmin||vacuum keeps what died after it"),
    QT_TRANSLATE_NOOP("Dictionary", " lock_type||of the lock it waits for"),
    QT_TRANSLATE_NOOP("Dictionary", " lock_mode||of the lock it waits for"),
    QT_TRANSLATE_NOOP("Dictionary", " lock_relation||of the lock it waits for"),
    QT_TRANSLATE_NOOP("Dictionary", " lock_wait_ms|ms|how long it has waited for it"),
    QT_TRANSLATE_NOOP("Dictionary", "table_stat|statistics of tables (pg_stat_user_tables)"),
    QT_TRANSLATE_NOOP("Dictionary", " at_ns|ns since 1970|time of the snapshot"),
    QT_TRANSLATE_NOOP("Dictionary", " table||schema.table; quote it: \"table\""),
    QT_TRANSLATE_NOOP("Dictionary", " live_rows||estimate"),
    QT_TRANSLATE_NOOP("Dictionary", " dead_rows||waiting for vacuum"),
    QT_TRANSLATE_NOOP("Dictionary", " seq_scans||sequential scans"),
    QT_TRANSLATE_NOOP("Dictionary", " index_scans||index scans"),
    QT_TRANSLATE_NOOP("Dictionary", " last_vacuum_ns|ns since 1970|manual or automatic"),
    QT_TRANSLATE_NOOP("Dictionary", " last_analyze_ns|ns since 1970|manual or automatic"),
    QT_TRANSLATE_NOOP("Dictionary", " heap_hit|blocks|found in shared buffers"),
    QT_TRANSLATE_NOOP("Dictionary", " heap_read|blocks|read"),
    QT_TRANSLATE_NOOP("Dictionary", " index_hit|blocks|found in shared buffers"),
    QT_TRANSLATE_NOOP("Dictionary", " index_read|blocks|read"),
    QT_TRANSLATE_NOOP("Dictionary", " modified_since_analyze||rows changed since the last ANALYZE"),
    QT_TRANSLATE_NOOP("Dictionary", " size_bytes|bytes|of the table"),
    QT_TRANSLATE_NOOP("Dictionary", " file_id||imported file"),
    QT_TRANSLATE_NOOP("Dictionary", " database||database"),
    QT_TRANSLATE_NOOP("Dictionary", "profile|folded stacks"),
    QT_TRANSLATE_NOOP("Dictionary", " file_id||imported file"),
    QT_TRANSLATE_NOOP("Dictionary", " kind||cpu alloc wall lock"),
    QT_TRANSLATE_NOOP("Dictionary", " stack||frames, root first, separated by ;"),
    QT_TRANSLATE_NOOP("Dictionary", " value||samples, bytes or ns"),
    QT_TRANSLATE_NOOP("Dictionary", " unit||of the value"),
    QT_TRANSLATE_NOOP("Dictionary", "log_line|log records"),
    QT_TRANSLATE_NOOP("Dictionary", " at_ns|ns since 1970|time"),
    QT_TRANSLATE_NOOP("Dictionary", " service||service"),
    QT_TRANSLATE_NOOP("Dictionary", " level||as logged"),
    QT_TRANSLATE_NOOP("Dictionary", " text||message"),
    QT_TRANSLATE_NOOP("Dictionary", " source_line||line in the file"),
    QT_TRANSLATE_NOOP("Dictionary", "setting|pool sizes, timeouts, limits"),
    QT_TRANSLATE_NOOP("Dictionary", " source||where it comes from"),
    QT_TRANSLATE_NOOP("Dictionary", " name||name"),
    QT_TRANSLATE_NOOP("Dictionary", " value||as text"),
    QT_TRANSLATE_NOOP("Dictionary", " unit||of the value"),
    QT_TRANSLATE_NOOP("Dictionary", "import_file|the files of the case"),
    QT_TRANSLATE_NOOP("Dictionary", " id||file_id elsewhere"),
    QT_TRANSLATE_NOOP("Dictionary", " path||as given"),
    QT_TRANSLATE_NOOP("Dictionary", " importer||format"),
    QT_TRANSLATE_NOOP("Dictionary", " window||window of evidence without time"),
    QT_TRANSLATE_NOOP("Dictionary", " records||read"),
    QT_TRANSLATE_NOOP("Dictionary", " stored||kept"),
    QT_TRANSLATE_NOOP("Dictionary", " repaired||kept after a correction"),
    QT_TRANSLATE_NOOP("Dictionary", " dropped||left out, with a note"),
    QT_TRANSLATE_NOOP("Dictionary", " bytes|bytes|size"),
    QT_TRANSLATE_NOOP("Dictionary", " seconds|s|how long the import took"),
    QT_TRANSLATE_NOOP("Dictionary", " content_hash||of the content"),
    QT_TRANSLATE_NOOP("Dictionary", "import_note|what was odd in the files"),
    QT_TRANSLATE_NOOP("Dictionary", " file_id||imported file"),
    QT_TRANSLATE_NOOP("Dictionary", " line||line, or byte offset of a binary format"),
    QT_TRANSLATE_NOOP("Dictionary", " code||kind of oddity"),
    QT_TRANSLATE_NOOP("Dictionary", " detail||what was done"),
    QT_TRANSLATE_NOOP("Dictionary", " count||how often"),
    QT_TRANSLATE_NOOP("Dictionary", "window|named stretches of time"),
    QT_TRANSLATE_NOOP("Dictionary", " name||name"),
    QT_TRANSLATE_NOOP("Dictionary", " role||baseline incident after, or empty"),
    QT_TRANSLATE_NOOP("Dictionary", " from_ns|ns since 1970|first instant"),
    QT_TRANSLATE_NOOP("Dictionary", " to_ns|ns since 1970|first instant after it"),
    QT_TRANSLATE_NOOP("Dictionary", "verdict|answers of the analyzers"),
    QT_TRANSLATE_NOOP("Dictionary", " analyzer||id"),
    QT_TRANSLATE_NOOP("Dictionary", " verdict||confirmed suspected inconclusive ruled_out not_enough_evidence"),
    QT_TRANSLATE_NOOP("Dictionary", " reason||why"),
    QT_TRANSLATE_NOOP("Dictionary", "finding|what the analyzers found"),
    QT_TRANSLATE_NOOP("Dictionary", " analyzer||id"),
    QT_TRANSLATE_NOOP("Dictionary", " key||stable name of the finding"),
    QT_TRANSLATE_NOOP("Dictionary", " verdict||confirmed suspected inconclusive"),
    QT_TRANSLATE_NOOP("Dictionary", " severity||critical warning note"),
    QT_TRANSLATE_NOOP("Dictionary", " headline||a sentence with a number"),
    QT_TRANSLATE_NOOP("Dictionary", " impact|s per s|request time it costs"),
    QT_TRANSLATE_NOOP("Dictionary", "finding_decision|what people made of the findings"),
    QT_TRANSLATE_NOOP("Dictionary", " analyzer||id"),
    QT_TRANSLATE_NOOP("Dictionary", " key||stable name of the finding"),
    QT_TRANSLATE_NOOP("Dictionary", " state||open accepted dismissed"),
    QT_TRANSLATE_NOOP("Dictionary", " reason||why it was dismissed"),
    QT_TRANSLATE_NOOP("Dictionary", " note||free text"),
    QT_TRANSLATE_NOOP("Dictionary", " pinned||1 when it is listed first"),
    QT_TRANSLATE_NOOP("Dictionary", " changed_at_ns|ns since 1970|last change"),
    QT_TRANSLATE_NOOP("Dictionary", "verdict_change|how verdicts changed with the evidence"),
    QT_TRANSLATE_NOOP("Dictionary", " at_ns|ns since 1970|analysis that changed it"),
    QT_TRANSLATE_NOOP("Dictionary", " analyzer||id"),
    QT_TRANSLATE_NOOP("Dictionary", " key||of a finding; empty for the analyzer's answer"),
    QT_TRANSLATE_NOOP("Dictionary", " before||verdict until then; empty when there was none"),
    QT_TRANSLATE_NOOP("Dictionary", " verdict||verdict since; empty when no longer found"),
    QT_TRANSLATE_NOOP("Dictionary", " cause||what had changed"),
};

}  // namespace

const std::vector<DictionaryView>& data_dictionary()
{
    static const std::vector<DictionaryView> dictionary = [] {
        std::vector<DictionaryView> made;
        for (const char* line : views) {
            const QString text = QCoreApplication::translate("Dictionary", line);
            const QStringList parts = text.split(QLatin1Char('|'));
            // A translation must keep the names; when it does not, the English line stands in.
            const QStringList original = QString::fromUtf8(line).split(QLatin1Char('|'));
            const QStringList& used = parts.size() == original.size() ? parts : original;
            if (original.front().startsWith(QLatin1Char(' '))) made.back().columns.push_back({original[0].trimmed(), used[1], used[2]});
            else made.push_back({original[0], used[1], {}});
        }
        return made;
    }();
    return dictionary;
}

const std::vector<DictionaryFunction>& dictionary_functions()
{
    static const std::vector<DictionaryFunction> functions{
        {QStringLiteral("percentile(x, p)"), QCoreApplication::translate("Dictionary", "p-th percentile (0 to 100) of a group, interpolated")},
        {QStringLiteral("fingerprint(sql)"), QCoreApplication::translate("Dictionary", "equal for equal statements however they are spelled")},
        {QStringLiteral("template(url)"), QCoreApplication::translate("Dictionary", "path with variable parts replaced")},
    };
    return functions;
}

QStringList dictionary_words()
{
    QSet<QString> words;
    for (const DictionaryView& view : data_dictionary()) {
        words += view.name;
        for (const DictionaryColumn& column : view.columns) words += column.name;
    }
    for (const DictionaryFunction& function : dictionary_functions()) words += function.name.section(QLatin1Char('('), 0, 0);
    QStringList sorted(words.begin(), words.end());
    sorted.sort();
    return sorted;
}

}  // namespace casebook
