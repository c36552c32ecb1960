#include "tests/simulate/scenario.h"

namespace casebook::simulate {

const std::vector<Kind>& kinds()
{
    static const std::vector<Kind> all{
        {"pool_size", "p99_only_cpu_low", "pool.exhaustion", {"latency.tail_divergence", "latency.slow_cohort", "pool.sizing", "latency.dominant_span", "latency.unaccounted_time", "pool.shared_starvation"},
         "a configuration change leaves the backend too few database connections for its longest queries"},
        {"row_lock", "p99_only_cpu_low", "database.lock_contention", {"latency.tail_divergence", "dependency.missing_timeout", "pool.exhaustion", "latency.dominant_span", "latency.unaccounted_time", "pool.held_across_call"},
         "one operation begins to hold a row lock for long, and all that want the row wait for it with their connections"},
        {"cpu_saturation", "all_latency_cpu_high", "cpu.hot_path", {"cpu.bound_or_waiting", "latency.load_or_slowdown", "capacity.headroom", "latency.dominant_span"},
         "each backend request begins to need many times the CPU, until the cores are nearly used up"},
        {"cpu_quota", "all_latency_cpu_high", "cpu.throttling", {"cpu.bound_or_waiting", "latency.load_or_slowdown", "latency.dominant_span"},
         "a CPU quota stalls the backend for part of every 100 ms"},
        {"retry_on_failure", "p99_only_errors_up", "dependency.retry_storm", {"dependency.failure", "dependency.slow", "errors.failing_operation", "latency.tail_divergence", "latency.slow_cohort", "latency.dominant_span"},
         "a third party gets slow and fails for one group of tenants, and its caller tries again at once, five times in all"},
        {"leak_oom", "restarts_memory_high", "memory.container_oom", {"memory.leak", "errors.failing_operation", "latency.regression_after_deploy", "memory.off_heap_growth"},
         "the backend keeps memory of every request, slows down as it fills, and is killed at the limit of its container"},
        {"gc_pauses", "periodic_spikes", "memory.gc_pressure", {"latency.periodic_spikes", "latency.tail_divergence", "latency.unaccounted_time", "latency.bimodal"},
         "full garbage collections stop the backend at a fixed interval"},
        {"cache_ttl", "periodic_spikes", "cache.stampede", {"latency.periodic_spikes", "cache.miss_cohort", "latency.tail_divergence", "latency.bimodal", "pool.exhaustion"},
         "all entries of the cache expire together, again and again"},
        {"slow_instance", "some_instances_only", "latency.some_instances", {"cpu.steal", "latency.tail_divergence", "latency.bimodal", "latency.slow_cohort"},
         "the hypervisor takes most of the CPU time of one backend instance away"},
        {"slow_consumer", "queue_growing_consumers_idle", "queue.slow_consumer", {"queue.backlog", "database.dominant_statement", "database.statement_regression", "latency.dominant_span"},
         "the statement that the consumers of a queue run becomes slow"},
        {"key_rotation", "slow_after_deploy", "cache.key_rotation", {"latency.regression_after_deploy", "database.dominant_statement", "latency.structure_change", "cache.miss_cohort", "latency.dominant_span", "latency.bimodal"},
         "a release of the backend changes the prefix of its cache keys"},
        {"deploy_adds_calls", "", "latency.regression_after_deploy", {"latency.structure_change", "latency.sequential_calls", "dependency.chatty_calls", "latency.dominant_span"},
         "a release of the front asks the third party in every read, where it did not before"},
    };
    return all;
}

const Kind* find_kind(const std::string& name)
{
    for (const Kind& kind : kinds())
        if (kind.name == name) return &kind;
    return nullptr;
}

}  // namespace casebook::simulate
