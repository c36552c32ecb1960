#include "analyzers/core/resources.h"
#include "analyzers/playbook/playbook_data.h"
#include "analyzers/playbook/symptom_cells.h"
#include "analyzers/playbook/symptoms.h"
#include "analyzers/playbook/thresholds.h"

#include <QtTest>

#include <algorithm>
#include <set>

using namespace casebook;

namespace {

Signals healthy()
{
    Signals seen;
    seen.latency = LatencyLevel{15, 80, 20, 5000};
    seen.base_latency = LatencyLevel{15, 80, 20, 3000};
    seen.window_minutes = 10;
    seen.error_share = seen.base_error_share = 0.0005;
    seen.error_minutes = 0;
    seen.cpu = seen.base_cpu = 0.2;
    return seen;
}

const SymptomMatch* find(const std::vector<SymptomMatch>& matches, std::string_view id)
{
    for (const SymptomMatch& match : matches)
        if (match.id == id) return &match;
    return nullptr;
}

double match_of(const Signals& seen, std::string_view id, const std::map<std::string, double>& overrides = {})
{
    const auto matches = match_symptoms(seen, overrides);
    const SymptomMatch* match = find(matches, id);
    return match ? match->match : 0;
}

bool near(double a, double b) { return std::abs(a - b) < 0.0011; }

}  // namespace

class tst_symptoms : public QObject {
    Q_OBJECT

private slots:
    void cells_score_by_their_margin()
    {
        QCOMPARE(at_least("c", false, 2, 2, 1, "").score, 0.8);
        QVERIFY(near(at_least("c", false, 2.5, 2, 1, "").score, 0.9));
        QCOMPARE(at_least("c", false, 3, 2, 1, "").score, 1.0);
        QCOMPARE(at_least("c", false, 30, 2, 1, "").score, 1.0);
        QCOMPARE(at_least("c", false, 1.99, 2, 1, "").score, 0.0);
        QVERIFY(at_least("c", false, 1.99, 2, 1, "").state == SymptomCell::State::contradicted);
        QCOMPARE(at_most("c", false, 1.2, 1.2, 1, "").score, 0.8);
        QCOMPARE(at_most("c", false, 1.1, 1.2, 1, "").score, 1.0);
        QCOMPARE(at_most("c", false, 1.21, 1.2, 1, "").score, 0.0);
        QCOMPARE(share_at_least("c", false, 0.8, 0.8, "").score, 0.8);
        QCOMPARE(share_at_least("c", false, 0.9, 0.8, "").score, 1.0);
        QCOMPARE(share_at_least("c", false, 0.05, 0.05, "").score, 0.8);
        QCOMPARE(share_at_least("c", false, 0.10, 0.05, "").score, 1.0);
        QVERIFY(at_least("c", false, {}, 2, 1, "").state == SymptomCell::State::unknown);
        QCOMPARE(at_least("c", false, {}, 2, 1, "").score, 0.0);
    }

    void a_row_is_the_mean_of_its_cells()
    {
        const SymptomCell yes = at_least("a", true, 9, 2, 1, ""), edge = at_least("b", false, 2, 2, 1, ""), no = at_least("c", false, 1, 2, 1, "");
        const SymptomCell unknown = at_least("d", false, {}, 2, 1, ""), needed = at_least("e", true, {}, 2, 1, ""), refuted = at_least("f", true, 1, 2, 1, "");
        QCOMPARE(match_of({yes, edge}), 0.9);
        QCOMPARE(match_of({yes, no}), 0.5);
        QCOMPARE(match_of({yes, unknown, edge, edge}), 0.65);
        QCOMPARE(match_of({yes, yes, yes, needed}), 0.5);
        QCOMPARE(match_of({yes, yes, yes, refuted}), 0.0);
        QCOMPARE(match_of({}), 0.0);
    }

    void healthy_matches_nothing()
    {
        QVERIFY(match_symptoms(healthy(), {}).empty());
        QVERIFY(match_symptoms(Signals{}, {}).empty());
    }

