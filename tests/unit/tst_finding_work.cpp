// What people make of findings, which thresholds a case has, and how its verdicts changed: kept in the case, through
// new analyses, forgotten files and imports of the same thing.

#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/runner.h"
#include "analyzers/playbook/thresholds.h"
#include "analyzers/store/finding_decisions.h"
#include "analyzers/store/query.h"
#include "analyzers/store/verdict_history.h"

#include <QtTest>

#include <algorithm>
#include <cmath>

using namespace casebook;

namespace {

std::string histogram(int n)
{
    const std::string sessions = std::to_string(10'000 + 40'000 * n), bytes = std::to_string(480 * (10'000 + 40'000 * n));
    return " num     #instances         #bytes  class name (module)\n"
           "-------------------------------------------------------\n"
           "   1:        250000       12000000  [B (java.base@17.0.9)\n"
           "   2:  " + sessions + "  " + bytes + "  com.example.depot.Session\n"
           "   3:         41000         984000  java.lang.String (java.base@17.0.9)\n";
}

std::string statements()
{
    return "queryid,query,calls,total_exec_time,rows,shared_blks_hit,shared_blks_read\n"
           "1,SELECT * FROM parcels WHERE depot = $1,900,90000,9000,4000,10\n"
           "2,SELECT 1,5000,100,5000,1,0\n";
}

void import(CaseFile& file, const std::string& name, const std::string& bytes)
{
    const auto done = import_bytes(file, name, bytes, {}, Control{});
    if (!done) qFatal("%s", done.error().what.c_str());
}

std::unique_ptr<CaseFile> depot(int histograms)
{
    auto file = CaseFile::temporary();
    if (!file) qFatal("%s", file.error().what.c_str());
    for (int i = 0; i < histograms; ++i) import(**file, "histogram_" + std::to_string(i + 1) + ".txt", histogram(i));
    import(**file, "statements.csv", statements());
    return std::move(*file);
}

AnalysisReport analyzed(CaseFile& file, const AnalyzeOptions& options = {})
{
    auto report = analyze(file, options, Control{});
    if (!report) qFatal("%s", report.error().what.c_str());
    return std::move(*report);
}

const Finding* leak_of(const AnalysisReport& report)
{
    for (const Finding& finding : report.findings)
        if (finding.analyzer == "memory.leak") return &finding;
    return nullptr;
}

std::string verdict_of(const AnalysisReport& report, const std::string& analyzer)
{
    for (const AnalyzerVerdict& row : report.verdicts)
        if (row.analyzer == analyzer) return std::string(name_of(row.answer.verdict));
    return "not asked";
}

std::vector<VerdictChange> changes_of(CaseFile& file, const std::string& analyzer, const std::string& key)
{
    auto all = verdict_history(file).value();
    std::erase_if(all, [&](const VerdictChange& change) { return change.analyzer != analyzer || change.key != key; });
    return all;
}

AnalyzeOptions again()
{
    AnalyzeOptions options;
    options.reuse = true;
    return options;
}

}  // namespace

class TestFindingWork : public QObject {
    Q_OBJECT

private slots:
    void a_decision_stays_with_its_finding();
    void dismissing_takes_a_reason();
    void only_what_read_a_threshold_is_asked_again();
    void a_shared_threshold_asks_all_that_read_it();
    void relations_follow_the_verdicts();
    void changed_evidence_asks_everything();
    void a_report_is_stale_when_thresholds_changed();
    void a_threshold_is_a_number();
    void figures_know_on_which_side_they_must_be();
    void history_says_what_changed_a_verdict();
    void history_of_a_finding_that_went_away();
    void what_would_make_it_surer_is_named();
};

