#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <vector>

namespace casebook::simulate {

using Nanoseconds = std::int64_t;
inline Nanoseconds from_ms(double ms) { return static_cast<Nanoseconds>(ms * 1e6); }
inline Nanoseconds from_s(double s) { return static_cast<Nanoseconds>(s * 1e9); }
inline double to_s(Nanoseconds ns) { return static_cast<double>(ns) / 1e9; }

/// What happens when: actions in order of time, equal times in the order they were planned.
class EventQueue {
public:
    using Action = std::function<void()>;
    Nanoseconds now() const { return now_; }
    void at(Nanoseconds when, Action action) { planned_.push({when < now_ ? now_ : when, ++sequence_, std::move(action)}); }
    void after(Nanoseconds delay, Action action) { at(now_ + delay, std::move(action)); }
    /// Runs everything planned before `end`.
    void run_until(Nanoseconds end);

private:
    struct Planned {
        Nanoseconds when;
        std::uint64_t sequence;
        Action action;
        bool operator<(const Planned& other) const { return when != other.when ? when > other.when : sequence > other.sequence; }
    };
    Nanoseconds now_ = 0;
    std::uint64_t sequence_ = 0;
    std::priority_queue<Planned> planned_;
};

/// Servers with one queue, first come first served: cores, connections of a pool, a lock.
class Station {
public:
    Station(EventQueue& events, int servers) : events_(events), servers_(servers) {}

    /// Calls `granted` with the time waited as soon as a server is free, at once when one is.
    void acquire(std::function<void(Nanoseconds)> granted);
    void release();
    void resize(int servers);

    int servers() const { return servers_; }
    int busy() const { return busy_; }
    int waiting() const { return static_cast<int>(queue_.size()); }
    /// Server seconds used so far.
    double busy_seconds();

private:
    struct Waiting { Nanoseconds since; std::function<void(Nanoseconds)> granted; };
    void grant_free();
    void account();

    EventQueue& events_;
    int servers_, busy_ = 0;
    std::deque<Waiting> queue_;
    double busy_seconds_ = 0;
    Nanoseconds accounted_ = 0;
};

/// The cores of one process: work takes its time divided by the speed; a stop-the-world pause lengthens what it meets; a
/// quota per 100 ms stalls everything once it is used up, as CFS bandwidth control does.
class Cpu {
public:
    Cpu(EventQueue& events, int cores) : events_(events), station_(events, cores) {}

    void run(double ms, std::function<void()> done);
    void pause(Nanoseconds length);
    void set_slowness(double factor) { slowness_ = factor; }
    /// CPU milliseconds per 100 ms; 0 lifts the quota.
    void set_quota(double ms) { quota_ns_ = from_ms(ms); }

    int cores() const { return station_.servers(); }
    /// What use is measured against: the quota, where there is one.
    double limit_cores() const { return quota_ns_ > 0 ? static_cast<double>(quota_ns_) / 1e8 : cores(); }
    double busy_seconds() { return station_.busy_seconds(); }
    std::uint64_t periods() const { return periods_; }
    std::uint64_t throttled() const { return throttled_; }

private:
    void work(Nanoseconds left, std::function<void()> done);
    void finish(Nanoseconds paused_before, std::function<void()> done);

    EventQueue& events_;
    Station station_;
    double slowness_ = 1;
    Nanoseconds paused_total_ = 0, paused_until_ = 0;
    Nanoseconds quota_ns_ = 0, period_start_ = 0, used_ns_ = 0;
    bool period_throttled_ = false;
    std::uint64_t periods_ = 0, throttled_ = 0;
};

}  // namespace casebook::simulate
