// Heaps of 1,500 classes are simulated, with a leak, with what looks like one, and with two; the test of growth must name
// what leaks and nothing else. Gates of bytes as the analyzer memory.leak applies them.

#include "analyzers/analysis/heap_growth.h"

#include <QtTest>

#include <cmath>
#include <functional>
#include <map>
#include <random>

using namespace casebook;

namespace {

constexpr double fdr = 0.05;

/// A heap whose classes only jitter, and what grows in it. Same seed, same heap.
class SimulatedHeap {
public:
    SimulatedHeap(unsigned seed, std::size_t snapshots) : random_(seed), snapshots_(snapshots)
    {
        for (HeapSnapshot& snapshot : snapshots_) snapshot.path = "histogram.txt";
        for (int i = 0; i < 1500; ++i) {
            const bool platform = i % 3 == 0;
            const double instances = std::exp(uniform(0, 11));
            const double size = 16 + 8 * std::floor(uniform(0, 12));
            // Most of a heap hardly moves; what requests in flight hold moves by some percent.
            const double jitter = i % 7 == 0 ? 0.03 : 0.0003;
            add((platform ? "java.util.Part" : "com.parcelo.Part") + std::to_string(i), size,
                [&, instances, jitter](std::size_t) { return instances * (1 + uniform(-jitter, jitter)); });
        }
        add("[B", 60, [&](std::size_t) { return 180000 * (1 + uniform(-0.0003, 0.0003)); });
        add("java.lang.String", 24, [&](std::size_t) { return 150000 * (1 + uniform(-0.0003, 0.0003)); });
    }

    double uniform(double low, double high) { return low + (high - low) * static_cast<double>(random_()) / static_cast<double>(std::mt19937::max()); }

    /// `count(i)` instances more in snapshot i.
    void add(const std::string& name, double size, const std::function<double(std::size_t)>& count)
    {
        for (std::size_t i = 0; i < snapshots_.size(); ++i) {
            const auto instances = static_cast<std::int64_t>(std::max(0.0, std::round(count(i))));
            auto [found, fresh] = index_.try_emplace(name, snapshots_[0].classes.size());
            if (fresh)
                for (HeapSnapshot& snapshot : snapshots_) snapshot.classes.push_back({name, 0, 0});
            HeapSnapshot::Class& entry = snapshots_[i].classes[found->second];
            entry.instances += instances;
            entry.bytes += static_cast<std::int64_t>(static_cast<double>(instances) * size);
        }
    }

    /// Retained objects over time: `pace` per step, each step between 0.6 and 1.4 of it.
    std::vector<double> retained(double pace)
    {
        std::vector<double> total{0};
        for (std::size_t i = 1; i < snapshots_.size(); ++i) total.push_back(total.back() + std::round(pace * uniform(0.6, 1.4)));
        return total;
    }

    void leak(const std::string& name, double pace)
    {
        const std::vector<double> objects = retained(pace);
        add(name, 64, [&](std::size_t i) { return objects[i]; });
        add(name + "Line", 40, [&](std::size_t i) { return 2 * objects[i]; });
        add("java.lang.String", 24, [&](std::size_t i) { return 3 * objects[i]; });
        add("[B", 60, [&](std::size_t i) { return 4 * objects[i]; });
    }

    HeapGrowth grown()
    {
        HeapSeries series;
        for (const HeapSnapshot& snapshot : snapshots_) series.snapshots.push_back(&snapshot);
        return heap_growth(series, fdr);
    }

    /// Culprits that memory.leak would report, application classes only when there is one.
    std::vector<std::string> reported()
    {
        const HeapGrowth growth = grown();
        std::vector<std::string> application, platform;
        for (const LeakMolecule& molecule : growth.molecules) {
            if (molecule.bytes < 1e6 || molecule.bytes * 100 < growth.heap_last) continue;
            const GrowingClass& culprit = growth.classes[molecule.culprit];
            (culprit.application ? application : platform).push_back(culprit.name);
        }
        return application.empty() ? platform : application;
    }

private:
    std::mt19937 random_;
    std::vector<HeapSnapshot> snapshots_;
    std::map<std::string, std::size_t> index_;
};

constexpr unsigned seeds = 20;

/// Runs that report anything, of `seeds` over 6 and 8 snapshots each.
unsigned alarms(const std::function<void(SimulatedHeap&, std::size_t)>& fill)
{
    unsigned raised = 0;
    for (unsigned seed = 1; seed <= seeds; ++seed)
        for (const std::size_t snapshots : {std::size_t{6}, std::size_t{8}}) {
            SimulatedHeap heap(seed, snapshots);
            fill(heap, snapshots);
            raised += !heap.reported().empty();
        }
    return raised;
}

}  // namespace

