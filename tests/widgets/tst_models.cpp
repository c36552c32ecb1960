// The models under Qt's model tester, and the words they show.
#include "widgets/jobs/job_runner.h"
#include "widgets/models/finding_model.h"
#include "widgets/models/finding_text.h"
#include "widgets/models/job_model.h"
#include "widgets/models/ledger_model.h"
#include "widgets/models/recent_model.h"
#include "widgets/models/timeline_data.h"
#include "widgets/models/walk_model.h"

#include "tests/support/widget_fixture.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>

#include <thread>

using namespace casebook;
using namespace casebook::tests;
using namespace std::chrono_literals;

class TestModels : public QObject {
    Q_OBJECT

private slots:
    void findings_are_grouped_by_verdict();
    void findings_can_be_filtered_and_found();
    void symptoms_stand_under_their_cause();
    void what_is_decided_moves_families();
    void walk_has_steps_and_questions();
    void ledger_shows_counts_and_failures();
    void notes();
    void jobs_run_and_finish();
    void recent_and_unsaved();
    void markdown_holds_everything();
    void html_is_escaped_and_linked();
    void figures_have_units();
    void timeline_counts_requests();

private:
    WidgetFixture fixture_;
    using Tester = QAbstractItemModelTester;
};

namespace {

Finding make_finding(Verdict verdict, Severity severity, const std::string& key, const std::string& headline)
{
    Finding finding;
    finding.analyzer = "database.n_plus_one";
    finding.key = key;
    finding.verdict = verdict;
    finding.severity = severity;
    finding.headline = headline;
    finding.impact = 0.42;
    finding.subjects = {{"service", "orders-api"}, {"statement", "SELECT <x> | 1"}};
    finding.figures = {{"calls_per_request", 41, "1", 5.0, "database.n_plus_one.repeats"}, {"mean", 212, "ms", {}, {}}};
    finding.when = TimeRange{1'700'000'000'000'000'000, 1'700'000'060'000'000'000};
    finding.evidence = {{"The slowest request", "span_tree", "span", "SELECT 1", {}, 41},
                        {"All requests", "table", "span", "SELECT 2", {}, 1}};
    finding.fixes = {{"Fetch all rows with one statement", "5-15 min", "260 ms -> ~55 ms", "rows per query"}};
    finding.proof = "calls per request back to 1";
    finding.rollback = "when p99 rises";
    finding.related = {{"pool.exhaustion", "orders-api|main", "explains"}};
    return finding;
}

std::shared_ptr<const AnalysisReport> make_report()
{
    AnalysisReport report;
    report.findings = {make_finding(Verdict::confirmed, Severity::critical, "a", "GET /orders runs one SELECT per row"),
                       make_finding(Verdict::confirmed, Severity::note, "b", "GET /carts runs one SELECT per row"),
                       make_finding(Verdict::suspected, Severity::warning, "c", "POST /pay runs one SELECT per row")};
    report.verdicts = {{"database.n_plus_one", {Verdict::confirmed, "3 findings", {}}},
                       {"memory.leak", {Verdict::ruledOut, "the heap stays at 120 MB", {}}},
                       {"pool.exhaustion",
                        {Verdict::notEnoughEvidence,
                         "no pool gauges",
                         {{"metric(pool_used)", "to see waits", "curl host/metrics > pool.prom"}}}}};
    report.symptoms = {{"p99_only_cpu_low", 0.93, {}, "p99 3.2 s"}};
    return std::make_shared<const AnalysisReport>(std::move(report));
}

}  // namespace

