#include "tests/simulate/system.h"

#include <algorithm>

namespace casebook::simulate {
namespace {

constexpr double network_ms = 0.25;
constexpr double notice_s = 1;  // until callers stop sending to a dead process

Attributes http_server(const Naming& names, const Operation& operation, const std::string& path, int status)
{
    if (names.old_conventions)
        return {{"http.method", operation.method}, {"http.route", operation.route}, {"http.target", path}, {"http.status_code", std::int64_t{status}}};
    return {{"http.request.method", operation.method}, {"http.route", operation.route}, {"url.path", path}, {"url.scheme", std::string("http")},
            {"http.response.status_code", std::int64_t{status}}};
}

Attributes http_client(const Naming& names, const Operation& operation, const std::string& host, const std::string& path, int status)
{
    const std::string url = "http://" + host + ":8080" + path;
    Attributes attributes = names.old_conventions
                                ? Attributes{{"http.method", operation.method}, {"http.url", url}, {"net.peer.name", host}, {"net.peer.port", std::int64_t{8080}}}
                                : Attributes{{"http.request.method", operation.method}, {"url.full", url}, {"server.address", host}, {"server.port", std::int64_t{8080}}};
    if (status > 0) attributes.emplace_back(names.old_conventions ? "http.status_code" : "http.response.status_code", std::int64_t{status});
    return attributes;
}

Attributes database(const Naming& names, const std::string& system, const std::string& text)
{
    Attributes attributes{{names.old_conventions ? "db.system" : "db.system.name", system}, {names.old_conventions ? "net.peer.name" : "server.address", system + ".internal"}};
    if (!text.empty()) attributes.emplace_back(names.old_conventions ? "db.statement" : "db.query.text", text);
    return attributes;
}

}  // namespace

void System::keep(Span span, const Frame& frame)
{
    span.trace_high = frame.trace_high;
    span.trace_low = frame.trace_low;
    span.resource = frame.process->meter.resource();
    spans.push_back(std::move(span));
}

Process& System::start(Service& service, const std::string& version, int cores)
{
    const std::string instance = service.name + "-" + names.host_suffix + "-" + std::to_string(service.processes.size() + 1);
    processes_.emplace_back(events, Resource{service.name, version, instance}, cores);
    service.processes.push_back(&processes_.back());
    return processes_.back();
}

void System::crash(Process& process, double down_s)
{
    process.up = false;
    process.down_since = events.now();
    ++process.life;
    ++process.restarts;
    auto dying = std::move(process.serving);
    process.serving.clear();
    lost_cpus_.push_back(std::move(process.cpu));
    process.cpu = std::make_unique<Cpu>(events, lost_cpus_.back()->cores());
    process.busy_before = 0;
    if (process.pool) {
        lost_pools_.push_back(std::move(process.pool));
        process.pool = std::make_unique<Pool>(events, lost_pools_.back()->station.servers());
    }
    for (const auto& [id, fail] : dying) fail();
    events.after(from_s(down_s), [&process] { process.up = true; });
}

Process& System::pick(Service& service)
{
    for (std::size_t i = 0; i < service.processes.size(); ++i) {
        Process& process = *service.processes[service.turn++ % service.processes.size()];
        if (process.up || events.now() - process.down_since < from_s(notice_s)) return process;
    }
    return *service.processes[service.turn++ % service.processes.size()];
}

Work System::compute(const double& ms, double sigma)
{
    return [this, &ms, sigma](const FramePtr& frame, Next next) {
        frame->process->cpu->run(dice.around(ms, sigma), [frame, next = std::move(next)] {
            if (frame->alive()) next(true);
        });
    };
}

Work System::idle(const double& ms, double sigma)
{
    return [this, &ms, sigma](const FramePtr& frame, Next next) {
        events.after(from_ms(dice.around(ms, sigma)), [frame, next = std::move(next)] {
            if (frame->alive()) next(true);
        });
    };
}

Work System::in_turn(std::vector<Work> parts)
{
    const auto shared = std::make_shared<std::vector<Work>>(std::move(parts));
    struct Runner : std::enable_shared_from_this<Runner> {
        std::shared_ptr<std::vector<Work>> parts;
        FramePtr frame;
        Next next;
        std::size_t done = 0;
        void go(bool ok)
        {
            if (!ok || done == parts->size()) return next(ok);
            (*parts)[done++](frame, [self = shared_from_this()](bool fine) { self->go(fine); });
        }
    };
    return [shared](const FramePtr& frame, Next next) {
        auto runner = std::make_shared<Runner>();
        runner->parts = shared;
        runner->frame = frame;
        runner->next = std::move(next);
        runner->go(true);
    };
}

Work System::lookup(Cache& cache, Work on_miss)
{
    return [this, &cache, on_miss](const FramePtr& frame, Next next) {
        const Nanoseconds begin = events.now();
        events.after(from_ms(dice.around(0.6, 0.2)), [this, &cache, on_miss, frame, begin, next = std::move(next)] {
            if (!frame->alive()) return;
            const auto entry = cache.expires.find(frame->key);
            const bool hit = entry != cache.expires.end() && entry->second > events.now();
            const std::string key = cache.prefix + std::to_string(frame->key);
            Attributes attributes = database(names, "redis", "get " + key);
            keep({.id = new_id(), .parent = frame->span, .name = "get", .kind = 3, .start = begin, .end = events.now(), .attributes = attributes}, *frame);
            Meter& meter = frame->process->meter;
            meter.add(names.old_conventions ? "cache_gets_total" : hit ? "redis.keyspace.hits" : "redis.keyspace.misses", "1", 1,
                      names.old_conventions ? Attributes{{"result", std::string(hit ? "hit" : "miss")}} : Attributes{});
            if (hit) return next(true);
            on_miss(frame, [this, &cache, frame, key, next](bool ok) {
                if (!ok) return next(false);
                const Nanoseconds start = events.now();
                events.after(from_ms(dice.around(0.6, 0.2)), [this, &cache, frame, key, start, next] {
                    if (!frame->alive()) return;
                    const Nanoseconds now = events.now(), ttl = from_s(cache.ttl_s);
                    cache.expires[frame->key] = ttl == 0 ? INT64_MAX : cache.aligned ? (now / ttl + 1) * ttl : now + ttl;
                    keep({.id = new_id(), .parent = frame->span, .name = "set", .kind = 3, .start = start, .end = now,
                          .attributes = database(names, "redis", "set " + key + " ?")}, *frame);
                    next(true);
                });
            });
        });
    };
}

Work System::transaction(Work work)
{
    return [this, work](const FramePtr& frame, Next next) {
        if (frame->has_connection) return work(frame, std::move(next));
        Pool& pool = *frame->process->pool;
        const Nanoseconds asked = events.now();
        pool.station.acquire([this, work, frame, &pool, asked, next = std::move(next)](Nanoseconds waited) {
            if (!frame->alive()) return;
            Meter& meter = frame->process->meter;
            if (names.old_conventions) meter.record("db.client.connections.wait_time", "ms", static_cast<double>(waited) / 1e6);
            else meter.record("db.client.connection.wait_time", "s", to_s(waited));
            keep({.id = new_id(), .parent = frame->span, .name = names.old_conventions ? "HikariDataSource.getConnection" : "pg-pool.connect",
                  .kind = names.old_conventions ? 1 : 3, .start = asked, .end = events.now() + from_ms(0.05), .attributes = database(names, "postgresql", "")}, *frame);
            frame->has_connection = true;
            work(frame, [this, frame, &pool, granted = events.now(), next](bool ok) {
                frame->has_connection = false;
                Meter& used = frame->process->meter;
                if (names.old_conventions) used.record("db.client.connections.use_time", "ms", static_cast<double>(events.now() - granted) / 1e6);
                else used.record("db.client.connection.use_time", "s", to_s(events.now() - granted));
                pool.station.release();
                next(ok);
            });
        });
    };
}

Work System::query(Statement& statement)
{
    return transaction([this, &statement](const FramePtr& frame, Next next) {
        const Nanoseconds begin = events.now();
        events.after(from_ms(dice.around(statement.ms, statement.sigma)), [this, &statement, frame, begin, next = std::move(next)] {
            if (!frame->alive()) return;
            keep({.id = new_id(), .parent = frame->span, .name = statement.verb + " " + statement.table, .kind = 3, .start = begin, .end = events.now(),
                  .attributes = database(names, "postgresql", statement.text)}, *frame);
            next(true);
        });
    });
}

Work System::locked(Station& lock, Work work)
{
    return [&lock, work](const FramePtr& frame, Next next) {
        lock.acquire([&lock, work, frame, next = std::move(next)](Nanoseconds) {
            if (!frame->alive()) return lock.release();
            work(frame, [&lock, next](bool ok) {
                lock.release();
                next(ok);
            });
        });
    };
}

Work System::fail_for(const std::function<bool(const Frame&)>& wanted, Work work)
{
    return [wanted, work](const FramePtr& frame, Next next) {
        work(frame, [wanted, frame, next = std::move(next)](bool ok) { next(ok && !wanted(*frame)); });
    };
}

void System::serve(Process& process, const Operation& operation, const FramePtr& caller, std::uint64_t parent, Next done)
{
    auto frame = std::make_shared<Frame>(*caller);
    frame->process = &process;
    frame->life = process.life;
    frame->span = new_id();
    frame->has_connection = false;
    const Nanoseconds begin = events.now();
    const auto finished = std::make_shared<bool>(false);
    process.serving[frame->span] = [finished, done] {  // dies with the process: no span, the caller sees a broken connection
        if (*finished) return;
        *finished = true;
        done(false);
    };
    operation.work(frame, [this, &process, &operation, frame, parent, begin, finished, done](bool ok) {
        if (*finished || !frame->alive()) return;
        *finished = true;
        process.serving.erase(frame->span);
        const int status = ok ? 200 : operation.failure_status;
        Attributes attributes = http_server(names, operation, operation.path_prefix + std::to_string(frame->key), status);
        attributes.emplace_back(names.tenant_key, frame->tenant);
        const Nanoseconds end = events.now();
        keep({.id = frame->span, .parent = parent, .name = operation.method + " " + operation.route, .kind = 2, .start = begin, .end = end, .failed = !ok,
              .attributes = std::move(attributes)}, *frame);
        const Attributes labels = names.old_conventions ? Attributes{{"http.route", operation.route}, {"http.status_code", std::int64_t{status}}}
                                                        : Attributes{{"http.route", operation.route}, {"http.response.status_code", std::int64_t{status}}};
        if (names.old_conventions) process.meter.record("http.server.duration", "ms", static_cast<double>(end - begin) / 1e6, labels);
        else process.meter.record("http.server.request.duration", "s", to_s(end - begin), labels);
        done(ok);
    });
}

Work System::call(Service& service, const Operation& operation, CallPolicy& policy)
{
    return [this, &service, &operation, &policy](const FramePtr& frame, Next next) { attempt(frame, service, operation, policy, policy.attempts, std::move(next)); };
}

void System::attempt(const FramePtr& frame, Service& service, const Operation& operation, CallPolicy& policy, int attempts_left, Next done)
{
    Process& target = pick(service);
    const Nanoseconds begin = events.now();
    const std::uint64_t id = new_id();
    const auto answered = std::make_shared<bool>(false);
    const auto end = [this, frame, &service, &operation, &policy, attempts_left, begin, id, answered, done](int status) {
        if (*answered || !frame->alive()) return;
        *answered = true;
        const bool ok = status == 200;
        Attributes attributes = http_client(names, operation, service.host, operation.path_prefix + std::to_string(frame->key), status);
        if (status == 0) attributes.emplace_back("error.type", std::string("ECONNRESET"));
        if (status < 0) attributes.emplace_back("error.type", std::string("timeout"));
        keep({.id = id, .parent = frame->span, .name = operation.method, .kind = 3, .start = begin, .end = events.now(), .failed = !ok, .attributes = std::move(attributes)},
             *frame);
        if (!ok && attempts_left > 1) return attempt(frame, service, operation, policy, attempts_left - 1, done);
        done(ok);
    };
    events.after(from_ms(policy.timeout_ms), [end] { end(-1); });
    events.after(from_ms(network_ms), [this, frame, &target, &operation, id, end] {
        if (!target.up) return events.after(from_ms(network_ms), [end] { end(0); });
        const std::uint64_t life = target.life;
        serve(target, operation, frame, id, [this, &target, &operation, life, end](bool ok) {
            const int status = ok ? 200 : target.life == life ? operation.failure_status : 0;
            events.after(from_ms(network_ms), [end, status] { end(status); });
        });
    });
}

void System::request(Service& service, const Operation& operation, const std::string& tenant, std::uint64_t key)
{
    auto outside = std::make_shared<Frame>();
    outside->trace_high = new_id();
    outside->trace_low = new_id();
    outside->tenant = tenant;
    outside->key = key;
    Process& target = pick(service);
    outside->process = &target;
    outside->life = target.life;
    serve(target, operation, outside, 0, [](bool) {});
}

Work System::publish(MessageQueue& queue)
{
    return [this, &queue](const FramePtr& frame, Next next) {
        const Nanoseconds begin = events.now();
        const std::uint64_t id = new_id();
        events.after(from_ms(dice.around(0.8, 0.2)), [this, &queue, frame, begin, id, next = std::move(next)] {
            if (!frame->alive()) return;
            keep({.id = id, .parent = frame->span, .name = "publish " + queue.name, .kind = 4, .start = begin, .end = events.now(),
                  .attributes = {{"messaging.system", std::string("rabbitmq")}, {"messaging.destination.name", queue.name}}}, *frame);
            ++queue.published;
            MessageQueue::Message message{frame, id};
            if (queue.idle.empty()) {
                queue.waiting.push_back(std::move(message));
            } else {
                Process* worker = queue.idle.front();
                queue.idle.pop_front();
                process_message(queue, *worker, std::move(message));
            }
            next(true);
        });
    };
}

void System::consume(MessageQueue& queue, Process& process)
{
    if (queue.waiting.empty()) {
        queue.idle.push_back(&process);
        return;
    }
    MessageQueue::Message message = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    process_message(queue, process, std::move(message));
}

void System::process_message(MessageQueue& queue, Process& process, MessageQueue::Message message)
{
    auto frame = std::make_shared<Frame>(*message.from);
    frame->process = &process;
    frame->life = process.life;
    frame->span = new_id();
    frame->has_connection = false;
    const Nanoseconds begin = events.now();
    queue.work(frame, [this, &queue, &process, frame, begin, parent = message.producer](bool ok) {
        keep({.id = frame->span, .parent = parent, .name = "process " + queue.name, .kind = 5, .start = begin, .end = events.now(), .failed = !ok,
              .attributes = {{"messaging.system", std::string("rabbitmq")}, {"messaging.destination.name", queue.name}, {"messaging.operation", std::string("process")}}}, *frame);
        ++queue.consumed;
        consume(queue, process);
    });
}

void System::scrape(Process& process, double interval_s)
{
    Meter& meter = process.meter;
    const bool old = names.old_conventions;
    const double busy = process.cpu->busy_seconds();
    const double use = std::clamp((busy - process.busy_before) / interval_s / process.cpu->limit_cores() * (1 - process.steal), 0.0, 1.0);
    process.busy_before = busy;
    meter.set(old ? "process.runtime.jvm.cpu.utilization" : "process.cpu.utilization", "1", use);
    meter.set(old ? "steal_percent" : "system.cpu.steal", "1", old ? process.steal * 100 : process.steal);
    if (process.memory_limit > 0) {
        meter.set(old ? "container_memory_working_set_bytes" : "k8s.pod.memory.working_set", "By", process.memory_bytes);
        meter.set(old ? "container_spec_memory_limit_bytes" : "k8s.container.memory_limit", "By", process.memory_limit);
        meter.set(old ? "kube_pod_container_status_restarts_total" : "k8s.container.restarts", "1", static_cast<double>(process.restarts));
    }
    if (process.pool) {
        const Station& pool = process.pool->station;
        const Attributes used{{old ? "state" : "db.client.connection.state", std::string("used")}}, idle{{old ? "state" : "db.client.connection.state", std::string("idle")}};
        const std::string count = old ? "db.client.connections.usage" : "db.client.connection.count";
        meter.set(count, "{connection}", pool.busy(), used);
        meter.set(count, "{connection}", std::max(0, pool.servers() - pool.busy()), idle);
        meter.set(old ? "db.client.connections.max" : "db.client.connection.max", "{connection}", pool.servers());
        meter.set(old ? "db.client.connections.pending_requests" : "db.client.connection.pending_requests", "{request}", pool.waiting());
    }
    if (process.cpu->periods() > 0) {
        meter.set("container_cpu_cfs_periods_total", "1", static_cast<double>(process.cpu->periods()));
        meter.set("container_cpu_cfs_throttled_periods_total", "1", static_cast<double>(process.cpu->throttled()));
    }
}

}  // namespace casebook::simulate
