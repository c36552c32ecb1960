#include "tests/support/places.h"
#include "tests/support/table_import.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;

class tst_table_importers : public QObject {
    Q_OBJECT

private slots:
    void statements_of_every_version()
    {
        Import old_names, new_names;
        import(old_names, "pg_stat_statements_csv",
               "userid,dbid,queryid,query,calls,total_time,min_time,max_time,mean_time,stddev_time,rows,shared_blks_"
               "hit,shared_blks_read,temp_blks_written,blk_read_time\n"
               "10,5,-88,\"select 1\nfrom t\",4,10.5,1,5,2.625,0.5,8,100,3,2,0\n");
        import(new_names, "pg_stat_statements_csv",
               "query,calls,total_exec_time,min_exec_time,max_exec_time,mean_exec_time,stddev_exec_time,rows,shared_"
               "blks_hit,shared_blks_read,temp_blks_written,shared_blk_read_time,queryid,stats_since,toplevel\n"
               "\"select 1\nfrom t\",4,10.5,1,5,2.625,0.5,8,100,3,2,0,-88,2026-11-23 00:00:00+00,t\n");
        QCOMPARE(old_names.rows(), QStringList{"statement|-|-88|select 1\nfrom t|4|8|10.5|2.625|1|5|0.5|100|3|2"});
        QCOMPARE(new_names.rows(), old_names.rows());
    }

    void statements_without_text_or_calls()
    {
        Import result;
        import(result, "pg_stat_statements_csv",
               "captured_at,queryid,query,calls,total_exec_time\n2026-11-23 00:13:31.5+00,1,<insufficient "
               "privilege>,0,0\n2026-11-23 00:13:31.5+00,,,7,3.5\nsoon,2.99583E+18,select 1,1,2\n",
               at_noon);
        QCOMPARE(result.rows(), (QStringList{"statement|2026-11-23T00:13:31.500Z|1||0|-|0|-|-|-|-|-|-|-",
                                             "statement|2026-11-23T00:13:31.500Z|||7|-|3.5|-|-|-|-|-|-|-",
                                             "statement|2026-11-23T12:00:00Z||select 1|1|-|2|-|-|-|-|-|-|-"}));
        QCOMPARE(result.context.counts["no_query_text"], 2);
        QCOMPARE(result.context.counts["query_id_lost"], 1);
        QCOMPARE(result.context.stored_count, 3);
    }

    void statements_from_a_spreadsheet()
    {
        Import result;
        import(result, "pg_stat_statements_csv",
               "\xEF\xBB\xBFQuery;Calls;Total Time (s);Mean Time (ms);Rows\r\nselect 1;1.234;2,5;2,026;1234\r\nselect "
               "2;x;1;1;1\r\nselect 3;1;2\r\n");
        QCOMPARE(result.rows(), QStringList{"statement|-||select 1|1234|1234|2500|2.026|-|-|-|-|-|-"});
        QCOMPARE(result.context.counts["bad_number"], 1);
        QCOMPARE(result.context.counts["ragged_row"], 1);
        QCOMPARE(result.context.first_line["ragged_row"], 4);
        QCOMPARE(result.context.dropped, 2);
    }

    void statements_without_header()
    {
        Import result;
        import(result, "pg_stat_statements_csv",
               "10,5,t,-88,\"select status, count(*) from orders group by "
               "1\",1,0.04,0.04,0.04,0.04,0,1,22.65,22.65,22.65,22.65,0,4,2971,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
               "0,0,0,0\n");
        QCOMPARE(result.rows(), QStringList{"statement|-|-88|select status, count(*) from orders group by "
                                            "1|1|4|22.65|22.65|22.65|22.65|0|2971|0|0"});
        QCOMPARE(result.context.counts["no_header"], 1);
    }

