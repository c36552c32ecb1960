// latency.regression_after_deploy, clause by clause: when it began, whose doing it is, what the old version does meanwhile,
// and what neither a release nor a rollback proves.

#include "tests/support/case_builder.h"

#include <QtTest>

#include <functional>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr std::int64_t second = 1'000'000'000, ms = 1'000'000;

/// What the prints service does for one request, in ms.
struct Work {
    double own = 12, call = 20;
    int calls = 1;
    bool together = false, failed = false;
    bool waited_for = true;   ///< the kiosk waits for it
    std::string version = "3.1", instance = "prints-0";
};

/// 0 to n - 1, without any pattern (splitmix64)
int draw(int i, int salt, int n)
{
    std::uint64_t x = static_cast<std::uint64_t>(i) * 64 + static_cast<std::uint64_t>(salt) + 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return static_cast<int>((x ^ (x >> 31)) % static_cast<std::uint64_t>(n));
}

/// A kiosk asks prints, prints asks the archive: `count` requests, `step_s` apart, `load` times as many from request `from` on,
/// each as `work(i, at_s)` says.
CaseBuilder prints(int count, double step_s, const std::function<Work(int i, double at_s)>& work, int from = 0, double load = 1)
{
    CaseBuilder made;
    std::uint64_t ids = 0;
    for (int i = 0; i < count; ++i) {
        const double at_s = i < from ? i * step_s : from * step_s + (i - from) * step_s / load;
        const Work does = work(i, at_s);
        const auto trace = static_cast<std::uint64_t>(i + 1);
        const double wobble = 0.9 + 0.002 * draw(i, 1, 101);
        const auto ns = [&](double value) { return static_cast<std::int64_t>(value * wobble * 1e6); };
        const std::int64_t at = static_cast<std::int64_t>(at_s * 1e9), took = ns(does.own + does.call * (does.together ? 1 : does.calls));
        TestSpan kiosk{.trace = trace, .id = ++ids, .start_ns = at, .duration_ns = (does.waited_for ? took : 0) + 6 * ms, .service = "kiosk", .name = "GET /prints", .kind = SpanKind::server};
        TestSpan asks{.trace = trace, .id = ++ids, .parent = kiosk.id, .start_ns = at + 2 * ms, .duration_ns = took + 2 * ms, .service = "kiosk", .name = "GET", .kind = SpanKind::client};
        asks.attributes = {{"http.request.method", "GET"}, {"server.address", "prints"}};
        TestSpan serves{.trace = trace, .id = ++ids, .parent = asks.id, .start_ns = at + 3 * ms, .duration_ns = took, .service = "prints", .name = "GET /prints/{id}", .kind = SpanKind::server};
        serves.version = does.version, serves.instance = does.instance;
        serves.attributes = {{"http.response.status_code", does.failed ? "500" : "200"}};
        if (does.failed) serves.status = kiosk.status = SpanStatus::error;
        made.add(kiosk).add(asks).add(serves);
        for (int call = 0; call < does.calls; ++call) {
            TestSpan reads{.trace = trace, .id = ++ids, .parent = serves.id, .start_ns = serves.start_ns + ns(does.own / 2 + (does.together ? 0 : does.call * call)), .duration_ns = ns(does.call) - ms / 10, .service = "prints", .name = "GET", .kind = SpanKind::client};
            reads.attributes = {{"http.request.method", "GET"}, {"server.address", "archive"}, {"url.full", "http://archive/scans/" + std::to_string(call)}};
            made.add(reads);
        }
    }
    return made;
}

std::string at_text(double at_s)
{
    const int s = 36'000 + static_cast<int>(at_s);  // since 10:00
    char text[40];
    std::snprintf(text, sizeof text, "2026-04-14T%02d:%02d:%02dZ", s / 3600, s / 60 % 60, s % 60);
    return text;
}

struct Told {
    QString answer, key, note;
};

