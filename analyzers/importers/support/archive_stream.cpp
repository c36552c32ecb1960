#include "analyzers/importers/support/archive_stream.h"

#include "analyzers/core/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

namespace casebook {
namespace {

struct Close {
    void operator()(archive* a) const { archive_read_free(a); }
};

/// Gives libarchive the bytes of another source, and keeps what went wrong there.
struct Feed {
    Source& source;
    std::unique_ptr<Source> owned;  ///< the same, when it is nobody else's
    std::size_t given = 0;
    std::optional<Error> error;

    static la_ssize_t read(archive* a, void* self, const void** bytes)
    {
        Feed& feed = *static_cast<Feed*>(self);
        feed.source.consume(std::exchange(feed.given, 0));
        auto window = feed.source.window(1);
        if (!window) {
            feed.error = std::move(window.error());
            archive_set_error(a, EIO, "%s", feed.error->what.c_str());
            return -1;
        }
        feed.given = window->size();
        *bytes = window->data();
        return static_cast<la_ssize_t>(window->size());
    }
};

struct Archive {
    std::unique_ptr<Feed> feed;  ///< none: libarchive reads the file itself
    std::unique_ptr<archive, Close> handle;
    archive* get() const { return handle.get(); }
};

constexpr std::size_t read_bytes = 1u << 20;

Error unreadable(const std::string& path, const Archive& a)
{
    if (a.feed && a.feed->error) return *a.feed->error;
    const char* message = archive_error_string(a.get());
    return {Error::Code::unreadable, "cannot read " + path + ": " + (message ? message : "unknown error"),
            "Check that the file is complete and that you may read it"};
}

Result<Archive> open_archive(const std::string& path, Source* source, std::unique_ptr<Source> owned, bool raw)
{
    Archive a{source ? std::make_unique<Feed>(Feed{*source, std::move(owned), 0, {}}) : nullptr, std::unique_ptr<archive, Close>(archive_read_new())};
    archive_read_support_filter_all(a.get());
    if (raw) {
        archive_read_support_format_raw(a.get());
        archive_read_support_format_empty(a.get());
    } else {
        archive_read_support_format_zip(a.get());
        archive_read_support_format_tar(a.get());
        archive_read_support_format_gnutar(a.get());
    }
    const int code = a.feed ? archive_read_open(a.get(), a.feed.get(), nullptr, &Feed::read, nullptr) : archive_read_open_filename(a.get(), path.c_str(), 256u << 10);
    if (code != ARCHIVE_OK) return tl::unexpected<Error>(unreadable(path, a));
    return a;
}

/// Reads the current entry of an archive into a sliding buffer.
class StreamSource final : public Source {
public:
    StreamSource(const Archive& a, std::string path, std::uint64_t total, const Control& control)
        : archive_(a), path_(std::move(path)), total_(total), control_(control) {}

    StreamSource(std::unique_ptr<Archive> a, std::string path, std::uint64_t total, const Control& control)
        : owned_(std::move(a)), archive_(*owned_), path_(std::move(path)), total_(total), control_(control) {}

    std::uint64_t file_bytes_read() const override
    {
        if (archive_.feed) return archive_.feed->source.file_bytes_read();
        return static_cast<std::uint64_t>(std::max<la_int64_t>(archive_filter_bytes(archive_.get(), -1), 0));
    }
    std::uint64_t file_bytes_total() const override { return total_; }

private:
    Result<std::string_view> fill(std::size_t minimum) override
    {
        TRY(control_.check());
        while (!at_end_ && buffer_.size() - begin_ < minimum) {
            if (begin_ > buffer_.size() / 2) {
                buffer_.erase(0, begin_);
                begin_ = 0;
            }
            const std::size_t old_size = buffer_.size();
            buffer_.resize(old_size + std::max(read_bytes, std::min(minimum, old_size)));
            const la_ssize_t got = archive_read_data(archive_.get(), buffer_.data() + old_size, buffer_.size() - old_size);
            buffer_.resize(old_size + static_cast<std::size_t>(std::max<la_ssize_t>(got, 0)));
            if (got < 0) {
                if (archive_.feed && archive_.feed->error) return tl::unexpected<Error>(*archive_.feed->error);
                // A compressed file that was cut off: what came before is good, the importer notes the rest.
                if (offset() + buffer_.size() == 0) return tl::unexpected<Error>(unreadable(path_, archive_));
                at_end_ = true;
            }
            if (got == 0) at_end_ = true;
            const std::uint64_t read = file_bytes_read();
            const std::uint64_t unpacked = offset() + buffer_.size() - begin_;
            if (unpacked > bomb_bytes && read > 0 && unpacked / read > bomb_ratio)
                return fail(Error::Code::limitExceeded,
                            path_ + " unpacks to more than " + std::to_string(bomb_ratio) + " times its size; it looks like a decompression bomb",
                            "If it is real, unpack it yourself and import the result");
        }
        return std::string_view(buffer_).substr(begin_);
    }