class TestHeapGrowth : public QObject {
    Q_OBJECT
private slots:
    void a_leak_is_named()
    {
        unsigned named = 0, runs = 0, others = 0;
        for (unsigned seed = 1; seed <= seeds; ++seed)
            for (const std::size_t snapshots : {std::size_t{5}, std::size_t{6}, std::size_t{8}, std::size_t{12}}) {
                SimulatedHeap heap(seed, snapshots);
                heap.leak("com.parcelo.Cart", 6000);
                const std::vector<std::string> found = heap.reported();
                ++runs;
                named += !found.empty() && found.front() == "com.parcelo.Cart";
                others += found.size() > 1;
            }
        qInfo("leak: named %u of %u, %u with a second name", named, runs, others);
        QVERIFY(named >= runs * 95 / 100);
        QCOMPARE(others, 0u);
    }

    void the_proportions_of_a_leak_are_found()
    {
        SimulatedHeap heap(7, 6);
        heap.leak("com.parcelo.Cart", 9000);
        const HeapGrowth growth = heap.grown();
        QVERIFY(!growth.molecules.empty());
        std::map<std::string, double> ratio;
        for (const auto& member : growth.molecules.front().members) ratio[growth.classes[member.index].name] = member.per_culprit;
        QCOMPARE(ratio["com.parcelo.Cart"], 1.0);
        QCOMPARE(ratio["com.parcelo.CartLine"], 2.0);
        QVERIFY(std::abs(ratio["java.lang.String"] - 3) < 0.05);
        QVERIFY(std::abs(ratio["[B"] - 4) < 0.05);
        const double each = growth.molecules.front().bytes / growth.classes[growth.molecules.front().culprit].growth();
        QVERIFY2(std::abs(each - (64 + 2 * 40 + 3 * 24 + 4 * 60)) < 5, qPrintable(QString::number(each)));
    }

    void two_leaks_are_both_named()
    {
        unsigned both = 0, runs = 0;
        for (unsigned seed = 1; seed <= seeds; ++seed)
            for (const std::size_t snapshots : {std::size_t{6}, std::size_t{8}}) {
                SimulatedHeap heap(seed, snapshots);
                // By their own classes alone they weigh 1 % of the heap or less: strings and arrays must be divided between them.
                heap.leak("com.parcelo.Cart", 9000);
                heap.leak("com.parcelo.Listener", 7000);
                const std::vector<std::string> found = heap.reported();
                ++runs;
                const auto has = [&](const char* name) { return std::count(found.begin(), found.end(), name) == 1; };
                both += has("com.parcelo.Cart") && has("com.parcelo.Listener") && found.size() == 2;
            }
        qInfo("two leaks: both named %u of %u", both, runs);
        QVERIFY(both >= runs * 95 / 100);
    }

    void what_two_leaks_share_is_divided()
    {
        SimulatedHeap heap(3, 8);
        heap.leak("com.parcelo.Cart", 9000);
        heap.leak("com.parcelo.Listener", 7000);
        const HeapGrowth growth = heap.grown();
        unsigned owners = 0;
        for (const LeakMolecule& molecule : growth.molecules)
            for (const auto& member : molecule.members) {
                const std::string& name = growth.classes[member.index].name;
                if (name != "java.lang.String" && name != "[B") continue;
                ++owners;
                QVERIFY(growth.classes[molecule.culprit].application);
                QVERIFY2(std::abs(member.per_culprit - (name == "[B" ? 4 : 3)) < 0.2, qPrintable(QString::number(member.per_culprit)));
            }
        QCOMPARE(owners, 4u);
    }

