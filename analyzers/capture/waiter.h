#pragma once

#include <chrono>
#include <stop_token>

namespace casebook::capture_detail {

/// Waits for a socket or for time to pass, and wakes at once when a stop is requested. One thread uses it at a time.
class Waiter {
public:
    enum class Woken { ready, timeout, stopped };
    using Clock = std::chrono::steady_clock;

    explicit Waiter(std::stop_token stop);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    /// Until `socket` (-1: none) can be read, or written when `write` (in addition), or `until` has come.
    Woken wait(int socket, bool write, Clock::time_point until);

private:
    struct Ring;  // written to by whoever requests the stop
    std::stop_token stop_;
    Ring* ring_;
};

}  // namespace casebook::capture_detail
