// Clause by clause: what makes a leak of memory confirmed, suspected, ruled out or left open. Heaps are made up: 36 MB that
// stay, and what a test adds to them.

#include "tests/support/case_builder.h"

#include <QtTest>

#include <algorithm>
#include <cmath>
#include <functional>

using namespace casebook;
using namespace casebook::tests;

namespace {

using Course = std::function<double(double)>;  ///< of the part of the recording that is over, 0 to 1

Course flat(double value)
{
    return [=](double) { return value; };
}
Course line(double from, double to)
{
    return [=](double part) { return from + (to - from) * part; };
}
Course filling(double top, double tau)
{
    return [=](double part) { return top * (1 - std::exp(-part / tau)); };
}
Course comes_and_goes(double low, double high)
{
    return [=](double part) { return low + (high - low) * std::exp(-std::pow((part - 0.4) / 0.2, 2)); };
}

std::string clock(double seconds)
{
    char text[32];
    const int whole = static_cast<int>(seconds), day = 14 + whole / 86400;
    std::snprintf(text, sizeof text, "2026-04-%02dT%02d:%02d:%06.3f", day, 10 + whole / 3600 % 24, whole / 60 % 60, seconds - whole / 60 * 60);
    return text;
}

/// One of `count` histograms: what stays, and so many carts with 2 lines, 3 strings and 4 byte arrays each, 512 bytes in all.
/// byte[] leads every one of them by size. No two are the same: a file that was imported already is not imported again.
std::string histogram(double carts, std::optional<double> at_s = {})
{
    static int taken = 0;
    const int jitter = ++taken * 7 % 40;

    const struct { const char* name; double instances, size; } rows[]{
        {"[B", 250000 + 4 * carts, 60}, {"java.lang.String", 240000 + 3 * carts, 24}, {"java.util.HashMap$Node", 90000.0 + jitter, 32}, {"com.fernway.Line", 2000 + 2 * carts, 40},
        {"com.fernway.Cart", 300 + carts, 120}, {"com.fernway.Price", 60000, 200},
    };
    std::string text;
    if (at_s) text = clock(*at_s).replace(10, 1, " ") + "\n";
    text += " num     #instances         #bytes  class name (module)\n-------------------------------------------------------\n";
    double instances = 0, bytes = 0;
    int rank = 0;
    for (const auto& row : rows) {
        const auto count = std::llround(row.instances);
        text += std::to_string(++rank) + ": " + std::to_string(count) + " " + std::to_string(static_cast<long long>(static_cast<double>(count) * row.size)) + " " + row.name + "\n";
        instances += static_cast<double>(count);
        bytes += static_cast<double>(count) * row.size;
    }
    return text + "Total " + std::to_string(std::llround(instances)) + " " + std::to_string(std::llround(bytes)) + "\n";
}

CaseBuilder& add_histograms(CaseBuilder& builder, int count, const Course& carts, const std::string& folder = "", std::optional<double> from_s = {}, double step_s = 60)
{
    for (int i = 0; i < count; ++i)
        builder.file(folder + "histogram_" + std::to_string(i + 1) + ".txt", histogram(carts(count > 1 ? i / double(count - 1) : 0), from_s ? std::optional(*from_s + i * step_s) : std::nullopt));
    return builder;
}

struct GcLog {
    int collections = 60;
    double step_s = 5, from_s = 0;
    int capacity_mb = 512, limit_mb = 0;
    const char* pause = "Pause Full (Ergonomics)";
    bool start = true;
    int first_id = 0;
};

/// A log of full collections after which `live` MB stay, and two young ones before each.
std::string gc_log(const Course& live, const GcLog& log = {})
{
    std::string text;
    const auto say = [&](double at_s, const std::string& message) { text += "[" + clock(log.from_s + at_s) + "+0000][" + std::to_string(at_s) + "s][info][gc] " + message + "\n"; };
    if (log.start) say(0, "Using Parallel");
    if (log.limit_mb > 0) say(0, "Heap Max Capacity: " + std::to_string(log.limit_mb) + "M");
    for (int i = 0; i < log.collections; ++i) {
        const double mb = live(i / double(log.collections - 1)), wobble = i % 2 == 0 ? 1 : -1;
        const std::string capacity = "(" + std::to_string(log.capacity_mb) + "M) 12.0ms";
        say(log.step_s * (i + 1), "GC(" + std::to_string(log.first_id + i) + ") " + log.pause + " " + std::to_string(int(mb * 2)) + "M->" + std::to_string(int(mb + wobble)) + "M" + capacity);
    }
    return text;
}

/// A CSV of one metric, a value every 15 s.
std::string metric(const std::string& name, const Course& value, int samples = 120, const std::string& instance = "a", double scale = 1e6)
{
    std::string text = "time,name,value,service,instance\n";
    for (int i = 0; i < samples; ++i)
        text += clock(15.0 * i) + "Z," + name + "," + std::to_string(std::llround(value(i / double(samples - 1)) * scale)) + ",shop," + instance + "\n";
    return text;
}

/// A heap that is used up and collected: between the floor and twice of it.
Course sawtooth(const Course& floor)
{
    return [=](double part) { return floor(part) * (1 + std::fmod(part * 37, 1.0)); };
}

std::string answer(const CaseBuilder& builder) { return builder.answer("memory.leak"); }

std::vector<std::string> findings(const CaseBuilder& builder)
{
    std::vector<std::string> all;
    for (const Finding& finding : builder.ask({"memory.leak"}).findings) all.push_back(std::string(name_of(finding.verdict)) + " " + finding.key);
    return all;
}

#define SAYS(builder, begin)                                                                      \
    do {                                                                                          \
        const std::string said = answer(builder);                                                 \
        QVERIFY2(said.starts_with(begin), said.c_str());                                          \
    } while (false)

}  // namespace