void TestFindingWork::a_decision_stays_with_its_finding()
{
    const auto file = depot(6);
    AnalysisReport report = analyzed(*file);
    QVERIFY(leak_of(report));
    const std::string key = leak_of(report)->key;
    const FindingDecision decision{FindingState::accepted, "", "seen before\nin spring", true, 0};
    QVERIFY(store_decision(*file, "memory.leak", key, decision));
    const auto same = [&] {
        const auto all = finding_decisions(*file).value();
        return all.size() == 1 && all[0].analyzer == "memory.leak" && all[0].key == key && all[0].decision.says_the_same(decision) &&
               all[0].decision.changed_at_ns > 0;
    };
    QVERIFY(same());
    report = analyzed(*file);
    QVERIFY(same());
    for (int id = 1; id <= 6; ++id) QVERIFY(forget_file(*file, id));
    report = analyzed(*file);
    QVERIFY(!leak_of(report));
    QVERIFY(same());
    for (int i = 0; i < 6; ++i) import(*file, "again_" + std::to_string(i + 1) + ".txt", histogram(i));
    report = analyzed(*file);
    QVERIFY(leak_of(report));
    QCOMPARE(leak_of(report)->key, key);
    QVERIFY(same());
    QVERIFY(store_decision(*file, "memory.leak", key, {}));
    QVERIFY(finding_decisions(*file).value().empty());
}

void TestFindingWork::dismissing_takes_a_reason()
{
    const auto file = depot(1);
    const Status status = store_decision(*file, "a", "b", {FindingState::dismissed, "", "", false, 0});
    QVERIFY(!status);
    QCOMPARE(status.error().code, Error::Code::usage);
    QVERIFY(store_decision(*file, "a", "b", {FindingState::dismissed, "known", "", false, 0}));
    const auto rows = run_query(*file, "SELECT state, reason FROM finding_decision", {}, {}, Control{});
    QVERIFY(rows);
    QCOMPARE(to_text(rows->rows[0][0]), std::string("dismissed"));
    QCOMPARE(to_text(rows->rows[0][1]), std::string("known"));
}

void TestFindingWork::only_what_read_a_threshold_is_asked_again()
{
    const auto file = depot(6);
    const AnalysisReport first = analyzed(*file);
    QCOMPARE(first.asked.size(), all_analyzers().size());
    QCOMPARE(verdict_of(first, "database.dominant_statement"), std::string("suspected"));

    QVERIFY(store_threshold(*file, "database.dominant_statement.share", 99.95));
    const AnalysisReport second = analyzed(*file, again());
    QCOMPARE(second.asked, std::vector<std::string>{"database.dominant_statement"});
    QVERIFY(verdict_of(second, "database.dominant_statement") != "suspected");
    QCOMPARE(second.thresholds.size(), std::size_t{1});
    QCOMPARE(second.thresholds[0].default_value, 25.0);
    QCOMPARE(QByteArray::fromStdString(to_json(second)), QByteArray::fromStdString(to_json(analyzed(*file))));

    // Back to the default: as it was, byte for byte.
    QVERIFY(store_threshold(*file, "database.dominant_statement.share", {}));
    const AnalysisReport third = analyzed(*file, again());
    QCOMPARE(third.asked, std::vector<std::string>{"database.dominant_statement"});
    QCOMPARE(QByteArray::fromStdString(to_json(third)), QByteArray::fromStdString(to_json(first)));
    QVERIFY(analyzed(*file, again()).asked.empty());
}

void TestFindingWork::a_shared_threshold_asks_all_that_read_it()
{
    const auto file = depot(6);
    import(*file, "trace.ndjson", R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"depot"}}]},"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"GET /parcels","kind":2,"startTimeUnixNano":"1763861272000000000","endTimeUnixNano":"1763861272500000000"}]}]}]})");
    analyzed(*file);
    QVERIFY(store_threshold(*file, "common.tail_samples", 20));
    const AnalysisReport report = analyzed(*file, again());
    const auto asked = [&](const char* id) { return std::find(report.asked.begin(), report.asked.end(), id) != report.asked.end(); };
    QVERIFY(asked("latency.slow_cohort"));
    QVERIFY(!asked("memory.leak"));
    QVERIFY(!asked("database.dominant_statement"));
    QCOMPARE(to_json(report), to_json(analyzed(*file)));
    // Thresholds of the symptom table ask no analyzer, but the table.
    QVERIFY(store_threshold(*file, symptom_thresholds()[0].name.data(), symptom_thresholds()[0].value * 2));
    const AnalysisReport table = analyzed(*file, again());
    QVERIFY(table.asked.empty());
    QCOMPARE(to_json(table), to_json(analyzed(*file)));
}

