#include "analyzers/analysis/change_points.h"
#include "analyzers/analysis/cusum.h"
#include "analyzers/analysis/windows.h"
#include "analyzers/core/instant.h"
#include "analyzers/importers/support/import_run.h"
#include "tests/simulate/random.h"
#include "tests/support/places.h"

#include <QtTest>

#include <fstream>
#include <sstream>

using namespace casebook;
using simulate::Random;

namespace {

constexpr std::int64_t start_ns = 1'772'442'840'000'000'000;

/// Requests of one operation, Poisson arrivals; `duration` and `fails` by seconds since the start.
Observations observe(std::uint64_t seed, double seconds, const std::function<double(double)>& rate, const std::function<double(double, Random&)>& duration_ms,
                     const std::function<bool(double, Random&)>& fails = [](double, Random&) { return false; })
{
    Random random(seed);
    Observations seen{"shop", "GET /things"};
    for (double t = random.exponential(1 / rate(0)); t < seconds; t += random.exponential(1 / rate(t))) {
        seen.at_ns.push_back(start_ns + static_cast<std::int64_t>(t * 1e9));
        seen.value.push_back(duration_ms(t, random));
        seen.failed.push_back(fails(t, random));
    }
    return seen;
}

double steady_rate(double) { return 20; }
double seconds_of(const Change& change) { return static_cast<double>(change.at_ns - start_ns) / 1e9; }

/// A string member of a flat piece of JSON.
std::string member(const std::string& json, const std::string& key)
{
    const std::size_t at = json.find("\"" + key + "\"");
    const std::size_t open = json.find('"', json.find(':', at));
    return json.substr(open + 1, json.find('"', open + 1) - open - 1);
}

std::string text_of(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace

class tst_change_points : public QObject {
    Q_OBJECT

private slots:
    void cusum_finds_the_step()
    {
        std::vector<double> values(40, 0);
        std::fill(values.begin() + 25, values.end(), 1);
        const Cusum found = cusum(values);
        QCOMPARE(found.split, std::size_t{25});
        // |S| = 25 * 15/40 = 9.375; sd = sqrt(15/40 * 25/40); statistic = 9.375 / (sd * sqrt(40)).
        QVERIFY(std::abs(found.statistic - 9.375 / (std::sqrt(0.375 * 0.625) * std::sqrt(40.0))) < 1e-9);
        QVERIFY(found.p < 1e-4);
        QCOMPARE(cusum(std::vector<double>(10, 3)).split, std::size_t{0});
        QCOMPARE(cusum({}).p, 1.0);
    }

    void ranks_share_ties()
    {
        const std::vector<double> values{5, 1, 5, 9};
        QCOMPARE(average_ranks(values), (std::vector<double>{2.5, 1, 2.5, 4}));
    }

    void noise_has_no_change()
    {
        int found = 0;
        for (std::uint64_t seed = 1; seed <= 40; ++seed)
            found += !find_changes({observe(seed, 90, steady_rate, [](double, Random& r) { return r.around(12, 0.4); }),
                                    observe(seed + 100, 90, steady_rate, [](double, Random& r) { return r.exponential(30); })}).empty();
        QVERIFY2(found <= 1, qPrintable(QString::number(found)));
    }

    void slower_median_is_found_where_it_begins()
    {
        for (std::uint64_t seed = 1; seed <= 10; ++seed) {
            const auto changes = find_changes({observe(seed, 90, steady_rate, [](double t, Random& r) { return r.around(t < 40 ? 12 : 20, 0.4); })});
            QVERIFY(!changes.empty());
            QVERIFY(changes[0].kind == Change::Kind::latency);
            QVERIFY2(std::abs(seconds_of(changes[0]) - 40) < 2, qPrintable(QString::number(seconds_of(changes[0]))));
            QVERIFY(!changes[0].until_ns);
            QVERIFY(changes[0].after > 1.5 * changes[0].before);
        }
    }

    void slower_tail_alone_is_found()
    {
        int near = 0;
        for (std::uint64_t seed = 1; seed <= 10; ++seed) {
            const auto changes = find_changes({observe(seed, 90, steady_rate, [](double t, Random& r) { return r.around(t > 40 && r.chance(0.08) ? 200 : 12, 0.3); })});
            QVERIFY(!changes.empty());
            QVERIFY(changes[0].kind == Change::Kind::tail);
            near += std::abs(seconds_of(changes[0]) - 40) < 3;
        }
        QVERIFY2(near >= 8, qPrintable(QString::number(near)));
    }

    void errors_are_found()
    {
        const auto changes = find_changes({observe(3, 90, steady_rate, [](double, Random& r) { return r.around(12, 0.3); },
                                                   [](double t, Random& r) { return r.chance(t < 50 ? 0.002 : 0.08); })});
        QVERIFY(!changes.empty());
        QVERIFY(changes[0].kind == Change::Kind::errors);
        QVERIFY(std::abs(seconds_of(changes[0]) - 50) < 3);
    }

    void an_incident_that_ends_begins_where_it_begins()
    {
        // The return to normal is the larger part of the sequence: it must not be taken for the change.
        const auto changes = find_changes({observe(5, 120, steady_rate, [](double t, Random& r) { return r.around(t >= 70 && t < 85 ? 60 : 12, 0.4); })});
        QVERIFY(!changes.empty());
        QVERIFY(std::abs(seconds_of(changes[0]) - 70) < 2);
        QVERIFY(changes[0].until_ns);
        QVERIFY(std::abs(static_cast<double>(*changes[0].until_ns - start_ns) / 1e9 - 85) < 2);
    }

    void what_gets_faster_or_lasts_a_moment_is_no_change()
    {
        QVERIFY(find_changes({observe(6, 90, steady_rate, [](double t, Random& r) { return r.around(t < 40 ? 60 : 12, 0.4); })}).empty());
        QVERIFY(find_changes({observe(7, 90, [](double) { return 200.0; }, [](double t, Random& r) { return r.around(t >= 40 && t < 41 ? 500 : 12, 0.4); })}).empty());
        // Significant, but too small to matter.
        QVERIFY(find_changes({observe(8, 300, [](double) { return 100.0; }, [](double t, Random& r) { return r.around(t < 150 ? 12 : 12.8, 0.1); })}).empty());
    }

    void traffic_comes_last()
    {
        const auto traffic = [](double t) { return t < 45 ? 20.0 : 45.0; };
        const auto alone = find_changes({observe(9, 90, traffic, [](double, Random& r) { return r.around(12, 0.3); })});
        QCOMPARE(alone.size(), std::size_t{1});
        QVERIFY(alone[0].kind == Change::Kind::traffic);
        QVERIFY(std::abs(seconds_of(alone[0]) - 45) < 3);
        const auto both = find_changes({observe(9, 90, traffic, [](double t, Random& r) { return r.around(t < 60 ? 12 : 15, 0.3); })});
        QVERIFY(both.size() >= 2);
        QVERIFY(both[0].kind == Change::Kind::latency);
        QVERIFY(both.back().kind == Change::Kind::traffic);
    }

    void few_observations_say_nothing()
    {
        QVERIFY(find_changes({}).empty());
        QVERIFY(find_changes({Observations{"a", "b", {1, 2, 3}, {1, 100, 100}, {}, true}}).empty());
    }

    void what_lies_far_from_all_else_is_not_part_of_the_recording()
    {
        auto seen = observe(11, 90, steady_rate, [](double t, Random& r) { return r.around(t < 40 ? 12 : 20, 0.4); });
        const TimeRange whole{seen.at_ns.front(), seen.at_ns.back() + 1};
        QCOMPARE(recorded_stretch(seen), whole);
        constexpr std::int64_t day_ns = 86'400'000'000'000;
        for (const std::int64_t late_ns : {-day_ns, day_ns}) {
            auto with = seen;
            with.at_ns.insert(late_ns < 0 ? with.at_ns.begin() : with.at_ns.end(), start_ns + late_ns);
            with.value.push_back(12);
            with.failed.push_back(0);
            QCOMPARE(recorded_stretch(with), whole);
        }
        seen.at_ns.insert(seen.at_ns.begin(), start_ns - day_ns);
        seen.value.insert(seen.value.begin(), 12);
        seen.failed.insert(seen.failed.begin(), 0);
        const auto changes = find_changes({seen});
        QVERIFY(!changes.empty());
        QCOMPARE(changes[0].since_ns, whole.from_ns);
        QVERIFY(!recorded_stretch(Observations{"a", "b", {1, 2, 3}, {1, 100, 100}, {}, true}));
    }

    void a_baseline_ends_where_its_evidence_does()
    {
        const auto windows_of = [](const std::vector<std::string>& paths) {
            auto file = CaseFile::temporary();
            const Control control;
            if (!file || !import_paths(**file, paths, {}, control)) return AnalysisWindows();
            CaseEvidence evidence(**file, control);
            return choose_windows(evidence, {}).value_or(AnalysisWindows());
        };
        const std::string traces = (tests::source_folder() / "tests/samples/latency.regression_after_deploy/confirmed.otlp.ndjson.gz").string();
        const tests::TemporaryFolder folder;
        const std::string before = (folder.path() / "before.csv").string(), after = (folder.path() / "after.csv").string();
        std::ofstream(before) << "sampled_at,pid,state,backend_type,query\n2026-04-13T09:00:00Z,7,active,client backend,SELECT 1\n";
        std::ofstream(after) << "sampled_at,pid,state,backend_type,query\n2026-04-16T09:00:00Z,7,active,client backend,SELECT 1\n";
        const AnalysisWindows alone = windows_of({traces}), beside = windows_of({traces, before, after});
        QVERIFY(alone.proposed && alone.baseline && alone.incident);
        QCOMPARE(parse_instant("2026-04-13T09:00:00Z"), beside.whole.from_ns);
        QCOMPARE(*beside.baseline, *alone.baseline);
        QCOMPARE(beside.incident->from_ns, alone.incident->from_ns);
        QVERIFY(std::abs(TimeRange{alone.incident->to_ns, beside.incident->to_ns}.seconds()) < 5);
    }

    void recordings_propose_their_own_start()
    {
        const auto shared = tests::shared_folder();
        if (!shared) QSKIP("the further samples are not there");
        int seen = 0;
        for (const auto& run : std::filesystem::directory_iterator(*shared / "samples/storefront")) {
            if (!run.is_directory()) continue;
            const std::string truth = text_of(run.path() / "truth.json");
            auto file = CaseFile::temporary();
            QVERIFY(file);
            const Control control;
            QVERIFY(import_paths(**file, {(run.path() / "traces.ndjson.gz").string()}, {}, control));
            CaseEvidence evidence(**file, control);
            const auto windows = choose_windows(evidence, {});
            QVERIFY(windows);
            const std::string name = run.path().filename().string();
            ++seen;
            if (name == "decoy_benign_deploy") {
                QVERIFY2(!windows->onset_ns, name.c_str());
                continue;
            }
            QVERIFY2(windows->onset_ns && windows->proposed && windows->baseline, name.c_str());
            const double late_s = static_cast<double>(*windows->onset_ns - parse_instant(member(truth, "start")).value_or(0)) / 1e9;
            QVERIFY2(std::abs(late_s) <= 3, qPrintable(QString("%1: %2 s").arg(name.c_str()).arg(late_s)));
            QCOMPARE(windows->baseline->to_ns, *windows->onset_ns);
            QCOMPARE(windows->analysed, windows->whole);
        }
        QCOMPARE(seen, 8);
    }
};

QTEST_APPLESS_MAIN(tst_change_points)
#include "tst_change_points.moc"