    void statements_with_a_mean_only()
    {
        Import result;
        import(result, "pg_stat_statements_csv",
               " short_query | calls | mean \n-------------+-------+------\n select 1    |    10 | 0.25\n(1 row)\n");
        QCOMPARE(result.rows(), QStringList{"statement|-||select 1|10|-|2.5|0.25|-|-|-|-|-|-"});
        QCOMPARE(result.context.counts["no_total_time"], 1);
    }

    void statements_info()
    {
        Import result;
        import(result, "pg_stat_statements_csv", "dealloc,stats_reset\n3,2026-11-23 00:13:31.294339+00\n");
        QCOMPARE(result.rows(),
                 (QStringList{"setting|pg_stat_statements_info|dealloc|3|",
                              "setting|pg_stat_statements_info|stats_reset|2026-11-23T00:13:31.294339Z|"}));
        QCOMPARE(result.context.stored_count, 1);
    }

    void prometheus_answers()
    {
        Import matrix, vector, scalar, error, empty, export_lines;
        import(matrix, "prometheus_json",
               "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"__name__\":"
               "\"up\",\"job\":\"app\",\"instance\":\"a:1\"},\"values\":[[1795392970,\"1\"],[1795392975.5,\"NaN\"],["
               "1795392980.25,\"0.5\"]]},"
               "{\"metric\":{\"pool\":\"p\"},\"values\":[[1795392970,\"2\"]]}]},\"warnings\":[\"x\"]}",
               {}, "dir/range-cpu-util.json");
        QCOMPARE(
            matrix.rows(),
            (QStringList{
                "metric|2026-11-23T00:16:10Z|up|{\"instance\":\"a:1\",\"job\":\"app\",\"service\":\"app\"}||1",
                "metric|2026-11-23T00:16:20.250Z|up|{\"instance\":\"a:1\",\"job\":\"app\",\"service\":\"app\"}||0.5",
                "metric|2026-11-23T00:16:10Z|cpu_util|{\"pool\":\"p\"}||2"}));
        QCOMPARE(matrix.context.counts["not_finite"], 1);
        QCOMPARE(matrix.context.stored_count, 3);
        QCOMPARE(matrix.context.dropped, 1);
        import(vector, "prometheus_json",
               "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"__name__\":\"x_"
               "seconds_sum\"},\"value\":[1795392970,\"3\"]}]}}");
        QCOMPARE(vector.rows(), QStringList{"metric|2026-11-23T00:16:10Z|x_seconds_sum|{}|s|3"});
        import(scalar, "prometheus_json",
               "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1795392970,\"7\"]}}", {},
               "answer.json");
        QCOMPARE(scalar.rows(), QStringList{"metric|2026-11-23T00:16:10Z|answer|{}||7"});
        import(error, "prometheus_json",
               "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"1:6: parse error\"}");
        QVERIFY(error.error.find("1:6: parse error") != std::string::npos);
        import(empty, "prometheus_json", "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}");
        QCOMPARE(empty.context.counts["no_series"], 1);
        import(export_lines, "prometheus_json",
               "{\"metric\":{\"__name__\":\"up\"},\"values\":[1,2],\"timestamps\":[1795392970000,1795392975000]}\n{"
               "\"metric\":{\"__name__\":\"up\"},\"values\":[1,");
        QCOMPARE(export_lines.rows(),
                 (QStringList{"metric|2026-11-23T00:16:10Z|up|{}||1", "metric|2026-11-23T00:16:15Z|up|{}||2"}));
        QCOMPARE(export_lines.context.counts["truncated"], 1);
    }