void TestFindingWork::relations_follow_the_verdicts()
{
    auto file = CaseFile::temporary().value();
    std::string sessions = "sampled_at,datname,pid,usename,application_name,xact_start,query_start,state_change,wait_event_type,wait_event,state,query,backend_type,blocked_by\n";
    for (const std::string at : {"2026-03-02T09:01:40Z", "2026-03-02T09:01:41Z", "2026-03-02T09:01:42Z"}) {
        sessions += at + ",shop,50,app,warehouse,2026-03-02 09:01:26+00,2026-03-02 09:01:28+00,2026-03-02 09:01:28+00,Client,ClientRead,idle in transaction,update stock set n = n - 1,client backend,{}\n";
        sessions += at + ",shop,51,app,checkout,2026-03-02 09:01:31+00,2026-03-02 09:01:31+00,2026-03-02 09:01:31+00,Lock,transactionid,active,update stock set n = n - 2,client backend,{50}\n";
    }
    import(*file, "sessions.csv", sessions);
    const auto related = [](const AnalysisReport& report) {
        QStringList all;
        for (const Finding& finding : report.findings)
            for (const RelatedFinding& other : finding.related) all << QString::fromStdString(finding.analyzer + " " + other.relation + " " + other.analyzer);
        return all;
    };
    const QStringList both{"database.long_transactions explains database.lock_contention", "database.lock_contention explained_by database.long_transactions"};
    const auto same = [](QStringList a, QStringList b) { return a.sort(), b.sort(), a == b; };
    QVERIFY(same(related(analyzed(*file)), both));
    QVERIFY(same(related(stored_report(*file).value()->report), both));
    // What the reused answer would be explained by is no longer confirmed.
    QVERIFY(store_threshold(*file, "database.long_transactions.blocking", 3600));
    const AnalysisReport without = analyzed(*file, again());
    QCOMPARE(without.asked, std::vector<std::string>{"database.long_transactions"});
    QCOMPARE(related(without), QStringList{});
    QCOMPARE(related(stored_report(*file).value()->report), QStringList{});
    QVERIFY(store_threshold(*file, "database.long_transactions.blocking", {}));
    const AnalysisReport with = analyzed(*file, again());
    QCOMPARE(with.asked, std::vector<std::string>{"database.long_transactions"});
    QVERIFY(same(related(with), both));
}

void TestFindingWork::changed_evidence_asks_everything()
{
    const auto file = depot(5);
    analyzed(*file);
    import(*file, "one_more.txt", histogram(9));
    QCOMPARE(analyzed(*file, again()).asked.size(), all_analyzers().size());
    AnalyzeOptions part;
    part.only = {"memory.leak"};
    QCOMPARE(analyzed(*file, part).asked, std::vector<std::string>{"memory.leak"});
    QCOMPARE(analyzed(*file, again()).asked.size(), all_analyzers().size());  // the stored report is of a part only
}

void TestFindingWork::a_report_is_stale_when_thresholds_changed()
{
    const auto file = depot(5);
    analyzed(*file);
    QVERIFY(!stored_report(*file).value()->stale);
    const std::int64_t generation = file->generation();
    QVERIFY(store_threshold(*file, "memory.leak.snapshots", 7));
    QCOMPARE(file->generation(), generation);  // the rows are what they were
    QVERIFY(stored_report(*file).value()->stale);
    QVERIFY(store_threshold(*file, "memory.leak.snapshots", *default_threshold("memory.leak.snapshots")));
    QVERIFY(!stored_report(*file).value()->stale);
}

void TestFindingWork::a_threshold_is_a_number()
{
    const auto file = depot(1);
    QVERIFY(!store_threshold(*file, "memory.leak.snapshots", std::nan("")));
    QVERIFY(!store_threshold(*file, "memory.leak.snapshots", INFINITY));
    QVERIFY(stored_thresholds(*file).value().empty());
}

