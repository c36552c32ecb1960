// pool.exhaustion: what gauges without spans amount to.

#include "tests/support/case_builder.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;

namespace {

/// Twenty samples of a pool of ten, 30 s apart; ten waits between two of them. Samples 8 to 13 are the bad ones.
QString answer(int used, int used_bad, double wait_bad_ms, double database_cpu = 20, int max = 10)
{
    std::string csv = "time,name,value,service\n";
    double waited_s = 0;
    for (int i = 0; i < 20; ++i) {
        const bool bad = i >= 8 && i < 14;
        char time[40];
        std::snprintf(time, sizeof time, "2026-04-14T10:%02d:%02dZ,", i / 2, i % 2 * 30);
        waited_s += 10 * (bad ? wait_bad_ms : 1) / 1000;
        const auto row = [&](const std::string& name, double value) { csv += time + name + "," + std::to_string(value) + ",tickets\n"; };
        row("hikaricp_connections_active", bad ? used_bad : used);
        if (max > 0) row("hikaricp_connections_max", max);
        row("hikaricp_connections_acquire_seconds_count", 10 * (i + 1));
        row("hikaricp_connections_acquire_seconds_sum", waited_s);
        row("db_cpu_percent", database_cpu);
    }
    return QString::fromStdString(CaseBuilder().file("pool.csv", csv).answer("pool.exhaustion"));
}

}  // namespace

class TestPoolExhaustion : public QObject {
    Q_OBJECT
private slots:
    void one_kind_of_evidence_is_a_suspicion() { QVERIFY2(answer(3, 10, 120).startsWith("suspected: tickets has no free connection"), qPrintable(answer(3, 10, 120))); }
    void long_waits_at_the_alert_line_are_a_suspicion()
    {
        QCOMPARE(answer(3, 8, 120), QString("suspected: tickets waits 120 ms (mean) for a connection while up to 8 of 10 are used"));
    }
    void long_waits_while_connections_are_free_are_something_else() { QVERIFY(answer(3, 6, 120).startsWith("ruled_out: ")); }
    void short_waits_are_none() { QVERIFY(answer(3, 9, 20).startsWith("ruled_out: ")); }
    void a_busy_database_is_another_cause()
    {
        QVERIFY(answer(3, 10, 120, 92).startsWith("inconclusive: "));
        QVERIFY(answer(3, 8, 120, 92).startsWith("ruled_out: "));
    }
    void a_pool_of_unknown_size_is_never_near_its_line() { QVERIFY(answer(3, 8, 20, 20, 0).startsWith("ruled_out: ")); }
};

QTEST_APPLESS_MAIN(TestPoolExhaustion)
#include "tst_pool_exhaustion.moc"
