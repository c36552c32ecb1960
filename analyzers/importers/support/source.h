#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/result.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace casebook {

/// Bytes of one input, decompressed (gzip, zstd, bzip2, xz are told by content), pulled by an importer.
/// Plain files are mapped, all else is buffered. Counts bytes for progress and honours cancel: every call that
/// reads may return the error `cancelled`. Not thread-safe, but for what says so.
class Source {
public:
    /// Opens a file, or standard input for "-". Errors: unreadable.
    static Result<std::unique_ptr<Source>> open(const std::string& path, const Control& control);
    /// Bytes in memory, which must outlive the source (used for archive members, paste and tests).
    static std::unique_ptr<Source> from_memory(std::string_view bytes, const Control& control);

    virtual ~Source();

    /// All unread bytes that are at hand, at least `minimum` unless the input ends before. Valid until the next
    /// call that reads. For a mapped file this is the whole rest.
    Result<std::string_view> window(std::size_t minimum);
    /// Marks the first `count` bytes of the window as read.
    void consume(std::size_t count);

    /// The next line without its end (LF or CRLF), nothing at the end of input; a byte order mark before the first
    /// line is dropped. A line longer than max_line_bytes is cut there, the rest skipped, and line_was_cut() true.
    Result<std::optional<std::string_view>> line();
    bool line_was_cut() const { return line_was_cut_; }
    /// 1-based number of the line that line() returned last.
    std::int64_t line_number() const { return line_number_; }

    /// The whole rest; error limitExceeded when it is larger than `limit` bytes.
    Result<std::string_view> rest(std::size_t limit = 256u << 20);

    /// Bytes consumed, after decompression.
    std::uint64_t offset() const { return offset_; }
    /// XXH3-128 of the bytes consumed so far, as 32 hex digits: the content hash once all is consumed.
    std::string content_hash() const;
    /// Bytes of the file itself (compressed), and how many of them are read; total 0 when unknown.
    virtual std::uint64_t file_bytes_read() const = 0;
    virtual std::uint64_t file_bytes_total() const = 0;
    /// file_bytes_read() as of the last read, for progress: from any thread.
    std::uint64_t file_bytes_so_far() const { return file_bytes_so_far_.load(std::memory_order_relaxed); }

    static constexpr std::size_t max_line_bytes = 64u << 20;

protected:
    Source();
    /// window() and consume() of the kind of source; `offset()` is before the consumed bytes in both.
    virtual Result<std::string_view> fill(std::size_t minimum) = 0;
    virtual void advance(std::size_t count) = 0;

private:
    struct Hash;
    std::unique_ptr<Hash> hash_;
    std::string_view window_;
    std::uint64_t offset_ = 0;
    std::atomic<std::uint64_t> file_bytes_so_far_ = 0;
    std::int64_t line_number_ = 0;
    bool line_was_cut_ = false;
};

}  // namespace casebook