    void prometheus_native_histogram()
    {
        Import result;
        import(result, "prometheus_json",
               "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"__name__\":"
               "\"lat_seconds\"},\"histogram\":[1795392970,{\"count\":\"3\",\"sum\":\"0.7\",\"buckets\":[[0,\"0.1\","
               "\"0.2\",\"1\"],[0,\"0.2\",\"0.4\",\"2\"]]}]}]}}");
        QCOMPARE(result.rows(), (QStringList{"metric|2026-11-23T00:16:10Z|lat_seconds.count|{}||3",
                                             "metric|2026-11-23T00:16:10Z|lat_seconds.sum|{}|s|0.7",
                                             "metric|2026-11-23T00:16:10Z|lat_seconds.bucket|{\"le\":\"0.2\"}||1",
                                             "metric|2026-11-23T00:16:10Z|lat_seconds.bucket|{\"le\":\"0.4\"}||3"}));
        QCOMPARE(result.context.stored_count, 1);
    }

    void prometheus_exposition()
    {
        Import result;
        import(result, "prometheus_text",
               "# HELP h Latency\n# TYPE h_seconds histogram\nh_seconds_bucket{le=\"0.50\",} 3 "
               "1795392970000\nh_seconds_count 4 1795392970000\nh_seconds_sum 1.5 1795392970000\n"
               "# TYPE s_seconds summary\ns_seconds_count{a=\"x\\\"\\\\y\\n\"} 4 1795392970000\nuntyped +Inf\r\nload "
               "1.5e3 # {trace_id=\"a\"} 0.5 1.6e9\nbroken{a=\"b\nno value\n# EOF\n",
               at_noon);
        QCOMPARE(result.rows(), (QStringList{"metric|2026-11-23T00:16:10Z|h_seconds.bucket|{\"le\":\"0.5\"}||3",
                                             "metric|2026-11-23T00:16:10Z|h_seconds.count|{}||4",
                                             "metric|2026-11-23T00:16:10Z|h_seconds.sum|{}|s|1.5",
                                             "metric|2026-11-23T00:16:10Z|s_seconds_count|{\"a\":\"x\\\"\\\\y\\n\"}||4",
                                             "metric|2026-11-23T12:00:00Z|load|{}||1500"}));
        QCOMPARE(result.context.counts["bad_line"], 1);
        QCOMPARE(result.context.counts["bad_number"], 1);
        QCOMPARE(result.context.counts["not_finite"], 1);
        Import promtool;
        import(promtool, "prometheus_text", "up{job=\"app\"} =>\n3 @[1795392970]\n4 @[1795392975]\n");
        QCOMPARE(promtool.rows(),
                 (QStringList{"metric|2026-11-23T00:16:10Z|up|{\"job\":\"app\",\"service\":\"app\"}||3",
                              "metric|2026-11-23T00:16:15Z|up|{\"job\":\"app\",\"service\":\"app\"}||4"}));
    }

    void metric_tables()
    {
        Import wide, grafana, tall, influx;
        import(wide, "metrics_csv",
               "Time,TimeStamp,PodName,CpuUsageRate(%),Latency(s)\n2022-08-22 03:51:19.6 +0000 UTC "
               "m=+0.113,1861140279,pod-a,5.5,NaN\n2022-08-22 03:52:19.6 +0000 UTC "
               "m=+60.1,1861140339,pod-b,,2\nlater,0,pod-b,1,2\n");
        QCOMPARE(wide.rows(),
                 (QStringList{"metric|2022-08-22T03:51:19.600Z|CpuUsageRate|{\"instance\":\"pod-a\"}|%|5.5",
                              "metric|2022-08-22T03:52:19.600Z|Latency|{\"instance\":\"pod-b\"}|s|2"}));
        QCOMPARE(wide.context.counts["not_finite"], 1);
        QCOMPARE(wide.context.counts["bad_time"], 1);
        import(grafana, "metrics_csv",
               "\"Time\";\"used {pool=\"\"main\"\", service=\"\"orders\"\"}\";\"p99\"\r\n2026-11-23 00:00:00;3;1,5 "
               "s\r\n1795392970000;4;250 ms\r\n");
        QCOMPARE(grafana.rows(),
                 (QStringList{"metric|2026-11-23T00:00:00Z|used|{\"pool\":\"main\",\"service\":\"orders\"}||3",
                              "metric|2026-11-23T00:00:00Z|p99|{}|ms|1500",
                              "metric|2026-11-23T00:16:10Z|used|{\"pool\":\"main\",\"service\":\"orders\"}||4",
                              "metric|2026-11-23T00:16:10Z|p99|{}|ms|250"}));
        import(tall, "metrics_csv",
               "time,name,value,unit,service,host\n2026-11-23T00:00:00Z,rps,12.5,1/"
               "s,orders,h1\n2026-11-23T00:00:00Z,,1,,,\n");
        QCOMPARE(tall.rows(),
                 QStringList{"metric|2026-11-23T00:00:00Z|rps|{\"instance\":\"h1\",\"service\":\"orders\"}|1/s|12.5"});
        QCOMPARE(tall.context.counts["no_name"], 1);
        import(influx, "metrics_csv",
               "result,table,_start,_stop,_time,_value,_field,_measurement,host\n,0,2026-11-23T00:00:00Z,2026-11-23T01:"
               "00:00Z,2026-11-23T00:00:00Z,0.5,usage_user,cpu,h1\n");
        QCOMPARE(influx.rows(), QStringList{"metric|2026-11-23T00:00:00Z|cpu.usage_user|{\"instance\":\"h1\"}||0.5"});
    }

