#include "app/cli/terminal.h"

#include "analyzers/core/text.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

namespace casebook::cli {

namespace {

bool wants_color(int descriptor)
{
    if (!isatty(descriptor)) return false;
    const char* no_color = std::getenv("NO_COLOR");
    if (no_color && *no_color) return false;
    const char* term = std::getenv("TERM");
    return !term || std::string_view(term) != "dumb";
}

}  // namespace

Terminal::Terminal(std::stop_token stop)
    : stop_(std::move(stop)), color_(wants_color(STDOUT_FILENO)), error_color_(wants_color(STDERR_FILENO))
{
}

int Terminal::width() const
{
    if (!isatty(STDOUT_FILENO)) return 0;
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
    return 80;
}

void Terminal::print(std::string_view text)
{
    end_progress();
    if (write_error_ != 0 || text.empty()) return;
    errno = 0;
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) write_error_ = errno ? errno : EIO;
}

void Terminal::remark(std::string_view text)
{
    if (quiet_) return;
    end_progress();
    std::fprintf(stderr, "%s\n", printable(text).c_str());
}

void Terminal::error(const Error& error)
{
    end_progress();
    std::fflush(stdout);  // keeps the order when both go to one place
    const char* bold = error_color_ ? "\033[1m" : "";
    const char* plain = error_color_ ? "\033[0m" : "";
    std::fprintf(stderr, "%scasebook-cli: %s%s\n", bold, printable(error.what).c_str(), plain);
    if (!error.hint.empty()) std::fprintf(stderr, "hint: %s\n", printable(error.hint).c_str());
}

Control Terminal::control()
{
    if (quiet_ || !ProgressLine::possible()) return Control(stop_);
    return Control(stop_, [this](const Progress& progress) { progress_.draw(progress); });
}

int Terminal::finish()
{
    end_progress();
    errno = 0;
    if (write_error_ == 0 && std::fflush(stdout) != 0) write_error_ = errno ? errno : EIO;
    return write_error_;
}

std::string printable(std::string_view text)
{
    static constexpr char hex[] = "0123456789abcdef";
    const std::string clean = is_clean_utf8(text) ? std::string(text) : clean_utf8(text);
    std::string out;
    out.reserve(clean.size());
    for (std::size_t i = 0; i < clean.size(); ++i) {
        const auto c = static_cast<unsigned char>(clean[i]);
        const bool second_set = c == 0xc2 && i + 1 < clean.size() && static_cast<unsigned char>(clean[i + 1]) < 0xa0;
        if (c == '\n' || c == '\t' || c == '\r') {
            out += ' ';
        } else if (c < 0x20 || c == 0x7f) {
            out += "\\x";
            out += hex[c >> 4];
            out += hex[c & 15];
        } else if (second_set) {  // U+0080..U+009F: control characters of eight bits
            ++i;
            const auto low = static_cast<unsigned char>(clean[i]);
            out += "\\x";
            out += hex[low >> 4];
            out += hex[low & 15];
        } else {
            out += static_cast<char>(c);
        }
    }
    return out;
}

}  // namespace casebook::cli