void TestFindingWork::figures_know_on_which_side_they_must_be()
{
    Figure figure{"q_value", 0.01, "1", 0.05, "common.fdr", Bound::atMost};
    QVERIFY(figure.holds());
    figure.value = 0.2;
    QVERIFY(!figure.holds());
    figure.bound = Bound::atLeast;
    QVERIFY(figure.holds());
    figure.threshold.reset();
    QVERIFY(figure.holds());

    const auto file = depot(6);
    const AnalysisReport report = analyzed(*file);
    const auto stored = stored_report(*file).value();
    int at_most = 0;
    for (std::size_t i = 0; i < report.findings.size(); ++i)
        for (std::size_t f = 0; f < report.findings[i].figures.size(); ++f) {
            const Figure &made = report.findings[i].figures[f], &read = stored->report.findings[i].figures[f];
            QCOMPARE(read.bound, made.bound);
            QCOMPARE(read.holds(), made.holds());
            at_most += made.bound == Bound::atMost;
        }
    QVERIFY(at_most > 0);
}

void TestFindingWork::history_says_what_changed_a_verdict()
{
    const auto file = depot(3);
    const AnalysisReport few = analyzed(*file);
    const std::string before = verdict_of(few, "memory.leak");
    QVERIFY(before != "confirmed");
    QCOMPARE(changes_of(*file, "memory.leak", "").size(), std::size_t{1});
    QCOMPARE(changes_of(*file, "memory.leak", "")[0].cause, std::string("first analysis"));
    analyzed(*file);
    QCOMPARE(changes_of(*file, "memory.leak", "").size(), std::size_t{1});  // nothing changed, nothing is added

    for (int i = 3; i < 7; ++i) import(*file, "histogram_" + std::to_string(i + 1) + ".txt", histogram(i));
    const AnalysisReport many = analyzed(*file);
    QCOMPARE(verdict_of(many, "memory.leak"), std::string("confirmed"));
    const auto changes = changes_of(*file, "memory.leak", "");
    QCOMPARE(changes.size(), std::size_t{2});
    QCOMPARE(changes[1].before, before);
    QCOMPARE(changes[1].verdict, std::string("confirmed"));
    QCOMPARE(changes[1].cause, std::string("histogram_4.txt and 3 more files were imported"));
    QVERIFY(changes[1].at_ns >= changes[0].at_ns);
    const auto of_finding = changes_of(*file, "memory.leak", leak_of(many)->key);
    QVERIFY(!of_finding.empty());
    QCOMPARE(of_finding.back().verdict, std::string("confirmed"));

    QVERIFY(store_threshold(*file, "memory.leak.snapshots", 50));
    analyzed(*file, again());
    const auto later = changes_of(*file, "memory.leak", "");
    QCOMPARE(later.size(), changes.size() + 1);
    QCOMPARE(later.back().cause, std::string("memory.leak.snapshots was set to 50 (was 5)"));
}

void TestFindingWork::history_of_a_finding_that_went_away()
{
    const auto file = depot(6);
    const AnalysisReport report = analyzed(*file);
    const std::string key = leak_of(report)->key;
    QVERIFY(forget_file(*file, 3));
    for (int id : {1, 2, 4, 5, 6}) QVERIFY(forget_file(*file, id));
    analyzed(*file);
    const auto changes = changes_of(*file, "memory.leak", key);
    QCOMPARE(changes.size(), std::size_t{2});
    QCOMPARE(changes[1].before, std::string("confirmed"));
    QCOMPARE(changes[1].verdict, std::string("not_enough_evidence"));
    QCOMPARE(changes[1].cause, std::string("histogram_1.txt and 5 more files were taken out"));
    const auto rows = run_query(*file, "SELECT count(*) FROM verdict_change WHERE verdict = 'not_enough_evidence' AND before = 'confirmed'", {}, {}, Control{});
    QVERIFY(rows);
    QVERIFY(std::get<std::int64_t>(rows->rows[0][0]) >= 2);
}

void TestFindingWork::what_would_make_it_surer_is_named()
{
    const auto file = depot(0);
    const AnalysisReport report = analyzed(*file);
    QCOMPARE(verdict_of(report, "database.dominant_statement"), std::string("suspected"));
    for (const AnalyzerVerdict& row : report.verdicts) {
        if (row.analyzer != "database.dominant_statement") continue;
        QVERIFY(!row.answer.missing.empty());
        for (const Missing& missing : row.answer.missing) QVERIFY(!missing.command.empty());
    }
}

QTEST_APPLESS_MAIN(TestFindingWork)
#include "tst_finding_work.moc"
