#include "tests/simulate/scenario.h"

#include "analyzers/core/json_writer.h"
#include "tests/simulate/system.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace casebook::simulate {
namespace {

constexpr double warm_up_s = 5, scrape_s = 5;
constexpr Nanoseconds epoch_ns = 1'772'442'840'000'000'000;  // 2026-03-02T09:14:00Z
constexpr double megabyte = 1e6;

using Settings = std::map<std::string, double>;

/// What every kind starts from, then what a kind changes.
Settings defaults_of(const std::string& kind)
{
    Settings all{
        {"rate", 40}, {"baseline_s", 60}, {"incident_s", 100}, {"read_share", 0.65}, {"report_share", 0.15},
        {"front_cpu_ms", 1}, {"backend_cpu_ms", 2.5}, {"backend_instances", 3}, {"backend_cores", 2}, {"item_ms", 12}, {"report_ms", 22}, {"quote_ms", 40},
        {"pool", 10}, {"keys", 2500}, {"cold_share", 0.02}, {"ledger_ms", 40}, {"worker_threads", 6},
        // how much goes wrong, by mechanism
        {"pool_after", 2}, {"lock_ms", 300}, {"cpu_target", 0.93}, {"quota_share", 0.95}, {"failing_tenants", 1}, {"slow_quote_factor", 12}, {"attempts", 5},
        {"leak_cycle_s", 28}, {"down_s", 4}, {"pause_ms", 800}, {"pause_every_s", 14}, {"ttl_s", 15}, {"steal", 0.86}, {"slow_ledger_factor", 40}, {"extra_calls", 2},
    };
    const auto set = [&](std::initializer_list<Settings::value_type> changed) {
        for (const auto& [name, value] : changed) all[name] = value;
    };
    if (kind == "pool_size") set({{"report_ms", 60}, {"report_share", 0.25}, {"read_share", 0.6}, {"backend_instances", 1}, {"backend_cpu_ms", 6}, {"backend_cores", 4}, {"rate", 60}, {"pool_after", 1}});
    if (kind == "row_lock") set({{"backend_instances", 2}, {"pool", 40}, {"report_share", 0.05}});
    if (kind == "cpu_saturation") set({{"backend_cpu_ms", 6}, {"backend_instances", 2}});
    if (kind == "cpu_quota") set({{"backend_cpu_ms", 18}, {"backend_instances", 2}});
    if (kind == "slow_instance") set({{"backend_instances", 4}, {"backend_cpu_ms", 5}, {"report_ms", 8}, {"item_ms", 6}});
    if (kind == "gc_pauses") set({{"backend_instances", 1}, {"backend_cores", 4}, {"baseline_s", 0}, {"incident_s", 170}});
    if (kind == "cache_ttl") set({{"baseline_s", 0}, {"incident_s", 170}, {"keys", 12}, {"item_ms", 450}, {"pool", 60}, {"cold_share", 0}});
    if (kind == "slow_consumer") set({{"incident_s", 130}});
    if (kind == "key_rotation") set({{"item_ms", 40}});
    return all;
}

class Run {
public:
    Run(const Scenario& scenario, const Kind& kind) : scenario_(scenario), kind_(kind), settings_(defaults_of(kind.name)), system_(naming(scenario.names), scenario.seed)
    {
        for (const auto& [name, value] : scenario.settings) {
            const auto known = settings_.find(name);
            if (known == settings_.end()) throw std::invalid_argument("there is no setting " + name);
            known->second = value;
        }
        build();
    }