class TestMemoryLeak : public QObject {
    Q_OBJECT
private slots:
    // Needs

    void one_histogram_is_not_enough()
    {
        CaseBuilder builder;
        add_histograms(builder, 1, flat(0));
        const AnalysisReport report = builder.ask({"memory.leak"});
        QCOMPARE(std::string(name_of(report.verdicts[0].answer.verdict)), std::string("not_enough_evidence"));
        QCOMPARE(report.verdicts[0].answer.missing[0].evidence, std::string("heap_class"));
    }

    // Histograms

    void five_histograms_of_steady_growth_confirm_and_name_the_class_not_the_bytes()
    {
        CaseBuilder builder;
        add_histograms(builder, 5, line(0, 40000));
        const AnalysisReport report = builder.ask({"memory.leak"});
        QCOMPARE(report.findings.size(), std::size_t{1});
        QCOMPARE(report.findings[0].key, std::string("com.fernway.Cart"));
        QCOMPARE(report.findings[0].verdict, Verdict::confirmed);
        QVERIFY2(report.findings[0].headline.find("(512 B each)") != std::string::npos, report.findings[0].headline.c_str());
    }

    void three_or_four_are_a_suspicion()
    {
        for (const int count : {3, 4}) {
            CaseBuilder builder;
            add_histograms(builder, count, line(0, 40000));
            QCOMPARE(findings(builder), std::vector<std::string>{"suspected com.fernway.Cart"});
        }
    }

    void two_alone_prove_nothing()
    {
        CaseBuilder builder;
        add_histograms(builder, 2, line(0, 40000));
        SAYS(builder, "inconclusive: 2 histograms of one process and too few collections");
    }

    void growth_below_a_megabyte_or_a_percent_is_none()
    {
        CaseBuilder small, large;
        add_histograms(small, 6, line(0, 700));     // 0.36 MB, 0.8 % of 42 MB
        add_histograms(large, 6, line(0, 3000));    // 1.5 MB, 3.5 %
        SAYS(small, "ruled_out: no class grows steadily");
        SAYS(large, "confirmed: ");
    }