void TestModels::findings_are_grouped_by_verdict()
{
    FindingModel model;
    const Tester tester(&model, Tester::FailureReportingMode::QtTest);
    QCOMPARE(model.rowCount(), 0);
    model.setReport(make_report());
    QCOMPARE(model.rowCount(), 4);
    const auto text = [&](int row) { return model.index(row, 0).data().toString(); };
    QCOMPARE(text(0), QStringLiteral("Confirmed (2)"));
    QCOMPARE(text(1), QStringLiteral("Suspected (1)"));
    QCOMPARE(text(2), QStringLiteral("Ruled out (1)"));
    QCOMPARE(text(3), QStringLiteral("Not enough evidence (1)"));
    const QModelIndex first = model.index(0, 0, model.index(0, 0));
    QCOMPARE(first.data().toString(), QStringLiteral("GET /orders runs one SELECT per row"));
    QVERIFY(first.data(FindingModel::Subtitle).toString().contains(QStringLiteral("Critical")));
    QCOMPARE(first.data(FindingModel::FindingKey).toByteArray(), QByteArray("a"));
    QVERIFY(!first.data(Qt::DecorationRole).value<QIcon>().isNull());
    const QModelIndex missing = model.index(0, 0, model.index(3, 0));
    QVERIFY(missing.data(FindingModel::Subtitle).toString().contains(QStringLiteral("curl host/metrics > pool.prom")));
    QVERIFY(missing.data(FindingModel::FindingKey).toByteArray().isEmpty());
    model.setReport(nullptr);
    QCOMPARE(model.rowCount(), 0);
}

void TestModels::findings_can_be_filtered_and_found()
{
    FindingModel model;
    const Tester tester(&model, Tester::FailureReportingMode::QtTest);
    model.setReport(make_report());
    QCOMPARE(model.find("database.n_plus_one", "c").data().toString(),
             QStringLiteral("POST /pay runs one SELECT per row"));
    QVERIFY(model.find("memory.leak", "").isValid());
    QVERIFY(!model.find("database.n_plus_one", "gone").isValid());
    QVERIFY(!model.find("no.such", "").isValid());
    model.setFilter(QStringLiteral("/carts"));
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(model.rowCount(model.index(0, 0)), 1);
    QVERIFY(!model.find("database.n_plus_one", "a").isValid());
    model.setFilter(QStringLiteral("POOL.exhaustion"));
    QCOMPARE(model.rowCount(), 1);
    model.setFilter(QStringLiteral("zebra"));
    QCOMPARE(model.rowCount(), 0);
    model.setFilter({});
    QCOMPARE(model.rowCount(), 4);
}

namespace {

/// A pool that is exhausted, the tail it explains, another pool elsewhere, a tail that either could explain, and a
/// failure that nothing explains.
std::shared_ptr<const AnalysisReport> family_report()
{
    const auto make = [](const char* analyzer, const char* key, const char* headline, std::vector<Subject> subjects) {
        Finding made = make_finding(Verdict::confirmed, Severity::critical, key, headline);
        made.analyzer = analyzer;
        made.subjects = std::move(subjects);
        made.related.clear();
        return made;
    };
    AnalysisReport report;
    report.findings = {
        make("latency.tail_divergence", "shop tail", "P99 of the shop rose", {{"service", "shop"}, {"operation", "GET /basket"}}),
        make("latency.tail_divergence", "web tail", "P99 of the web rose", {{"service", "web"}, {"operation", "GET /"}}),
        make("pool.exhaustion", "shop", "shop has no free connection", {{"service", "shop"}, {"pool", "main"}}),
        make("latency.some_instances", "mail", "POST /mail fails", {{"service", "mail"}, {"instance", "mail-1"}}),
        make("memory.gc_pressure", "gc", "Collections stop the program", {{"collector", "Parallel"}}),
    };
    return std::make_shared<const AnalysisReport>(std::move(report));
}

QStringList rows_under(const QAbstractItemModel& model, const QModelIndex& parent = {}, const QString& indent = {})
{
    QStringList rows;
    for (int i = 0; i < model.rowCount(parent); ++i) {
        const QModelIndex index = model.index(i, 0, parent);
        rows << indent + index.data().toString();
        rows << rows_under(model, index, indent + QLatin1Char('-'));
    }
    return rows;
}

}  // namespace

