#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace casebook {

/// Batches of something, made ahead in order on a thread of its own while the caller uses those before. At most `ring`
/// of them are there at a time, so memory is bounded; they are used again and again, so that what they have allocated
/// stays. The first is made on the caller's thread, and when it is the last there is no other thread.
///
/// A Batch has two members that fill() sets: `last` (nothing follows it), and `hold` (the next one must not be begun
/// before this one is given back).
template <class Batch>
class Ahead {
public:
    /// `fill` makes the next batch of the one given, which was used before. What it throws, next() throws.
    explicit Ahead(std::function<void(Batch&)> fill) : fill_(std::move(fill)) {}
    ~Ahead() { stop(); }
    Ahead(const Ahead&) = delete;
    Ahead& operator=(const Ahead&) = delete;

    /// Begins anew, also when not all batches of before were asked for.
    void restart()
    {
        stop();
        started_ = false;
        given_back_ = 0;
        exception_ = nullptr;
    }

    /// The next batch; gives back the one before. Not to be called after the last.
    Batch& next()
    {
        if (!started_) {
            fill_(ring_[0]);
            started_ = true;
            filled_ = 1;
            if (!ring_[0].last) thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
            return ring_[0];
        }
        std::unique_lock lock(mutex_);
        ++given_back_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return filled_ > given_back_; });
        if (exception_ && filled_ == given_back_ + 1) std::rethrow_exception(exception_);
        return ring_[given_back_ % ring];
    }

private:
    static constexpr std::size_t ring = 3;

    void stop()
    {
        if (!thread_.joinable()) return;
        thread_.request_stop();
        {
            const std::lock_guard lock(mutex_);
            changed_.notify_all();
        }
        thread_.join();
    }

    void work(const std::stop_token& stop)
    {
        std::unique_lock lock(mutex_);
        for (bool last = false, hold = ring_[0].hold; !last;) {
            changed_.wait(lock, [&] {
                return stop.stop_requested() || filled_ - given_back_ < (hold ? std::size_t{1} : ring);
            });
            if (stop.stop_requested()) return;
            lock.unlock();
            Batch& batch = ring_[filled_ % ring];
            std::exception_ptr exception;
            try {
                fill_(batch);
            } catch (...) {
                exception = std::current_exception();
            }
            last = batch.last || exception;
            hold = batch.hold;
            lock.lock();
            exception_ = exception;
            ++filled_;
            changed_.notify_all();
        }
    }

    std::function<void(Batch&)> fill_;
    std::array<Batch, ring> ring_;
    bool started_ = false;          // of the caller's thread
    std::exception_ptr exception_;  // of the batch filled last
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t filled_ = 0;      // batches so far
    std::size_t given_back_ = 0;  // of them
    std::jthread thread_;
};

}  // namespace casebook