    void p99_only_cpu_low()
    {
        Signals seen = healthy();
        seen.latency = LatencyLevel{15.5, 3200, 90, 5000};
        const auto matches = match_symptoms(seen, {});
        QCOMPARE(matches.front().id, std::string("p99_only_cpu_low"));
        QCOMPARE(matches.front().match, 1.0);
        QVERIFY(matches.front().unknown.empty());
        QVERIFY(matches.front().why.find("3.2 s against 80") != std::string::npos);

        seen.cpu.reset();
        QCOMPARE(match_of(seen, "p99_only_cpu_low"), 0.75);
        const auto without_cpu = match_symptoms(seen, {});
        QCOMPARE(find(without_cpu, "p99_only_cpu_low")->unknown, std::vector<std::string>{"cpu"});
        seen.cpu = 0.6;  // contradicted, but not required
        QCOMPARE(match_of(seen, "p99_only_cpu_low"), 0.75);
        seen.latency->p50 = 20;  // 1.33 x: required and contradicted
        QCOMPARE(match_of(seen, "p99_only_cpu_low"), 0.0);
    }

    void without_a_base_p99_far_above_p50_stands_for_both()
    {
        Signals seen = healthy();
        seen.base_latency.reset();
        seen.base_error_share.reset();
        seen.latency = LatencyLevel{15, 299, 30, 5000};
        QCOMPARE(match_of(seen, "p99_only_cpu_low"), 0.0);  // p99 and p50 unknown: 0.25, not listed
        seen.latency->p99 = 600;
        QCOMPARE(match_of(seen, "p99_only_cpu_low"), 0.75);  // errors unknown without a base
    }

    void all_latency_cpu_high()
    {
        Signals seen = healthy();
        seen.latency = LatencyLevel{60, 400, 90, 5000};
        seen.cpu = 0.93;
        QCOMPARE(match_symptoms(seen, {}).front().id, std::string("all_latency_cpu_high"));
        QCOMPARE(match_of(seen, "all_latency_cpu_high"), 1.0);
        seen.cpu.reset();
        QCOMPARE(match_of(seen, "all_latency_cpu_high"), 0.5);
        seen.cpu = 0.7;
        QCOMPARE(match_of(seen, "all_latency_cpu_high"), 0.0);
    }

    void errors_tell_the_rows_apart()
    {
        Signals seen = healthy();
        seen.latency = LatencyLevel{15, 900, 60, 5000};
        seen.error_share = 0.04;
        seen.error_minutes = 8;
        const auto matches = match_symptoms(seen, {});
        QCOMPARE(matches.front().id, std::string("p99_only_errors_up"));
        QCOMPARE(matches.front().match, 1.0);
        QCOMPARE(match_of(seen, "p99_only_cpu_low"), 0.75);
        QCOMPARE(match_of(seen, "errors_spiking"), 1.0);
        seen.error_share = 0.0012;  // 2.4 x, but only 0.07 points
        QCOMPARE(match_of(seen, "p99_only_errors_up"), 0.0);
        QVERIFY(match_of(seen, "p99_only_cpu_low") > 0.9);
        seen.error_share = 0.04;
        seen.error_minutes = 0.5;
        QCOMPARE(match_of(seen, "errors_spiking"), 0.0);
    }

    void restarts_memory_high()
    {
        Signals seen = healthy();
        seen.restarts = 30;
        seen.base_restarts = 0;
        seen.memory_before_restart = 0.97;
        seen.error_share = 0.03;
        QCOMPARE(match_of(seen, "restarts_memory_high"), 1.0);
        seen.memory_before_restart = 0.6;
        QCOMPARE(match_of(seen, "restarts_memory_high"), 0.0);
        seen.memory_before_restart.reset();  // no limit known
        QCOMPARE(match_of(seen, "restarts_memory_high"), 0.5);
        seen.memory_before_restart = 0.97;
        seen.restarts = 0;
        QCOMPARE(match_of(seen, "restarts_memory_high"), 0.0);
    }

    void periodic_spikes()
    {
        Signals seen = healthy();
        seen.enough_periods = true;
        seen.spike_autocorrelation = 0.8;
        seen.spike_period_s = 300;
        seen.spike_periods = 6;
        seen.spike_height = 12;
        QCOMPARE(match_of(seen, "periodic_spikes"), 0.5);  // nothing imported that could share the period
        seen.spike_match = true;
        seen.spike_match_name = "garbage collection";
        QCOMPARE(match_of(seen, "periodic_spikes"), 1.0);
        seen.spike_match = false;
        QCOMPARE(match_of(seen, "periodic_spikes"), 0.5);
        seen.spike_match = true;
        seen.spike_height = 1.2;  // collections without a latency rise
        QCOMPARE(match_of(seen, "periodic_spikes"), 0.0);
        seen.spike_height = 12;
        seen.spike_autocorrelation = 0.45;
        QCOMPARE(match_of(seen, "periodic_spikes"), 0.0);
    }