void TestModels::symptoms_stand_under_their_cause()
{
    FindingModel model;
    const Tester tester(&model, Tester::FailureReportingMode::QtTest);
    model.setReport(family_report());
    QCOMPARE(rows_under(model), (QStringList{"Confirmed (2)", "-shop has no free connection", "--P99 of the shop rose",
                                             "-Collections stop the program", "Symptoms, cause not found yet (2)",
                                             "-P99 of the web rose", "-POST /mail fails"}));
    const QModelIndex tail = model.find("latency.tail_divergence", "shop tail"), web = model.find("latency.tail_divergence", "web tail");
    QCOMPARE(tail.data(FindingModel::CauseKey).toByteArray(), QByteArray("shop"));
    QVERIFY(tail.data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("Explained by: shop has no free connection")));
    QVERIFY(model.find("pool.exhaustion", "shop").data(FindingModel::CauseKey).toByteArray().isEmpty());
    // Causes elsewhere: named, not blamed.
    QVERIFY(web.data(FindingModel::Subtitle).toString().startsWith(QStringLiteral("Cause not found yet, perhaps memory.gc_pressure, pool.exhaustion")));
    QVERIFY(model.find("latency.some_instances", "mail").data(FindingModel::Subtitle).toString().startsWith(QStringLiteral("Cause not found yet, perhaps memory.gc_pressure")));

    // The cause stays above what matches; a cause that matches keeps what it explains.
    model.setFilter(QStringLiteral("of the shop rose"));
    QCOMPARE(rows_under(model), (QStringList{"Confirmed (1)", "-shop has no free connection", "--P99 of the shop rose"}));
    model.setFilter(QStringLiteral("free connection"));
    QCOMPARE(rows_under(model), (QStringList{"Confirmed (1)", "-shop has no free connection", "--P99 of the shop rose"}));
    model.setFilter(QStringLiteral("/mail"));
    QCOMPARE(rows_under(model), (QStringList{"Symptoms, cause not found yet (1)", "-POST /mail fails"}));
    QVERIFY(!model.find("latency.tail_divergence", "shop tail").isValid());
}

void TestModels::what_is_decided_moves_families()
{
    FindingModel model;
    const Tester tester(&model, Tester::FailureReportingMode::QtTest);
    model.setReport(family_report());
    FindingDecision pinned, dismissed;
    pinned.pinned = true;
    dismissed.state = FindingState::dismissed;
    dismissed.reason = "a load test";
    model.setDecisions({{{"pool.exhaustion", "shop"}, pinned}});
    QCOMPARE(rows_under(model).mid(0, 3), (QStringList{"Pinned (1)", "-shop has no free connection", "--P99 of the shop rose"}));
    model.setDecisions({{{"latency.tail_divergence", "shop tail"}, pinned}});
    QCOMPARE(rows_under(model).mid(0, 4), (QStringList{"Pinned (1)", "-P99 of the shop rose", "Confirmed (2)", "-shop has no free connection"}));
    QVERIFY(model.find("latency.tail_divergence", "shop tail").data(FindingModel::Subtitle).toString().contains(QStringLiteral("Explained by: shop has no free connection")));
    // A cause that a person dismissed explains nothing.
    model.setDecisions({{{"pool.exhaustion", "shop"}, dismissed}});
    QCOMPARE(rows_under(model), (QStringList{"Confirmed (1)", "-Collections stop the program", "Symptoms, cause not found yet (3)", "-P99 of the shop rose",
                                             "-P99 of the web rose", "-POST /mail fails", "Dismissed (1)", "-shop has no free connection"}));
    QVERIFY(model.find("latency.tail_divergence", "shop tail").data(FindingModel::Subtitle).toString().startsWith(QStringLiteral("Cause not found yet, perhaps memory.gc_pressure · ")));
    model.setHideDismissed(true);
    QCOMPARE(model.dismissedCount(), 1);
    QVERIFY(!rows_under(model).contains(QStringLiteral("Dismissed (1)")));
    model.setDecisions({{{"latency.tail_divergence", "shop tail"}, dismissed}});
    QVERIFY(!model.find("latency.tail_divergence", "shop tail").isValid());
    QCOMPARE(rows_under(model).front(), QStringLiteral("Confirmed (2)"));
}

