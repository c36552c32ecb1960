#pragma once

#include "tests/simulate/naming.h"
#include "tests/simulate/queueing.h"
#include "tests/simulate/random.h"
#include "tests/simulate/telemetry.h"

#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

namespace casebook::simulate {

/// Connections of one process to its database, with the figures that pools export.
struct Pool {
    Pool(EventQueue& events, int connections) : station(events, connections) {}
    Station station;
};

struct Process {
    Process(EventQueue& events, Resource resource, int cores) : cpu(std::make_unique<Cpu>(events, cores)), meter(std::move(resource)) {}
    std::unique_ptr<Cpu> cpu;
    std::unique_ptr<Pool> pool;
    Meter meter;
    bool up = true;
    Nanoseconds down_since = 0;
    std::uint64_t life = 0;             ///< one more with every restart: work of an earlier life is lost
    double memory_bytes = 0, memory_limit = 0, steal = 0;
    std::uint64_t restarts = 0;
    double busy_before = 0;             ///< CPU seconds at the last scrape
    std::map<std::uint64_t, std::function<void()>> serving;  ///< what dies with the process
};

struct Service {
    std::string name;
    std::vector<Process*> processes;
    std::size_t turn = 0;               ///< round robin
    std::string host;                   ///< as callers know it
};

/// One request inside one process.
struct Frame {
    Process* process = nullptr;
    std::uint64_t life = 0, trace_high = 0, trace_low = 0, span = 0;
    std::string tenant;
    std::uint64_t key = 0;
    bool has_connection = false;
    bool alive() const { return process->life == life; }
};
using FramePtr = std::shared_ptr<Frame>;
using Next = std::function<void(bool ok)>;
using Work = std::function<void(const FramePtr&, Next)>;

struct Operation { std::string method, route, path_prefix; Work work; int failure_status = 500; };

struct CallPolicy {
    int attempts = 1;                   ///< all in all
    double timeout_ms = 5000;
};

struct Cache {
    std::string prefix;                 ///< "seats:v7:item:"
    double ttl_s = 0;                   ///< 0: entries stay
    bool aligned = false;               ///< all entries expire together, at multiples of the TTL
    std::unordered_map<std::uint64_t, Nanoseconds> expires;
};

struct Statement { std::string text, verb, table; double ms = 1, sigma = 0.25; };

struct MessageQueue {
    std::string name;
    struct Message { FramePtr from; std::uint64_t producer = 0; };
    std::deque<Message> waiting;
    std::deque<Process*> idle;          ///< a worker thread of this process has nothing to do
    Work work;
    std::uint64_t published = 0, consumed = 0;
};

/// Runs services made of processes under load, and keeps the spans they would export.
class System {
public:
    System(const Naming& names, std::uint64_t seed) : names(names), random(seed), dice(seed ^ 0x5ca1ab1e) {}

    const Naming& names;
    EventQueue events;
    Random random;                      ///< of the load
    Random dice;                        ///< of everything else
    std::vector<Span> spans;

    Process& start(Service& service, const std::string& version, int cores);
    /// Kills a process now and starts it again later; callers notice after a second.
    void crash(Process& process, double down_s);

    // What requests do. Captured references must outlive the run.
    Work compute(const double& ms, double sigma = 0.3);
    Work idle(const double& ms, double sigma = 0.15);
    Work in_turn(std::vector<Work> parts);
    Work lookup(Cache& cache, Work on_miss);
    Work query(Statement& statement);
    Work transaction(Work work);
    Work locked(Station& lock, Work work);
    Work call(Service& service, const Operation& operation, CallPolicy& policy);
    Work publish(MessageQueue& queue);
    Work fail_for(const std::function<bool(const Frame&)>& wanted, Work work);

    /// One request from outside.
    void request(Service& service, const Operation& operation, const std::string& tenant, std::uint64_t key);
    /// A thread that takes messages off a queue, for ever.
    void consume(MessageQueue& queue, Process& process);
    /// Sets the gauges of a process as a scrape would find them.
    void scrape(Process& process, double interval_s);

private:
    void serve(Process& process, const Operation& operation, const FramePtr& caller, std::uint64_t parent, Next done);
    void attempt(const FramePtr& frame, Service& service, const Operation& operation, CallPolicy& policy, int attempts_left, Next done);
    void process_message(MessageQueue& queue, Process& process, MessageQueue::Message message);
    /// The next process in turn, without those that have been down for a second.
    Process& pick(Service& service);
    std::uint64_t new_id() { return dice.bits() | 1; }
    void keep(Span span, const Frame& frame);

    std::deque<Process> processes_;
    std::vector<std::unique_ptr<Cpu>> lost_cpus_;    // of earlier lives: late events still point at them
    std::vector<std::unique_ptr<Pool>> lost_pools_;
};

}  // namespace casebook::simulate