    void some_instances_only()
    {
        Signals seen = healthy();
        seen.slow_instance_share = 0.25;
        seen.slow_instance_factor = 6;
        seen.slow_instances = "pod-3";
        seen.slow_instance_cpu = 0.2;
        seen.slow_instance_steal = 0.2;
        QCOMPARE(match_of(seen, "some_instances_only"), 1.0);
        seen.slow_instance_share = 0.6;
        QCOMPARE(match_of(seen, "some_instances_only"), 0.0);
        seen.slow_instance_share = 0.5;
        seen.slow_instance_steal.reset();
        QVERIFY(near(match_of(seen, "some_instances_only"), 0.667));
        seen.slow_instance_factor = 1.3;
        QCOMPARE(match_of(seen, "some_instances_only"), 0.0);
    }

    void queue_growing_consumers_idle()
    {
        Signals seen = healthy();
        seen.queue_growth = 9;
        seen.queue_rise_minutes = 9.5;
        seen.queue_trend_p = 1e-6;
        seen.arrivals = seen.base_arrivals = 12;
        seen.consumer_cpu = 0.1;
        QCOMPARE(match_of(seen, "queue_growing_consumers_idle"), 1.0);
        seen.arrivals = 20;
        QVERIFY(near(match_of(seen, "queue_growing_consumers_idle"), 0.667));
        seen.arrivals_counted = 2000, seen.base_arrivals_counted = 1200;  // 1.57 at least
        QVERIFY(near(match_of(seen, "queue_growing_consumers_idle"), 0.667));
        seen.arrivals_counted = 20, seen.base_arrivals_counted = 12;  // 0.91 at least: may be chance
        QVERIFY(match_of(seen, "queue_growing_consumers_idle") > 0.9);
        seen.arrivals = 12;
        seen.queue_trend_p = 0.2;
        QCOMPARE(match_of(seen, "queue_growing_consumers_idle"), 0.0);
        seen.queue_trend_p = 1e-6;
        seen.queue_rise_minutes = 3;  // of ten
        QCOMPARE(match_of(seen, "queue_growing_consumers_idle"), 0.0);
        seen.window_minutes = 3.2;    // the whole window
        QCOMPARE(match_of(seen, "queue_growing_consumers_idle"), 1.0);
    }

    void slow_after_deploy()
    {
        Signals seen = healthy();
        seen.latency = LatencyLevel{40, 200, 60, 5000};
        seen.hit_ratio = 0.4;
        seen.base_hit_ratio = 0.98;
        seen.deploys = true;
        QCOMPARE(match_of(seen, "slow_after_deploy"), 0.0);  // a deploy, and nothing got slower after it
        seen.change_after_deploy_h = 0;
        QCOMPARE(match_of(seen, "slow_after_deploy"), 1.0);
        seen.change_after_deploy_h = 4;
        QVERIFY(near(match_of(seen, "slow_after_deploy"), 0.933));
        seen.change_after_deploy_h = 5;
        QCOMPARE(match_of(seen, "slow_after_deploy"), 0.0);
        seen.change_after_deploy_h.reset();
        seen.deploys.reset();
        QCOMPARE(match_of(seen, "slow_after_deploy"), 0.5);
    }

    void entry_points()
    {
        Signals seen = healthy();
        seen.timeout_share = 0.03;
        seen.base_timeout_share = 0;
        seen.timeout_pile = 0.95;
        QCOMPARE(match_of(seen, "gateway_timeouts"), 1.0);

        seen = healthy();
        seen.latency = LatencyLevel{15, 260, 20.5, 5000};
        QCOMPARE(match_of(seen, "p99_up_mean_flat"), 1.0);
        seen.buckets_too_wide = true;
        QCOMPARE(match_of(seen, "p99_up_mean_flat"), 0.5);

        seen = healthy();
        seen.latency = LatencyLevel{15, 900, 200, 5000};
        seen.offered = 150;
        seen.base_offered = 100;
        seen.completed_of_peak = 0.6;
        QCOMPARE(match_of(seen, "throughput_collapse"), 1.0);
        seen.completed_of_peak = 0.97;
        QCOMPARE(match_of(seen, "throughput_collapse"), 0.0);

        seen = healthy();
        seen.peak_latency_factor = 4;
        seen.low_latency_factor = 1.05;
        seen.load_correlation = 0.9;
        QCOMPARE(match_of(seen, "peak_hours_only"), 1.0);

        seen = healthy();
        seen.db_cpu = 0.92;
        seen.db_time_share = 0.9;
        QCOMPARE(match_of(seen, "database_cpu_high"), 1.0);
        seen.db_cpu.reset();
        seen.base_db_time_share = 0.6;
        QCOMPARE(match_of(seen, "database_cpu_high"), 0.5);
        seen.base_db_time_share = 0.85;  // as always: says nothing about the database's CPU
        QCOMPARE(match_of(seen, "database_cpu_high"), 0.0);
        seen.base_db_time_share.reset();
        QCOMPARE(match_of(seen, "database_cpu_high"), 0.0);

        seen = healthy();
        seen.memory_r2 = 0.97;
        seen.memory_growth = 1.8;
        seen.memory_falls_with_load = false;
        QCOMPARE(match_of(seen, "memory_climbing"), 1.0);
        seen.memory_growth = 1.02;
        QCOMPARE(match_of(seen, "memory_climbing"), 0.0);

        seen = healthy();
        seen.services_seen = 6;
        seen.services_broken = 4;
        seen.broken_within_minutes = 5;
        seen.broken_linked = 1;
        QVERIFY(match_of(seen, "cascading_failure") > 0.9);
        seen.broken_within_minutes = 40;
        QCOMPARE(match_of(seen, "cascading_failure"), 0.0);
    }

