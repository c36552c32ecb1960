#include "analyzers/playbook/walk.h"
#include "analyzers/playbook/walk_case.h"

#include <QtTest>

using namespace casebook;

namespace {

const char* const playbook_json = R"({
 "id": "p99_only_cpu_low", "title": "Only the slowest are slow", "pattern": "p", "likely": "l",
 "mitigation": [{"title": "Shed the slow kind", "why": "w"}],
 "questions": [
  {"analyzer": "latency.tail_divergence", "step": 1, "why": "tail?"},
  {"analyzer": "pool.exhaustion", "step": 2, "why": "pool?"},
  {"analyzer": "database.missing_index", "step": 3, "why": "index?"},
  {"analyzer": "database.long_transactions", "step": 4, "why": "transactions?"},
  {"analyzer": "cpu.throttling", "step": 4, "why": "quota?"}
 ]})";

Playbook playbook() { return *parse_playbook(playbook_json); }
WalkRules rules() { return *walk_rules(); }

WalkAnswer answer(const char* id, Verdict verdict, AnalyzerKind kind = AnalyzerKind::cause)
{
    WalkAnswer made;
    made.analyzer = id;
    made.kind = kind;
    made.verdict = verdict;
    made.reason = std::string("because ") + id;
    if (verdict <= Verdict::inconclusive) {
        made.key = std::string("key of ") + id;
        made.headline = std::string("headline of ") + id;
        made.severity = Severity::critical;
    }
    if (verdict == Verdict::notEnoughEvidence) made.missing = {{"plan", "it would show", "EXPLAIN it"}};
    return made;
}

WalkInput input(std::vector<WalkAnswer> answers)
{
    WalkInput made;
    made.answers = std::move(answers);
    made.checks = {{"baseline", WalkCheck::State::good, "known", ""}};
    made.case_path = "shop.casebook";
    return made;
}