    void write(const std::filesystem::path& folder)
    {
        const Nanoseconds from = epoch_ns, onset = epoch_ns + from_s(at("baseline_s")), end = onset + from_s(at("incident_s"));
        system_.events.run_until(from - from_s(warm_up_s));
        fill_cache();
        plan_load(from - from_s(warm_up_s), end);
        plan_scrapes(from, end);
        plan_announcement(onset);
        plan_collections(from, onset, end);
        if (!scenario_.healthy) system_.events.at(onset, [this, end] { inject(end); });
        system_.events.run_until(end + from_s(15));  // what is under way may end

        std::vector<Span> kept;
        for (const Span& span : system_.spans)
            if (span.start >= from && span.start < end) kept.push_back(span);
        put(folder / "traces.ndjson", otlp_traces(kept));
        put(folder / "metrics.ndjson", metrics_);
        if (!events_.empty()) put(folder / "events.csv", "time,kind,service,text\n" + events_);
        if (!gc_log_.empty()) put(folder / "gc.log", gc_log_);
        put(folder / "truth.json", truth(from, onset, end));
    }

private:
    double at(const std::string& name) const { return settings_.at(name); }
    double& setting(const std::string& name) { return settings_.at(name); }

    static void put(const std::filesystem::path& path, const std::string& text)
    {
        std::ofstream out(path, std::ios::binary);
        out << text;
        if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
    }

    void build()
    {
        const Naming& names = system_.names;
        front_ = {names.front, {}, 0, names.front + ".svc"};
        backend_ = {names.backend, {}, 0, names.backend + ".svc"};
        partner_ = {names.partner, {}, 0, names.partner + ".example"};
        worker_ = {names.worker, {}, 0, names.worker + ".svc"};
        for (int i = 0; i < 2; ++i) system_.start(front_, "4.2.0", 2);
        for (int i = 0; i < static_cast<int>(at("backend_instances")); ++i) {
            Process& process = system_.start(backend_, "2.8.0", static_cast<int>(at("backend_cores")));
            process.pool = std::make_unique<Pool>(system_.events, static_cast<int>(at("pool")));
            process.memory_limit = 512 * megabyte;
            process.memory_bytes = 230 * megabyte;
        }
        for (int i = 0; i < 2; ++i) system_.start(partner_, "11.0.3", 2);
        item_ = {names.item_sql, "SELECT", names.item_table, at("item_ms"), 0.2};
        report_ = {names.report_sql, "SELECT", names.report_table, at("report_ms"), 0.15};
        ledger_ = {names.ledger_sql, names.ledger_sql.substr(0, 6), names.ledger_table, at("ledger_ms"), 0.2};
        cache_.prefix = names.cache_prefix;
        if (kind_.name == "cache_ttl" && !scenario_.healthy) {
            cache_.ttl_s = at("ttl_s");
            cache_.aligned = true;
        }
        queue_.name = names.queue;

        const double& front_ms = setting("front_cpu_ms");
        const double& backend_ms = setting("backend_cpu_ms");
        half_backend_ms_ = backend_ms / 2;
        quote_ = {"GET", names.quote_route, names.quote_path, {}, 503};
        quote_.work = system_.fail_for([this](const Frame& frame) { return fails(frame); }, system_.in_turn({system_.compute(setting("front_cpu_ms")), system_.idle(setting("quote_ms"))}));
        item_read_ = {"GET", names.item_route, names.item_path,
                      system_.in_turn({system_.compute(half_backend_ms_), system_.lookup(cache_, system_.query(item_)), system_.compute(half_backend_ms_)}), 500};
        Work report = system_.query(report_);
        if (kind_.name == "row_lock") report = system_.transaction(system_.locked(lock_, system_.in_turn({system_.query(report_), system_.idle(hold_ms_, 0.3)})));
        table_read_ = {"GET", names.table_route, names.table_path, system_.in_turn({system_.compute(half_backend_ms_), report, system_.compute(half_backend_ms_)}), 500};

        std::vector<Work> read{system_.compute(front_ms), system_.call(backend_, item_read_, plain_)};
        for (int i = 0; i < static_cast<int>(at("extra_calls")); ++i)
            read.push_back([this, ask = system_.call(partner_, quote_, plain_)](const FramePtr& frame, Next next) {
                if (!asks_partner_) return next(true);
                ask(frame, std::move(next));
            });
        read_ = {"GET", names.read_route, names.read_path, system_.in_turn(std::move(read)), 502};
        report_page_ = {"GET", names.report_route, names.report_path, system_.in_turn({system_.compute(front_ms), system_.call(backend_, table_read_, plain_)}), 502};
        order_ = {"POST", names.order_route, names.order_path,
                  system_.in_turn({system_.compute(front_ms), system_.call(partner_, quote_, retrying_), system_.publish(queue_)}), 502};

        queue_.work = system_.in_turn({system_.compute(front_ms), system_.query(ledger_)});
        for (int i = 0; i < 2; ++i) {
            Process& process = system_.start(worker_, "1.17.2", 2);
            process.pool = std::make_unique<Pool>(system_.events, static_cast<int>(at("worker_threads")));
            for (int thread = 0; thread < static_cast<int>(at("worker_threads")); ++thread) system_.consume(queue_, process);
        }
        if (kind_.name == "retry_on_failure") retrying_.attempts = static_cast<int>(at("attempts"));
        retrying_.timeout_ms = 3000;
    }

