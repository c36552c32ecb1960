#include "analyzers/analysis/needs.h"

#include <array>

namespace casebook {
namespace {

struct Source { std::string_view atom, command; };

constexpr std::array<Source, 27> sources{{
    {"span", "export traces as OTLP JSON or protobuf with the collector's file exporter, or download them from Jaeger: curl 'http://JAEGER:16686/api/traces?service=NAME&limit=2000'"},
    {"statement", "psql -c \"COPY (SELECT * FROM pg_stat_statements) TO STDOUT CSV HEADER\" > pg_stat_statements.csv"},
    {"statement*2", "take a second snapshot some minutes later: psql -c \"COPY (SELECT * FROM pg_stat_statements) TO STDOUT CSV HEADER\" > pg_stat_statements_2.csv"},
    {"plan", "psql -XAtc \"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT ...\" > plan.json"},
    {"plan_node", "psql -XAtc \"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT ...\" > plan.json"},
    {"heap_class", "jcmd PID GC.class_histogram > histogram_1.txt, five times or more under load, some minutes apart"},
    {"gc_pause", "run the JVM with -Xlog:gc*,safepoint:file=gc.log:time,uptime,level,tags"},
    {"thread", "jstack -l PID > threads.txt"},
    {"event", "import the deploys: write time,kind,service,text lines to events.csv, one for each deploy, configuration change and restart, then casebook-cli import CASE events.csv"},
    {"event(deploy)", "import the deploy: write time,deploy,SERVICE,TEXT to events.csv for each release, then casebook-cli import CASE events.csv"},
    {"session", "casebook-cli capture CONNINFO -o DIR --snapshots 5 --every 2s; or psql -c \"COPY (SELECT now() AS at, *, array_to_string(pg_blocking_pids(pid), ',') AS blocked_by FROM pg_stat_activity) TO STDOUT CSV HEADER\" > sessions.csv"},
    {"table_stat", "casebook-cli capture CONNINFO -o DIR; or psql -c \"COPY (SELECT now() AS at, * FROM pg_stat_user_tables) TO STDOUT CSV HEADER\" > tables.csv"},
    {"profile", "perf script | stackcollapse-perf.pl > profile.folded, or async-profiler with -o collapsed"},
    {"log_line", "copy the server log of the incident's hour"},
    {"setting", "write name,value,unit lines to settings.csv: pool sizes, timeouts, limits, cores"},
    {"metric_point", "curl 'http://PROMETHEUS:9090/api/v1/query_range?query=NAME&start=FROM&end=TO&step=5' > metrics.json"},
    {"metric(pool_used)", "export the pool gauges (db.client.connection.count, hikaricp_connections_active) over the incident: curl 'http://PROMETHEUS:9090/api/v1/query_range?query=hikaricp_connections_active&start=FROM&end=TO&step=5'"},
    {"metric(pool_max)", "export db.client.connection.max or hikaricp_connections_max over the incident"},
    {"metric(pool_pending)", "export db.client.connection.pending_requests or hikaricp_connections_pending over the incident"},
    {"metric(cpu)", "export the CPU use of the services over the incident: curl 'http://PROMETHEUS:9090/api/v1/query_range?query=rate(process_cpu_seconds_total[1m])&start=FROM&end=TO&step=15'"},
    {"metric(db_cpu)", "export the CPU use of the database server over the incident"},
    {"metric(cache_hits)", "redis-cli INFO all > redis_info_1.txt, every few seconds, or export the cache's hit and miss counters"},
    {"metric(cache_misses)", "redis-cli INFO all > redis_info_1.txt, every few seconds, or export the cache's hit and miss counters"},
    {"metric(memory)", "export container_memory_working_set_bytes over the incident"},
    {"metric(memory_limit)", "export container_spec_memory_limit_bytes, or write memory_limit to settings.csv"},
    {"metric(queue_depth)", "export the queue's depth (kafka_consumergroup_lag, rabbitmq_queue_messages_ready) over the incident"},
    {"metric(heap)", "export jvm_memory_used_bytes{area=\"heap\"} over the incident"},
}};

}  // namespace

Missing missing_evidence(std::string_view atom, std::string why)
{
    for (const Source& source : sources)
        if (source.atom == atom) return {std::string(atom), std::move(why), std::string(source.command)};
    if (atom.starts_with("metric(")) {
        const std::string role(atom.substr(7, atom.size() - 8));
        return {std::string(atom), std::move(why), "export the metric for " + role + " over the incident: curl 'http://PROMETHEUS:9090/api/v1/query_range?query=NAME&start=FROM&end=TO&step=15'"};
    }
    return {std::string(atom), std::move(why), "casebook-cli list importers shows what brings " + std::string(atom)};
}

}  // namespace casebook