    void a_rare_class_that_keeps_pace_by_chance_is_not_the_culprit()
    {
        unsigned named = 0;
        for (unsigned seed = 1; seed <= seeds; ++seed) {
            SimulatedHeap heap(seed, 6);
            double carts = 0;
            std::vector<double> total{0};
            for (int i = 1; i < 6; ++i) total.push_back(carts += std::round(9000 * heap.uniform(0.97, 1.03)));
            heap.add("com.parcelo.Cart", 64, [&](std::size_t i) { return total[i]; });
            heap.add("java.lang.String", 24, [&](std::size_t i) { return 3 * total[i]; });
            heap.add("[B", 60, [&](std::size_t i) { return 4 * total[i]; });
            // One bucket of statistics per interval, and the traffic is steady.
            heap.add("com.parcelo.stats.Bucket", 96, [](std::size_t i) { return static_cast<double>(2 * i); });
            const std::vector<std::string> found = heap.reported();
            named += found.size() == 1 && found.front() == "com.parcelo.Cart";
        }
        QVERIFY2(named >= seeds * 95 / 100, qPrintable(QString::number(named)));
    }

    void strings_of_a_leak_beside_a_cache_that_fills_belong_to_the_leak()
    {
        unsigned named = 0;
        for (unsigned seed = 1; seed <= seeds; ++seed) {
            SimulatedHeap heap(seed, 8);
            heap.leak("com.parcelo.Cart", 7000);
            const auto filled = [](std::size_t i) { return 60000 * (1 - std::exp(-static_cast<double>(i) / 1.3)); };
            heap.add("com.parcelo.Quote", 64, filled);
            heap.add("java.lang.String", 24, [&](std::size_t i) { return 2 * filled(i); });
            heap.add("[B", 60, [&](std::size_t i) { return 2 * filled(i); });
            const std::vector<std::string> found = heap.reported();
            named += found.size() == 1 && found.front() == "com.parcelo.Cart";
        }
        QVERIFY2(named >= seeds * 90 / 100, qPrintable(QString::number(named)));
    }

    void one_step_names_what_holds_whole_numbers_of_the_rest()
    {
        SimulatedHeap heap(5, 2);
        heap.leak("com.parcelo.Cart", 30000);
        const std::vector<std::string> found = heap.reported();
        QVERIFY(!found.empty());
        QCOMPARE(found.front(), std::string("com.parcelo.Cart"));
    }

    void jitter_of_many_classes_raises_nothing()
    {
        QCOMPARE(alarms([](SimulatedHeap&, std::size_t) {}), 0u);
    }

    void a_cache_that_warms_up_raises_nothing()
    {
        QCOMPARE(alarms([](SimulatedHeap& heap, std::size_t snapshots) {
                     const double tau = static_cast<double>(snapshots - 1) * heap.uniform(0.15, 0.3);
                     const auto filled = [&](std::size_t i) { return 60000 * (1 - std::exp(-static_cast<double>(i) / tau)); };
                     heap.add("com.parcelo.Quote", 64, filled);
                     heap.add("[B", 60, [&](std::size_t i) { return 4 * filled(i); });
                 }), 0u);
    }

    void a_cache_that_reaches_its_bound_raises_nothing()
    {
        QCOMPARE(alarms([](SimulatedHeap& heap, std::size_t snapshots) {
                     const double reached = static_cast<double>(snapshots - 1) * heap.uniform(0.3, 0.7);
                     const auto filled = [&](std::size_t i) { return std::min(40000.0, 40000.0 * static_cast<double>(i) / reached); };
                     heap.add("com.parcelo.Quote", 64, filled);
                     heap.add("java.lang.String", 24, [&](std::size_t i) { return 3 * filled(i); });
                 }), 0u);
    }

    void traffic_that_returns_raises_nothing()
    {
        QCOMPARE(alarms([](SimulatedHeap& heap, std::size_t snapshots) {
                     const double peak = static_cast<double>(snapshots - 1) * heap.uniform(0.4, 0.8);
                     const auto in_flight = [&](std::size_t i) { return 50000 * std::exp(-std::pow((static_cast<double>(i) - peak) / 1.5, 2)); };
                     heap.add("com.parcelo.Request", 96, in_flight);
                     heap.add("[B", 60, [&](std::size_t i) { return 6 * in_flight(i); });
                 }), 0u);
    }