    bool fails(const Frame& frame) const
    {
        const auto& tenants = system_.names.tenants;
        return failing_ && std::find(tenants.begin(), tenants.begin() + static_cast<std::ptrdiff_t>(at("failing_tenants")), frame.tenant) != tenants.begin() + static_cast<std::ptrdiff_t>(at("failing_tenants"));
    }

    void fill_cache()
    {
        for (std::uint64_t key = 0; key < static_cast<std::uint64_t>(at("keys")); ++key) cache_.expires[key] = INT64_MAX;
    }

    /// Open loop: arrivals do not wait for answers.
    void plan_load(Nanoseconds now, Nanoseconds end)
    {
        const Nanoseconds next = now + from_s(system_.random.exponential(1 / at("rate")));
        if (next >= end) return;
        system_.events.at(next, [this, next, end] {
            const double which = system_.random.uniform();
            const auto& tenants = system_.names.tenants;
            const std::string& tenant = tenants[system_.random.below(tenants.size())];
            auto key = system_.random.below(static_cast<std::uint64_t>(at("keys")));
            if (system_.random.chance(at("cold_share"))) key += 1'000'000 + system_.random.below(1'000'000);
            const Operation& operation = which < at("read_share") ? read_ : which < at("read_share") + at("report_share") ? report_page_ : order_;
            if (leaking_) leak(end);
            system_.request(front_, operation, tenant, key);
            plan_load(next, end);
        });
    }

    template <class F>
    void each_process(F f)
    {
        for (Service* service : {&front_, &backend_, &partner_, &worker_})
            for (Process* process : service->processes) f(*process);
    }

    void plan_scrapes(Nanoseconds from, Nanoseconds end)
    {
        for (Nanoseconds when = from; when < end; when += from_s(scrape_s))
            system_.events.at(when, [this, when, from] {
                each_process([&](Process& process) {
                    system_.scrape(process, scrape_s);
                    if (when == from) return;  // the first interval has no beginning
                    if (&process == worker_.processes.front()) {
                        Meter& meter = process.meter;
                        const Attributes labels{{"queue", queue_.name}};
                        meter.set(system_.names.old_conventions ? "queue_depth" : "messaging.queue.depth", "{message}", static_cast<double>(queue_.waiting.size()), labels);
                        meter.set("messages_published_total", "{message}", static_cast<double>(queue_.published), labels);
                        meter.set("messages_consumed_total", "{message}", static_cast<double>(queue_.consumed), labels);
                    }
                    if (!process.up) return;
                    if (const std::string line = process.meter.sample(from - from_s(warm_up_s), when); !line.empty()) metrics_ += line + "\n";
                });
            });
    }

    void event(Nanoseconds when, const std::string& kind, const std::string& service, const std::string& text) { events_ += iso_time(when) + "," + kind + "," + service + "," + text + "\n"; }

