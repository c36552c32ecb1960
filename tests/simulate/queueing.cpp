#include "tests/simulate/queueing.h"

#include <algorithm>

namespace casebook::simulate {
namespace {

constexpr Nanoseconds quota_period_ns = 100'000'000, slice_ns = 5'000'000;

}  // namespace

void EventQueue::run_until(Nanoseconds end)
{
    while (!planned_.empty() && planned_.top().when < end) {
        Planned next = std::move(const_cast<Planned&>(planned_.top()));  // moved from just before it is taken off
        planned_.pop();
        now_ = next.when;
        next.action();
    }
    now_ = std::max(now_, end);
}

void Station::account()
{
    busy_seconds_ += busy_ * to_s(events_.now() - accounted_);
    accounted_ = events_.now();
}

double Station::busy_seconds()
{
    account();
    return busy_seconds_;
}

void Station::acquire(std::function<void(Nanoseconds)> granted)
{
    queue_.push_back({events_.now(), std::move(granted)});
    grant_free();
}

void Station::release()
{
    account();
    --busy_;
    grant_free();
}

void Station::resize(int servers)
{
    account();
    servers_ = servers;
    grant_free();
}

void Station::grant_free()
{
    while (busy_ < servers_ && !queue_.empty()) {
        account();
        ++busy_;
        Waiting next = std::move(queue_.front());
        queue_.pop_front();
        const Nanoseconds waited = events_.now() - next.since;
        events_.after(0, [granted = std::move(next.granted), waited] { granted(waited); });
    }
}

void Cpu::run(double ms, std::function<void()> done)
{
    station_.acquire([this, ms, done = std::move(done)](Nanoseconds) mutable {
        const Nanoseconds begin = std::max(events_.now(), paused_until_);
        events_.at(begin, [this, left = from_ms(ms * slowness_), done = std::move(done)]() mutable { work(left, std::move(done)); });
    });
}

void Cpu::work(Nanoseconds left, std::function<void()> done)
{
    if (quota_ns_ == 0) {
        events_.after(left, [this, before = paused_total_, done = std::move(done)]() mutable { finish(before, std::move(done)); });
        return;
    }
    if (events_.now() - period_start_ >= quota_period_ns) {
        period_start_ = events_.now() - events_.now() % quota_period_ns;
        used_ns_ = 0;
        period_throttled_ = false;
        ++periods_;
    }
    if (used_ns_ >= quota_ns_) {
        if (!period_throttled_) ++throttled_;
        period_throttled_ = true;
        events_.at(period_start_ + quota_period_ns, [this, left, done = std::move(done)]() mutable { work(left, std::move(done)); });
        return;
    }
    const Nanoseconds slice = std::min(left, slice_ns);
    used_ns_ += slice;
    events_.after(slice, [this, left = left - slice, before = paused_total_, done = std::move(done)]() mutable {
        if (left > 0) work(left, std::move(done));
        else finish(before, std::move(done));
    });
}

void Cpu::finish(Nanoseconds paused_before, std::function<void()> done)
{
    if (paused_total_ > paused_before) {
        const Nanoseconds lost = paused_total_ - paused_before;
        events_.after(lost, [this, before = paused_total_, done = std::move(done)]() mutable { finish(before, std::move(done)); });
        return;
    }
    station_.release();
    done();
}

void Cpu::pause(Nanoseconds length)
{
    paused_total_ += length;
    paused_until_ = std::max(paused_until_, events_.now() + length);
}

}  // namespace casebook::simulate
