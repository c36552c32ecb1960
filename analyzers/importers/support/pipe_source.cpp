#include "analyzers/importers/support/pipe_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace casebook {
namespace {

class PipeSource final : public Source {
public:
    PipeSource(int descriptor, std::string path, const Control& control) : descriptor_(descriptor), path_(std::move(path)), control_(control) {}
    ~PipeSource() override { ::close(descriptor_); }

    std::uint64_t file_bytes_read() const override { return read_; }
    std::uint64_t file_bytes_total() const override { return 0; }

private:
    Result<std::string_view> fill(std::size_t minimum) override
    {
        TRY(control_.check());
        while (!at_end_ && buffer_.size() - begin_ < minimum) TRY(read_more());
        return std::string_view(buffer_).substr(begin_);
    }

    void advance(std::size_t count) override { begin_ += count; }

    Status read_more()
    {
        constexpr std::size_t at_once = 1u << 20;
        constexpr int look_for_stop_ms = 50;
        pollfd waited{descriptor_, POLLIN, 0};
        while (::poll(&waited, 1, look_for_stop_ms) == 0) TRY(control_.check());
        TRY(control_.check());
        if (begin_ > buffer_.size() / 2) {
            buffer_.erase(0, begin_);
            begin_ = 0;
        }
        const std::size_t old_size = buffer_.size();
        buffer_.resize(old_size + at_once);
        const ssize_t got = ::read(descriptor_, buffer_.data() + old_size, at_once);
        const int error = errno;
        buffer_.resize(old_size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got < 0 && error != EINTR && error != EAGAIN)
            return fail(Error::Code::unreadable, "cannot read " + path_ + ": " + std::strerror(error), "Check that the path exists and that you may read it");
        if (got == 0) at_end_ = true;
        if (got > 0) read_ += static_cast<std::uint64_t>(got);
        return {};
    }

    int descriptor_;
    std::string path_;
    const Control& control_;
    std::string buffer_;
    std::size_t begin_ = 0;
    std::uint64_t read_ = 0;
    bool at_end_ = false;
};

}  // namespace

std::unique_ptr<Source> pipe_source(int descriptor, std::string path, const Control& control)
{
    return std::make_unique<PipeSource>(descriptor, std::move(path), control);
}

}  // namespace casebook