void TestModels::walk_has_steps_and_questions()
{
    WalkModel model;
    const Tester tester(&model, Tester::FailureReportingMode::QtTest);
    Walk walk;
    walk.checks = {{"clocks", WalkCheck::State::good, "within 5 ms", ""}};
    walk.steps = {{1, "Scope it", "why", 5, {}, {}, {}}, {2, "Look inside", "why", {}, {}, {}, {}}};
    walk.steps[0].questions = {{"database.n_plus_one", Verdict::confirmed, "multiplies round trips", ""},
                               {"memory.leak", Verdict::ruledOut, "", "stays at 120 MB"}};
    walk.steps[0].missing = {{"plan", "to see the scan", "EXPLAIN (ANALYZE) SELECT 1"}};
    walk.steps[1].actions = {"take the change back"};
    model.setWalk(walk, make_report());
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(model.index(1, 0).data().toString(), QStringLiteral("1. Scope it (5 min)"));
    QCOMPARE(model.index(2, 0).data().toString(), QStringLiteral("2. Look inside"));
    const QModelIndex step = model.index(1, 0);
    QCOMPARE(model.rowCount(step), 3);
    QCOMPARE(model.index(0, 0, step).data().toString(), QStringLiteral("GET /orders runs one SELECT per row"));
    QCOMPARE(model.index(0, 0, step).data(WalkModel::FindingKey).toByteArray(), QByteArray("a"));
    QCOMPARE(model.index(1, 0, step).data(WalkModel::Subtitle).toString(), QStringLiteral("stays at 120 MB"));
    QCOMPARE(model.index(2, 0, step).data(WalkModel::Command).toString(), QStringLiteral("EXPLAIN (ANALYZE) SELECT 1"));
    QCOMPARE(model.find("memory.leak"), model.index(1, 0, step));
    QVERIFY(!model.find("").isValid());
    model.setWalk(std::nullopt, nullptr);
    QCOMPARE(model.rowCount(), 0);
}

void TestModels::ledger_shows_counts_and_failures()
{
    LedgerModel model;
    const Tester tester(&model, Tester::FailureReportingMode::QtTest);
    ImportedFile good{
        7, "/data/traces.ndjson", "otlp_json", 3248, 3240, 2, 8, {{12, "truncated", "cut off", 8}}, 0.41, 2'404'918};
    ImportedFile bad{0, "/data/noise.bin"};
    bad.status = ImportedFile::Status::failed;
    bad.error = Error{Error::Code::notUnderstood, "nothing Casebook can read", "try another"};
    model.setEntries({good, bad});
    const auto text = [&](int row, int column) { return model.index(row, column).data().toString(); };
    QCOMPARE(text(0, LedgerModel::File), QStringLiteral("traces.ndjson"));
    QCOMPARE(text(0, LedgerModel::Records), QStringLiteral("3,248"));
    QCOMPARE(text(0, LedgerModel::Dropped), QStringLiteral("8"));
    QCOMPARE(text(0, LedgerModel::Size), QStringLiteral("2.4 MB"));
    QCOMPARE(text(0, LedgerModel::Notes), QStringLiteral("8"));
    QVERIFY(text(1, LedgerModel::Records).isEmpty());
    QCOMPARE(text(1, LedgerModel::Notes), QStringLiteral("nothing Casebook can read"));
    QCOMPARE(model.index(0, 0).data(LedgerModel::FileId).toLongLong(), 7);
    QCOMPARE(model.index(1, 0).data(LedgerModel::FileId).toLongLong(), 0);
    QVERIFY(!model.headerData(LedgerModel::Dropped, Qt::Horizontal, Qt::DisplayRole).toString().isEmpty());
}

void TestModels::notes()
{
    NoteModel model;
    const Tester tester(&model, Tester::FailureReportingMode::QtTest);
    model.setNotes({{1204, "invalid_utf8", "byte ff\nreplaced", 3}, {0, "hint", "none", 1}});
    QCOMPARE(model.index(0, NoteModel::Line).data().toString(), QStringLiteral("1,204"));
    QCOMPARE(model.index(0, NoteModel::Code).data().toString(), QStringLiteral("invalid utf8"));
    QCOMPARE(model.index(0, NoteModel::Detail).data().toString(), QStringLiteral("byte ff replaced"));
    QVERIFY(model.index(1, NoteModel::Line).data().toString().isEmpty());
}

