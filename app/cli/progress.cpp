#include "app/cli/progress.h"

#include "analyzers/core/text.h"
#include "app/cli/table.h"
#include "app/cli/terminal.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

namespace casebook::cli {

namespace {

constexpr std::uint64_t steps_at_most = 10'000;  // more than that is bytes

int columns_of_stderr()
{
    winsize size{};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
    return 80;
}

}  // namespace

bool ProgressLine::possible()
{
    if (!isatty(STDERR_FILENO)) return false;
    const char* term = std::getenv("TERM");
    return term && std::string_view(term) != "dumb";
}

void ProgressLine::draw(const Progress& progress)
{
    const auto now = Clock::now();
    if (progress.what != what_) {
        what_ = progress.what;
        started_ = now;
    } else if (visible_ && now - drawn_ < std::chrono::milliseconds(100)) {
        return;
    }
    drawn_ = now;
    visible_ = true;
    const std::string text = describe(progress, std::chrono::duration<double>(now - started_).count());
    std::fprintf(stderr, "\r\033[K%s", cut_to_width(printable(text), columns_of_stderr() - 1).c_str());
    std::fflush(stderr);
}

void ProgressLine::clear()
{
    if (!visible_) return;
    visible_ = false;
    what_.clear();
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
}

std::string describe(const Progress& progress, double seconds)
{
    std::string text = progress.what;
    const auto done = static_cast<double>(progress.done);
    const auto total = static_cast<double>(progress.total);
    if (progress.total > 0 && progress.total <= steps_at_most) {
        text += "  " + format_count(static_cast<std::int64_t>(progress.done)) + " of " +
                format_count(static_cast<std::int64_t>(progress.total));
    } else if (progress.total > 0) {
        text += "  " + std::to_string(static_cast<int>(100 * std::min(1.0, done / total))) + " %  " + format_bytes(done) + " of " + format_bytes(total);
    } else if (progress.done > 0) {
        text += "  " + format_bytes(done);
    }
    if (progress.records > 0) text += "  " + format_count(static_cast<std::int64_t>(progress.records)) + " records";
    // A rate over less than half a second is noise.
    if (seconds >= 0.5 && progress.done > 0 && (progress.total == 0 || progress.total > steps_at_most)) {
        const double rate = done / seconds;
        text += "  " + format_bytes(rate) + "/s";
        if (total > done) text += "  " + format_ms(std::ceil((total - done) / rate) * 1000) + " left";
    }
    return text;
}

}  // namespace casebook::cli
