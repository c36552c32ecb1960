#include "analyzers/core/importer.h"
#include "tests/support/places.h"
#include "tests/support/recording_context.h"

#include <QtTest>
#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>

using namespace casebook;
using namespace casebook::tests;

namespace {

/// Ids of the importers this test is about.
const char* const table_importers[] = {"pg_stat_statements_csv", "jvm_class_histogram", "jvm_gc_log", "prometheus_json", "prometheus_text", "metrics_csv", "events_csv",
                                       "events_json", "redis_info", "pg_sessions_csv", "pg_tables_csv", "settings_csv", "thread_dump", "folded_stacks"};

const Importer* importer_named(std::string_view id)
{
    for (const Importer* importer : all_importers())
        if (importer->id == id) return importer;
    return nullptr;
}

/// The importer that scores highest; empty when none does, both names when two do.
std::string winner(std::string_view bytes, std::string_view path = "input", std::string_view extension = "txt")
{
    const Probe probe{path, extension, bytes.substr(0, 64 << 10), bytes.size() <= (64 << 10)};
    std::string best;
    int score = 0;
    for (const Importer* importer : all_importers()) {
        const int own = importer->sniff(probe);
        if (own > score) best = importer->id;
        else if (own == score && own > 0) best += "+" + std::string(importer->id);
        score = std::max(score, own);
    }
    return best;
}

struct Import {
    RecordingContext context;
    std::string error;
    QStringList rows() const
    {
        QStringList list;
        for (const std::string& row : context.rows) list << QString::fromStdString(row);
        return list;
    }
};

/// Sniffs, which must name `id`, and reads: in chunks of a few bytes and whole, which must give the same rows.
void import(Import& result, const char* id, std::string_view bytes, std::optional<std::int64_t> at = {}, const std::string& file = "input")
{
    QCOMPARE(QString::fromStdString(winner(bytes, file)), QString(id));
    const Importer* importer = importer_named(id);
    QVERIFY(importer);
    Import chunked;
    for (Import* one : {&chunked, &result}) {
        one->context.at = at;
        one->context.file = file;
        Control control;
        ChunkedSource pieces(bytes, 7);
        const auto memory = Source::from_memory(bytes, control);
        const Status status = importer->read(one == &chunked ? static_cast<Source&>(pieces) : *memory, one->context);
        if (!status) one->error = status.error().what;
    }
    QCOMPARE(chunked.rows(), result.rows());
    QCOMPARE(chunked.error, result.error);
}

constexpr std::int64_t at_noon = 1795435200000000000;  // 2026-11-23T12:00:00Z

}  // namespace

class tst_table_importers : public QObject {
    Q_OBJECT

private slots:
    void statements_of_every_version()
    {
        Import old_names, new_names;
        import(old_names, "pg_stat_statements_csv", "userid,dbid,queryid,query,calls,total_time,min_time,max_time,mean_time,stddev_time,rows,shared_blks_hit,shared_blks_read,temp_blks_written,blk_read_time\n"
                                                    "10,5,-88,\"select 1\nfrom t\",4,10.5,1,5,2.625,0.5,8,100,3,2,0\n");
        import(new_names, "pg_stat_statements_csv",
               "query,calls,total_exec_time,min_exec_time,max_exec_time,mean_exec_time,stddev_exec_time,rows,shared_blks_hit,shared_blks_read,temp_blks_written,shared_blk_read_time,queryid,stats_since,toplevel\n"
               "\"select 1\nfrom t\",4,10.5,1,5,2.625,0.5,8,100,3,2,0,-88,2026-11-23 00:00:00+00,t\n");
        QCOMPARE(old_names.rows(), QStringList{"statement|-|-88|select 1\nfrom t|4|8|10.5|2.625|1|5|0.5|100|3|2"});
        QCOMPARE(new_names.rows(), old_names.rows());
    }

    void statements_without_text_or_calls()
    {
        Import result;
        import(result, "pg_stat_statements_csv",
               "captured_at,queryid,query,calls,total_exec_time\n2026-11-23 00:13:31.5+00,1,<insufficient privilege>,0,0\n2026-11-23 00:13:31.5+00,,,7,3.5\nsoon,2.99583E+18,select 1,1,2\n", at_noon);
        QCOMPARE(result.rows(), (QStringList{"statement|2026-11-23T00:13:31.500Z|1||0|-|0|-|-|-|-|-|-|-", "statement|2026-11-23T00:13:31.500Z|||7|-|3.5|-|-|-|-|-|-|-",
                                             "statement|2026-11-23T12:00:00Z||select 1|1|-|2|-|-|-|-|-|-|-"}));
        QCOMPARE(result.context.counts["no_query_text"], 2);
        QCOMPARE(result.context.counts["query_id_lost"], 1);
        QCOMPARE(result.context.stored_count, 3);
    }