    void a_step_within_the_noise_is_no_steady_growth()
    {
        CaseBuilder builder;
        add_histograms(builder, 6, [](double part) { return part < 0.5 ? 30000 * part : 15000 + 30000 * (part - 0.5) - (part < 0.7 ? 5900 : 0); });
        SAYS(builder, "ruled_out: ");
    }

    void a_cache_that_fills_up_and_traffic_that_returns_are_none()
    {
        CaseBuilder warm, bounded, traffic;
        add_histograms(warm, 7, filling(40000, 0.35));
        add_histograms(bounded, 7, [](double part) { return std::min(40000.0, 60000 * part); });
        add_histograms(traffic, 7, comes_and_goes(0, 40000));
        for (const CaseBuilder* builder : {&warm, &bounded, &traffic}) SAYS(*builder, "ruled_out: no class grows steadily");
    }

    void growth_that_slows_down_step_by_step_is_a_suspicion()
    {
        CaseBuilder slows, wavers;
        add_histograms(slows, 6, filling(60000, 1));
        QCOMPARE(findings(slows), std::vector<std::string>{"suspected com.fernway.Cart"});
        add_histograms(wavers, 6, [](double part) { return 40000 * part + (std::lround(part * 5) % 2 == 1 ? 2500 : 0); });
        QCOMPARE(findings(wavers), std::vector<std::string>{"confirmed com.fernway.Cart"});
    }

    void growth_that_the_load_explains_is_left_open()
    {
        CaseBuilder builder, falls;
        add_histograms(builder, 6, line(10000, 30000), "", 60, 300);
        builder.file("rps.csv", metric("rps", line(100, 310), 120, "a", 1));
        QCOMPARE(findings(builder), std::vector<std::string>{"inconclusive com.fernway.Cart"});
        // The same growth while the load falls.
        add_histograms(falls, 6, line(10000, 30000), "", 60, 300);
        falls.file("rps.csv", metric("rps", line(310, 100), 120, "a", 1));
        QCOMPARE(findings(falls), std::vector<std::string>{"confirmed com.fernway.Cart"});
    }

    // The floor

    void a_floor_alone_is_a_suspicion_from_ten_collections_on()
    {
        CaseBuilder ten, nine;
        GcLog log;
        log.collections = 10;
        ten.file("gc.log", gc_log(line(60, 200), log));
        QCOMPARE(findings(ten), std::vector<std::string>{"suspected live memory floor"});
        log.collections = 9;
        nine.file("gc.log", gc_log(line(60, 200), log));
        SAYS(nine, "inconclusive: no histograms and too few collections");
    }

    void a_flat_floor_a_sawtooth_and_one_that_falls_with_the_load_rule_it_out()
    {
        CaseBuilder even, saw, load;
        even.file("gc.log", gc_log(flat(120)));
        saw.file("gc.log", gc_log([](double part) { return 60 + 100 * std::fmod(part * 4, 1.0); }));
        load.file("gc.log", gc_log(comes_and_goes(60, 200))).file("rps.csv", metric("rps", comes_and_goes(100, 400), 22, "a", 1));
        for (const CaseBuilder* builder : {&even, &saw, &load}) SAYS(*builder, "ruled_out: no class grows steadily: the floor after collections changes by");
        QVERIFY2(answer(load).find("follows the load") != std::string::npos, answer(load).c_str());
    }

    void a_floor_that_levels_off_is_a_cache()
    {
        CaseBuilder levels, slows;
        levels.file("gc.log", gc_log(filling(200, 0.2)));
        slows.file("gc.log", gc_log(filling(200, 0.5)));
        SAYS(levels, "ruled_out: ");
        SAYS(slows, "inconclusive: live memory grows from");
        QVERIFY(answer(slows).find("slower and slower") != std::string::npos);
    }

    void a_floor_that_rises_with_the_load_is_left_open()
    {
        CaseBuilder builder, more;
        builder.file("gc.log", gc_log(line(60, 180))).file("rps.csv", metric("rps", line(100, 320), 22, "a", 1));
        SAYS(builder, "inconclusive: live memory grows from");
        QVERIFY(answer(builder).find("the load rose as much") != std::string::npos);
        // Three times the memory at a third more load.
        more.file("gc.log", gc_log(line(60, 180))).file("rps.csv", metric("rps", line(100, 130), 22, "a", 1));
        SAYS(more, "suspected: ");
    }