    void events()
    {
        Import csv, guessed, json, kubernetes, grafana;
        import(csv, "events_csv",
               "time,kind,service,text\n2026-11-23T01:41:12.511Z,Deployment,catalog,\"3.4.1 -> 3.5.0, "
               "rolling\"\nyesterday,deploy,catalog,x\n");
        QCOMPARE(csv.rows(), QStringList{"event|2026-11-23T01:41:12.511Z|deploy|catalog|3.4.1 -> 3.5.0, rolling"});
        QCOMPARE(csv.context.counts["bad_time"], 1);
        import(guessed, "events_csv", "date,description\n2026-11-23,orders restarted by hand\n2026-11-24,lunch\n");
        QCOMPARE(guessed.rows(), (QStringList{"event|2026-11-23T00:00:00Z|restart||orders restarted by hand",
                                              "event|2026-11-24T00:00:00Z|event||lunch"}));
        QCOMPARE(guessed.context.repaired, 2);
        import(json, "events_json",
               "{\"time\":\"2026-11-23T01:41:12Z\",\"kind\":\"deploy\",\"service\":\"catalog\",\"text\":\"3.5.0\"}\n{"
               "\"kind\":\"deploy\"}\n{\"time\":1795392970000,\"kind\":\"cron\",\"text\":\"report\"}\n{bad}\n");
        QCOMPARE(json.rows(), (QStringList{"event|2026-11-23T01:41:12Z|deploy|catalog|3.5.0",
                                           "event|2026-11-23T00:16:10Z|cron||report"}));
        QCOMPARE(json.context.counts["no_time"], 1);
        QCOMPARE(json.context.counts["bad_json"], 1);
        import(kubernetes, "events_json",
               "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{\"reason\":\"OOMKilling\",\"message\":\"Memory "
               "cgroup out of "
               "memory\",\"lastTimestamp\":\"2026-11-23T00:00:01Z\",\"type\":\"Warning\",\"involvedObject\":{\"kind\":"
               "\"Pod\",\"name\":\"orders-api-7d88bf9c4-8l8fx\"}}]}");
        QCOMPARE(kubernetes.rows(),
                 QStringList{"event|2026-11-23T00:00:01Z|oom|orders-api|OOMKilling: Memory cgroup out of memory"});
        import(grafana, "events_json",
               "[{\"time\":1795392970000,\"text\":\"orders 2.0\",\"tags\":[\"deploy\",\"service:orders\"]}]");
        QCOMPARE(grafana.rows(), QStringList{"event|2026-11-23T00:16:10Z|deploy|orders|orders 2.0"});
    }

