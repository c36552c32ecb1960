#include "analyzers/importers/support/source.h"

#include "analyzers/core/text.h"
#include "analyzers/importers/support/archive_stream.h"
#include "analyzers/importers/support/pipe_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

namespace casebook {
namespace {

Error unreadable(const std::string& path, int error)
{
    return {Error::Code::unreadable, "cannot read " + path + ": " + std::strerror(error), "Check that the path exists and that you may read it"};
}

/// A file mapped whole, or bytes that somebody else keeps.
class MemorySource final : public Source {
public:
    MemorySource(std::string_view bytes, bool mapped, const Control& control) : bytes_(bytes), mapped_(mapped), control_(control) {}
    ~MemorySource() override
    {
        if (mapped_) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
    }

    std::uint64_t file_bytes_read() const override { return at_; }
    std::uint64_t file_bytes_total() const override { return bytes_.size(); }

private:
    Result<std::string_view> fill(std::size_t) override
    {
        TRY(control_.check());
        return bytes_.substr(at_);
    }

    void advance(std::size_t count) override
    {
        at_ += count;
        // Pages behind the cursor are not needed again; giving them back keeps the resident size flat.
        constexpr std::uint64_t step = 16u << 20;
        if (mapped_ && at_ - released_ >= 2 * step) {
            const std::uint64_t until = (at_ - step) / step * step;
            ::madvise(const_cast<char*>(bytes_.data()) + released_, until - released_, MADV_DONTNEED);
            released_ = until;
        }
    }

    std::string_view bytes_;
    std::uint64_t at_ = 0;
    bool mapped_;
    const Control& control_;
    std::uint64_t released_ = 0;
};

}  // namespace

struct Source::Hash {
    XXH3_state_t* state = XXH3_createState();
    Hash() { XXH3_128bits_reset(state); }
    ~Hash() { XXH3_freeState(state); }
    Hash(const Hash&) = delete;
    Hash& operator=(const Hash&) = delete;
};

Source::Source() : hash_(std::make_unique<Hash>()) {}
Source::~Source() = default;

Result<std::string_view> Source::window(std::size_t minimum)
{
    TRY_ASSIGN(window_, fill(minimum));
    file_bytes_so_far_.store(file_bytes_read(), std::memory_order_relaxed);
    return window_;
}

void Source::consume(std::size_t count)
{
    count = std::min(count, window_.size());
    XXH3_128bits_update(hash_->state, window_.data(), count);
    window_.remove_prefix(count);
    advance(count);
    offset_ += count;
}

std::string Source::content_hash() const
{
    const XXH128_hash_t hash = XXH3_128bits_digest(hash_->state);
    return hex64(hash.high64) + hex64(hash.low64);
}

Result<std::unique_ptr<Source>> Source::open(const std::string& path, const Control& control)
{
    const int descriptor = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return tl::unexpected<Error>(unreadable(path, errno));
    struct stat info{};
    char head[6] = {};
    const bool regular = path != "-" && ::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
    if (S_ISDIR(info.st_mode)) {
        ::close(descriptor);
        return tl::unexpected<Error>(unreadable(path, EISDIR));
    }
    if (!regular) {
        std::unique_ptr<Source> pipe = pipe_source(descriptor, path, control);
        TRY_ASSIGN(const std::string_view begin, pipe->window(sizeof head));
        if (is_compressed(begin)) return unpacked_source(std::move(pipe), path, control);
        return pipe;
    }
    const ssize_t head_size = ::pread(descriptor, head, sizeof head, 0);
    if (is_compressed({head, static_cast<std::size_t>(std::max<ssize_t>(head_size, 0))})) {
        ::close(descriptor);
        return open_stream_source(path, control);
    }
    if (info.st_size == 0) {
        ::close(descriptor);
        return from_memory({}, control);
    }
    void* bytes = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0);
    const int error = errno;
    ::close(descriptor);
    if (bytes == MAP_FAILED) return tl::unexpected<Error>(unreadable(path, error));
    ::madvise(bytes, static_cast<std::size_t>(info.st_size), MADV_SEQUENTIAL);
    return std::make_unique<MemorySource>(std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(info.st_size)), true, control);
}

std::unique_ptr<Source> Source::from_memory(std::string_view bytes, const Control& control)
{
    return std::make_unique<MemorySource>(bytes, false, control);
}

Result<std::optional<std::string_view>> Source::line()
{
    line_was_cut_ = false;
    std::size_t wanted = 1;
    std::size_t searched = 0;
    for (;;) {
        TRY_ASSIGN(std::string_view bytes, window(wanted));
        if (bytes.empty()) return std::optional<std::string_view>();
        const std::size_t end = bytes.find('\n', searched);
        const bool cut = end == std::string_view::npos ? bytes.size() > max_line_bytes : end > max_line_bytes;
        if (end == std::string_view::npos && bytes.size() >= wanted && !cut) {
            searched = bytes.size();
            wanted = bytes.size() + 1;
            // A mapped file gives everything at once: a second look with the same size is the end of input.
            TRY_ASSIGN(const std::string_view more, window(wanted));
            if (more.size() > bytes.size()) continue;
            bytes = more;
        }
        ++line_number_;
        std::string_view result = bytes.substr(0, std::min(end, bytes.size()));
        std::size_t taken = end == std::string_view::npos ? bytes.size() : end + 1;
        if (cut) {
            line_was_cut_ = true;
            result = result.substr(0, max_line_bytes);
            if (end == std::string_view::npos) {
                // Keep the beginning, then skip to the end of the line piece by piece.
                static thread_local std::string kept;
                kept.assign(result);
                for (;;) {
                    consume(bytes.size());
                    TRY_ASSIGN(bytes, window(1));
                    const std::size_t rest_end = bytes.find('\n');
                    if (bytes.empty() || rest_end != std::string_view::npos) {
                        taken = bytes.empty() ? 0 : rest_end + 1;
                        break;
                    }
                }
                result = kept;
            }
        }
        consume(taken);
        if (!result.empty() && result.back() == '\r') result.remove_suffix(1);
        if (line_number_ == 1 && result.substr(0, 3) == "\xEF\xBB\xBF") result.remove_prefix(3);
        return std::optional<std::string_view>(result);
    }
}

Result<std::string_view> Source::rest(std::size_t limit)
{
    TRY_ASSIGN(const std::string_view bytes, window(limit + 1));
    if (bytes.size() > limit)
        return fail(Error::Code::limitExceeded, "the input is larger than " + std::to_string(limit >> 20) + " MiB, too large for this format",
                    "Split it, or import the parts one by one");
    consume(bytes.size());
    return bytes;
}

}  // namespace casebook
