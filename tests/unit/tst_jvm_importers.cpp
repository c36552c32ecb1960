#include "tests/support/places.h"
#include "tests/support/table_import.h"

#include <QtTest>
#include <algorithm>
#include <fstream>
#include <numeric>

using namespace casebook;
using namespace casebook::tests;

class tst_jvm_importers : public QObject {
    Q_OBJECT

private slots:
    void class_histograms_agree_over_dialects()
    {
        const QStringList expected{"class|-|byte[]|57844|3243496", "class|-|java.lang.String[][]|12|300",
                                   "class|-|Leaker$Session|10|200", "class|-|App$$Lambda$5|1|16"};
        Import jmap, jcmd, jhsdb, openj9;
        import(jmap, "jvm_class_histogram",
               " num     #instances         #bytes  class name "
               "(module)\n-------------------------------------------------------\n   1:         57844        3243496  "
               "[B (java.base@17.0.15)\n"
               "   2:            12            300  [[Ljava.lang.String; (java.base@17.0.15)\n   3:            10      "
               "      200  Leaker$Session\n   4:  1  16  App$$Lambda$5/0x00007f7a78005800\nTotal         57867        "
               "3244012\n");
        import(jcmd, "jvm_class_histogram",
               "22148:\r\n num     #instances         #bytes  class name\r\n----\r\n   1:   57844   3243496  [B\r\n   "
               "2:  12  300  [[Ljava.lang.String;\r\n   3:  10  200  Leaker$Session\r\n"
               "   4:  1  16  App$$Lambda$5/0x0000000100060840\r\nTotal  57867  3244012\r\n");
        import(jhsdb, "jvm_class_histogram",
               "Attaching to process ID 17322, please wait...\nObject Histogram:\n\nnum \t  #instances\t#bytes\tClass "
               "description\n-----\n1:\t\t57844\t3243496\tbyte[]\n2:\t\t12\t300\tjava.lang.String[][]\n"
               "3:\t\t10\t200\tLeaker$Session\n4:\t\t1\t16\tApp$$Lambda$5\nTotal : \t57867\t3244012\nHeap traversal "
               "took 2.92 seconds.\n");
        import(openj9, "jvm_class_histogram",
               "num   object count     total size    class name\n-------\n    1  57844  3243496  [B\n    2  12  300  "
               "[[Ljava.lang.String;\n    3  10  200  Leaker$Session\n    4  1  16  App$$Lambda$5\n");
        for (const Import* one : {&jmap, &jcmd, &jhsdb, &openj9}) QCOMPARE(one->rows(), expected);
        for (const Import* one : {&jmap, &jcmd, &jhsdb}) QVERIFY(one->context.counts.empty());
        QCOMPARE(openj9.context.counts["truncated"], 1);
    }

    void class_histogram_series_and_oddities()
    {
        Import result;
        import(result, "jvm_class_histogram",
               "2026-11-23 00:05:30\n num     #instances         #bytes  class name\n   1:  3  30  A\n   2:  1  10  "
               "A\n   3:  x  5  B\nTotal  4  40\n"
               "2026-11-23 00:05:40\n num     #instances         #bytes  class name\n   1:  9  90  A\nTotal  10  90\n");
        QCOMPARE(result.rows(),
                 (QStringList{"class|2026-11-23T00:05:30Z|A|4|40", "class|2026-11-23T00:05:40Z|A|9|90"}));
        QCOMPARE(result.context.counts["same_class_name"], 1);
        QCOMPARE(result.context.counts["bad_row"], 1);
        QCOMPARE(result.context.counts["total_differs"], 1);
        QCOMPARE(result.context.stored_count, 3);
        QCOMPARE(result.context.dropped, 1);

        Import undated;
        import(undated, "jvm_class_histogram",
               " num     #instances         #bytes  class name\n   1:  3  30  A\nTotal  3  30\n num     #instances     "
               "    #bytes  class name\n   1:  4  40  A\n");
        QCOMPARE(undated.rows(),
                 (QStringList{"class|1970-01-01T00:00:01Z|A|3|30", "class|1970-01-01T00:00:02Z|A|4|40"}));
    }