    void young_collections_need_old_ones_that_say_the_same()
    {
        GcLog young, old;
        young.pause = "Pause Young (Allocation Failure)";
        young.start = old.start = false;
        young.collections = 60;
        old.collections = 4;
        old.step_s = 75;
        old.first_id = 100;
        const auto log = [&](const Course& left, const Course& live) { return gc_log(left, young) + gc_log(live, old); };
        CaseBuilder same, garbage, none;
        same.file("gc.log", log(line(100, 160), line(95, 155)));
        SAYS(same, "suspected: ");
        garbage.file("gc.log", log(line(100, 160), flat(95)));
        SAYS(garbage, "ruled_out: ");
        none.file("gc.log", gc_log(line(100, 160), young));
        SAYS(none, "inconclusive: what 60 young collections leave behind grows");
        QVERIFY(answer(none).find("never collected") != std::string::npos);
    }

    void of_several_instances_the_one_that_grows_is_named()
    {
        CaseBuilder builder;
        for (const char* instance : {"a", "b", "c"})
            builder.file(std::string(instance) + ".csv", metric("go_gc_heap_live_bytes", std::string_view(instance) == "b" ? line(60, 160) : flat(80), 120, instance));
        const AnalysisReport report = builder.ask({"memory.leak"});
        QCOMPARE(report.findings.size(), std::size_t{1});
        QVERIFY2(report.findings[0].headline.starts_with("What is left after collections in shop b grows by"), report.findings[0].headline.c_str());
        QCOMPARE(report.findings[0].evidence[0].rows, std::int64_t{120});
    }

    void a_short_recording_of_a_gauge_needs_ten_collections()
    {
        // Five minutes: with one fall each half minute, and with one a minute.
        const auto short_one = [](double falls) { return metric("nodejs_heap_size_used_bytes", [=](double part) { return line(60, 160)(part) * (1 + std::fmod(part * falls, 1.0)); }, 21); };
        CaseBuilder enough, few;
        enough.file("heap.csv", short_one(10.5));
        few.file("heap.csv", short_one(5));
        QVERIFY2(!answer(enough).starts_with("inconclusive: no histograms"), answer(enough).c_str());
        SAYS(few, "inconclusive: no histograms and too few collections or minutes of heap");
    }

    void collections_of_an_observer_say_nothing()
    {
        for (const char* pause : {"Pause Full (Heap Inspection Initiated GC)", "Pause Full (Heap Dump Initiated GC)"}) {
            CaseBuilder builder;
            GcLog log;
            log.pause = pause;
            builder.file("gc.log", gc_log(line(60, 200), log));
            SAYS(builder, "inconclusive: no histograms and too few collections");
        }
    }

    void metrics_alone_are_a_suspicion()
    {
        for (const char* name : {"jvm_memory_used_after_gc", "jvm.memory.used_after_last_gc", "go_memstats_heap_inuse_bytes", "nodejs_heap_size_used_bytes"}) {
            const bool live = std::string_view(name).find("after") != std::string_view::npos;
            const auto course = [&](const Course& floor) { return live ? floor : sawtooth(floor); };
            CaseBuilder rises, level;
            std::string text = metric(name, course(line(60, 160))), even = metric(name, course(flat(90)));
            if (std::string_view(name).starts_with("jvm.")) // a metric of pools of the heap, told by a label
                for (std::string* csv : {&text, &even}) {
                    csv->replace(csv->find("instance"), 8, "jvm.memory.type");
                    for (std::size_t at = 0; (at = csv->find(",a\n", at)) != std::string::npos;) csv->replace(at, 2, ",heap");
                }
            rises.file("heap.csv", text);
            level.file("heap.csv", even);
            const std::string risen = answer(rises), stayed = answer(level), begin = "suspected: What is left after collections in shop" + std::string(std::string_view(name).starts_with("jvm.") ? "" : " a") + " grows by";
            QVERIFY2(risen.starts_with(begin), (name + (" " + risen)).c_str());
            QVERIFY2(stayed.starts_with("ruled_out: "), (name + (" " + stayed)).c_str());
        }
    }