    void redis()
    {
        Import result;
        import(result, "redis_info",
               "# Server\r\nredis_version:7.0.15\r\nrun_id:c4e1\r\nserver_time_usec:1795392970000000\r\n# "
               "Memory\r\nused_memory:100\r\nused_memory_human:100B\r\nmaxmemory_policy:noeviction\r\n# "
               "Keyspace\r\ndb0:keys=12,expires=1,avg_ttl=0\r\n"
               "# Commandstats\r\ncmdstat_get:calls=5,usec=10\r\n",
               1'795'392'971'000'000'000);
        QStringList rows = result.rows();
        const QString common = "{\"instance\":\"c4e1\",\"service\":\"redis\"}";
        QVERIFY(rows.contains("setting|redis|redis_version|7.0.15|"));
        QVERIFY(rows.contains("setting|redis|maxmemory_policy|noeviction|"));
        QVERIFY(rows.contains("metric|2026-11-23T00:16:10Z|redis.used_memory|" + common + "|By|100"));
        QVERIFY(rows.contains("metric|2026-11-23T00:16:10Z|redis.keyspace.keys|{\"db\":\"db0\",\"instance\":\"c4e1\","
                              "\"service\":\"redis\"}||12"));
        QVERIFY(rows.contains("metric|2026-11-23T00:16:10Z|redis.cmdstat.calls|{\"cmd\":\"get\",\"instance\":\"c4e1\","
                              "\"service\":\"redis\"}||5"));
        QCOMPARE(result.context.stored_count, static_cast<std::int64_t>(result.context.count_of("metric")));
        QVERIFY(rows.filter("human").isEmpty());

        Import two;  // a server whose clock is far off, and two answers in one file
        import(two, "redis_info",
               "# Server\nserver_time_usec:1000000\nredis_version:7\nused_memory:1\nkeyspace_hits:1\n# "
               "Server\nserver_time_usec:2000000\nused_memory:2\nkeyspace_hits:2\n",
               at_noon);
        QVERIFY(two.rows().contains("metric|2026-11-23T12:00:00Z|redis.used_memory|{\"service\":\"redis\"}|By|2"));
    }

    void sessions()
    {
        Import result;
        import(result, "pg_sessions_csv",
               "captured_at,pid,usename,datname,application_name,state,wait_event_type,wait_event,blocked_by,xact_"
               "start,query_start,query,backend_type\n"
               "2026-11-23 00:00:10+00,11,app,shop,orders,active,Lock,transactionid,\"{12,13}\",2026-11-23 "
               "00:00:05+00,2026-11-23 00:00:08+00,\"update t\nset a=1\",client backend\n"
               "2026-11-23 00:00:10+00,7,,,,,Activity,WalWriterMain,{},,,,walwriter\n2026-11-23 "
               "00:00:10+00,pid,app,shop,,active,,,,,,x,\n");
        QCOMPARE(result.rows(),
                 (QStringList{"session|2026-11-23T00:00:10Z|11|app|shop|orders|active|Lock|transactionid|12,13|5000|"
                              "2000|update t\nset a=1",
                              "session|2026-11-23T00:00:10Z|7|||walwriter||Activity|WalWriterMain||-|-|"}));
        QCOMPARE(result.context.counts["bad_number"], 1);

        Import undated;
        import(undated, "pg_sessions_csv",
               " pid | state  |        query_start         |  xact_age   | query "
               "\n-----+--------+----------------------------+-------------+-------\n"
               "  11 | active | 2026-11-23 00:00:08.5+00   | 00:00:04.5  | x     \n  12 | active | 2026-11-23 "
               "00:00:10+00     |             | y     \n(2 rows)\n");
        QCOMPARE(undated.rows(), (QStringList{"session|2026-11-23T00:00:10Z|11||||active||||4500|1500|x",
                                              "session|2026-11-23T00:00:10Z|12||||active||||-|0|y"}));
        QCOMPARE(undated.context.counts["time_guessed"], 2);

        Import none;
        import(none, "pg_sessions_csv", " query | query_start | state \n-------+-------------+-------\n(0 rows)\n\n");
        QCOMPARE(none.context.stored_count + none.context.dropped, 0);
    }