    void gc_pauses_data()
    {
        QTest::addColumn<QString>("log");
        QTest::addColumn<QStringList>("expected");
        const auto g1 = [](const char* time) {
            return QStringList{
                QStringLiteral("pause|%1|G1|Young (Normal)|G1 Evacuation Pause|2.587|6291456|1048576|134217728")
                    .arg(time)};
        };
        QTest::newRow("time, uptime, level, tags")
            << "[2026-11-23T00:08:58.446+0000][0.004s][info][gc] Using "
               "G1\n[2026-11-23T00:08:58.517+0000][0.075s][info][gc,start    ] GC(0) Pause Young (Normal) (G1 "
               "Evacuation Pause)\n"
               "[2026-11-23T00:08:58.520+0000][0.078s][info][gc          ] GC(0) Pause Young (Normal) (G1 Evacuation "
               "Pause) 6M->1M(128M) 2.587ms\n"
            << g1("2026-11-23T00:08:58.517413Z");
        QTest::newRow("local time with an offset") << "[2026-11-23T02:08:58.520+0200][info][gc] GC(0) Pause Young "
                                                      "(Normal) (G1 Evacuation Pause) 6M->1M(128M) 2.587ms\n"
                                                   << g1("2026-11-23T00:08:58.517413Z");
        QTest::newRow("utctime, uptimemillis, pid, tid")
            << "[2026-11-23T00:08:58.520+0000][78ms][1382][1389][info ][gc             ] GC(0) Pause Young (Normal) "
               "(G1 Evacuation Pause) 6M->1M(128M) 2.587ms\n"
            << g1("2026-11-23T00:08:58.517413Z");
        QTest::newRow("timemillis, uptimemillis")
            << "[1795392538520ms][78ms][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 6M->1M(128M) 2.587ms\n"
            << g1("2026-11-23T00:08:58.517413Z");
        QTest::newRow("uptime only")
            << "[0.078s][info][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 6M->1M(128M) 2.587ms\n"
            << g1("1970-01-01T00:00:00.075413Z");
        QTest::newRow("uptime with a decimal comma")
            << "[0,078s][info][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 6M->1M(128M) 2,587ms\n"
            << g1("1970-01-01T00:00:00.075413Z");
        QTest::newRow("timenanos, uptimenanos, hostname") << "[841909060969ns][78000000ns][shop-1] GC(0) Pause Young "
                                                             "(Normal) (G1 Evacuation Pause) 6M->1M(128M) 2.587ms\n"
                                                          << g1("1970-01-01T00:00:00.075413Z");
        QTest::newRow("no decorations")
            << "Using G1\nGC(0) Pause Young (Normal) (G1 Evacuation Pause) 6M->1M(128M) 2.587ms\n"
            << g1("-");
        QTest::newRow("Serial and Parallel")
            << "[1.000s][info][gc] Using Parallel\n[2.000s][info][gc] GC(7) Pause Full (System.gc()) 97M->98M(1024M) "
               "1000.000ms\n"
            << QStringList{"pause|1970-01-01T00:00:01Z|Parallel|Full|System.gc()|1000|101711872|102760448|1073741824"};
        QTest::newRow("G1: remark, failure, phases are not counted twice")
            << "[1.000s][info][gc] Using G1\n[2.000s][info][gc] GC(1) Pause Remark 84M->40M(128M) "
               "0.500ms\n[3.000s][info][gc] GC(2) Pause Young (Mixed) (G1 Preventive Collection) (Evacuation Failure) "
               "2M->1M(4M) 1.000ms\n"
               "[3.000s][debug][gc,phases] GC(2) Pause Young (Mixed) (G1 Preventive Collection) "
               "1.000ms\n[3.1s][info][safepoint] Safepoint \"G1PauseRemark\", Total: 1 ns\n"
            << QStringList{"pause|1970-01-01T00:00:01.999500Z|G1|Remark||0.5|88080384|41943040|134217728",
                           "pause|1970-01-01T00:00:02.999Z|G1|Young (Mixed) (Evacuation Failure)|G1 Preventive "
                           "Collection|1|2097152|1048576|4194304"};
        QTest::newRow("ZGC: phases, heap sizes, a stall")
            << "[0.1s][info][gc,init] Initializing The Z Garbage Collector\n[1.000s][info][gc,phases   ] GC(0) Pause "
               "Mark Start 0.008ms\n[1.5s][info][gc,phases] GC(0) Concurrent Mark 4.379ms\n"
               "[2.000s][info][gc,phases   ] GC(0) y: Pause Relocate Start 0.004ms\n[2.000s][info][gc,heap] GC(0) Max "
               "Capacity: 256M(100%)\n[2.100s][info][gc] GC(0) Garbage Collection (Warmup) 52M(20%)->12M(5%)\n"
               "[3.000s][info][gc] Allocation Stall (main) 6.500ms\n"
            << QStringList{"pause|1970-01-01T00:00:00.999992Z|ZGC|Mark Start||0.008|-|-|-",
                           "pause|1970-01-01T00:00:01.999996Z|ZGC|Relocate Start||0.004|54525952|12582912|268435456",
                           "metric|1970-01-01T00:00:02.993500Z|jvm.gc.allocation_stall|{\"thread\":\"main\"}|ms|6.5"};
        QTest::newRow("Shenandoah")
            << "[1.000s][info][gc] GC(0) Pause Init Mark (unload classes) 0.100ms\n[2.000s][info][gc] GC(0) Pause "
               "Degenerated GC (Outside of Cycle) 8M->6M(128M) 6.000ms\n[2.1s][info][gc] GC(0) Concurrent cleanup "
               "8M->6M(128M) 0.021ms\n"
            << QStringList{"pause|1970-01-01T00:00:00.999900Z|Shenandoah|Init Mark (unload classes)||0.1|-|-|-",
                           "pause|1970-01-01T00:00:01.994Z|Shenandoah|Degenerated GC (Outside of "
                           "Cycle)||6|8388608|6291456|134217728"};
        QTest::newRow("CMS")
            << "[1.000s][info][gc] Using Concurrent Mark Sweep\n[2.000s][info][gc] GC(4) Pause Initial Mark "
               "3M->3M(123M) 0.500ms\n"
            << QStringList{"pause|1970-01-01T00:00:01.999500Z|CMS|Initial Mark||0.5|3145728|3145728|128974848"};
        QTest::newRow("odd lines") << "[1.000s][info][gc] Using Serial\n[x][gc] GC(1) Pause\n[2.0s][gc] GC(1) Pause "
                                      "Young (Allocation Failure\n[2.0s][gc] GC(1) Pause Full (A (b) "
                                      "1M->ms\n[2.000s][gc] GC(2) Pause Young (Allocation Failure) 1M->x 1.000ms\n[["
                                   << QStringList{
                                          "pause|1970-01-01T00:00:01.999Z|Serial|Young|Allocation Failure|1|-|-|-"};
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
        QTest::newRow("PrintGC")
            << "1.5: [GC (Allocation Failure)  16384K->256K(62976K), 0.0012000 secs]\n2.5: [Full GC (System.gc())  "
               "1000K->500K(2000K), 0.0100000 secs]\n"
            << QStringList{"pause|1970-01-01T00:00:01.500Z||Young|Allocation Failure|1.2|16777216|262144|64487424",
                           "pause|1970-01-01T00:00:02.500Z||Full|System.gc()|10|1024000|512000|2048000"};
        QTest::newRow("Parallel with details and dates")
            << "2026-11-23T02:00:00.123+0200: 0.305: [GC (Allocation Failure) [PSYoungGen: 16384K->256K(18944K)] "
               "16384K->256K(62976K), 0.0012000 secs] [Times: user=0.00 sys=0.00, real=0.00 secs] \n"
               "2026-11-23T02:00:01.123+0200: 1.305: [Full GC (Ergonomics) [PSYoungGen: 1K->0K(2K)] [ParOldGen: "
               "3K->2K(4K)] 4K->2K(6K), [Metaspace: 4209K->4207K(1056768K)], 0.5000000 secs] [Times: user=0.14 "
               "sys=0.00, real=0.50 secs] \n"
            << QStringList{
                   "pause|2026-11-23T00:00:00.123Z|Parallel|Young|Allocation Failure|1.2|16777216|262144|64487424",
                   "pause|2026-11-23T00:00:01.123Z|Parallel|Full|Ergonomics|500|4096|2048|6144"};
        QTest::newRow("CMS, decimal commas, spread over lines with other output between")
            << "1,000: [GC1,000: [ParNew\nDesired survivor size 557056 bytes, new threshold 15 (max 15)\n- age   1:    "
               " 144224 bytes,     144224 total\n1,001: [CMS-concurrent-mark-start]\n: 1088K->448K(2176K), 0,0023409 "
               "secs] 1088K->448K(5504K), 0,0024000 secs] [Times: user=0,01 sys=0,00, real=0,01 secs] \n"
               "2,000: [GC [1 CMS-initial-mark: 10K(20K)] 12K(30K), 0,0001000 secs]\n"
               "3,000: [GC[YG occupancy: 100 K (200 K)]3,001: [Rescan (parallel) , 0,0010000 secs]3,002: [weak refs "
               "processing, 0,0000100 secs] [1 CMS-remark: 10K(20K)] 12K(30K), 0,0020000 secs]\n"
               "4,000: [Full GC 4,000: [CMS4,100: [CMS-concurrent-mark: 0,1/0,1 secs] [Times: user=0,1 sys=0,0, "
               "real=0,1 secs] \n (concurrent mode failure): 4K->3K(5K), 1,0000000 secs] 6K->3K(7K), [CMS Perm : "
               "1K->1K(2K)], 1,1000000 secs]\n"
            << QStringList{"pause|1970-01-01T00:00:01Z|CMS|Young||2.4|1114112|458752|5636096",
                           "pause|1970-01-01T00:00:02Z|CMS|Initial Mark||0.1|-|-|-",
                           "pause|1970-01-01T00:00:03Z|CMS|Remark||2|-|-|-",
                           "pause|1970-01-01T00:00:04Z|CMS|Full (concurrent mode failure)||1100|6144|3072|7168"};
        QTest::newRow("G1")
            << "1.000: [GC pause (G1 Evacuation Pause) (young) (initial-mark), 0.0040000 secs]\n   [Parallel Time: 5.8 "
               "ms, GC Workers: 8]\n      [GC Worker Start (ms): Min: 4578.4, Avg: 4578.4, Max: 4578.5, Diff: 0.1]\n"
               "   [Eden: 24.0M(24.0M)->0.0B(13.0M) Survivors: 0.0B->3072.0K Heap: 24.0M(256.0M)->5000.0K(256.0M)]\n "
               "[Times: user=0.02 sys=0.01, real=0.02 secs] \n1.500: [GC concurrent-root-region-scan-start]\n"
               "2.000: [GC remark 2.001: [GC ref-proc, 0.0000100 secs], 0.0015000 secs]\n3.000: [GC cleanup "
               "5M->4M(10M), 0.0005000 secs]\n"
            << QStringList{"pause|1970-01-01T00:00:01Z|G1|Young (Initial Mark)|G1 Evacuation "
                           "Pause|4|25165824|5120000|268435456",
                           "pause|1970-01-01T00:00:02Z|G1|Remark||1.5|-|-|-",
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
        import(result, "jvm_gc_log",
               "1.0: [GC [PSYoungGen: 1K->0K(2K)\n2.0: [GC 4K->2K(6K), 0.5 secs]\n3.0: [GC [PSYoungGen: ");
        QCOMPARE(result.context.stored_count, 1);
        QCOMPARE(result.context.counts["unfinished_record"], 1);
        QCOMPARE(result.context.counts["truncated"], 1);
    }

    /// Uptimes count from the time that is given with the file.
    void gc_uptime_from_start()
    {
        Import result;
        import(result, "jvm_gc_log", "[10.000s][info][gc] GC(0) Pause Full (Ergonomics) 6M->1M(128M) 1000.000ms\n",
               at_noon);
        QCOMPARE(result.rows(),
                 QStringList{"pause|2026-11-23T12:00:09Z|Parallel|Full|Ergonomics|1000|6291456|1048576|134217728"});
        QCOMPARE(result.context.counts["uptime_from_start"], 1);
    }

    void threads()
    {
        Import result;
        import(
            result, "thread_dump",
            "2026-11-23 00:10:30\nFull thread dump OpenJDK 64-Bit Server VM (17.0.15+6 mixed mode):\n\n"
            "\"dl-1\" #32 daemon prio=5 os_prio=0 cpu=0.18ms elapsed=4.42s allocated=2K tid=0x00007f nid=0x1545 "
            "waiting for monitor entry  [0x00007f]\n   java.lang.Thread.State: BLOCKED (on object monitor)\n\tat "
            "Contend.nested(Contend.java:9)\n"
            "\t- waiting to lock <0x0f5b8> (a java.lang.Object)\n\t- locked <0x0f5a8> (a java.lang.Object)\n\tat "
            "java.lang.Thread.run(java.base@17.0.15/Thread.java:840)\n\n   Locked ownable synchronizers:\n\t- "
            "<0x0f999> (a java.util.concurrent.locks.ReentrantLock$NonfairSync)\n\n"
            "\"a \"quoted\" name\" #33 prio=5 os_prio=0 tid=0x1 nid=0x2 in Object.wait()\n   java.lang.Thread.State: "
            "WAITING (on object monitor)\n\tat java.lang.Object.wait(java.base@17.0.15/Native Method)\n\t- waiting on "
            "<0x0f111> (a X)\n\t- locked <0x0f111> (a X)\n\n"
            "\"VM Thread\" os_prio=0 cpu=1.5ms tid=0x3 nid=0x4 runnable\n\nFound one Java-level "
            "deadlock:\n=====\n\"dl-1\":\n  waiting to lock monitor 0x1 (object 0x0f5b8, a java.lang.Object),\n  which "
            "is held by \"dl-2\"\n"
            "Java stack information for the threads listed above:\n\"dl-1\":\n\tat Contend.nested(Contend.java:9)\n\t- "
            "locked <0x0f777> (a java.lang.Object)\n\nFound 1 deadlock.\n");
        QCOMPARE(
            result.rows(),
            (QStringList{
                "thread|2026-11-23T00:10:30Z|dl-1|BLOCKED|0x0f5b8 java.lang.Object|0x0f5a8 java.lang.Object; 0x0f999 "
                "java.util.concurrent.locks.ReentrantLock$NonfairSync|Contend.nested(Contend.java:9)",
                "metric|2026-11-23T00:10:30Z|jvm.thread.cpu_time|{\"id\":\"#32\",\"thread\":\"dl-1\"}|ms|0.18",
                "metric|2026-11-23T00:10:30Z|jvm.thread.allocated|{\"id\":\"#32\",\"thread\":\"dl-1\"}|By|2048",
                "thread|2026-11-23T00:10:30Z|a \"quoted\" name|WAITING|0x0f111 X||java.lang.Object.wait(Native Method)",
                "thread|2026-11-23T00:10:30Z|VM Thread||||",
                "metric|2026-11-23T00:10:30Z|jvm.thread.cpu_time|{\"thread\":\"VM Thread\"}|ms|1.5"}));
        QCOMPARE(result.context.stored_count, 3);

        Import other;
        import(
            other, "thread_dump",
            "\"pool-1\" Id=76 WAITING on X@5a679233 owned by \"t2\" Id=77\n\tat a.B.c(B.java:1)\n\t-  locked Y@1\n\n");
        QCOMPARE(other.rows(), QStringList{"thread|-|pool-1|WAITING|X@5a679233|Y@1|a.B.c(B.java:1)"});
        Import go;
        import(go, "thread_dump",
               "goroutine 12 [chan receive, 3 minutes]:\nmain.worker(0xc000, 0x1)\n\t/srv/main.go:10 +0x20\ncreated by "
               "main.main\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/main.go:5\n");
        QCOMPARE(go.rows(), (QStringList{"thread|-|goroutine 12|chan receive|||main.worker",
                                         "thread|-|goroutine 1|running|||main.main"}));
    }

    void folded()
    {
        Import result;
        import(result, "folded_stacks",
               "main;run_[j];work 12\nmain;; 1.5\r\n# comment\nmain;other 3 4\nmain;less -1\nno weight\nmain;a "
               "1\nmain;b 1\nmain;c 1\nmain;d 1\n",
               {}, "dir/wall.txt");
        QCOMPARE(result.rows(), (QStringList{"profile|wall|main;run;work|12|samples", "profile|wall|main|1.5|samples",
                                             "profile|wall|main;other|4|samples", "profile|wall|main;a|1|samples",
                                             "profile|wall|main;b|1|samples", "profile|wall|main;c|1|samples",
                                             "profile|wall|main;d|1|samples"}));
        QCOMPARE(result.context.counts["negative_weight"], 1);
        QCOMPARE(result.context.counts["bad_line"], 1);
    }

    void cancelled()
    {
        std::string log = "[0.1s][info][gc] Using Serial\n";
        for (int i = 0; i < 40'000; ++i)
            log += "[1.000s][info][gc] GC(1) Pause Young (Allocation Failure) 2M->1M(4M) 1.000ms\n";
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
            QCOMPARE(QString::number(std::accumulate(pauses.begin(), pauses.end(), 0.0), 'f', 3),
                     QString::number(cells[2].toDouble(), 'f', 3));
            if (!pauses.empty()) QCOMPARE(*std::max_element(pauses.begin(), pauses.end()), cells[4].toDouble());
            QCOMPARE(static_cast<int>(std::count_if(pauses.begin(), pauses.end(), [](double ms) { return ms > 100; })),
                     cells[5].toInt());
            QCOMPARE(static_cast<int>(context.count_of("metric")), cells[9].section('/', 0, 0).toInt());
            int full = 0;
            for (const std::string& row : context.rows) full += row.find("|Full|") != std::string::npos;
            QCOMPARE(full, cells[8].toInt());
            ++files;
        }
        QVERIFY(files >= 20);
    }
};

QTEST_APPLESS_MAIN(tst_jvm_importers)
#include "tst_jvm_importers.moc"
