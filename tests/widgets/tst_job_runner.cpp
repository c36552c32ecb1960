// Jobs: results and progress on the GUI thread, cancel, errors, lanes, and an event loop that is never held up.
#include "widgets/jobs/job_runner.h"

#include <QSignalSpy>
#include <QThread>
#include <QtTest>

#include <atomic>
#include <chrono>
#include <new>
#include <optional>
#include <stdexcept>

using namespace casebook;
using namespace std::chrono_literals;

class TestJobRunner : public QObject {
    Q_OBJECT

private slots:
    void result_comes_back_on_the_gui_thread();
    void error_and_exceptions_are_carried();
    void progress_is_throttled();
    void cancel_is_reported_as_cancelled();
    void abandoned_and_orphaned_answers_are_dropped();
    void slot_keeps_the_latest_only();
    void writers_run_one_by_one_readers_in_parallel();
    void work_outside_goes_on_without_the_case();
    void gui_thread_stays_free();
    void destructor_stops_jobs();
};

namespace {

/// A job that runs until it is stopped.
Result<int> until_cancelled(const Control& control)
{
    while (!control.cancelled()) std::this_thread::sleep_for(1ms);
    return fail(Error::Code::cancelled, "cancelled");
}

}  // namespace

void TestJobRunner::result_comes_back_on_the_gui_thread()
{
    JobRunner runner;
    QSignalSpy finished(&runner, &JobRunner::finished);
    std::optional<int> answer;
    QThread* worker = nullptr;
    QThread* receiver = nullptr;
    const JobId id = runner.run<int>(
        {QStringLiteral("add")},
        [&](const Control&) -> Result<int> {
            worker = QThread::currentThread();
            return 42;
        },
        this, [&](Result<int> result) {
            receiver = QThread::currentThread();
            answer = result.value_or(-1);
        });
    QVERIFY(id != 0);
    QCOMPARE(runner.info(id).title, QStringLiteral("add"));
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(answer, 42);
    QCOMPARE(receiver, QThread::currentThread());
    QVERIFY(worker != receiver);
    QVERIFY(runner.isIdle());
    QCOMPARE(runner.info(id).id, JobId{0});
}

void TestJobRunner::error_and_exceptions_are_carried()
{
    JobRunner runner;
    std::vector<Error> errors;
    const auto take = [&](Result<int> result) {
        QVERIFY(!result);
        errors.push_back(result.error());
    };
    runner.run<int>(
        {}, [](const Control&) -> Result<int> { return fail(Error::Code::unreadable, "no disk", "insert it"); }, this,
        take);
    QTRY_COMPARE(errors.size(), std::size_t{1});
    runner.run<int>({}, [](const Control&) -> Result<int> { throw std::runtime_error("oops"); }, this, take);
    QTRY_COMPARE(errors.size(), std::size_t{2});
    runner.run<int>({}, [](const Control&) -> Result<int> { throw std::bad_alloc(); }, this, take);
    QTRY_COMPARE(errors.size(), std::size_t{3});
    QCOMPARE(errors[0].hint, std::string("insert it"));
    QCOMPARE(errors[1].code, Error::Code::internal);
    QVERIFY(errors[1].what.find("oops") != std::string::npos);
    QCOMPARE(errors[2].code, Error::Code::limitExceeded);
}