    void of_equal_matches_the_one_that_says_more_comes_first()
    {
        Signals seen = healthy();
        seen.latency = LatencyLevel{15, 900, 60, 5000};
        seen.slow_instance_share = 0.25;
        seen.slow_instance_factor = 9;
        seen.slow_instance_cpu = 0.1;
        seen.slow_instance_steal = 0.3;
        const auto matches = match_symptoms(seen, {});
        QVERIFY(matches.size() >= 2);
        QCOMPARE(matches[0].id, std::string("some_instances_only"));
        QCOMPARE(matches[1].id, std::string("p99_only_cpu_low"));
        QCOMPARE(matches[0].match, matches[1].match);
    }

    void percentiles_of_few_requests_prove_little()
    {
        Signals seen = healthy();
        seen.latency = LatencyLevel{15, 200, 30, 40, 13, 17, 60, 300};
        seen.base_latency = LatencyLevel{15, 80, 20, 40, 13, 17, 40, 250};
        const auto matches = match_symptoms(seen, {}, "p99_only_cpu_low");
        QCOMPARE(matches.front().match, 0.0);
        QVERIFY2(matches.front().why.find("may be chance with 40 requests") != std::string::npos, matches.front().why.c_str());
        seen.latency = LatencyLevel{15, 200, 30, 4000, 14.8, 15.2, 185, 215};
        seen.base_latency = LatencyLevel{15, 80, 20, 4000, 14.8, 15.2, 76, 85};
        QVERIFY(match_of(seen, "p99_only_cpu_low") > 0.9);
    }

    void thresholds_can_be_set()
    {
        Signals seen = healthy();
        seen.latency = LatencyLevel{15, 130, 25, 5000};
        QCOMPARE(match_of(seen, "p99_only_cpu_low"), 0.0);
        QVERIFY(match_of(seen, "p99_only_cpu_low", {{"symptom.p99_factor", 1.5}}) > 0.9);
        QCOMPARE(default_threshold("symptom.p99_factor").value_or(0), 2.0);
        QCOMPARE(default_threshold("common.tail_samples").value_or(0), 10.0);
        QVERIFY(!default_threshold("symptom.nothing"));
        std::set<std::string> names;
        for (const NamedThreshold& threshold : all_thresholds()) {
            QVERIFY2(names.insert(threshold.name).second, threshold.name.c_str());
            QVERIFY2(!threshold.unit.empty() && !threshold.source.empty(), threshold.name.c_str());
        }
    }

    void every_symptom_has_a_playbook()
    {
        QCOMPARE(symptom_ids().size(), std::size_t{17});
        QCOMPARE(symptom_ids().back(), std::string_view("unknown"));
        for (const std::string_view id : symptom_ids()) {
            const auto playbook = playbook_of(id);
            QVERIFY2(playbook.has_value(), std::string(id).c_str());
            QCOMPARE(playbook->id, std::string(id));
            QVERIFY(is_symptom(id));
        }
        QVERIFY(!is_symptom("walk"));
        QVERIFY(!playbook_of("walk"));
        QVERIFY(!playbook_of("../playbooks/unknown"));
    }
};

QTEST_APPLESS_MAIN(tst_symptoms)
#include "tst_symptoms.moc"