    void advance(std::size_t count) override { begin_ += count; }

    std::unique_ptr<Archive> owned_;
    const Archive& archive_;
    std::string path_;
    std::uint64_t total_;
    const Control& control_;
    std::string buffer_;
    std::size_t begin_ = 0;
    bool at_end_ = false;
};

std::uint64_t size_of_file(const std::string& path)
{
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (!file) return 0;
    std::fseek(file, 0, SEEK_END);
    const long size = std::ftell(file);
    std::fclose(file);
    return size > 0 ? static_cast<std::uint64_t>(size) : 0;
}

Result<std::unique_ptr<Source>> stream_source(const std::string& path, Source* packed, std::unique_ptr<Source> owned, const Control& control)
{
    TRY_ASSIGN(Archive opened, open_archive(path, packed, std::move(owned), true));
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(opened.get(), &entry);
    if (code == ARCHIVE_EOF) return Source::from_memory({}, control);
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return tl::unexpected<Error>(unreadable(path, opened));
    const std::uint64_t total = packed ? packed->file_bytes_total() : size_of_file(path);
    return std::make_unique<StreamSource>(std::make_unique<Archive>(std::move(opened)), path, total, control);
}

Status visit_members(const Archive& a, const std::string& path, std::uint64_t total, const Control& control, const MemberVisitor& visit)
{
    std::uint64_t unpacked = 0;
    for (int members = 0;; ++members) {
        TRY(control.check());
        archive_entry* entry = nullptr;
        const int code = archive_read_next_header(a.get(), &entry);
        if (code == ARCHIVE_EOF) return {};
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return tl::unexpected<Error>(unreadable(path, a));
        if (members >= 100'000)
            return fail(Error::Code::limitExceeded, path + " holds more than 100,000 files", "Import the folder it was made from, or a part of it");
        if (archive_entry_filetype(entry) != AE_IFREG) continue;
        const char* name = archive_entry_pathname(entry);
        StreamSource source(a, path, total, control);
        TRY(visit(clean_utf8(name ? name : "unnamed"), source));
        unpacked += source.offset();
        if (unpacked > bomb_bytes && total > 0 && unpacked / total > bomb_ratio)
            return fail(Error::Code::limitExceeded,
                        path + " unpacks to more than " + std::to_string(bomb_ratio) + " times its size; it looks like a decompression bomb",
                        "If it is real, unpack it yourself and import the result");
    }
}

}  // namespace

Result<std::unique_ptr<Source>> open_stream_source(const std::string& path, const Control& control)
{
    return stream_source(path, nullptr, nullptr, control);
}

Result<std::unique_ptr<Source>> unpacked_source(Source& packed, const std::string& path, const Control& control)
{
    return stream_source(path, &packed, nullptr, control);
}

Result<std::unique_ptr<Source>> unpacked_source(std::unique_ptr<Source> packed, const std::string& path, const Control& control)
{
    Source* const source = packed.get();
    return stream_source(path, source, std::move(packed), control);
}

bool is_compressed(std::string_view head)
{
    using namespace std::string_view_literals;
    for (const std::string_view magic : {"\x1f\x8b"sv, "\x28\xb5\x2f\xfd"sv, "BZh"sv, "\xfd""7zXZ\0"sv})
        if (head.substr(0, magic.size()) == magic) return true;
    return false;
}

bool is_archive(std::string_view head)
{
    return head.substr(0, 4) == std::string_view("PK\x03\x04", 4) || (head.size() > 262 && head.substr(257, 5) == "ustar");
}

Status for_each_member(const std::string& path, const Control& control, const MemberVisitor& visit)
{
    TRY_ASSIGN(const Archive a, open_archive(path, nullptr, nullptr, false));
    return visit_members(a, path, size_of_file(path), control, visit);
}

Status for_each_member(Source& archive, const std::string& path, const Control& control, const MemberVisitor& visit)
{
    TRY_ASSIGN(const Archive a, open_archive(path, &archive, nullptr, false));
    return visit_members(a, path, archive.file_bytes_total(), control, visit);
}

}  // namespace casebook