    void too_few_snapshots_and_hostile_input_are_harmless()
    {
        QVERIFY(heap_growth({}, fdr).molecules.empty());
        SimulatedHeap one(1, 1);
        QVERIFY(one.grown().molecules.empty());
        // Counts at the edge of what a histogram can hold: beside them nothing weighs anything.
        std::vector<HeapSnapshot> huge(5);
        HeapSeries huge_series;
        for (std::size_t i = 0; i < huge.size(); ++i) {
            huge[i].classes = {{"a.Huge", INT64_MAX, INT64_MAX}, {"a.Small", static_cast<std::int64_t>(1000 * i), static_cast<std::int64_t>(16000 * i)}};
            huge_series.snapshots.push_back(&huge[i]);
        }
        QVERIFY(heap_growth(huge_series, 1).molecules.empty());
        // A class that appears under one name twice is added up.
        std::vector<HeapSnapshot> snapshots(5);
        HeapSeries series;
        for (std::size_t i = 0; i < snapshots.size(); ++i) {
            snapshots[i].classes = {{"a.Twice", 1000, 16000}, {"a.Twice", static_cast<std::int64_t>(1000 * i), static_cast<std::int64_t>(16000 * i)}, {"", 0, 0}};
            series.snapshots.push_back(&snapshots[i]);
        }
        const HeapGrowth growth = heap_growth(series, 1);
        QCOMPARE(growth.classes.size(), std::size_t{1});
        QCOMPARE(growth.classes.front().name, std::string("a.Twice"));
        QCOMPARE(growth.classes.front().growth(), 4000.0);
    }

    void snapshots_of_one_process_belong_together()
    {
        std::vector<HeapSnapshot> snapshots(4);
        snapshots[0].path = "live-1.txt";
        snapshots[1].path = "full-1.txt";
        snapshots[2].path = "live-2.txt";
        snapshots[3].path = "live-10.txt";
        const std::vector<HeapSeries> series = heap_series({&snapshots[0], &snapshots[1], &snapshots[2], &snapshots[3]});
        QCOMPARE(series.size(), std::size_t{2});
        QCOMPARE(series[0].snapshots.size(), std::size_t{1});
        QCOMPARE(series[1].snapshots.size(), std::size_t{3});
        QCOMPARE(series[1].snapshots.back()->path, std::string("live-10.txt"));
        QVERIFY(!series[1].timed);
    }

    void processes_are_told_apart_by_folders_and_ids()
    {
        const auto groups = [](const std::vector<std::string>& paths) {
            std::vector<HeapSnapshot> snapshots(paths.size());
            std::vector<const HeapSnapshot*> all;
            for (std::size_t i = 0; i < paths.size(); ++i) {
                snapshots[i].path = paths[i];
                all.push_back(&snapshots[i]);
            }
            std::vector<std::size_t> sizes;
            for (const HeapSeries& series : heap_series(all)) sizes.push_back(series.snapshots.size());
            return sizes;
        };
        using Sizes = std::vector<std::size_t>;
        QCOMPARE(groups({"pod-1/h1.txt", "pod-1/h2.txt", "pod-2/h1.txt", "pod-2/h2.txt", "pod-2/h3.txt"}), (Sizes{2, 3}));
        QCOMPARE(groups({"take-1/h.txt", "take-2/h.txt", "take-3/h.txt"}), Sizes{3});  // a folder per snapshot
        QCOMPARE(groups({"histo_4711_1.txt", "histo_4711_2.txt", "histo_812_1.txt", "histo_812_2.txt"}), (Sizes{2, 2}));
        QCOMPARE(groups({"histo-20260414-1000.txt", "histo-20260414-1010.txt", "histo-20260415-1000.txt", "histo-20260415-1010.txt"}), Sizes{4});
        QCOMPARE(groups({"h-10-05.txt", "h-10-35.txt", "h-11-05.txt", "h-11-35.txt"}), Sizes{4});
    }

    void classes_of_the_platform_are_told_apart()
    {
        for (const char* name : {"[B", "[[I", "java.lang.String", "[Ljava.lang.Object;", "byte[]", "java.util.HashMap$Node[]", "<constMethodKlass>", "jdk.internal.misc.Unsafe", ""})
            QVERIFY2(!is_application_class(name), name);
        for (const char* name : {"com.parcelo.Cart", "[Lcom.parcelo.Cart;", "Leaker$Session", "com.parcelo.Cart[]", "B2BOrder"}) QVERIFY2(is_application_class(name), name);
        QCOMPARE(readable_class("[[Ljava.lang.String;"), std::string("java.lang.String[][]"));
        QCOMPARE(readable_class("[B"), std::string("byte[]"));
    }
};

QTEST_APPLESS_MAIN(TestHeapGrowth)
#include "tst_heap_growth.moc"