void TestJobRunner::progress_is_throttled()
{
    JobRunner runner;
    QSignalSpy progressed(&runner, &JobRunner::progressed);
    bool done = false;
    Progress last;
    connect(&runner, &JobRunner::progressed, this, [&](JobId id) {
        if (const JobInfo info = runner.info(id); info.progress.done > 0) last = info.progress;
    });
    QElapsedTimer clock;
    clock.start();
    runner.run<int>(
        {QStringLiteral("count"), JobRunner::Lane::read, true},
        [](const Control& control) -> Result<int> {
            const auto end = std::chrono::steady_clock::now() + 500ms;
            std::uint64_t reports = 0;
            while (std::chrono::steady_clock::now() < end)
                control.report({"step", ++reports, 1'000'000'000, reports / 2});
            return static_cast<int>(std::min<std::uint64_t>(reports, 1'000'000));
        },
        this, [&](Result<int> result) {
            done = true;
            QVERIFY(result.value_or(0) > 1000);
        });
    QTRY_VERIFY(done);
    QVERIFY(progressed.size() >= 1);
    QVERIFY2(progressed.size() <= clock.elapsed() / JobRunner::progress_interval_ms + 2,
             qPrintable(QString::number(progressed.size())));
    QCOMPARE(last.what, std::string("step"));
    QVERIFY(last.done > 0);
    QCOMPARE(last.total, std::uint64_t{1'000'000'000});
}

void TestJobRunner::cancel_is_reported_as_cancelled()
{
    JobRunner runner;
    std::optional<Error::Code> code;
    std::optional<Error::Code> finished_with;
    connect(&runner, &JobRunner::finished, this, [&](JobId, const Error* error) {
        if (error) finished_with = error->code;
    });
    const JobId id =
        runner.run<int>({}, until_cancelled, this, [&](Result<int> result) { code = result.error().code; });
    QTRY_VERIFY(!runner.info(id).waiting);
    runner.cancel(id);
    QVERIFY(runner.info(id).cancelling);
    QTRY_VERIFY(code.has_value());
    QCOMPARE(*code, Error::Code::cancelled);
    QTRY_VERIFY(finished_with.has_value());
    QCOMPARE(*finished_with, Error::Code::cancelled);

    // A job cancelled before it began never begins.
    std::atomic<bool> ran = false;
    code.reset();
    const JobId blocker = runner.run<int>({{}, JobRunner::Lane::write}, until_cancelled, this, {});
    const JobId second = runner.run<int>(
        {{}, JobRunner::Lane::write},
        [&](const Control&) -> Result<int> {
            ran = true;
            return 1;
        },
        this, [&](Result<int> result) { code = result ? Error::Code::internal : result.error().code; });
    QVERIFY(runner.info(second).waiting);
    runner.cancel(second);
    runner.cancel(blocker);
    QTRY_VERIFY(code.has_value());
    QCOMPARE(*code, Error::Code::cancelled);
    QVERIFY(!ran);
}

void TestJobRunner::abandoned_and_orphaned_answers_are_dropped()
{
    JobRunner runner;
    bool called = false;
    const JobId id = runner.run<int>({}, until_cancelled, this, [&](Result<int>) { called = true; });
    runner.abandon(id);
    auto* context = new QObject;
    runner.run<int>({}, [](const Control&) -> Result<int> { return 1; }, context, [&](Result<int>) { called = true; });
    delete context;
    QTRY_VERIFY(runner.isIdle());
    QVERIFY(!called);
}

void TestJobRunner::slot_keeps_the_latest_only()
{
    JobRunner runner;
    JobSlot slot(runner);
    QList<int> answers;
    const auto take = [&](Result<int> result) { answers << result.value_or(-1); };
    slot = runner.run<int>({}, until_cancelled, this, take);
    slot = runner.run<int>({}, [](const Control&) -> Result<int> { return 2; }, this, take);
    QTRY_VERIFY(runner.isIdle());
    QCOMPARE(answers, QList<int>{2});
}

void TestJobRunner::writers_run_one_by_one_readers_in_parallel()
{
    JobRunner runner;
    std::atomic<int> inside = 0, most = 0;
    QList<int> order;
    for (int i = 0; i < 5; ++i)
        runner.run<int>(
            {{}, JobRunner::Lane::write},
            [&, i](const Control&) -> Result<int> {
                const int now = ++inside;
                if (now > most) most = now;
                std::this_thread::sleep_for(5ms);
                --inside;
                return i;
            },
            this, [&](Result<int> result) { order << *result; });
    QTRY_COMPARE(order.size(), 5);
    QCOMPARE(most.load(), 1);
    QCOMPARE(order, (QList<int>{0, 1, 2, 3, 4}));

    // Two readers that wait for each other only end when they run at the same time.
    std::atomic<int> met = 0;
    int both = 0;
    for (int i = 0; i < 2; ++i)
        runner.run<int>(
            {},
            [&](const Control& control) -> Result<int> {
                ++met;
                while (met < 2 && !control.cancelled()) std::this_thread::sleep_for(1ms);
                return met.load();
            },
            this, [&](Result<int> result) { both += result.value_or(0) == 2; });
    QTRY_COMPARE(both, 2);
}

void TestJobRunner::work_outside_goes_on_without_the_case()
{
    JobRunner runner;
    std::vector<QString> ended;
    const auto start = [&](const QString& title, JobRunner::Lane lane) {
        return runner.run<int>({title, lane, true}, until_cancelled, this, [&, title](Result<int>) { ended.push_back(title); });
    };
    const JobId outside = start(QStringLiteral("capture"), JobRunner::Lane::outside);
    QVERIFY(!runner.info(outside).of_case);
    // It takes no reader's thread: as many readers as there are threads run beside it.
    const int readers = std::max(2, QThread::idealThreadCount());
    std::vector<JobId> reading;
    for (int i = 0; i < readers; ++i) reading.push_back(start(QStringLiteral("read"), JobRunner::Lane::read));
    QTRY_VERIFY(std::none_of(reading.begin(), reading.end(), [&](JobId id) { return runner.info(id).waiting; }));
    QTRY_VERIFY(!runner.info(outside).waiting);
    runner.cancelOfCase();
    QTRY_COMPARE(ended.size(), static_cast<std::size_t>(readers));
    QCOMPARE(std::count(ended.begin(), ended.end(), QStringLiteral("capture")), 0);
    QVERIFY(!runner.info(outside).cancelling);
    runner.cancelAll();
    QTRY_VERIFY(runner.isIdle());
    QCOMPARE(ended.back(), QStringLiteral("capture"));
}

void TestJobRunner::gui_thread_stays_free()
{
    JobRunner runner;
    int ticks = 0;
    QTimer timer;
    timer.setInterval(5);
    connect(&timer, &QTimer::timeout, this, [&] { ++ticks; });
    timer.start();
    bool done = false;
    runner.run<int>(
        {},
        [](const Control& control) -> Result<int> {
            const auto end = std::chrono::steady_clock::now() + 400ms;
            volatile std::uint64_t sum = 0;
            while (std::chrono::steady_clock::now() < end) {
                sum = sum + 1;
                control.report({"busy", sum, 0, 0});
            }
            return 1;
        },
        this, [&](Result<int>) { done = true; });
    QTRY_VERIFY(done);
    QVERIFY2(ticks >= 10, qPrintable(QStringLiteral("%1 ticks").arg(ticks)));
}

void TestJobRunner::destructor_stops_jobs()
{
    bool called = false;
    QElapsedTimer clock;
    {
        JobRunner runner;
        for (int i = 0; i < 8; ++i)
            runner.run<int>({{}, i % 2 ? JobRunner::Lane::write : JobRunner::Lane::read}, until_cancelled, this,
                            [&](Result<int>) { called = true; });
        QTest::qWait(20);
        clock.start();
    }
    QVERIFY(clock.elapsed() < 5000);
    QTest::qWait(20);
    QVERIFY(!called);
}

QTEST_MAIN(TestJobRunner)
#include "tst_job_runner.moc"