    /// Releases and changes of configuration are announced in the healthy twin as well.
    void plan_announcement(Nanoseconds onset)
    {
        const bool of_backend = kind_.name == "key_rotation";
        if (of_backend || kind_.name == "deploy_adds_calls") {
            Service& service = of_backend ? backend_ : front_;
            const std::string was = service.processes.front()->meter.resource().version, is = was.substr(0, was.size() - 1) + "1";
            event(onset, "deploy", service.name, service.name + " " + was + " -> " + is);
            system_.events.at(onset, [&service, is] {
                for (Process* process : service.processes) process->meter.resource().version = is;
            });
        }
        if (kind_.name == "pool_size") event(onset, "config", backend_.name, "configuration reloaded");
    }

    /// A collector log of the first backend process: short young pauses always, full ones when injected.
    void plan_collections(Nanoseconds from, Nanoseconds onset, Nanoseconds end)
    {
        if (kind_.name != "gc_pauses") return;
        gc_log_ = "[" + stamp(from) + "][0.004s][info][gc] Using Parallel\n";
        Nanoseconds when = from + from_s(0.4), full = onset + from_s(at("pause_every_s") / 2);
        int id = 0;
        double used = 60;
        Process& process = *backend_.processes.front();
        while (when < end) {
            const bool is_full = !scenario_.healthy && when >= full;
            const double ms = is_full ? system_.dice.around(at("pause_ms"), 0.08) : system_.dice.around(6, 0.3);
            const double before = used + 190, after = is_full ? 60 : used + 4;
            const std::string what = is_full ? "Pause Full (Ergonomics)" : "Pause Young (Allocation Failure)";
            char line[200];
            std::snprintf(line, sizeof line, "[%.3fs][info][gc] GC(%d) %s %dM->%dM(400M) %.3fms\n", to_s(when - from) + 30, id++, what.c_str(), static_cast<int>(before),
                          static_cast<int>(after), ms);
            const Nanoseconds over = when + from_ms(ms);
            gc_log_ += "[" + stamp(over) + "]" + line;  // logged when the pause is over
            system_.events.at(when, [&process, ms] { process.cpu->pause(from_ms(ms)); });
            used = std::min(after, 120.0);
            if (is_full) full += from_s(at("pause_every_s"));
            when = over + from_s(system_.dice.around(1.1, 0.1));
            if (!scenario_.healthy && when < full && when + from_s(1.1) > full) when = full;
        }
    }

    static std::string stamp(Nanoseconds when)
    {
        const Nanoseconds rounded = when - when % 1'000'000;
        std::string text = iso_time(rounded);
        text.pop_back();
        if (text.find('.') == std::string::npos) text += ".000";
        return text + "+0000";
    }

    void inject(Nanoseconds end)
    {
        const std::string& kind = kind_.name;
        if (kind == "pool_size")
            for (Process* process : backend_.processes) process->pool->station.resize(static_cast<int>(at("pool_after")));
        if (kind == "row_lock") hold_ms_ = at("lock_ms");
        if (kind == "cpu_saturation") {
            const double cores = at("backend_cores") * at("backend_instances");
            const double used = at("rate") * (at("read_share") + at("report_share")) * at("backend_cpu_ms") * 1.045 / 1000;  // mean of a log-normal, sigma 0.3
            half_backend_ms_ *= at("cpu_target") * cores / used;
        }
        if (kind == "cpu_quota") {
            const double used = at("rate") * (at("read_share") + at("report_share")) * at("backend_cpu_ms") * 1.045 / 1000 / at("backend_instances");
            for (Process* process : backend_.processes) process->cpu->set_quota(used * 100 / at("quota_share"));
        }
        if (kind == "retry_on_failure") {
            failing_ = true;
            setting("quote_ms") *= at("slow_quote_factor");
        }
        leaking_ = kind == "leak_oom";
        if (kind == "slow_instance") {
            Process& process = *backend_.processes[scenario_.seed % backend_.processes.size()];
            process.steal = at("steal");
            process.cpu->set_slowness(1 / (1 - process.steal));
            slow_instance_ = process.meter.resource().instance;
        }
        if (kind == "slow_consumer") ledger_.ms *= at("slow_ledger_factor");
        if (kind == "key_rotation") {
            cache_.expires.clear();
            const std::size_t version = cache_.prefix.find_first_of("0123456789");
            ++cache_.prefix[version];
        }
        if (kind == "deploy_adds_calls") asks_partner_ = true;
        if (kind == "cache_ttl") {
            const Nanoseconds ttl = from_s(at("ttl_s")), first = (system_.events.now() / ttl + 1) * ttl;
            for (auto& [key, expires] : cache_.expires) expires = first;
        }
        (void)end;
    }