    void table_statistics()
    {
        Import result;
        import(result, "pg_tables_csv",
               "schemaname,relname,seq_scan,idx_scan,n_live_tup,n_dead_tup,n_mod_since_analyze,last_vacuum,last_"
               "autovacuum,last_analyze,last_autoanalyze,heap_blks_read,heap_blks_hit,idx_blks_read,idx_blks_hit,total_"
               "size\n"
               "shop,orders,907,356,200000,3,80,,2026-11-23 00:11:59.4+00,2026-11-23 00:11:43+00,,1,2,3,4,12 "
               "MB\npublic,t,1,,2,3,4,,,,,,,,,\n",
               at_noon);
        QCOMPARE(result.rows(), (QStringList{"table|2026-11-23T12:00:00Z|shop.orders|200000|3|907|356|2026-11-23T00:11:"
                                             "59.400Z|2026-11-23T00:11:43Z|2|1|4|3|80|12582912",
                                             "table|2026-11-23T12:00:00Z|t|2|3|1|-|-|-|-|-|-|-|4|-"}));
    }

    void settings()
    {
        Import postgres, own;
        import(postgres, "settings_csv",
               "name,setting,unit,source\nmax_connections,100,,configuration file\nwork_mem,4096,kB,default\n");
        QCOMPARE(postgres.rows(),
                 (QStringList{"setting|postgresql|max_connections|100|", "setting|postgresql|work_mem|4096|kB"}));
        import(own, "settings_csv", "source,name,value,unit\norders,pool.max,10,connections\n,,1,\n");
        QCOMPARE(own.rows(), QStringList{"setting|orders|pool.max|10|connections"});
        QCOMPARE(own.context.counts["no_name"], 1);
    }

    /// What looks like a table or a log and is none of ours.
    void strangers_data()
    {
        QTest::addColumn<QString>("text");
        QTest::newRow("nothing") << "";
        QTest::newRow("prose") << "Dear all, the service is slow again; please have a look.\n";
        QTest::newRow("an application log")
            << "2026-11-23T00:00:00Z INFO orders: started, 3 workers\n2026-11-23T00:00:01Z WARN orders: slow\n";
        QTest::newRow("a log as CSV") << "time,level,message\n2026-11-23T00:00:00Z,INFO,deploy done\n";
        QTest::newRow("a log as JSON")
            << "{\"time\":\"2026-11-23T00:00:00Z\",\"level\":\"info\",\"type\":\"x\",\"message\":\"y\"}\n";
        QTest::newRow("spans as CSV") << "trace_id,span_id,timestamp,duration\n1,2,1795392970000,3\n";
        QTest::newRow("a list of indexes")
            << "schemaname,tablename,indexname,indexdef\nshop,t,t_pkey,CREATE UNIQUE INDEX t_pkey ON t (id)\n";
        QTest::newRow("index statistics")
            << "relid,indexrelid,schemaname,relname,indexrelname,idx_scan\n1,2,shop,t,t_pkey,3\n";
        QTest::newRow("what a load client saw")
            << "{\"phase\":\"baseline\",\"at\":\"2026-11-23T00:00:00Z\",\"total\":100,\"p50\":3}\n";
        QTest::newRow("a plan")
            << "                QUERY PLAN                 \n-------------------------------------------\n Seq Scan on "
               "t  (cost=0.00..1.00 rows=1)\n(1 row)\n";
        QTest::newRow("jstat") << "  S0     S1     E      O      M     CCS    YGC     YGCT    FGC    FGCT     GCT\n  "
                                  "0.00  82.79   8.33  14.27  75.81  22.49      4    0.026     0    0.000    0.026\n";
    }
    void strangers()
    {
        QFETCH(QString, text);
        const std::string bytes = text.toStdString();
        const Probe probe{"input", "txt", bytes, true};
        for (const char* id : table_importers) QVERIFY2(importer_named(id)->sniff(probe) == 0, id);
    }