    void several_metrics_of_one_heap_are_not_added_up()
    {
        // In use stays; what the runtime keeps beside it comes and goes.
        CaseBuilder builder;
        builder.file("alloc.csv", metric("go_memstats_heap_alloc_bytes", flat(90))).file("inuse.csv", metric("go_memstats_heap_inuse_bytes", line(100, 200), 60));
        SAYS(builder, "ruled_out: ");
    }

    // Both

    void a_rising_floor_confirms_two_histograms()
    {
        CaseBuilder builder;
        add_histograms(builder, 2, line(0, 40000)).file("gc.log", gc_log(line(60, 200)));
        QCOMPARE(findings(builder), std::vector<std::string>{"confirmed com.fernway.Cart"});
    }

    void a_flat_floor_contradicts_histograms_of_the_same_time()
    {
        CaseBuilder builder;
        GcLog log;
        log.collections = 120;
        add_histograms(builder, 6, line(0, 90000), "", 0, 120).file("gc.log", gc_log(flat(100), log));
        QCOMPARE(findings(builder), std::vector<std::string>{"inconclusive com.fernway.Cart"});
    }

    void a_floor_of_another_time_confirms_nothing()
    {
        CaseBuilder builder;
        GcLog log;
        log.from_s = 4 * 3600;
        add_histograms(builder, 3, line(0, 40000), "", 0, 60).file("gc.log", gc_log(line(60, 200), log));
        const AnalysisReport report = builder.ask({"memory.leak"});
        QCOMPARE(report.findings.size(), std::size_t{1});
        QCOMPARE(report.findings[0].verdict, Verdict::suspected);
        QVERIFY2(report.findings[0].note.find("recorded at another time") != std::string::npos, report.findings[0].note.c_str());
    }

    void a_floor_speaks_for_its_own_process()
    {
        CaseBuilder other, same;
        add_histograms(other, 3, flat(0), "a/").file("a/gc.log", gc_log(line(60, 200)));
        add_histograms(other, 3, line(0, 40000), "b/").file("b/gc.log", gc_log(flat(90)));
        QCOMPARE(findings(other), std::vector<std::string>{"suspected com.fernway.Cart"});
        add_histograms(same, 3, flat(0), "a/").file("a/gc.log", gc_log(flat(90)));
        add_histograms(same, 3, line(0, 40000), "b/").file("b/gc.log", gc_log(line(60, 200)));
        QCOMPARE(findings(same), std::vector<std::string>{"confirmed com.fernway.Cart"});
    }

    void histograms_of_two_processes_do_not_mix()
    {
        CaseBuilder sizes;
        for (int i = 0; i < 3; ++i) // two that stay, a small one and a large one
            sizes.file("histo_8121_" + std::to_string(i + 1) + ".txt", histogram(i)).file("histo_9340_" + std::to_string(i + 1) + ".txt", histogram(60000 + i));
        SAYS(sizes, "ruled_out: no class grows steadily: 6 classes over 3 histograms");
        CaseBuilder builder;
        add_histograms(builder, 6, flat(50000), "a/");
        add_histograms(builder, 6, line(0, 40000), "b/");
        QCOMPARE(findings(builder), std::vector<std::string>{"confirmed com.fernway.Cart"});
    }

    // The limit