    /// Every request leaves something in the memory of each backend process; fuller memory collects more, the limit kills.
    void leak(Nanoseconds end)
    {
        const double floor = 230 * megabyte;
        for (std::size_t i = 0; i < backend_.processes.size(); ++i) {
            Process& process = *backend_.processes[i];
            if (!process.up) continue;
            const double cycle = at("leak_cycle_s") * (1 + 0.15 * static_cast<double>(i));
            process.memory_bytes += (process.memory_limit - floor) / cycle / at("rate");
            const double fill = process.memory_bytes / process.memory_limit;
            process.cpu->set_slowness(1 + 10 * std::max(0.0, fill - 0.55));
            if (process.memory_bytes < process.memory_limit || system_.events.now() > end) continue;
            event(system_.events.now(), "oom", backend_.name, process.meter.resource().instance + " OOMKilled");
            system_.crash(process, at("down_s"));
            process.memory_bytes = floor;
        }
    }

    std::string truth(Nanoseconds from, Nanoseconds onset, Nanoseconds end) const
    {
        JsonWriter json;
        json.begin_object().key("fault").value(scenario_.healthy ? "none" : kind_.cause).key("kind").value(kind_.name).key("row").value(scenario_.healthy || kind_.row.empty() ? "none" : kind_.row);
        json.key("start").value(iso_time(onset)).key("recorded").begin_object().key("from").value(iso_time(from)).key("to").value(iso_time(end)).end_object();
        json.key("expected_confirmed").begin_array();
        if (!scenario_.healthy) json.value(kind_.cause);
        json.end_array().key("also_acceptable").begin_array();
        if (!scenario_.healthy)
            for (const std::string& id : kind_.also) json.value(id);
        json.end_array().key("expected_subjects").begin_array();
        if (!slow_instance_.empty()) json.begin_object().key("kind").value("instance").key("name").value(slow_instance_).end_object();
        json.end_array().key("notes").value(scenario_.healthy ? "Healthy twin: nothing goes wrong." : kind_.what).key("settings").begin_object();
        for (const auto& [name, value] : settings_) json.key(name).value(value);
        json.end_object().key("seed").value(scenario_.seed).key("names").value(scenario_.names).end_object();
        return json.take() + "\n";
    }

    const Scenario& scenario_;
    const Kind& kind_;
    Settings settings_;
    System system_;
    Service front_, backend_, partner_, worker_;
    Operation read_, report_page_, order_, item_read_, table_read_, quote_;
    Statement item_, report_, ledger_;
    Cache cache_;
    MessageQueue queue_;
    Station lock_{system_.events, 1};
    CallPolicy plain_, retrying_;
    double half_backend_ms_ = 1, hold_ms_ = 1;
    bool failing_ = false, leaking_ = false, asks_partner_ = false;
    std::string metrics_, events_, gc_log_, slow_instance_;
};

}  // namespace

void simulate(const Scenario& scenario, const std::filesystem::path& folder)
{
    const Kind* kind = find_kind(scenario.kind);
    if (!kind) throw std::invalid_argument("there is no kind " + scenario.kind);
    Run(scenario, *kind).write(folder);
}

}  // namespace casebook::simulate