std::vector<std::string> asked(const Walk& walk)
{
    std::vector<std::string> ids;
    for (const WalkStep& step : walk.steps)
        for (const WalkQuestion& question : step.questions) ids.push_back(question.analyzer);
    return ids;
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

class tst_walk : public QObject {
    Q_OBJECT

private slots:
    void seven_steps_with_budgets()
    {
        const Walk walk = build_walk(playbook(), rules(), input({}));
        QCOMPARE(walk.steps.size(), std::size_t{7});
        std::vector<int> minutes;
        for (const WalkStep& step : walk.steps) {
            QVERIFY(!step.title.empty());
            QVERIFY(!step.why.empty());
            if (step.budget_minutes) minutes.push_back(*step.budget_minutes);
        }
        QCOMPARE(minutes, (std::vector<int>{5, 15, 10, 30, 15, 60}));
        QVERIFY(!walk.steps[4].budget_minutes);
        QVERIFY(contains(walk.steps[4].title, "mitigation first"));
        QCOMPARE(walk.mitigation.front().title, std::string("Shed the slow kind"));
    }

    void ruled_out_is_shown_and_passed()
    {
        const Walk walk = build_walk(playbook(), rules(),
                                     input({answer("pool.exhaustion", Verdict::ruledOut), answer("database.missing_index", Verdict::notEnoughEvidence)}));
        QCOMPARE(asked(walk), (std::vector<std::string>{"pool.exhaustion", "database.missing_index"}));
        QVERIFY(walk.steps[1].questions[0].verdict == Verdict::ruledOut);
        QVERIFY(walk.causes.empty());
        QVERIFY(contains(walk.conclusion, "No cause is confirmed"));
        QVERIFY(contains(walk.conclusion, "Ruled out: pool.exhaustion"));
        QCOMPARE(walk.steps[2].missing.front().evidence, std::string("plan"));
        QCOMPARE(walk.next.command, std::string("EXPLAIN it"));
        QCOMPARE(walk.next.title, std::string("Bring plan"));
    }

    void questions_without_an_analyzer_are_left_out()
    {
        const Walk walk = build_walk(playbook(), rules(), input({answer("cpu.throttling", Verdict::ruledOut)}));
        QCOMPARE(asked(walk), std::vector<std::string>{"cpu.throttling"});
    }

    void a_confirmed_cause_concludes_and_mitigation_is_next()
    {
        WalkAnswer pool = answer("pool.exhaustion", Verdict::confirmed);
        pool.fixes = {{"Raise the pool", "2 min", "3 s -> 80 ms", "connections on the server"}};
        pool.proof = "wait P95 below 10 ms";
        const Walk walk = build_walk(playbook(), rules(), input({pool, answer("database.missing_index", Verdict::notEnoughEvidence)}));
        QCOMPARE(walk.causes.size(), std::size_t{1});
        QCOMPARE(walk.causes[0].analyzer, std::string("pool.exhaustion"));
        QVERIFY(contains(walk.conclusion, "headline of pool.exhaustion"));
        QVERIFY(contains(walk.next.command, "casebook-cli show 'shop.casebook' 'key of pool.exhaustion'"));
        QVERIFY(!contains(walk.next.title, "Bring"));
        QVERIFY(std::any_of(walk.steps[4].actions.begin(), walk.steps[4].actions.end(), [](const std::string& a) { return a.find("now: ") == 0; }));
        QVERIFY(std::any_of(walk.steps[4].actions.begin(), walk.steps[4].actions.end(), [](const std::string& a) { return a.find("Raise the pool") == 0; }));
        QVERIFY(!walk.steps[5].actions.empty());
        QVERIFY(!walk.steps[6].actions.empty());
    }

    void what_may_be_behind_a_confirmed_cause_moves_up()
    {
        const std::vector<WalkAnswer> answers{answer("pool.exhaustion", Verdict::confirmed), answer("database.missing_index", Verdict::ruledOut),
                                              answer("database.long_transactions", Verdict::notEnoughEvidence), answer("pool.leak", Verdict::ruledOut)};
        const Walk walk = build_walk(playbook(), rules(), input(answers));
        QCOMPARE(asked(walk), (std::vector<std::string>{"pool.exhaustion", "pool.leak", "database.long_transactions", "database.missing_index"}));
        QCOMPARE(walk.steps[1].questions.size(), std::size_t{3});
    }

    void the_cause_that_nothing_explains_concludes()
    {
        WalkAnswer pool = answer("pool.exhaustion", Verdict::confirmed), tail = answer("latency.tail_divergence", Verdict::confirmed, AnalyzerKind::symptom);
        const WalkAnswer transactions = answer("database.long_transactions", Verdict::confirmed);
        pool.explained_by = tail.explained_by = {"database.long_transactions"};
        pool.explained = tail.explained = true;
        const Walk walk = build_walk(playbook(), rules(), input({pool, transactions, tail}));
        QCOMPARE(walk.causes.size(), std::size_t{1});
        QCOMPARE(walk.causes[0].analyzer, std::string("database.long_transactions"));
        QCOMPARE(walk.causes[0].explains, (std::vector<std::string>{"latency.tail_divergence", "pool.exhaustion"}));
        QVERIFY(contains(walk.conclusion, "seen as latency.tail_divergence, pool.exhaustion"));
        QVERIFY(!contains(walk.conclusion, "Also seen"));
    }

    void a_cause_elsewhere_explains_nothing()
    {
        WalkAnswer pool = answer("pool.exhaustion", Verdict::confirmed);
        pool.proof = "wait P95 below 10 ms";
        const WalkAnswer errors = answer("errors.failing_operation", Verdict::confirmed, AnalyzerKind::symptom);
        Walk walk = build_walk(playbook(), rules(), input({pool, errors}));
        QCOMPARE(walk.causes.size(), std::size_t{1});
        QVERIFY(walk.causes[0].explains.empty());
        QVERIFY(contains(walk.conclusion, "Also seen, cause not found yet: errors.failing_operation: headline of errors.failing_operation."));
        QCOMPARE(walk.steps[5].actions, std::vector<std::string>{"proof: wait P95 below 10 ms"});
        // With a second cause each line says whose it is.
        walk = build_walk(playbook(), rules(), input({pool, answer("database.missing_index", Verdict::confirmed)}));
        QCOMPARE(walk.steps[5].actions, std::vector<std::string>{"pool.exhaustion: proof: wait P95 below 10 ms"});
    }

    void a_symptom_never_ends_the_walk()
    {
        const Walk walk = build_walk(playbook(), rules(), input({answer("latency.tail_divergence", Verdict::confirmed, AnalyzerKind::symptom),
                                                                 answer("pool.exhaustion", Verdict::notEnoughEvidence)}));
        QVERIFY(walk.causes.empty());
        QVERIFY(walk.conclusion.find("latency.tail_divergence: headline of") == 0);
        QVERIFY(contains(walk.conclusion, "open: pool.exhaustion"));
        QCOMPARE(walk.next.title, std::string("Bring plan"));
    }

    void a_symptom_with_a_quick_way_out_is_mitigated_first()
    {
        Playbook instances = playbook();
        instances.questions = {{"latency.some_instances", 1, "w"}, {"cpu.steal", 2, "w"}};
        const Walk walk = build_walk(instances, rules(), input({answer("latency.some_instances", Verdict::confirmed, AnalyzerKind::symptom),
                                                                answer("cpu.steal", Verdict::notEnoughEvidence)}));
        QVERIFY(contains(walk.next.title, "out of rotation"));
        QVERIFY(contains(walk.next.command, "key of latency.some_instances"));
        QVERIFY(contains(walk.conclusion, "open: cpu.steal"));
    }

    void two_large_causes_are_named_together_with_the_rest()
    {
        WalkAnswer pool = answer("pool.exhaustion", Verdict::confirmed), index = answer("database.missing_index", Verdict::confirmed);
        pool.share = 0.4;
        index.share = 0.3;
        const Walk walk = build_walk(playbook(), rules(), input({pool, index}));
        QCOMPARE(walk.causes.size(), std::size_t{2});
        QVERIFY(contains(walk.conclusion, "headline of pool.exhaustion"));
        QVERIFY(contains(walk.conclusion, "headline of database.missing_index"));
        QVERIFY(contains(walk.conclusion, "30 % of the slow time remains unexplained"));
    }

    void what_hurts_users_comes_first()
    {
        WalkAnswer pool = answer("pool.exhaustion", Verdict::confirmed), index = answer("database.missing_index", Verdict::confirmed);
        pool.severity = Severity::note;
        const Walk walk = build_walk(playbook(), rules(), input({pool, index}));
        QCOMPARE(walk.causes[0].analyzer, std::string("database.missing_index"));
        QVERIFY(!contains(walk.conclusion, "headline of pool.exhaustion"));
    }

    void confirmed_off_the_walk_is_not_hidden()
    {
        const Walk walk = build_walk(playbook(), rules(), input({answer("cache.key_rotation", Verdict::confirmed), answer("pool.exhaustion", Verdict::ruledOut)}));
        QCOMPARE(walk.causes[0].analyzer, std::string("cache.key_rotation"));
        QVERIFY(contains(walk.conclusion, "headline of cache.key_rotation"));
    }

    void an_unknown_base_stops_the_walk_for_it()
    {
        WalkInput given = input({answer("pool.exhaustion", Verdict::notEnoughEvidence)});
        given.checks = {{"baseline", WalkCheck::State::missing, "nothing says what is normal", "casebook-cli window shop.casebook baseline FROM TO"}};
        const Walk walk = build_walk(playbook(), rules(), given);
        QVERIFY(contains(walk.next.title, "Say what is normal"));
        QCOMPARE(walk.next.command, std::string("casebook-cli window shop.casebook baseline FROM TO"));
    }

    void suspicions_ask_for_their_proof()
    {
        WalkAnswer suspected = answer("database.missing_index", Verdict::suspected);
        suspected.missing = {{"plan", "a plan would confirm it", "EXPLAIN (ANALYZE) it"}};
        const Walk walk = build_walk(playbook(), rules(), input({suspected, answer("pool.exhaustion", Verdict::notEnoughEvidence)}));
        QCOMPARE(walk.next.command, std::string("EXPLAIN (ANALYZE) it"));
        QVERIFY(contains(walk.conclusion, "Suspected: database.missing_index"));
    }

    void missing_cells_of_the_symptom_are_asked_for_first()
    {
        WalkInput given = input({answer("pool.exhaustion", Verdict::ruledOut)});
        given.symptom_missing = {missing_cell("cpu")};
        const Walk walk = build_walk(playbook(), rules(), given);
        QCOMPARE(walk.steps[0].missing.front().evidence, std::string("metric(cpu)"));
        QVERIFY(contains(walk.next.title, "metric(cpu)"));
        QVERIFY(!walk.next.command.empty());
    }

    void a_finished_walk_goes_on_to_everything_else()
    {
        const Walk walk = build_walk(playbook(), rules(), input({answer("pool.exhaustion", Verdict::ruledOut)}));
        QVERIFY(contains(walk.next.command, "--symptom unknown"));
        const Playbook unknown = *playbook_of("unknown");
        const Walk last = build_walk(unknown, rules(), input({answer("pool.exhaustion", Verdict::ruledOut), answer("memory.leak", Verdict::ruledOut),
                                                              answer("cpu.throttling", Verdict::notEnoughEvidence)}));
        QCOMPARE(asked(last), (std::vector<std::string>{"pool.exhaustion", "memory.leak"}));  // the usual ones, then what can be answered
        QVERIFY(contains(last.next.why, "nothing was found"));
    }

    void the_five_usual_causes_come_first_when_nothing_fits()
    {
        std::vector<WalkAnswer> answers;
        for (const char* id : {"pool.exhaustion", "database.n_plus_one", "database.missing_index", "cache.uncached_hot_read", "dependency.synchronous_side_effect", "cpu.bound_or_waiting"})
            answers.push_back(answer(id, Verdict::ruledOut));
        const Walk walk = build_walk(*playbook_of("unknown"), rules(), input(answers));
        QCOMPARE(asked(walk), (std::vector<std::string>{"database.missing_index", "database.n_plus_one", "cache.uncached_hot_read",
                                                        "dependency.synchronous_side_effect", "pool.exhaustion", "cpu.bound_or_waiting"}));
    }

    void reasons_in_a_circle_end()
    {
        WalkRules circle = rules();
        circle.deeper = {{"pool.exhaustion", {"database.missing_index"}}, {"database.missing_index", {"pool.exhaustion"}}};
        const Walk walk = build_walk(playbook(), circle, input({answer("pool.exhaustion", Verdict::confirmed), answer("database.missing_index", Verdict::confirmed)}));
        QCOMPARE(walk.causes.size(), std::size_t{2});
    }

    void broken_playbooks_are_errors()
    {
        QVERIFY(!parse_playbook("[]"));
        QVERIFY(!parse_playbook("{\"id\": \"a\", \"title\": \"b\"}"));
        QVERIFY(!parse_playbook("{\"id\": \"a\", \"title\": \"b\", \"questions\": [{\"analyzer\": \"x.y\", \"step\": 9, \"why\": \"w\"}]}"));
        QVERIFY(!parse_walk_rules("{\"steps\": []}"));
    }

    void json_has_the_members_of_the_contract()
    {
        const std::string json = to_json(build_walk(playbook(), rules(), input({answer("pool.exhaustion", Verdict::confirmed)})));
        for (const char* member : {"\"symptom\":\"p99_only_cpu_low\"", "\"steps\":[{\"number\":1,\"title\":", "\"budget_minutes\":5", "\"budget_minutes\":null",
                                   "\"questions\":[{\"analyzer\":\"pool.exhaustion\",\"verdict\":\"confirmed\",\"why\":\"pool?\"", "\"missing\":[", "\"next\":{\"title\":", "\"conclusion\":"})
            QVERIFY2(contains(json, member), member);
    }
};

QTEST_APPLESS_MAIN(tst_walk)
#include "tst_walk.moc"
