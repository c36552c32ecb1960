// Simulated systems in which one mechanism goes wrong: each must match its row of the symptom table and no other row better,
// its healthy twin none, and the walk must end at the mechanism.

#include "analyzers/analysis/windows.h"
#include "analyzers/core/instant.h"
#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/walk_case.h"
#include "tests/simulate/scenario.h"
#include "tests/support/places.h"

#include <QtTest>

#include <fstream>
#include <set>
#include <sstream>

using namespace casebook;
using simulate::Kind;
using simulate::Scenario;

namespace {

/// Kinds of which each row of the reference table has one that must match it.
const char* const row_kinds[] = {"pool_size", "cpu_saturation", "retry_on_failure", "leak_oom", "gc_pauses", "slow_instance", "slow_consumer", "key_rotation"};
const char* const rows[] = {"p99_only_cpu_low", "all_latency_cpu_high", "p99_only_errors_up", "restarts_memory_high",
                            "periodic_spikes", "some_instances_only", "queue_growing_consumers_idle", "slow_after_deploy"};
const char* const walked_kinds[] = {"pool_size", "retry_on_failure", "gc_pauses", "slow_instance", "key_rotation"};

struct Simulated {
    tests::TemporaryFolder folder;
    std::unique_ptr<CaseFile> file;
    Control control;
};

std::unique_ptr<Simulated> simulated(const Scenario& scenario)
{
    auto made = std::make_unique<Simulated>();
    simulate::simulate(scenario, made->folder.path());
    auto file = CaseFile::temporary();
    if (!file) qFatal("%s", file.error().what.c_str());
    made->file = std::move(*file);
    std::vector<std::string> paths;
    for (const char* name : {"traces.ndjson", "metrics.ndjson", "events.csv", "gc.log"})
        if (std::filesystem::exists(made->folder.path() / name)) paths.push_back((made->folder.path() / name).string());
    const auto report = import_paths(*made->file, paths, {}, made->control);
    if (!report) qFatal("%s", report.error().what.c_str());
    for (const ImportedFile& imported : report->files)
        if (imported.status != ImportedFile::Status::imported || imported.dropped != 0) qFatal("%s was not imported whole", imported.path.c_str());
    return made;
}

std::vector<SymptomMatch> symptoms_of(Simulated& given, std::optional<AnalysisWindows>* used = nullptr)
{
    CaseEvidence evidence(*given.file, given.control);
    const auto windows = choose_windows(evidence, {});
    if (!windows) qFatal("%s", windows.error().what.c_str());
    const auto measured = measure_signals(evidence, *windows, 10);
    if (!measured) qFatal("%s", measured.error().what.c_str());
    if (used) *used = *windows;
    return match_symptoms(*measured, {});
}

std::string text_of(const std::vector<SymptomMatch>& matches)
{
    std::string text;
    for (const SymptomMatch& match : matches) text += match.id + " " + std::to_string(match.match) + " (" + match.why + ")\n";
    return text;
}

bool is_row(const std::string& id) { return std::find(std::begin(rows), std::end(rows), id) != std::end(rows); }

bool is_registered(const std::string& analyzer)
{
    return std::any_of(all_analyzers().begin(), all_analyzers().end(), [&](const Analyzer* known) { return known->id == analyzer; });
}

std::string bytes_of(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace

class tst_simulated_symptoms : public QObject {
    Q_OBJECT

private slots:
    void every_row_has_a_kind()
    {
        std::set<std::string> covered;
        for (const char* name : row_kinds) {
            const Kind* kind = simulate::find_kind(name);
            QVERIFY2(kind, name);
            covered.insert(kind->row);
        }
        QCOMPARE(covered, std::set<std::string>(std::begin(rows), std::end(rows)));
        QVERIFY_EXCEPTION_THROWN(simulate::simulate({"no_such_kind"}, "."), std::invalid_argument);
        QVERIFY_EXCEPTION_THROWN(simulate::simulate({"pool_size", 1, 0, false, {{"no_such_setting", 1}}}, "."), std::invalid_argument);
    }

    void same_seed_same_bytes()
    {
        const Scenario scenario{"pool_size", 5, 1, false, {{"incident_s", 20}}};
        tests::TemporaryFolder first, second, other;
        simulate::simulate(scenario, first.path());
        simulate::simulate(scenario, second.path());
        simulate::simulate({"pool_size", 6, 1, false, {{"incident_s", 20}}}, other.path());
        for (const char* name : {"traces.ndjson", "metrics.ndjson", "truth.json"}) {
            const std::string bytes = bytes_of(first.path() / name);
            QVERIFY(!bytes.empty());
            QVERIFY2(bytes == bytes_of(second.path() / name), name);
            QVERIFY2(bytes != bytes_of(other.path() / name), name);
        }
    }

    void rows_match_their_mechanism_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<int>("seed");
        QTest::addColumn<int>("names");
        for (const char* kind : row_kinds)
            for (const auto& [seed, names] : {std::pair(11, 0), std::pair(12, 1)}) QTest::addRow("%s, seed %d, names %d", kind, seed, names) << kind << seed << names;
    }
    void rows_match_their_mechanism()
    {
        QFETCH(QString, kind);
        QFETCH(int, seed);
        QFETCH(int, names);
        Scenario scenario{kind.toStdString(), static_cast<std::uint64_t>(seed), names};
        const Kind& truth = *simulate::find_kind(scenario.kind);

        const auto sick = simulated(scenario);
        std::optional<AnalysisWindows> windows;
        const auto matches = symptoms_of(*sick, &windows);
        const std::string text = text_of(matches);
        QVERIFY2(!matches.empty(), "no symptom");
        QVERIFY2(matches.front().id == truth.row, text.c_str());  // walked from the first
        QVERIFY2(matches.front().match >= 0.8, text.c_str());
        for (const SymptomMatch& match : matches) QVERIFY2(match.match <= matches.front().match, text.c_str());
        QVERIFY2(matches.front().unknown.empty(), text.c_str());
        if (scenario.kind == "gc_pauses") {
            QVERIFY2(!windows->onset_ns, windows->proposed_why.c_str());  // from the beginning on: nothing to compare with
        } else {
            QVERIFY(windows->onset_ns);
            // The mechanism starts at 60 s; queues and memory need time to fill.
            const double late_s = static_cast<double>(*windows->onset_ns - parse_instant("2026-03-02T09:15:00Z").value_or(0)) / 1e9;
            QVERIFY2(late_s > -3 && late_s < 30, qPrintable(QString::number(late_s)));
        }

        scenario.healthy = true;
        const auto healthy = simulated(scenario);
        const auto twin = symptoms_of(*healthy, &windows);
        for (const SymptomMatch& match : twin) QVERIFY2(!is_row(match.id), text_of(twin).c_str());
        const bool only_announced = !windows->onset_ns || *windows->onset_ns == parse_instant("2026-03-02T09:15:00Z");
        QVERIFY2(only_announced, windows->proposed_why.c_str());
    }

    void caches_that_expire_together_spike_periodically()
    {
        const auto given = simulated({"cache_ttl", 13, 0});
        const auto matches = symptoms_of(*given);
        QVERIFY2(!matches.empty() && matches.front().id == "periodic_spikes" && matches.front().match >= 0.8, text_of(matches).c_str());
    }

    void a_held_row_lock_looks_like_waiting()
    {
        const auto given = simulated({"row_lock", 14, 1});
        const auto matches = symptoms_of(*given);
        QVERIFY2(!matches.empty() && matches.front().id == "p99_only_cpu_low" && matches.front().match >= 0.8, text_of(matches).c_str());
    }

    void the_tail_has_as_many_requests_as_the_threshold_asks()
    {
        const auto given = simulated({"row_lock", 14, 1});
        CaseEvidence evidence(*given->file, given->control);
        const auto windows = choose_windows(evidence, {});
        QVERIFY(windows.has_value());
        const auto usual = measure_signals(evidence, *windows, 10), many = measure_signals(evidence, *windows, 200);
        QVERIFY(usual && usual->latency && usual->base_latency && many && many->latency);
        const double fewest = static_cast<double>(std::min(usual->latency->requests, usual->base_latency->requests));
        QCOMPARE(usual->tail_percentile, std::min(99.0, std::floor(100 * (1 - 10 / fewest))));
        QCOMPARE(many->tail_percentile, std::floor(100 * (1 - 200 / fewest)));
    }

    void a_release_that_asks_more_is_found_without_a_row()
    {
        const std::string cause = "latency.regression_after_deploy";
        if (!is_registered(cause)) QSKIP("latency.regression_after_deploy does not exist yet");
        const auto given = simulated({"deploy_adds_calls", 15, 0});
        const auto walk = walk_case(*given->file, "slow_after_deploy", given->control);
        QVERIFY(walk.has_value());
        QVERIFY2(walk->conclusion.find(cause + ": ") == 0, walk->conclusion.c_str());
        const auto healthy = simulated({"deploy_adds_calls", 15, 0, true});
        const auto twin = walk_case(*healthy->file, "slow_after_deploy", healthy->control);
        QVERIFY(twin.has_value());
        QVERIFY2(twin->causes.empty(), twin->conclusion.c_str());
    }

    void the_walk_ends_at_the_mechanism_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<int>("seed");
        QTest::addColumn<int>("names");
        for (const char* kind : walked_kinds)
            for (const auto& [seed, names] : {std::pair(21, 0), std::pair(22, 1)}) QTest::addRow("%s, seed %d, names %d", kind, seed, names) << kind << seed << names;
    }
    void the_walk_ends_at_the_mechanism()
    {
        QFETCH(QString, kind);
        QFETCH(int, seed);
        QFETCH(int, names);
        const Kind& truth = *simulate::find_kind(kind.toStdString());
        if (!is_registered(truth.cause)) QSKIP(qPrintable(QString("%1 does not exist yet").arg(truth.cause.c_str())));
        const auto given = simulated({kind.toStdString(), static_cast<std::uint64_t>(seed), names});
        const auto walk = walk_case(*given->file, "", given->control);
        QVERIFY2(walk.has_value(), walk ? "" : walk.error().what.c_str());
        QCOMPARE(walk->symptom, truth.row);
        QVERIFY2(walk->conclusion.find(truth.cause + ": ") == 0, walk->conclusion.c_str());
        const bool is_cause = std::any_of(all_analyzers().begin(), all_analyzers().end(),
                                          [&](const Analyzer* known) { return known->id == truth.cause && known->kind == AnalyzerKind::cause; });
        QCOMPARE(!walk->causes.empty(), is_cause);
        QVERIFY(walk->next.command.find("casebook-cli show") == 0);
    }
};

QTEST_APPLESS_MAIN(tst_simulated_symptoms)
#include "tst_simulated_symptoms.moc"