void TestModels::jobs_run_and_finish()
{
    JobRunner runner;
    JobModel model(runner);
    const Tester tester(&model, Tester::FailureReportingMode::QtTest);
    const auto wait = [](const Control& control) -> Result<int> {
        control.report({"/data/traces.ndjson", 500'000, 2'000'000, 1234});
        while (!control.cancelled()) std::this_thread::sleep_for(1ms);
        return fail(Error::Code::cancelled, "cancelled");
    };
    runner.run<int>({QStringLiteral("quiet")}, [](const Control&) -> Result<int> { return 1; }, this, {});
    QCOMPARE(model.rowCount(), 0);
    const JobId id = runner.run<int>({QStringLiteral("Import"), JobRunner::Lane::write, true, true}, wait, this, {});
    QCOMPARE(model.rowCount(), 1);
    QTRY_COMPARE(model.index(0, 0).data(JobModel::Permille).toInt(), 250);
    QCOMPARE(model.index(0, JobModel::Title).data().toString(), QStringLiteral("Import: traces.ndjson"));
    QCOMPARE(model.index(0, JobModel::Done).data().toString(), QStringLiteral("500 kB of 2 MB"));
    QCOMPARE(model.index(0, JobModel::Records).data().toString(), QStringLiteral("1,234"));
    const JobId waiting = runner.run<int>({QStringLiteral("Analyze"), JobRunner::Lane::write, true},
                                          [](const Control&) -> Result<int> { return 1; }, this, {});
    QCOMPARE(model.index(1, JobModel::Done).data().toString(), QStringLiteral("Waiting"));
    QVERIFY(waiting != id);
    runner.cancel(id);
    QTRY_VERIFY(runner.isIdle());
    QCOMPARE(model.rowCount(), 1);  // the cancelled one is gone
    QVERIFY(!model.index(0, 0).data(JobModel::IsRunning).toBool());
    QVERIFY(model.index(0, JobModel::Done).data().toString().startsWith(QStringLiteral("Done in")));
    runner.run<int>({QStringLiteral("Save"), JobRunner::Lane::write, true},
                    [](const Control&) -> Result<int> { return fail(Error::Code::caseFile, "disk full"); }, this, {});
    QTRY_VERIFY(runner.isIdle());
    QCOMPARE(model.index(0, JobModel::Done).data().toString(), QStringLiteral("disk full"));
    for (int i = 0; i < JobModel::max_finished + 5; ++i)
        runner.run<int>({QStringLiteral("more"), JobRunner::Lane::write, true},
                        [](const Control&) -> Result<int> { return 1; }, this, {});
    QTRY_VERIFY(runner.isIdle());
    QCOMPARE(model.rowCount(), JobModel::max_finished);
}

void TestModels::recent_and_unsaved()
{
    QSettings().clear();
    RecentCases recent;
    RecentModel model(recent);
    const Tester tester(&model, Tester::FailureReportingMode::QtTest);
    QCOMPARE(model.rowCount(), 0);
    recent.add(QStringLiteral("/data/shop.casebook"));
    recent.add(QStringLiteral("/data/bank.casebook"));
    recent.add(QStringLiteral("/data/shop.casebook"));
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.index(0).data().toString(), QStringLiteral("shop"));
    QCOMPARE(model.index(0).data(RecentModel::Subtitle).toString(), QStringLiteral("/data"));
    model.setUnsaved({{QStringLiteral("/u/unsaved-1.casebook"), QDateTime::currentDateTime(), 3, 900}});
    QCOMPARE(model.rowCount(), 3);
    QVERIFY(model.index(0).data(RecentModel::IsUnsaved).toBool());
    QVERIFY(model.index(0).data(RecentModel::Subtitle).toString().contains(QStringLiteral("3 files")));
    QCOMPARE(model.index(1).data(RecentModel::Path).toString(), QStringLiteral("/data/shop.casebook"));
    QCOMPARE(RecentCases().paths().size(), 2);  // kept in the settings
    for (int i = 0; i < 50; ++i) recent.add(QStringLiteral("/data/%1.casebook").arg(i));
    QCOMPARE(recent.paths().size(), RecentCases::max_cases);
    recent.clear();
    QCOMPARE(model.rowCount(), 1);
}

void TestModels::markdown_holds_everything()
{
    const QString text = report_markdown(*make_report(), QStringLiteral("Findings of shop"));
    for (const char* part :
         {"# Findings of shop", "## GET /orders runs one SELECT per row", "| calls_per_request | 41 | 5 |",
          "| mean | 212 ms | - |", "The slowest request (41 rows)", "All requests (1 row)",
          "**Fetch all rows with one statement** (5-15 min): 260 ms -> ~55 ms", "calls per request back to 1",
          "when p99 rises", "## Ruled out", "the heap stays at 120 MB", "## Not enough evidence",
          "`curl host/metrics > pool.prom`", "p99_only_cpu_low"})
        QVERIFY2(text.contains(QLatin1String(part)), part);
    QVERIFY(!report_markdown(AnalysisReport{}, QStringLiteral("x")).isEmpty());
}

void TestModels::html_is_escaped_and_linked()
{
    const auto report = make_report();
    Finding finding = report->findings[0];
    finding.headline = "<script>alert(1)</script>";
    FindingContext context;
    context.muted = QStringLiteral("#777777");
    const QString text = finding_html(finding, context);
    QVERIFY(!text.contains(QStringLiteral("<script>")));
    QVERIFY(text.contains(QStringLiteral("SELECT &lt;x&gt; | 1")));
    QVERIFY(text.contains(QStringLiteral("href='evidence:1'")));
    QVERIFY(text.contains(QStringLiteral("href='finding:0'")));
    QVERIFY(verdict_html(report->verdicts[2], context).contains(QStringLiteral("href='copy:0'")));
}

void TestModels::figures_have_units()
{
    QCOMPARE(figure_text(212, "ms"), QStringLiteral("212 ms"));
    QCOMPARE(figure_text(3.2, "s"), QStringLiteral("3.2 s"));
    QCOMPARE(figure_text(41, "1"), QStringLiteral("41"));
    QCOMPARE(figure_text(1.2e6, "bytes"), QStringLiteral("1.2 MB"));
    QCOMPARE(figure_text(12, "calls"), QStringLiteral("12 calls"));
    QCOMPARE(range_text({1'700'000'000'000'000'000, 1'700'000'060'000'000'000}),
             QStringLiteral("14 Nov 22:13:20 to 22:14:20 UTC (1 min 0 s)"));
}

void TestModels::timeline_counts_requests()
{
    TimelineData empty;
    const auto none = add_requests(empty, SpanTable{}, 10, Control{});
    QVERIFY(none.has_value());
    QVERIFY(none->buckets.empty());

    SpanTable spans;
    constexpr std::int64_t second = 1'000'000'000;
    for (int i = 0; i < 100; ++i) {  // one request a second, the last ten slow and failing
        spans.start_ns.push_back(second * (1000 + i));
        spans.duration_ns.push_back(i < 90 ? 10'000'000 : 3 * second);
        spans.parent.push_back(SpanTable::no_row);
        spans.status.push_back(i < 90 ? SpanStatus::ok : SpanStatus::error);
    }
    const auto data = add_requests({}, spans, 10, Control{});
    QVERIFY(data.has_value());
    QCOMPARE(data->buckets.size(), std::size_t{10});
    std::uint32_t requests = 0, errors = 0;
    for (const auto& bucket : data->buckets) {
        requests += bucket.requests;
        errors += bucket.errors;
    }
    QCOMPARE(requests, 100u);
    QCOMPARE(errors, 10u);
    QCOMPARE(data->buckets[0].p95_ms, 10.0f);
    QCOMPARE(data->buckets[9].p95_ms, 3000.0f);
    QCOMPARE(data->max_p95_ms, 3000.0f);
    QCOMPARE(data->extent.from_ns, 1000 * second);
}

QTEST_MAIN(TestModels)
#include "tst_models.moc"
