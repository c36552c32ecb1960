#pragma once

#include <QApplication>
#include <QImage>
#include <QWidget>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <vector>

namespace casebook::bench {

/// Milliseconds on the wall, and of the calling thread's own work: on a busy machine only the second one repeats.
struct Spent {
    double wall_ms = 0, own_ms = 0;
};

template <class Work>
Spent spent_on(Work&& work)
{
    const auto own = [] {
        timespec now{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
    };
    const auto began = std::chrono::steady_clock::now();
    const double before = own();
    work();
    return {std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count(), own() - before};
}

template <class Work>
void say(const char* what, Work&& work)
{
    const Spent spent = spent_on(work);
    std::printf("%-56s once   %8.2f ms (own %8.2f)\n", what, spent.wall_ms, spent.own_ms);
    std::fflush(stdout);
}

/// Renders the widget after each step into an image, as the raster paint engine does on screen. Replots are queued, so
/// posted events are delivered first. Prints median, 95th percentile, the worst and the very first frame.
template <class Step>
void measure(const char* what, QWidget& widget, int frames, Step&& step)
{
    QImage image(widget.size(), QImage::Format_ARGB32_Premultiplied);
    std::vector<double> wall, own;
    for (int frame = 0; frame < frames; ++frame) {
        const Spent spent = spent_on([&] {
            step(frame);
            QApplication::sendPostedEvents();
            widget.render(&image);
        });
        wall.push_back(spent.wall_ms);
        own.push_back(spent.own_ms);
    }
    const double first = own.front();
    const auto print = [](const char* clock, std::vector<double>& times) {
        std::sort(times.begin(), times.end());
        std::printf("  %s median %6.2f  95 %% %6.2f  worst %6.2f", clock, times[times.size() / 2], times[times.size() * 95 / 100], times.back());
    };
    std::printf("%-56s", what);
    print("wall", wall);
    print("own", own);
    std::printf("  first %6.2f ms\n", first);
    std::fflush(stdout);
}

}  // namespace casebook::bench
