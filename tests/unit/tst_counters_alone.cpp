// What counters of caches and collectors amount to without spans and logs: a suspicion at most.

#include "tests/support/case_builder.h"

#include <QtTest>

#include <functional>

using namespace casebook;
using namespace casebook::tests;

namespace {

/// Samples of cumulative series, `step_s` apart from 10:00; `increase(i)` is what a series grew by up to sample i.
struct Counters {
    std::string csv = "time,name,value,service\n";
    Counters& series(const std::string& name, int samples, int step_s, const std::function<double(int)>& increase)
    {
        double value = 0;
        for (int i = 0; i < samples; ++i) {
            const int s = i * step_s;
            char time[40];
            std::snprintf(time, sizeof time, "2026-04-14T%02d:%02d:%02dZ,", 10 + s / 3600, s / 60 % 60, s % 60);
            value += i > 0 ? increase(i) : 0;
            csv += time + name + "," + std::to_string(value) + ",quotes\n";
        }
        return *this;
    }
    QString answer(const std::string& analyzer, const std::string& events = {}) const
    {
        CaseBuilder made;
        made.file("counters.csv", csv);
        if (!events.empty()) made.file("events.csv", "time,kind,service,text\n" + events);
        return QString::fromStdString(made.answer(analyzer));
    }
};

Counters cache(double misses_after)
{
    return Counters().series("cache_hits_total", 40, 30, [=](int i) { return i < 20 ? 950.0 : 1000 - misses_after; }).series("cache_misses_total", 40, 30, [=](int i) { return i < 20 ? 50.0 : misses_after; });
}

}  // namespace

class TestCountersAlone : public QObject {
    Q_OBJECT
private slots:
    void keys_that_a_release_may_have_changed()
    {
        const std::string release = "2026-04-14T10:09:45Z,deploy,quotes,quotes 8.2\n";
        QCOMPARE(cache(400).answer("cache.key_rotation", release), QString("suspected: The cache hit ratio fell from 95 % to 60 % after quotes 8.2"));
        QVERIFY(cache(90).answer("cache.key_rotation", release).startsWith("ruled_out: "));
        QVERIFY(cache(400).answer("cache.key_rotation").startsWith("not_enough_evidence: "));
    }

    void collections_over_the_worst_minute()
    {
        // 600 ms within five seconds are 1 % of a minute.
        QCOMPARE(Counters().series("jvm_gc_pause_seconds_sum", 120, 5, [](int i) { return i % 24 == 12 ? 0.6 : 0.0; }).answer("memory.gc_pressure"), QString("ruled_out: collections take at most 1 % of the time"));
        QCOMPARE(Counters().series("jvm_gc_pause_seconds_sum", 120, 5, [](int i) { return i >= 60 && i < 80 ? 0.75 : 0.01; }).answer("memory.gc_pressure"),
                 QString("suspected: Collections take 15 % of the time of quotes in its worst minute"));
        QVERIFY(Counters().series("jvm_gc_pause_seconds_sum", 120, 5, [](int i) { return i >= 60 && i < 80 ? 0.35 : 0.01; }).answer("memory.gc_pressure").startsWith("suspected: Collections take 7 %"));
        QVERIFY(Counters().series("jvm_gc_pause_seconds_sum", 120, 5, [](int i) { return i >= 60 && i < 80 ? 0.2 : 0.01; }).answer("memory.gc_pressure").startsWith("ruled_out: "));
    }

    void collections_that_are_long_but_rare()
    {
        QCOMPARE(Counters().series("jvm_gc_pause_seconds_sum", 40, 30, [](int i) { return i % 10 == 5 ? 0.4 : 0.0; }).series("jvm_gc_pause_seconds_count", 40, 30, [](int i) { return i % 10 == 5 ? 1.0 : 0.0; }).answer("memory.gc_pressure"),
                 QString("suspected: Collections take 0.67 % of the time of quotes in its worst minute, up to 400 ms each on average"));
        QVERIFY(Counters().series("jvm_gc_pause_seconds_sum", 40, 30, [](int i) { return i % 10 == 5 ? 0.4 : 0.0; }).series("jvm_gc_pause_seconds_count", 40, 30, [](int i) { return i % 10 == 5 ? 20.0 : 0.0; }).answer("memory.gc_pressure").startsWith("ruled_out: "));
    }

    void a_counter_read_once_or_twice_says_nothing()
    {
        QVERIFY(Counters().series("jvm_gc_pause_seconds_sum", 2, 30, [](int) { return 0.01; }).answer("memory.gc_pressure").startsWith("inconclusive: "));
    }

    void a_longer_step_than_a_minute_is_a_mean()
    {
        QVERIFY(Counters().series("jvm_gc_pause_seconds_sum", 10, 300, [](int i) { return i == 5 ? 30.0 : 1.0; }).answer("memory.gc_pressure").startsWith("suspected: Collections take 10 %"));
    }
};

QTEST_APPLESS_MAIN(TestCountersAlone)
#include "tst_counters_alone.moc"