Told told(CaseBuilder made, const std::vector<std::pair<double, std::string>>& events)
{
    std::string csv = "time,kind,service,text\n";
    for (const auto& [at_s, text] : events) csv += at_text(at_s) + "," + text + "\n";
    const AnalysisReport report = made.file("events.csv", csv).ask({"latency.regression_after_deploy"});
    Told result{QString::fromStdString(std::string(name_of(report.verdicts.front().answer.verdict)) + ": " + report.verdicts.front().answer.reason), {}, {}};
    if (!report.findings.empty()) {
        result.key = QString::fromStdString(report.findings.front().key);
        result.note = QString::fromStdString(report.findings.front().note);
    }
    return result;
}

const std::string release = "deploy,prints,prints 3.1 -> 3.2";

/// 200 requests before the release at 100 s and 200 after it, half a second apart.
Told after_release(const Work& then, const std::vector<std::pair<double, std::string>>& more = {})
{
    std::vector<std::pair<double, std::string>> events{{101, release}};
    events.insert(events.end(), more.begin(), more.end());
    return told(prints(400, 0.5, [&](int, double at_s) {
                    Work does = at_s < 101 ? Work{} : then;
                    does.version = at_s < 101 ? "3.1" : "3.2";
                    return does;
                }), events);
}

}  // namespace

class TestReleaseRegression : public QObject {
    Q_OBJECT
private slots:
    void whose_doing_data()
    {
        QTest::addColumn<double>("own");
        QTest::addColumn<double>("call");
        QTest::addColumn<int>("calls");
        QTest::addColumn<QString>("verdict");
        QTest::addColumn<QString>("says");
        QTest::newRow("its own work") << 60. << 20. << 1 << "confirmed" << "more itself";
        QTest::newRow("more calls") << 12. << 20. << 3 << "confirmed" << "3 calls per request instead of 1";
        QTest::newRow("a slower callee") << 12. << 70. << 1 << "suspected" << "";
        QTest::newRow("own work up by a little, the callee by much") << 16. << 70. << 1 << "suspected" << "";
        QTest::newRow("1.4 times") << 25. << 20. << 1 << "ruled_out" << "";
        QTest::newRow("nothing") << 12. << 20. << 1 << "ruled_out" << "as fast as before";
    }
    void whose_doing()
    {
        QFETCH(const double, own);
        QFETCH(const double, call);
        QFETCH(const int, calls);
        QFETCH(const QString, verdict);
        QFETCH(const QString, says);
        const Told answer = after_release({.own = own, .call = call, .calls = calls});
        QVERIFY2(answer.answer.startsWith(verdict + ":") && answer.answer.contains(says), qPrintable(answer.answer));
    }

    void calls_that_no_longer_overlap()
    {
        const Told answer = told(prints(400, 0.5, [](int, double at_s) { return Work{.calls = 4, .together = at_s < 101, .version = at_s < 101 ? "3.1" : "3.2"}; }), {{101, release}});
        QVERIFY2(answer.answer.startsWith("confirmed") && answer.answer.contains("its calls overlap less"), qPrintable(answer.answer));
    }

    void only_the_tail_gets_slower()
    {
        const Told answer = told(prints(800, 0.5, [](int i, double at_s) { return Work{.own = at_s > 200 && draw(i, 2, 10) == 0 ? 300. : 12., .version = at_s < 201 ? "3.1" : "3.2"}; }), {{200, release}});
        QVERIFY2(answer.answer.startsWith("confirmed") && answer.answer.contains(": P9"), qPrintable(answer.answer));
    }

