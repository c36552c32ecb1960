// Which finding is behind which: by name, by what both speak of, by time; and what must not be linked.
#include "analyzers/playbook/cause_links.h"

#include <QtTest>

using namespace casebook;

namespace {

Finding finding(const char* analyzer, const char* key, std::vector<Subject> subjects, Verdict verdict = Verdict::confirmed)
{
    Finding made;
    made.analyzer = analyzer;
    made.key = key;
    made.verdict = verdict;
    made.subjects = std::move(subjects);
    made.when = TimeRange{1000, 2000};
    return made;
}

const std::map<std::string, std::vector<std::string>> rules{
    {"latency.tail_divergence", {"latency.slow_cohort", "pool.exhaustion", "cache.miss_cohort"}},
    {"latency.slow_cohort", {"cache.miss_cohort"}},
    {"latency.regression_after_deploy", {"database.n_plus_one"}},
    {"database.dominant_statement", {"database.missing_index", "database.n_plus_one"}},
    {"pool.exhaustion", {"pool.leak"}},
    {"pool.leak", {"pool.exhaustion"}},
};

std::vector<Explanation> explain(const std::vector<Finding>& findings)
{
    std::vector<const Finding*> all;
    for (const Finding& one : findings) all.push_back(&one);
    return explain_findings(all, rules);
}

const Subject shop{"service", "shop"}, cards{"service", "cards"}, basket{"operation", "GET /basket"}, pay{"operation", "POST /pay"};

}  // namespace

class TestCauseLinks : public QObject {
    Q_OBJECT

private slots:
    void a_chain_ends_at_its_root()
    {
        const auto made = explain({finding("latency.tail_divergence", "t", {basket, shop}),
                                   finding("latency.slow_cohort", "s", {{"attribute", "tenant=acme"}, shop, basket}),
                                   finding("cache.miss_cohort", "c", {cards, pay, {"attribute", "tenant=acme"}})});
        QCOMPARE(made[0].link, CauseLink::sameThing);
        QCOMPARE(made[0].cause, 1u);
        QCOMPARE(made[1].cause, 2u);  // another service, the same customers
        for (const Explanation& one : made) QCOMPARE(one.root, 2u);
        QCOMPARE(made[0].kind, AnalyzerKind::symptom);
        QCOMPARE(made[2].link, CauseLink::none);
        QVERIFY(!made[2].is_unexplained_symptom());
    }

    void names_go_before_rules()
    {
        std::vector<Finding> findings{finding("latency.tail_divergence", "t", {basket, shop}),
                                      finding("pool.exhaustion", "p", {shop, {"pool", "main"}}),
                                      finding("memory.gc_pressure", "g", {})};
        findings[2].related = {{"latency.tail_divergence", "t", "explains"}, {"no.such", "x", "explains"}};
        QCOMPARE(explain(findings)[0].link, CauseLink::named);
        QCOMPARE(explain(findings)[0].root, 2u);
        findings[2].related.clear();
        findings[0].related = {{"memory.gc_pressure", "g", "explained_by"}, {"pool.exhaustion", "p", "same_as"}};
        QCOMPARE(explain(findings)[0].root, 2u);
        findings[0].related.clear();
        QCOMPARE(explain(findings)[0].root, 1u);
        QCOMPARE(explain(findings)[0].link, CauseLink::sameThing);  // a pool is used by every operation of its service
    }

    void another_thing_is_not_the_cause()
    {
        const Subject first{"statement", "SELECT 1"}, second{"statement", "SELECT 2"}, table{"table", "orders"};
        const auto made = explain({finding("database.dominant_statement", "1", {first, table}),
                                   finding("database.missing_index", "2", {table, second}),
                                   finding("latency.regression_after_deploy", "3", {shop, basket}),
                                   finding("database.n_plus_one", "4", {shop, pay, {"statement", "SELECT 3"}})});
        for (const std::size_t i : {0, 2}) {
            QCOMPARE(made[i].link, CauseLink::none);
            QCOMPARE(made[i].root, i);
            QVERIFY(made[i].perhaps.empty());
        }
        QVERIFY(made[0].is_unexplained_symptom());
        QVERIFY(!made[2].is_unexplained_symptom());  // a deploy is a cause by itself
    }

    void a_cause_elsewhere_may_be_behind_a_symptom()
    {
        std::vector<Finding> findings{finding("latency.tail_divergence", "t", {basket, shop}),
                                      finding("pool.exhaustion", "p", {cards, {"pool", "main"}, pay})};
        const auto perhaps = [&] { return explain(findings)[0].perhaps; };
        QVERIFY(explain(findings)[0].is_unexplained_symptom());
        QCOMPARE(perhaps(), std::vector<std::size_t>{1});
        findings.push_back(finding("cache.miss_cohort", "c", {{"service", "prices"}, {"operation", "GET /prices"}}));
        QCOMPARE(perhaps(), (std::vector<std::size_t>{1, 2}));
        findings.pop_back();
        findings[1].when = TimeRange{2000, 3000};  // half-open: begins when the other is over
        QVERIFY(perhaps().empty());
        findings[1].when.reset();
        QCOMPARE(perhaps().size(), 1u);
        findings[1].verdict = Verdict::suspected;  // weaker than what it would explain
        QVERIFY(perhaps().empty());
        findings[0].verdict = Verdict::suspected;  // and a suspicion elsewhere is nothing to go by
        QVERIFY(perhaps().empty());
        findings[1].subjects = {shop, {"pool", "main"}};
        QCOMPARE(explain(findings)[0].link, CauseLink::sameThing);
        findings[0].verdict = Verdict::confirmed;
        QCOMPARE(explain(findings)[0].link, CauseLink::none);
    }

    void circles_are_cut_at_their_first_finding()
    {
        std::vector<Finding> findings;
        constexpr std::size_t count = 100'000;
        for (std::size_t i = 0; i < count; ++i) {
            findings.push_back(finding("some.thing", std::to_string(i).c_str(), {}));
            findings[i].related = {{"some.thing", std::to_string((i + 1) % count), "explained_by"}};
        }
        findings.push_back(finding("some.thing", "outside", {}));
        findings.back().related = {{"some.thing", "7", "explained_by"}};
        findings.push_back(finding("some.thing", "itself", {}));
        findings.back().related = {{"some.thing", "itself", "explained_by"}};
        const auto made = explain(findings);
        for (std::size_t i = 0; i <= count; ++i) QCOMPARE(made[i].root, 0u);
        QCOMPARE(made[0].link, CauseLink::none);
        QCOMPARE(made[count + 1].root, count + 1);
        const auto two = explain({finding("pool.exhaustion", "p", {shop}), finding("pool.leak", "p", {shop})});
        QCOMPARE(two[0].root, 0u);
        QCOMPARE(two[1].root, 0u);
        QVERIFY(explain({}).empty());
    }

    void the_built_in_rules_can_be_asked()
    {
        const Finding effect = finding("database.dominant_statement", "1", {{"statement", "SELECT 1"}}),
                      cause = finding("database.missing_index", "2", {{"table", "orders"}, {"statement", "SELECT 1"}});
        const Finding* const both[] = {&effect, &cause};
        QCOMPARE(explain_findings(both)[0].root, 1u);
    }
};

QTEST_APPLESS_MAIN(TestCauseLinks)
#include "tst_cause_links.moc"