    void statements_from_a_spreadsheet()
    {
        Import result;
        import(result, "pg_stat_statements_csv", "\xEF\xBB\xBFQuery;Calls;Total Time (s);Mean Time (ms);Rows\r\nselect 1;1.234;2,5;2,026;1234\r\nselect 2;x;1;1;1\r\nselect 3;1;2\r\n");
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
               "10,5,t,-88,\"select status, count(*) from orders group by 1\",1,0.04,0.04,0.04,0.04,0,1,22.65,22.65,22.65,22.65,0,4,2971,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n");
        QCOMPARE(result.rows(), QStringList{"statement|-|-88|select status, count(*) from orders group by 1|1|4|22.65|22.65|22.65|22.65|0|2971|0|0"});
        QCOMPARE(result.context.counts["no_header"], 1);
    }

    void statements_with_a_mean_only()
    {
        Import result;
        import(result, "pg_stat_statements_csv", " short_query | calls | mean \n-------------+-------+------\n select 1    |    10 | 0.25\n(1 row)\n");
        QCOMPARE(result.rows(), QStringList{"statement|-||select 1|10|-|2.5|0.25|-|-|-|-|-|-"});
        QCOMPARE(result.context.counts["no_total_time"], 1);
    }

    void statements_info()
    {
        Import result;
        import(result, "pg_stat_statements_csv", "dealloc,stats_reset\n3,2026-11-23 00:13:31.294339+00\n");
        QCOMPARE(result.rows(), (QStringList{"setting|pg_stat_statements_info|dealloc|3|", "setting|pg_stat_statements_info|stats_reset|2026-11-23T00:13:31.294339Z|"}));
        QCOMPARE(result.context.stored_count, 1);
    }

    void class_histograms_agree_over_dialects()
    {
        const QStringList expected{"class|-|byte[]|57844|3243496", "class|-|java.lang.String[][]|12|300", "class|-|Leaker$Session|10|200", "class|-|App$$Lambda$5|1|16"};
        Import jmap, jcmd, jhsdb, openj9;
        import(jmap, "jvm_class_histogram", " num     #instances         #bytes  class name (module)\n-------------------------------------------------------\n   1:         57844        3243496  [B (java.base@17.0.15)\n"
                                            "   2:            12            300  [[Ljava.lang.String; (java.base@17.0.15)\n   3:            10            200  Leaker$Session\n   4:  1  16  App$$Lambda$5/0x00007f7a78005800\nTotal         57867        3244012\n");
        import(jcmd, "jvm_class_histogram", "22148:\r\n num     #instances         #bytes  class name\r\n----\r\n   1:   57844   3243496  [B\r\n   2:  12  300  [[Ljava.lang.String;\r\n   3:  10  200  Leaker$Session\r\n"
                                            "   4:  1  16  App$$Lambda$5/0x0000000100060840\r\nTotal  57867  3244012\r\n");
        import(jhsdb, "jvm_class_histogram", "Attaching to process ID 17322, please wait...\nObject Histogram:\n\nnum \t  #instances\t#bytes\tClass description\n-----\n1:\t\t57844\t3243496\tbyte[]\n2:\t\t12\t300\tjava.lang.String[][]\n"
                                             "3:\t\t10\t200\tLeaker$Session\n4:\t\t1\t16\tApp$$Lambda$5\nTotal : \t57867\t3244012\nHeap traversal took 2.92 seconds.\n");
        import(openj9, "jvm_class_histogram", "num   object count     total size    class name\n-------\n    1  57844  3243496  [B\n    2  12  300  [[Ljava.lang.String;\n    3  10  200  Leaker$Session\n    4  1  16  App$$Lambda$5\n");
        for (const Import* one : {&jmap, &jcmd, &jhsdb, &openj9}) QCOMPARE(one->rows(), expected);
        for (const Import* one : {&jmap, &jcmd, &jhsdb}) QVERIFY(one->context.counts.empty());
        QCOMPARE(openj9.context.counts["truncated"], 1);
    }

    void class_histogram_series_and_oddities()
    {
        Import result;
        import(result, "jvm_class_histogram", "2026-11-23 00:05:30\n num     #instances         #bytes  class name\n   1:  3  30  A\n   2:  1  10  A\n   3:  x  5  B\nTotal  4  40\n"
                                              "2026-11-23 00:05:40\n num     #instances         #bytes  class name\n   1:  9  90  A\nTotal  10  90\n");
        QCOMPARE(result.rows(), (QStringList{"class|2026-11-23T00:05:30Z|A|4|40", "class|2026-11-23T00:05:40Z|A|9|90"}));
        QCOMPARE(result.context.counts["same_class_name"], 1);
        QCOMPARE(result.context.counts["bad_row"], 1);
        QCOMPARE(result.context.counts["total_differs"], 1);
        QCOMPARE(result.context.stored_count, 3);
        QCOMPARE(result.context.dropped, 1);

        Import undated;
        import(undated, "jvm_class_histogram", " num     #instances         #bytes  class name\n   1:  3  30  A\nTotal  3  30\n num     #instances         #bytes  class name\n   1:  4  40  A\n");
        QCOMPARE(undated.rows(), (QStringList{"class|1970-01-01T00:00:01Z|A|3|30", "class|1970-01-01T00:00:02Z|A|4|40"}));
    }

    void gc_pauses_data()
    {
        QTest::addColumn<QString>("log");
        QTest::addColumn<QStringList>("expected");
        const auto g1 = [](const char* time) {
            return QStringList{QStringLiteral("pause|%1|G1|Young (Normal)|G1 Evacuation Pause|2.587|6291456|1048576|134217728").arg(time)};
        };
        QTest::newRow("time, uptime, level, tags")
            << "[2026-11-23T00:08:58.446+0000][0.004s][info][gc] Using G1\n[2026-11-23T00:08:58.517+0000][0.075s][info][gc,start    ] GC(0) Pause Young (Normal) (G1 Evacuation Pause)\n"
               "[2026-11-23T00:08:58.520+0000][0.078s][info][gc          ] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 6M->1M(128M) 2.587ms\n"
            << g1("2026-11-23T00:08:58.517413Z");
        QTest::newRow("local time with an offset")
            << "[2026-11-23T02:08:58.520+0200][info][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 6M->1M(128M) 2.587ms\n" << g1("2026-11-23T00:08:58.517413Z");
        QTest::newRow("utctime, uptimemillis, pid, tid") << "[2026-11-23T00:08:58.520+0000][78ms][1382][1389][info ][gc             ] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 6M->1M(128M) 2.587ms\n"
                                                         << g1("2026-11-23T00:08:58.517413Z");
        QTest::newRow("timemillis, uptimemillis") << "[1795392538520ms][78ms][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 6M->1M(128M) 2.587ms\n" << g1("2026-11-23T00:08:58.517413Z");
        QTest::newRow("uptime only") << "[0.078s][info][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 6M->1M(128M) 2.587ms\n" << g1("1970-01-01T00:00:00.075413Z");
        QTest::newRow("uptime with a decimal comma") << "[0,078s][info][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 6M->1M(128M) 2,587ms\n" << g1("1970-01-01T00:00:00.075413Z");
        QTest::newRow("timenanos, uptimenanos, hostname") << "[841909060969ns][78000000ns][shop-1] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 6M->1M(128M) 2.587ms\n" << g1("1970-01-01T00:00:00.075413Z");
        QTest::newRow("no decorations") << "Using G1\nGC(0) Pause Young (Normal) (G1 Evacuation Pause) 6M->1M(128M) 2.587ms\n" << g1("-");
        QTest::newRow("Serial and Parallel") << "[1.000s][info][gc] Using Parallel\n[2.000s][info][gc] GC(7) Pause Full (System.gc()) 97M->98M(1024M) 1000.000ms\n"
                                             << QStringList{"pause|1970-01-01T00:00:01Z|Parallel|Full|System.gc()|1000|101711872|102760448|1073741824"};
        QTest::newRow("G1: remark, failure, phases are not counted twice")
            << "[1.000s][info][gc] Using G1\n[2.000s][info][gc] GC(1) Pause Remark 84M->40M(128M) 0.500ms\n[3.000s][info][gc] GC(2) Pause Young (Mixed) (G1 Preventive Collection) (Evacuation Failure) 2M->1M(4M) 1.000ms\n"
               "[3.000s][debug][gc,phases] GC(2) Pause Young (Mixed) (G1 Preventive Collection) 1.000ms\n[3.1s][info][safepoint] Safepoint \"G1PauseRemark\", Total: 1 ns\n"
            << QStringList{"pause|1970-01-01T00:00:01.999500Z|G1|Remark||0.5|88080384|41943040|134217728", "pause|1970-01-01T00:00:02.999Z|G1|Young (Mixed) (Evacuation Failure)|G1 Preventive Collection|1|2097152|1048576|4194304"};
        QTest::newRow("ZGC: phases, heap sizes, a stall")
            << "[0.1s][info][gc,init] Initializing The Z Garbage Collector\n[1.000s][info][gc,phases   ] GC(0) Pause Mark Start 0.008ms\n[1.5s][info][gc,phases] GC(0) Concurrent Mark 4.379ms\n"
               "[2.000s][info][gc,phases   ] GC(0) y: Pause Relocate Start 0.004ms\n[2.000s][info][gc,heap] GC(0) Max Capacity: 256M(100%)\n[2.100s][info][gc] GC(0) Garbage Collection (Warmup) 52M(20%)->12M(5%)\n"
               "[3.000s][info][gc] Allocation Stall (main) 6.500ms\n"
            << QStringList{"pause|1970-01-01T00:00:00.999992Z|ZGC|Mark Start||0.008|-|-|-", "pause|1970-01-01T00:00:01.999996Z|ZGC|Relocate Start||0.004|54525952|12582912|268435456",
                           "metric|1970-01-01T00:00:02.993500Z|jvm.gc.allocation_stall|{\"thread\":\"main\"}|ms|6.5"};
        QTest::newRow("Shenandoah")
            << "[1.000s][info][gc] GC(0) Pause Init Mark (unload classes) 0.100ms\n[2.000s][info][gc] GC(0) Pause Degenerated GC (Outside of Cycle) 8M->6M(128M) 6.000ms\n[2.1s][info][gc] GC(0) Concurrent cleanup 8M->6M(128M) 0.021ms\n"
            << QStringList{"pause|1970-01-01T00:00:00.999900Z|Shenandoah|Init Mark (unload classes)||0.1|-|-|-", "pause|1970-01-01T00:00:01.994Z|Shenandoah|Degenerated GC (Outside of Cycle)||6|8388608|6291456|134217728"};
        QTest::newRow("CMS") << "[1.000s][info][gc] Using Concurrent Mark Sweep\n[2.000s][info][gc] GC(4) Pause Initial Mark 3M->3M(123M) 0.500ms\n"
                             << QStringList{"pause|1970-01-01T00:00:01.999500Z|CMS|Initial Mark||0.5|3145728|3145728|128974848"};
        QTest::newRow("odd lines") << "[1.000s][info][gc] Using Serial\n[x][gc] GC(1) Pause\n[2.0s][gc] GC(1) Pause Young (Allocation Failure\n[2.0s][gc] GC(1) Pause Full (A (b) 1M->ms\n[2.000s][gc] GC(2) Pause Young (Allocation Failure) 1M->x 1.000ms\n[["
                                   << QStringList{"pause|1970-01-01T00:00:01.999Z|Serial|Young|Allocation Failure|1|-|-|-"};
    }
    void gc_pauses()
    {
        QFETCH(QString, log);
        QFETCH(QStringList, expected);
        Import result;
        import(result, "jvm_gc_log", log.toStdString());
        QStringList rows = result.rows();
        rows.sort();
        expected.sort();
        QCOMPARE(rows, expected);
        QCOMPARE(result.context.stored_count, static_cast<std::int64_t>(result.context.count_of("pause")));
    }

    /// What JDK 8 and older printed; written after the format, no sample of ours has it.
    void gc_pauses_before_unified_logging_data()
    {
        QTest::addColumn<QString>("log");
        QTest::addColumn<QStringList>("expected");
        QTest::newRow("PrintGC") << "1.5: [GC (Allocation Failure)  16384K->256K(62976K), 0.0012000 secs]\n2.5: [Full GC (System.gc())  1000K->500K(2000K), 0.0100000 secs]\n"
                                 << QStringList{"pause|1970-01-01T00:00:01.500Z||Young|Allocation Failure|1.2|16777216|262144|64487424", "pause|1970-01-01T00:00:02.500Z||Full|System.gc()|10|1024000|512000|2048000"};
        QTest::newRow("Parallel with details and dates")
            << "2026-11-23T02:00:00.123+0200: 0.305: [GC (Allocation Failure) [PSYoungGen: 16384K->256K(18944K)] 16384K->256K(62976K), 0.0012000 secs] [Times: user=0.00 sys=0.00, real=0.00 secs] \n"
               "2026-11-23T02:00:01.123+0200: 1.305: [Full GC (Ergonomics) [PSYoungGen: 1K->0K(2K)] [ParOldGen: 3K->2K(4K)] 4K->2K(6K), [Metaspace: 4209K->4207K(1056768K)], 0.5000000 secs] [Times: user=0.14 sys=0.00, real=0.50 secs] \n"
            << QStringList{"pause|2026-11-23T00:00:00.123Z|Parallel|Young|Allocation Failure|1.2|16777216|262144|64487424", "pause|2026-11-23T00:00:01.123Z|Parallel|Full|Ergonomics|500|4096|2048|6144"};
        QTest::newRow("CMS, decimal commas, spread over lines with other output between")
            << "1,000: [GC1,000: [ParNew\nDesired survivor size 557056 bytes, new threshold 15 (max 15)\n- age   1:     144224 bytes,     144224 total\n1,001: [CMS-concurrent-mark-start]\n: 1088K->448K(2176K), 0,0023409 secs] 1088K->448K(5504K), 0,0024000 secs] [Times: user=0,01 sys=0,00, real=0,01 secs] \n"
               "2,000: [GC [1 CMS-initial-mark: 10K(20K)] 12K(30K), 0,0001000 secs]\n"
               "3,000: [GC[YG occupancy: 100 K (200 K)]3,001: [Rescan (parallel) , 0,0010000 secs]3,002: [weak refs processing, 0,0000100 secs] [1 CMS-remark: 10K(20K)] 12K(30K), 0,0020000 secs]\n"
               "4,000: [Full GC 4,000: [CMS4,100: [CMS-concurrent-mark: 0,1/0,1 secs] [Times: user=0,1 sys=0,0, real=0,1 secs] \n (concurrent mode failure): 4K->3K(5K), 1,0000000 secs] 6K->3K(7K), [CMS Perm : 1K->1K(2K)], 1,1000000 secs]\n"
            << QStringList{"pause|1970-01-01T00:00:01Z|CMS|Young||2.4|1114112|458752|5636096", "pause|1970-01-01T00:00:02Z|CMS|Initial Mark||0.1|-|-|-", "pause|1970-01-01T00:00:03Z|CMS|Remark||2|-|-|-",
                           "pause|1970-01-01T00:00:04Z|CMS|Full (concurrent mode failure)||1100|6144|3072|7168"};
        QTest::newRow("G1") << "1.000: [GC pause (G1 Evacuation Pause) (young) (initial-mark), 0.0040000 secs]\n   [Parallel Time: 5.8 ms, GC Workers: 8]\n      [GC Worker Start (ms): Min: 4578.4, Avg: 4578.4, Max: 4578.5, Diff: 0.1]\n"
                               "   [Eden: 24.0M(24.0M)->0.0B(13.0M) Survivors: 0.0B->3072.0K Heap: 24.0M(256.0M)->5000.0K(256.0M)]\n [Times: user=0.02 sys=0.01, real=0.02 secs] \n1.500: [GC concurrent-root-region-scan-start]\n"
                               "2.000: [GC remark 2.001: [GC ref-proc, 0.0000100 secs], 0.0015000 secs]\n3.000: [GC cleanup 5M->4M(10M), 0.0005000 secs]\n"
                            << QStringList{"pause|1970-01-01T00:00:01Z|G1|Young (Initial Mark)|G1 Evacuation Pause|4|25165824|5120000|268435456", "pause|1970-01-01T00:00:02Z|G1|Remark||1.5|-|-|-",
                                           "pause|1970-01-01T00:00:03Z|G1|Cleanup||0.5|5242880|4194304|10485760"};
    }
    void gc_pauses_before_unified_logging()
    {
        QFETCH(QString, log);
        QFETCH(QStringList, expected);
        Import result;
        import(result, "jvm_gc_log", log.toStdString());
        QCOMPARE(result.rows(), expected);
        QCOMPARE(result.context.dropped, 0);
    }

    void gc_record_that_never_ends()
    {
        Import result;
        import(result, "jvm_gc_log", "1.0: [GC [PSYoungGen: 1K->0K(2K)\n2.0: [GC 4K->2K(6K), 0.5 secs]\n3.0: [GC [PSYoungGen: ");
        QCOMPARE(result.context.stored_count, 1);
        QCOMPARE(result.context.counts["unfinished_record"], 1);
        QCOMPARE(result.context.counts["truncated"], 1);
    }

    /// Uptimes count from the time that is given with the file.
    void gc_uptime_from_start()
    {
        Import result;
        import(result, "jvm_gc_log", "[10.000s][info][gc] GC(0) Pause Full (Ergonomics) 6M->1M(128M) 1000.000ms\n", at_noon);
        QCOMPARE(result.rows(), QStringList{"pause|2026-11-23T12:00:09Z|Parallel|Full|Ergonomics|1000|6291456|1048576|134217728"});
        QCOMPARE(result.context.counts["uptime_from_start"], 1);
    }

    void prometheus_answers()
    {
        Import matrix, vector, scalar, error, empty, export_lines;
        import(matrix, "prometheus_json",
               "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"__name__\":\"up\",\"job\":\"app\",\"instance\":\"a:1\"},\"values\":[[1795392970,\"1\"],[1795392975.5,\"NaN\"],[1795392980.25,\"0.5\"]]},"
               "{\"metric\":{\"pool\":\"p\"},\"values\":[[1795392970,\"2\"]]}]},\"warnings\":[\"x\"]}",
               {}, "dir/range-cpu-util.json");
        QCOMPARE(matrix.rows(), (QStringList{"metric|2026-11-23T00:16:10Z|up|{\"instance\":\"a:1\",\"job\":\"app\",\"service\":\"app\"}||1", "metric|2026-11-23T00:16:20.250Z|up|{\"instance\":\"a:1\",\"job\":\"app\",\"service\":\"app\"}||0.5",
                                             "metric|2026-11-23T00:16:10Z|cpu_util|{\"pool\":\"p\"}||2"}));
        QCOMPARE(matrix.context.counts["not_finite"], 1);
        QCOMPARE(matrix.context.stored_count, 3);
        QCOMPARE(matrix.context.dropped, 1);
        import(vector, "prometheus_json", "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"__name__\":\"x_seconds_sum\"},\"value\":[1795392970,\"3\"]}]}}");
        QCOMPARE(vector.rows(), QStringList{"metric|2026-11-23T00:16:10Z|x_seconds_sum|{}|s|3"});
        import(scalar, "prometheus_json", "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1795392970,\"7\"]}}", {}, "answer.json");
        QCOMPARE(scalar.rows(), QStringList{"metric|2026-11-23T00:16:10Z|answer|{}||7"});
        import(error, "prometheus_json", "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"1:6: parse error\"}");
        QVERIFY(error.error.find("1:6: parse error") != std::string::npos);
        import(empty, "prometheus_json", "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}");
        QCOMPARE(empty.context.counts["no_series"], 1);
        import(export_lines, "prometheus_json", "{\"metric\":{\"__name__\":\"up\"},\"values\":[1,2],\"timestamps\":[1795392970000,1795392975000]}\n{\"metric\":{\"__name__\":\"up\"},\"values\":[1,");
        QCOMPARE(export_lines.rows(), (QStringList{"metric|2026-11-23T00:16:10Z|up|{}||1", "metric|2026-11-23T00:16:15Z|up|{}||2"}));
        QCOMPARE(export_lines.context.counts["truncated"], 1);
    }

    void prometheus_native_histogram()
    {
        Import result;
        import(result, "prometheus_json",
               "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"__name__\":\"lat_seconds\"},\"histogram\":[1795392970,{\"count\":\"3\",\"sum\":\"0.7\",\"buckets\":[[0,\"0.1\",\"0.2\",\"1\"],[0,\"0.2\",\"0.4\",\"2\"]]}]}]}}");
        QCOMPARE(result.rows(), (QStringList{"metric|2026-11-23T00:16:10Z|lat_seconds.count|{}||3", "metric|2026-11-23T00:16:10Z|lat_seconds.sum|{}|s|0.7",
                                             "metric|2026-11-23T00:16:10Z|lat_seconds.bucket|{\"le\":\"0.2\"}||1", "metric|2026-11-23T00:16:10Z|lat_seconds.bucket|{\"le\":\"0.4\"}||3"}));
        QCOMPARE(result.context.stored_count, 1);
    }

    void prometheus_exposition()
    {
        Import result;
        import(result, "prometheus_text",
               "# HELP h Latency\n# TYPE h_seconds histogram\nh_seconds_bucket{le=\"0.50\",} 3 1795392970000\nh_seconds_count 4 1795392970000\nh_seconds_sum 1.5 1795392970000\n"
               "# TYPE s_seconds summary\ns_seconds_count{a=\"x\\\"\\\\y\\n\"} 4 1795392970000\nuntyped +Inf\r\nload 1.5e3 # {trace_id=\"a\"} 0.5 1.6e9\nbroken{a=\"b\nno value\n# EOF\n",
               at_noon);
        QCOMPARE(result.rows(), (QStringList{"metric|2026-11-23T00:16:10Z|h_seconds.bucket|{\"le\":\"0.5\"}||3", "metric|2026-11-23T00:16:10Z|h_seconds.count|{}||4", "metric|2026-11-23T00:16:10Z|h_seconds.sum|{}|s|1.5",
                                             "metric|2026-11-23T00:16:10Z|s_seconds_count|{\"a\":\"x\\\"\\\\y\\n\"}||4", "metric|2026-11-23T12:00:00Z|load|{}||1500"}));
        QCOMPARE(result.context.counts["bad_line"], 1);
        QCOMPARE(result.context.counts["bad_number"], 1);
        QCOMPARE(result.context.counts["not_finite"], 1);
        Import promtool;
        import(promtool, "prometheus_text", "up{job=\"app\"} =>\n3 @[1795392970]\n4 @[1795392975]\n");
        QCOMPARE(promtool.rows(), (QStringList{"metric|2026-11-23T00:16:10Z|up|{\"job\":\"app\",\"service\":\"app\"}||3", "metric|2026-11-23T00:16:15Z|up|{\"job\":\"app\",\"service\":\"app\"}||4"}));
    }

    void metric_tables()
    {
        Import wide, grafana, tall, influx;
        import(wide, "metrics_csv", "Time,TimeStamp,PodName,CpuUsageRate(%),Latency(s)\n2022-08-22 03:51:19.6 +0000 UTC m=+0.113,1861140279,pod-a,5.5,NaN\n2022-08-22 03:52:19.6 +0000 UTC m=+60.1,1861140339,pod-b,,2\nlater,0,pod-b,1,2\n");
        QCOMPARE(wide.rows(), (QStringList{"metric|2022-08-22T03:51:19.600Z|CpuUsageRate|{\"instance\":\"pod-a\"}|%|5.5", "metric|2022-08-22T03:52:19.600Z|Latency|{\"instance\":\"pod-b\"}|s|2"}));
        QCOMPARE(wide.context.counts["not_finite"], 1);
        QCOMPARE(wide.context.counts["bad_time"], 1);
        import(grafana, "metrics_csv", "\"Time\";\"used {pool=\"\"main\"\", service=\"\"orders\"\"}\";\"p99\"\r\n2026-11-23 00:00:00;3;1,5 s\r\n1795392970000;4;250 ms\r\n");
        QCOMPARE(grafana.rows(), (QStringList{"metric|2026-11-23T00:00:00Z|used|{\"pool\":\"main\",\"service\":\"orders\"}||3", "metric|2026-11-23T00:00:00Z|p99|{}|ms|1500",
                                              "metric|2026-11-23T00:16:10Z|used|{\"pool\":\"main\",\"service\":\"orders\"}||4", "metric|2026-11-23T00:16:10Z|p99|{}|ms|250"}));
        import(tall, "metrics_csv", "time,name,value,unit,service,host\n2026-11-23T00:00:00Z,rps,12.5,1/s,orders,h1\n2026-11-23T00:00:00Z,,1,,,\n");
        QCOMPARE(tall.rows(), QStringList{"metric|2026-11-23T00:00:00Z|rps|{\"instance\":\"h1\",\"service\":\"orders\"}|1/s|12.5"});
        QCOMPARE(tall.context.counts["no_name"], 1);
        import(influx, "metrics_csv", "result,table,_start,_stop,_time,_value,_field,_measurement,host\n,0,2026-11-23T00:00:00Z,2026-11-23T01:00:00Z,2026-11-23T00:00:00Z,0.5,usage_user,cpu,h1\n");
        QCOMPARE(influx.rows(), QStringList{"metric|2026-11-23T00:00:00Z|cpu.usage_user|{\"instance\":\"h1\"}||0.5"});
    }

    void events()
    {
        Import csv, guessed, json, kubernetes, grafana;
        import(csv, "events_csv", "time,kind,service,text\n2026-11-23T01:41:12.511Z,Deployment,catalog,\"3.4.1 -> 3.5.0, rolling\"\nyesterday,deploy,catalog,x\n");
        QCOMPARE(csv.rows(), QStringList{"event|2026-11-23T01:41:12.511Z|deploy|catalog|3.4.1 -> 3.5.0, rolling"});
        QCOMPARE(csv.context.counts["bad_time"], 1);
        import(guessed, "events_csv", "date,description\n2026-11-23,orders restarted by hand\n2026-11-24,lunch\n");
        QCOMPARE(guessed.rows(), (QStringList{"event|2026-11-23T00:00:00Z|restart||orders restarted by hand", "event|2026-11-24T00:00:00Z|event||lunch"}));
        QCOMPARE(guessed.context.repaired, 2);
        import(json, "events_json", "{\"time\":\"2026-11-23T01:41:12Z\",\"kind\":\"deploy\",\"service\":\"catalog\",\"text\":\"3.5.0\"}\n{\"kind\":\"deploy\"}\n{\"time\":1795392970000,\"kind\":\"cron\",\"text\":\"report\"}\n{bad}\n");
        QCOMPARE(json.rows(), (QStringList{"event|2026-11-23T01:41:12Z|deploy|catalog|3.5.0", "event|2026-11-23T00:16:10Z|cron||report"}));
        QCOMPARE(json.context.counts["no_time"], 1);
        QCOMPARE(json.context.counts["bad_json"], 1);
        import(kubernetes, "events_json",
               "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{\"reason\":\"OOMKilling\",\"message\":\"Memory cgroup out of memory\",\"lastTimestamp\":\"2026-11-23T00:00:01Z\",\"type\":\"Warning\",\"involvedObject\":{\"kind\":\"Pod\",\"name\":\"orders-api-7d88bf9c4-8l8fx\"}}]}");
        QCOMPARE(kubernetes.rows(), QStringList{"event|2026-11-23T00:00:01Z|oom|orders-api|OOMKilling: Memory cgroup out of memory"});
        import(grafana, "events_json", "[{\"time\":1795392970000,\"text\":\"orders 2.0\",\"tags\":[\"deploy\",\"service:orders\"]}]");
        QCOMPARE(grafana.rows(), QStringList{"event|2026-11-23T00:16:10Z|deploy|orders|orders 2.0"});
    }

    void redis()
    {
        Import result;
        import(result, "redis_info",
               "# Server\r\nredis_version:7.0.15\r\nrun_id:c4e1\r\nserver_time_usec:1795392970000000\r\n# Memory\r\nused_memory:100\r\nused_memory_human:100B\r\nmaxmemory_policy:noeviction\r\n# Keyspace\r\ndb0:keys=12,expires=1,avg_ttl=0\r\n"
               "# Commandstats\r\ncmdstat_get:calls=5,usec=10\r\n",
               1'795'392'971'000'000'000);
        QStringList rows = result.rows();
        const QString common = "{\"instance\":\"c4e1\",\"service\":\"redis\"}";
        QVERIFY(rows.contains("setting|redis|redis_version|7.0.15|"));
        QVERIFY(rows.contains("setting|redis|maxmemory_policy|noeviction|"));
        QVERIFY(rows.contains("metric|2026-11-23T00:16:10Z|redis.used_memory|" + common + "|By|100"));
        QVERIFY(rows.contains("metric|2026-11-23T00:16:10Z|redis.keyspace.keys|{\"db\":\"db0\",\"instance\":\"c4e1\",\"service\":\"redis\"}||12"));
        QVERIFY(rows.contains("metric|2026-11-23T00:16:10Z|redis.cmdstat.calls|{\"cmd\":\"get\",\"instance\":\"c4e1\",\"service\":\"redis\"}||5"));
        QCOMPARE(result.context.stored_count, static_cast<std::int64_t>(result.context.count_of("metric")));
        QVERIFY(rows.filter("human").isEmpty());

        Import two;  // a server whose clock is far off, and two answers in one file
        import(two, "redis_info", "# Server\nserver_time_usec:1000000\nredis_version:7\nused_memory:1\nkeyspace_hits:1\n# Server\nserver_time_usec:2000000\nused_memory:2\nkeyspace_hits:2\n", at_noon);
        QVERIFY(two.rows().contains("metric|2026-11-23T12:00:00Z|redis.used_memory|{\"service\":\"redis\"}|By|2"));
    }

    void sessions()
    {
        Import result;
        import(result, "pg_sessions_csv",
               "captured_at,pid,usename,datname,application_name,state,wait_event_type,wait_event,blocked_by,xact_start,query_start,query,backend_type\n"
               "2026-11-23 00:00:10+00,11,app,shop,orders,active,Lock,transactionid,\"{12,13}\",2026-11-23 00:00:05+00,2026-11-23 00:00:08+00,\"update t\nset a=1\",client backend\n"
               "2026-11-23 00:00:10+00,7,,,,,Activity,WalWriterMain,{},,,,walwriter\n2026-11-23 00:00:10+00,pid,app,shop,,active,,,,,,x,\n");
        QCOMPARE(result.rows(), (QStringList{"session|2026-11-23T00:00:10Z|11|app|shop|orders|active|Lock|transactionid|12,13|5000|2000|update t\nset a=1", "session|2026-11-23T00:00:10Z|7|||walwriter||Activity|WalWriterMain||-|-|"}));
        QCOMPARE(result.context.counts["bad_number"], 1);

        Import undated;
        import(undated, "pg_sessions_csv", " pid | state  |        query_start         |  xact_age   | query \n-----+--------+----------------------------+-------------+-------\n"
                                           "  11 | active | 2026-11-23 00:00:08.5+00   | 00:00:04.5  | x     \n  12 | active | 2026-11-23 00:00:10+00     |             | y     \n(2 rows)\n");
        QCOMPARE(undated.rows(), (QStringList{"session|2026-11-23T00:00:10Z|11||||active||||4500|1500|x", "session|2026-11-23T00:00:10Z|12||||active||||-|0|y"}));
        QCOMPARE(undated.context.counts["time_guessed"], 2);

        Import none;
        import(none, "pg_sessions_csv", " query | query_start | state \n-------+-------------+-------\n(0 rows)\n\n");
        QCOMPARE(none.context.stored_count + none.context.dropped, 0);
    }

    void table_statistics()
    {
        Import result;
        import(result, "pg_tables_csv",
               "schemaname,relname,seq_scan,idx_scan,n_live_tup,n_dead_tup,n_mod_since_analyze,last_vacuum,last_autovacuum,last_analyze,last_autoanalyze,heap_blks_read,heap_blks_hit,idx_blks_read,idx_blks_hit,total_size\n"
               "shop,orders,907,356,200000,3,80,,2026-11-23 00:11:59.4+00,2026-11-23 00:11:43+00,,1,2,3,4,12 MB\npublic,t,1,,2,3,4,,,,,,,,,\n",
               at_noon);
        QCOMPARE(result.rows(), (QStringList{"table|2026-11-23T12:00:00Z|shop.orders|200000|3|907|356|2026-11-23T00:11:59.400Z|2026-11-23T00:11:43Z|2|1|4|3|80|12582912", "table|2026-11-23T12:00:00Z|t|2|3|1|-|-|-|-|-|-|-|4|-"}));
    }

    void settings()
    {
        Import postgres, own;
        import(postgres, "settings_csv", "name,setting,unit,source\nmax_connections,100,,configuration file\nwork_mem,4096,kB,default\n");
        QCOMPARE(postgres.rows(), (QStringList{"setting|postgresql|max_connections|100|", "setting|postgresql|work_mem|4096|kB"}));
        import(own, "settings_csv", "source,name,value,unit\norders,pool.max,10,connections\n,,1,\n");
        QCOMPARE(own.rows(), QStringList{"setting|orders|pool.max|10|connections"});
        QCOMPARE(own.context.counts["no_name"], 1);
    }

    void threads()
    {
        Import result;
        import(result, "thread_dump",
               "2026-11-23 00:10:30\nFull thread dump OpenJDK 64-Bit Server VM (17.0.15+6 mixed mode):\n\n"
               "\"dl-1\" #32 daemon prio=5 os_prio=0 cpu=0.18ms elapsed=4.42s allocated=2K tid=0x00007f nid=0x1545 waiting for monitor entry  [0x00007f]\n   java.lang.Thread.State: BLOCKED (on object monitor)\n\tat Contend.nested(Contend.java:9)\n"
               "\t- waiting to lock <0x0f5b8> (a java.lang.Object)\n\t- locked <0x0f5a8> (a java.lang.Object)\n\tat java.lang.Thread.run(java.base@17.0.15/Thread.java:840)\n\n   Locked ownable synchronizers:\n\t- <0x0f999> (a java.util.concurrent.locks.ReentrantLock$NonfairSync)\n\n"
               "\"a \"quoted\" name\" #33 prio=5 os_prio=0 tid=0x1 nid=0x2 in Object.wait()\n   java.lang.Thread.State: WAITING (on object monitor)\n\tat java.lang.Object.wait(java.base@17.0.15/Native Method)\n\t- waiting on <0x0f111> (a X)\n\t- locked <0x0f111> (a X)\n\n"
               "\"VM Thread\" os_prio=0 cpu=1.5ms tid=0x3 nid=0x4 runnable\n\nFound one Java-level deadlock:\n=====\n\"dl-1\":\n  waiting to lock monitor 0x1 (object 0x0f5b8, a java.lang.Object),\n  which is held by \"dl-2\"\n"
               "Java stack information for the threads listed above:\n\"dl-1\":\n\tat Contend.nested(Contend.java:9)\n\t- locked <0x0f777> (a java.lang.Object)\n\nFound 1 deadlock.\n");
        QCOMPARE(result.rows(), (QStringList{"thread|2026-11-23T00:10:30Z|dl-1|BLOCKED|0x0f5b8 java.lang.Object|0x0f5a8 java.lang.Object; 0x0f999 java.util.concurrent.locks.ReentrantLock$NonfairSync|Contend.nested(Contend.java:9)",
                                             "metric|2026-11-23T00:10:30Z|jvm.thread.cpu_time|{\"id\":\"#32\",\"thread\":\"dl-1\"}|ms|0.18", "metric|2026-11-23T00:10:30Z|jvm.thread.allocated|{\"id\":\"#32\",\"thread\":\"dl-1\"}|By|2048",
                                             "thread|2026-11-23T00:10:30Z|a \"quoted\" name|WAITING|0x0f111 X||java.lang.Object.wait(Native Method)", "thread|2026-11-23T00:10:30Z|VM Thread||||",
                                             "metric|2026-11-23T00:10:30Z|jvm.thread.cpu_time|{\"thread\":\"VM Thread\"}|ms|1.5"}));
        QCOMPARE(result.context.stored_count, 3);

        Import other;
        import(other, "thread_dump", "\"pool-1\" Id=76 WAITING on X@5a679233 owned by \"t2\" Id=77\n\tat a.B.c(B.java:1)\n\t-  locked Y@1\n\n");
        QCOMPARE(other.rows(), QStringList{"thread|-|pool-1|WAITING|X@5a679233|Y@1|a.B.c(B.java:1)"});
        Import go;
        import(go, "thread_dump", "goroutine 12 [chan receive, 3 minutes]:\nmain.worker(0xc000, 0x1)\n\t/srv/main.go:10 +0x20\ncreated by main.main\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/main.go:5\n");
        QCOMPARE(go.rows(), (QStringList{"thread|-|goroutine 12|chan receive|||main.worker", "thread|-|goroutine 1|running|||main.main"}));
    }

    void folded()
    {
        Import result;
        import(result, "folded_stacks", "main;run_[j];work 12\nmain;; 1.5\r\n# comment\nmain;other 3 4\nmain;less -1\nno weight\nmain;a 1\nmain;b 1\nmain;c 1\nmain;d 1\n", {}, "dir/wall.txt");
        QCOMPARE(result.rows(), (QStringList{"profile|wall|main;run;work|12|samples", "profile|wall|main|1.5|samples", "profile|wall|main;other|4|samples", "profile|wall|main;a|1|samples", "profile|wall|main;b|1|samples",
                                             "profile|wall|main;c|1|samples", "profile|wall|main;d|1|samples"}));
        QCOMPARE(result.context.counts["negative_weight"], 1);
        QCOMPARE(result.context.counts["bad_line"], 1);
    }

    /// What looks like a table or a log and is none of ours.
    void strangers_data()
    {
        QTest::addColumn<QString>("text");
        QTest::newRow("nothing") << "";
        QTest::newRow("prose") << "Dear all, the service is slow again; please have a look.\n";
        QTest::newRow("an application log") << "2026-11-23T00:00:00Z INFO orders: started, 3 workers\n2026-11-23T00:00:01Z WARN orders: slow\n";
        QTest::newRow("a log as CSV") << "time,level,message\n2026-11-23T00:00:00Z,INFO,deploy done\n";
        QTest::newRow("a log as JSON") << "{\"time\":\"2026-11-23T00:00:00Z\",\"level\":\"info\",\"type\":\"x\",\"message\":\"y\"}\n";
        QTest::newRow("spans as CSV") << "trace_id,span_id,timestamp,duration\n1,2,1795392970000,3\n";
        QTest::newRow("a list of indexes") << "schemaname,tablename,indexname,indexdef\nshop,t,t_pkey,CREATE UNIQUE INDEX t_pkey ON t (id)\n";
        QTest::newRow("index statistics") << "relid,indexrelid,schemaname,relname,indexrelname,idx_scan\n1,2,shop,t,t_pkey,3\n";
        QTest::newRow("what a load client saw") << "{\"phase\":\"baseline\",\"at\":\"2026-11-23T00:00:00Z\",\"total\":100,\"p50\":3}\n";
        QTest::newRow("a plan") << "                QUERY PLAN                 \n-------------------------------------------\n Seq Scan on t  (cost=0.00..1.00 rows=1)\n(1 row)\n";
        QTest::newRow("jstat") << "  S0     S1     E      O      M     CCS    YGC     YGCT    FGC    FGCT     GCT\n  0.00  82.79   8.33  14.27  75.81  22.49      4    0.026     0    0.000    0.026\n";
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
        const std::string inputs[] = {"", "\n\n\n", std::string(5000, '\0'), std::string(100'000, '('), std::string(100'000, '"'), std::string(70'000, '|') + "\n---+---\n", "[" + std::string(50'000, '{'),
                                      " a | b \n---+---\n" + std::string(1000, '+') + "\n", "-[ RECORD 1 ]-\n|||\n", "\xff\xfe\xfd,a\n\xff,1\n", "GC(99999999999999999999) Pause (((((ms\n[[[[]]]]",
                                      "\"x\" #1\n\t- locked <\n\t- waiting on <0x\n", "time,value,name\n1e999,1e999,x\n9999999999999999999,1,x\n", "calls,query,total_time\n-1,x,1\n1,x,nan\n1,x,1e999\n"};
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

    void cancelled()
    {
        std::string log = "[0.1s][info][gc] Using Serial\n";
        for (int i = 0; i < 40'000; ++i) log += "[1.000s][info][gc] GC(1) Pause Young (Allocation Failure) 2M->1M(4M) 1.000ms\n";
        std::stop_source stop;
        stop.request_stop();
        const Control control(stop.get_token());
        RecordingContext context;
        const auto source = Source::from_memory(log, control);
        const Status status = importer_named("jvm_gc_log")->read(*source, context);
        QVERIFY(!status && status.error().code == Error::Code::cancelled);
    }

    /// Counts, sums and maxima of the collectors' logs, line by line as the table of the samples has them.
    void shared_gc_logs()
    {
        const auto shared = shared_folder();
        if (!shared) QSKIP("the folder of further samples is absent");
        const auto folder = *shared / "samples/runtime/live/java/gc";
        std::ifstream expected(folder / "EXPECTED.tsv");
        std::string line;
        int files = 0;
        while (std::getline(expected, line)) {
            if (line.empty() || line.front() == '#') continue;
            const QStringList cells = QString::fromStdString(line).split('\t');
            Control control;
            auto source = Source::open((folder / cells[0].toStdString()).string(), control);
            QVERIFY2(source.has_value(), qPrintable(cells[0]));
            RecordingContext context;
            QVERIFY(importer_named("jvm_gc_log")->read(**source, context).has_value());
            const auto& pauses = context.pauses_ms;
            QCOMPARE(static_cast<int>(pauses.size()), cells[1].toInt());
            QCOMPARE(QString::number(std::accumulate(pauses.begin(), pauses.end(), 0.0), 'f', 3), QString::number(cells[2].toDouble(), 'f', 3));
            if (!pauses.empty()) QCOMPARE(*std::max_element(pauses.begin(), pauses.end()), cells[4].toDouble());
            QCOMPARE(static_cast<int>(std::count_if(pauses.begin(), pauses.end(), [](double ms) { return ms > 100; })), cells[5].toInt());
            QCOMPARE(static_cast<int>(context.count_of("metric")), cells[9].section('/', 0, 0).toInt());
            int full = 0;
            for (const std::string& row : context.rows) full += row.find("|Full|") != std::string::npos;
            QCOMPARE(full, cells[8].toInt());
            ++files;
        }
        QVERIFY(files >= 20);
    }

    /// The samples of one folder or suffix belong to one importer, whatever else is registered.
    void shared_samples_have_one_owner()
    {
        const auto shared = shared_folder();
        if (!shared) QSKIP("the folder of further samples is absent");
        struct Owner { const char* part; const char* id; };
        const Owner owners[] = {{"pg_stat_statements/", "pg_stat_statements_csv"}, {"/pgss_", "pg_stat_statements_csv"}, {"/redis_info_", "redis_info"}, {"/events.csv", "events_csv"}, {"/jmap-histo-", "jvm_class_histogram"},
                                {"class_histogram", "jvm_class_histogram"}, {"/live/java/gc/jdk17-", "jvm_gc_log"}, {"/prom/range-", "prometheus_json"}, {"/live/java/threads/jstack-l-1.txt", "thread_dump"},
                                {"nezha-2022-08-22/metric/source", "metrics_csv"}, {"pg_stat_user_tables.csv", "pg_tables_csv"}, {"pg_settings.csv", "settings_csv"}, {"pg_stat_activity", "pg_sessions_csv"}};
        int files = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(*shared / "samples")) {
            const std::string path = entry.path().string();
            if (!entry.is_regular_file() || path.ends_with(".stdout.txt") || path.ends_with("class_histogram.md")) continue;
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