    void when_it_began_data()
    {
        QTest::addColumn<double>("onset_s");
        QTest::addColumn<QString>("verdict");
        // Released an hour into seven.
        QTest::newRow("at once") << 3'600. << "confirmed";
        QTest::newRow("after 20 min") << 4'800. << "confirmed";
        QTest::newRow("after 50 min") << 6'600. << "suspected";
        QTest::newRow("after 3 h 40 min") << 16'800. << "suspected";
        QTest::newRow("after 4 h 30 min") << 19'800. << "ruled_out";
        QTest::newRow("10 min before") << 3'000. << "ruled_out";
    }
    void when_it_began()
    {
        QFETCH(const double, onset_s);
        QFETCH(const QString, verdict);
        const Told answer = told(prints(1'260, 20, [&](int, double at_s) { return Work{.own = at_s < onset_s ? 12. : 60., .version = ""}; }), {{3'601, release}});
        QVERIFY2(answer.answer.startsWith(verdict + ":"), qPrintable(answer.answer));
    }

    void a_few_seconds_before_is_the_clock()
    {
        const auto ask = [](double early_s) { return told(prints(800, 0.25, [&](int, double at_s) { return Work{.own = at_s < 101 - early_s ? 12. : 60., .version = ""}; }), {{101, release}}).answer; };
        QVERIFY2(ask(3).startsWith("confirmed"), qPrintable(ask(3)));
        QVERIFY2(ask(9).startsWith("ruled_out") && ask(9).contains("before prints 3.1 -> 3.2"), qPrintable(ask(9)));
    }

    void old_version_at_the_same_time_data()
    {
        QTest::addColumn<double>("old_call");
        QTest::addColumn<QString>("verdict");
        QTest::newRow("fast as ever") << 20. << "confirmed";
        QTest::newRow("as slow as the new one") << 70. << "ruled_out";
    }
    void old_version_at_the_same_time()
    {
        QFETCH(const double, old_call);
        QFETCH(const QString, verdict);
        const Told answer = told(prints(800, 0.5, [&](int i, double at_s) {
                                     const bool fresh = at_s >= 201 && i % 2;
                                     return Work{.call = at_s < 201 ? 20. : fresh ? 70. : old_call, .version = fresh ? "3.2" : "3.1", .instance = fresh ? "prints-1" : "prints-0"};
                                 }), {{201, release}});
        QVERIFY2(answer.answer.startsWith(verdict + ":"), qPrintable(answer.answer));
        QCOMPARE(answer.answer.contains("the old version of prints got as slow"), verdict == "ruled_out");
    }

    void a_hundred_requests_of_each_version()
    {
        const auto ask = [](int every) {
            return told(prints(800, 0.5, [&](int i, double at_s) {
                            const bool fresh = at_s >= 201 && i % every == 0;
                            return Work{.own = fresh ? 60. : 12., .version = fresh ? "3.2" : "3.1", .instance = fresh ? "prints-1" : "prints-0"};
                        }), {{201, release}});
        };
        QVERIFY2(ask(3).answer.startsWith("confirmed"), qPrintable(ask(3).answer));   // 133
        const Told few = ask(6);                                                      // 66
        QVERIFY2(few.answer.startsWith("inconclusive") && few.note.contains("fewer than 100 requests"), qPrintable(few.answer));
    }

    void nothing_before_it()
    {
        const auto ask = [](bool beside) {
            return told(prints(400, 0.5, [&](int i, double) {
                            const bool fresh = !beside || i % 2;
                            return Work{.own = fresh ? 60. : 12., .version = fresh ? "3.2" : "3.1", .instance = fresh ? "prints-1" : "prints-0"};
                        }), {{-300, release}}).answer;
        };
        QVERIFY2(ask(false).startsWith("inconclusive: too few requests of prints before or after"), qPrintable(ask(false)));
        QVERIFY2(ask(true).startsWith("confirmed"), qPrintable(ask(true)));
    }

    void no_release_at_all()
    {
        const Told answer = told(prints(400, 0.5, [](int, double at_s) { return Work{.own = at_s < 101 ? 12. : 60.}; }), {{101, "cron,prints,nightly index"}});
        QVERIFY2(answer.answer.startsWith("not_enough_evidence"), qPrintable(answer.answer));
    }

    void what_ended_it_data()
    {
        QTest::addColumn<QString>("event");
        QTest::addColumn<QString>("verdict");
        // Only calls to the archive take longer, from the release until something else is done 20 minutes later.
        QTest::newRow("rolled back") << "deploy,prints,prints rolled back to 3.1" << "confirmed";
        QTest::newRow("a restart is no proof") << "restart,prints,restarted by hand" << "suspected";
        QTest::newRow("more instances are no proof") << "config,prints,replicas 2 -> 6" << "suspected";
        QTest::newRow("another release is none") << "deploy,kiosk,kiosk 8 -> 9" << "suspected";
    }
    void what_ended_it()
    {
        QFETCH(const QString, event);
        QFETCH(const QString, verdict);
        const Told answer = told(prints(1'200, 2, [&](int, double at_s) { return Work{.call = at_s < 601 || at_s >= 1'900 ? 20. : 70., .version = ""}; }), {{601, release}, {1'900, event.toStdString()}});
        QVERIFY2(answer.answer.startsWith(verdict + ":"), qPrintable(answer.answer));
    }

    void rollback_that_only_the_versions_tell()
    {
        const auto ask = [](double later_ms) {
            return told(prints(1'200, 2, [&](int, double at_s) { return Work{.call = at_s < 601 ? 20. : at_s < 1'900 ? 70. : later_ms, .version = at_s < 601 || at_s >= 1'900 ? "3.1" : "3.2"}; }), {{601, release}}).answer;
        };
        QVERIFY2(ask(20).startsWith("confirmed") && ask(20).contains("the rollback restored it"), qPrintable(ask(20)));
        QVERIFY2(ask(70).startsWith("suspected"), qPrintable(ask(70)));
    }

    void rollback_that_changes_nothing()
    {
        const Told answer = told(prints(1'200, 0.5, [&](int, double at_s) { return Work{.call = at_s < 201 ? 20. : 70., .version = ""}; }), {{201, release}, {400, "deploy,prints,prints rolled back to 3.1"}});
        QVERIFY2(answer.answer.startsWith("suspected"), qPrintable(answer.answer));
    }

    void requests_do_not_wait_for_it()
    {
        const Told answer = told(prints(400, 0.5, [](int, double at_s) { return Work{.own = at_s < 101 ? 12. : 60., .waited_for = false, .version = at_s < 101 ? "3.1" : "3.2"}; }), {{101, release}});
        QVERIFY2(answer.answer.startsWith("ruled_out") && answer.answer.contains("requests do not wait for it"), qPrintable(answer.answer));
    }

    void more_load_may_be_the_reason()
    {
        const auto ask = [](double load) { return told(prints(800, 0.5, [](int i, double) { return Work{.own = i < 200 ? 12. : 60., .version = ""}; }, 200, load), {{101, release}}); };
        QVERIFY2(ask(1.2).answer.startsWith("confirmed"), qPrintable(ask(1.2).answer));
        const Told busy = ask(3);
        QVERIFY2(busy.answer.startsWith("suspected") && busy.note.contains("requests per second rose"), qPrintable(busy.answer + busy.note));
    }

    void warm_up_that_decays_and_one_that_stays()
    {
        const auto ask = [](double left_ms) {
            return told(prints(1'800, 0.5, [&](int, double at_s) {
                            const double excess = at_s < 201 ? 0 : left_ms + 150 * std::exp2(-(at_s - 201) / 60);
                            return Work{.own = 12 + excess, .version = at_s < 201 ? "3.1" : "3.2"};
                        }), {{201, release}});
        };
        const Told decays = ask(0);
        QVERIFY2(decays.answer.startsWith("inconclusive") && decays.note.contains("warm-up"), qPrintable(decays.answer));
        QVERIFY2(ask(60).answer.startsWith("confirmed"), qPrintable(ask(60).answer));
    }

    void errors_by_chance_and_beyond()
    {
        const auto ask = [](int one_in) { return told(prints(800, 0.5, [&](int i, double at_s) { return Work{.failed = at_s >= 201 && draw(i, 3, one_in) == 0, .version = at_s < 201 ? "3.1" : "3.2"}; }), {{201, release}}).answer; };
        QVERIFY2(ask(15).startsWith("confirmed") && ask(15).contains("fails more"), qPrintable(ask(15)));
        QVERIFY2(ask(200).startsWith("ruled_out"), qPrintable(ask(200)));
    }
};

QTEST_APPLESS_MAIN(TestReleaseRegression)
#include "tst_release_regression.moc"