    /// Nothing of ours falls over bytes meant for another, cut anywhere, or no text at all.
    void hostile()
    {
        const std::string inputs[] = {"",
                                      "\n\n\n",
                                      std::string(5000, '\0'),
                                      std::string(100'000, '('),
                                      std::string(100'000, '"'),
                                      std::string(70'000, '|') + "\n---+---\n",
                                      "[" + std::string(50'000, '{'),
                                      " a | b \n---+---\n" + std::string(1000, '+') + "\n",
                                      "-[ RECORD 1 ]-\n|||\n",
                                      "\xff\xfe\xfd,a\n\xff,1\n",
                                      "GC(99999999999999999999) Pause (((((ms\n[[[[]]]]",
                                      "\"x\" #1\n\t- locked <\n\t- waiting on <0x\n",
                                      "time,value,name\n1e999,1e999,x\n9999999999999999999,1,x\n",
                                      "calls,query,total_time\n-1,x,1\n1,x,nan\n1,x,1e999\n"};
        for (const std::string& bytes : inputs)
            for (const char* id : table_importers) {
                Control control;
                RecordingContext context;
                ChunkedSource source(bytes, 11);
                const Importer* importer = importer_named(id);
                const Probe probe{"input", "txt", bytes, true};
                const int score = importer->sniff(probe);
                QVERIFY(score >= 0 && score <= 100);
                (void)importer->read(source, context);
                QVERIFY(context.repaired <= context.stored_count + context.dropped);
            }
    }

    /// The samples of one folder or suffix belong to one importer, whatever else is registered.
    void shared_samples_have_one_owner()
    {
        const auto shared = shared_folder();
        if (!shared) QSKIP("the folder of further samples is absent");
        struct Owner {
            const char* part;
            const char* id;
        };
        const Owner owners[] = {{"pg_stat_statements/", "pg_stat_statements_csv"},
                                {"/pgss_", "pg_stat_statements_csv"},
                                {"/redis_info_", "redis_info"},
                                {"/events.csv", "events_csv"},
                                {"/jmap-histo-", "jvm_class_histogram"},
                                {"class_histogram", "jvm_class_histogram"},
                                {"/live/java/gc/jdk17-", "jvm_gc_log"},
                                {"/prom/range-", "prometheus_json"},
                                {"/live/java/threads/jstack-l-1.txt", "thread_dump"},
                                {"nezha-2022-08-22/metric/source", "metrics_csv"},
                                {"pg_stat_user_tables.csv", "pg_tables_csv"},
                                {"pg_settings.csv", "settings_csv"},
                                {"pg_stat_activity", "pg_sessions_csv"}};
        int files = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(*shared / "samples")) {
            const std::string path = entry.path().string();
            if (!entry.is_regular_file() || path.ends_with(".stdout.txt") || path.ends_with("class_histogram.md"))
                continue;
            const char* owner = nullptr;
            for (const Owner& one : owners)
                if (path.find(one.part) != std::string::npos && !owner) owner = one.id;
            if (!owner) continue;
            Control control;
            auto source = Source::open(path, control);
            QVERIFY(source.has_value());
            const auto head = (*source)->window(64 << 10);
            QVERIFY(head.has_value());
            QCOMPARE(QString::fromStdString(winner(*head, path)), QString(owner));
            ++files;
        }
        QVERIFY(files > 200);
    }
};

QTEST_APPLESS_MAIN(tst_table_importers)
#include "tst_table_importers.moc"
