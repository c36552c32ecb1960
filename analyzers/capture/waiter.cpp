#include "analyzers/capture/waiter.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <system_error>
#include <unistd.h>

namespace casebook::capture_detail {

struct Waiter::Ring {
    struct Write {
        int end;
        void operator()() const
        {
            // The pipe is never read: one byte keeps it ringing. It cannot be full.
            [[maybe_unused]] const auto written = ::write(end, "x", 1);
        }
    };
    std::array<int, 2> ends{-1, -1};
    std::optional<std::stop_callback<Write>> callback;
};

Waiter::Waiter(std::stop_token stop) : stop_(std::move(stop)), ring_(new Ring)
{
    if (::pipe2(ring_->ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        const int reason = errno;
        delete ring_;
        throw std::system_error(reason, std::generic_category(), "pipe");
    }
    ring_->callback.emplace(stop_, Ring::Write{ring_->ends[1]});
}

Waiter::~Waiter()
{
    ring_->callback.reset();  // waits for one that is running
    ::close(ring_->ends[0]);
    ::close(ring_->ends[1]);
    delete ring_;
}

Waiter::Woken Waiter::wait(int socket, bool write, Clock::time_point until)
{
    for (;;) {
        if (stop_.stop_requested()) return Woken::stopped;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        std::array<pollfd, 2> watched{pollfd{ring_->ends[0], POLLIN, 0},
                                      pollfd{socket, static_cast<short>(POLLIN | (write ? POLLOUT : 0)), 0}};
        const int count = ::poll(watched.data(), socket < 0 ? 1 : 2, static_cast<int>(std::clamp<long long>(left, 0, 60'000)));
        if (count < 0 && errno != EINTR) return Woken::ready;  // the call that follows will say what is wrong
        if (stop_.stop_requested()) return Woken::stopped;
        if (count > 0 && socket >= 0 && watched[1].revents != 0) return Woken::ready;
        if (Clock::now() >= until) return Woken::timeout;
    }
}

}  // namespace casebook::capture_detail