    void the_time_to_the_limit_is_printed()
    {
        CaseBuilder alone, both, unknown;
        GcLog log;
        log.collections = 121;
        log.step_s = 10;
        log.limit_mb = 400; // of which 200 are left, at 100 MB in 20 minutes
        alone.file("gc.log", gc_log(line(100, 200), log));
        std::string headline = alone.ask({"memory.leak"}).findings[0].headline;
        QVERIFY2(headline.find(", the limit of 419 MB is reached in 39 min") != std::string::npos, headline.c_str());
        // 36 MB stay, 20 MB are added in 10 minutes: 363 MB are left for three hours.
        add_histograms(both, 6, line(0, 40000), "", 0, 120).file("gc.log", gc_log(line(100, 200), log));
        headline = both.ask({"memory.leak"}).findings[0].headline;
        QVERIFY2(headline.find(", the limit of 419 MB is reached in 3 h") != std::string::npos, headline.c_str());
        // A heap that is resized says nothing of what it may have.
        log.limit_mb = 0;
        std::string resized = gc_log(line(100, 200), log);
        resized.replace(resized.find("(512M)"), 6, "(256M)");
        unknown.file("gc.log", resized);
        headline = unknown.ask({"memory.leak"}).findings[0].headline;
        QVERIFY2(headline.find("the limit of") == std::string::npos, headline.c_str());
    }

    void the_limit_of_a_metric_is_that_of_its_pools()
    {
        CaseBuilder builder;
        std::string pools = "time,name,value,service,instance,area,id\n", limits = pools;
        for (int i = 0; i < 120; ++i) {
            pools += clock(15.0 * i) + "Z,jvm_memory_used_bytes," + std::to_string(20'000'000 + i % 6 * 10'000'000) + ",shop,a,heap,G1 Eden Space\n";
            pools += clock(15.0 * i) + "Z,jvm_memory_used_bytes," + std::to_string(50'000'000 + i * 1'000'000) + ",shop,a,heap,G1 Old Gen\n";
            limits += clock(15.0 * i) + "Z,jvm_memory_max_bytes,-1,shop,a,heap,G1 Eden Space\n" + clock(15.0 * i) + "Z,jvm_memory_max_bytes,500000000,shop,a,heap,G1 Old Gen\n";
        }
        builder.file("pools.csv", pools).file("limits.csv", limits);
        const std::string headline = builder.ask({"memory.leak"}).findings[0].headline;
        QVERIFY2(headline.find(", the limit of 500 MB is reached in 1.") != std::string::npos, headline.c_str());
    }

    // Restarts

    void restarts_cut_the_floor()
    {
        // Each life of the process fills the same: over all of them nothing seems to rise.
        GcLog first, second;
        second.from_s = 400;
        CaseBuilder appended, told, untold;
        appended.file("gc.log", gc_log(line(60, 220), first) + gc_log(line(60, 220), second));
        QCOMPARE(findings(appended), std::vector<std::string>{"suspected live memory floor"});
        second.start = false;
        second.first_id = 60;
        const std::string silent = gc_log(line(60, 220), first) + gc_log(line(60, 220), second);
        told.file("gc.log", silent).file("events.csv", "time,kind,service,text\n" + clock(395) + "Z,restart,shop,killed\n");
        QCOMPARE(findings(told), std::vector<std::string>{"suspected live memory floor"});
        // Container restarts are counted, and nobody wrote an event.
        CaseBuilder counted;
        counted.file("heap.csv", metric("go_gc_heap_live_bytes", [](double part) { return 60 + 200 * std::fmod(part * 2, 1.0); }))
            .file("restarts.csv", metric("kube_pod_container_status_restarts_total", [](double part) { return part < 0.5 ? 0 : 1; }, 120, "a", 1));
        QCOMPARE(findings(counted), std::vector<std::string>{"suspected live memory floor"});
        untold.file("gc.log", silent);
        QVERIFY(findings(untold).empty());
    }

    void restarts_cut_histograms()
    {
        // The process before the restart was a smaller one, of another version.
        CaseBuilder builder;
        for (int i = 0; i < 6; ++i) builder.file("histogram_" + std::to_string(i + 1) + ".txt", histogram(i < 3 ? 20000 + 6000 * i : 6000 * (i - 3), 120.0 * i));
        builder.file("events.csv", "time,kind,service,text\n" + clock(300) + "Z,restart,shop,killed\n");
        QCOMPARE(findings(builder), std::vector<std::string>{"suspected com.fernway.Cart"});
    }
};

QTEST_APPLESS_MAIN(TestMemoryLeak)
#include "tst_memory_leak.moc"
