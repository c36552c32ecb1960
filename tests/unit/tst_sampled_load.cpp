// Load as the traces tell it: counted by how they were sampled, unknown when nobody can tell, and no fall by chance.

#include "tests/support/case_builder.h"

#include <QtTest>

#include <random>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr std::int64_t ms = 1'000'000, second = 1000 * ms;
using Marks = std::vector<std::pair<std::string, std::string>>;

/// Five quiet minutes and five of the incident, as many requests each, which carry these attributes.
SymptomMatch collapse(const Marks& quiet, const Marks& incident)
{
    CaseBuilder made;
    for (std::uint64_t i = 0; i < 1200; ++i) {
        const bool later = i >= 600;
        made.add({.trace = i + 1, .id = 1, .start_ns = static_cast<std::int64_t>(i) * second / 2, .duration_ns = 20 * ms, .service = "shop", .name = "GET /basket", .kind = SpanKind::server, .attributes = later ? incident : quiet});
    }
    made.window("baseline", 0, 300 * second).window("incident", 300 * second, 600 * second);
    AnalyzeOptions options;
    options.symptom = "throughput_collapse";
    options.only = {"database.n_plus_one"};
    return made.analyzed(options).symptoms.front();
}

bool is_unknown(const SymptomMatch& match, const std::string& cell) { return std::find(match.unknown.begin(), match.unknown.end(), cell) != match.unknown.end(); }

}  // namespace

class TestSampledLoad : public QObject {
    Q_OBJECT
private slots:
    void a_sample_stands_for_all_that_were_not_kept()
    {
        const SymptomMatch same = collapse({{"sampling.probability", "0.5"}}, {{"sampling.probability", "0.5"}});
        QVERIFY2(same.why.find("offered load 1 times") != std::string::npos, same.why.c_str());
        const SymptomMatch twice = collapse({{"w3c.tracestate", "ot=th:0"}}, {{"w3c.tracestate", "ot=th:8"}});
        QVERIFY2(twice.why.find("offered load 2 times") != std::string::npos, twice.why.c_str());
    }

    void so_many_per_second_is_no_load()
    {
        const SymptomMatch rationed = collapse({{"sampler.type", "ratelimiting"}}, {{"sampler.type", "ratelimiting"}});
        QVERIFY(is_unknown(rationed, "offered_load"));
        QVERIFY(is_unknown(rationed, "completed"));
        QVERIFY(!is_unknown(collapse({}, {}), "offered_load"));
    }

    void the_highest_of_many_looks_is_no_peak()
    {
        for (std::uint32_t seed = 1; seed <= 5; ++seed) {
            std::mt19937 random(seed);
            CaseBuilder made;
            std::exponential_distribution<double> gap(4);  // per second; twice as many in the incident
            double at_s = 0;
            for (std::uint64_t i = 1; at_s < 200; ++i) {
                made.add({.trace = i, .id = 1, .start_ns = static_cast<std::int64_t>(at_s * 1e9), .duration_ns = 20 * ms, .service = "shop", .name = "GET /basket", .kind = SpanKind::server});
                at_s += at_s < 100 ? gap(random) : gap(random) / 2;
            }
            made.window("baseline", 0, 100 * second).window("incident", 100 * second, 200 * second);
            AnalyzeOptions options;
            options.only = {"database.n_plus_one"};
            const AnalysisReport report = made.analyzed(options);
            QVERIFY(std::none_of(report.symptoms.begin(), report.symptoms.end(), [](const SymptomMatch& match) { return match.id == "throughput_collapse"; }));
        }
    }
};

QTEST_APPLESS_MAIN(TestSampledLoad)
#include "tst_sampled_load.moc"
