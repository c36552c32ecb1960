#include "analyzers/importers/support/archive_stream.h"

#include "analyzers/core/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <cstdio>
#include <cstring>
#include <memory>

namespace casebook {
namespace {

struct Close {
    void operator()(archive* a) const { archive_read_free(a); }
};
using Archive = std::unique_ptr<archive, Close>;

constexpr std::size_t read_bytes = 1u << 20;

Error unreadable(const std::string& path, archive* a)
{
    const char* message = archive_error_string(a);
    return {Error::Code::unreadable, "cannot read " + path + ": " + (message ? message : "unknown error"),
            "Check that the file is complete and that you may read it"};
}

Result<Archive> open_archive(const std::string& path, bool raw)
{
    Archive a(archive_read_new());
    archive_read_support_filter_all(a.get());
    if (raw) {
        archive_read_support_format_raw(a.get());
        archive_read_support_format_empty(a.get());
    } else {
        archive_read_support_format_zip(a.get());
        archive_read_support_format_tar(a.get());
        archive_read_support_format_gnutar(a.get());
    }
    const int code = path == "-" ? archive_read_open_fd(a.get(), 0, 256u << 10) : archive_read_open_filename(a.get(), path.c_str(), 256u << 10);
    if (code != ARCHIVE_OK) return tl::unexpected<Error>(unreadable(path, a.get()));
    return a;
}

/// Reads the current entry of an archive into a sliding buffer.
class StreamSource final : public Source {
public:
    StreamSource(archive* a, std::string path, std::uint64_t total, const Control& control)
        : archive_(a), path_(std::move(path)), total_(total), control_(control) {}

    StreamSource(Archive a, std::string path, std::uint64_t total, const Control& control)
        : owned_(std::move(a)), archive_(owned_.get()), path_(std::move(path)), total_(total), control_(control) {}

    std::uint64_t file_bytes_read() const override { return static_cast<std::uint64_t>(std::max<la_int64_t>(archive_filter_bytes(archive_, -1), 0)); }
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
            const la_ssize_t got = archive_read_data(archive_, buffer_.data() + old_size, buffer_.size() - old_size);
            buffer_.resize(old_size + static_cast<std::size_t>(std::max<la_ssize_t>(got, 0)));
            if (got < 0) {
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

    Archive owned_;
    archive* archive_;
    std::string path_;
    std::uint64_t total_;
    const Control& control_;
    std::string buffer_;
    std::size_t begin_ = 0;
    bool at_end_ = false;
};

std::uint64_t size_of_file(const std::string& path)
{
    std::FILE* file = path == "-" ? nullptr : std::fopen(path.c_str(), "rb");
    if (!file) return 0;
    std::fseek(file, 0, SEEK_END);
    const long size = std::ftell(file);
    std::fclose(file);
    return size > 0 ? static_cast<std::uint64_t>(size) : 0;
}

}  // namespace

Result<std::unique_ptr<Source>> open_stream_source(const std::string& path, const Control& control)
{
    auto opened = open_archive(path, true);
    if (!opened) return tl::unexpected<Error>(std::move(opened.error()));
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(opened->get(), &entry);
    if (code == ARCHIVE_EOF) return Source::from_memory({}, control);
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return tl::unexpected<Error>(unreadable(path, opened->get()));
    return std::make_unique<StreamSource>(std::move(*opened), path, size_of_file(path), control);
}

bool is_archive(std::string_view head)
{
    return head.substr(0, 4) == std::string_view("PK\x03\x04", 4) || (head.size() > 262 && head.substr(257, 5) == "ustar");
}

Status for_each_member(const std::string& path, const Control& control,
                       const std::function<Status(const std::string&, Source&)>& visit)
{
    TRY_ASSIGN(Archive a, open_archive(path, false));
    const std::uint64_t total = size_of_file(path);
    std::uint64_t unpacked = 0;
    for (int members = 0;; ++members) {
        TRY(control.check());
        archive_entry* entry = nullptr;
        const int code = archive_read_next_header(a.get(), &entry);
        if (code == ARCHIVE_EOF) return {};
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return tl::unexpected<Error>(unreadable(path, a.get()));
        if (members >= 100'000)
            return fail(Error::Code::limitExceeded, path + " holds more than 100,000 files", "Import the folder it was made from, or a part of it");
        if (archive_entry_filetype(entry) != AE_IFREG) continue;
        const char* name = archive_entry_pathname(entry);
        StreamSource source(a.get(), path, total, control);
        TRY(visit(clean_utf8(name ? name : "unnamed"), source));
        unpacked += source.offset();
        if (unpacked > bomb_bytes && total > 0 && unpacked / total > bomb_ratio)
            return fail(Error::Code::limitExceeded,
                        path + " unpacks to more than " + std::to_string(bomb_ratio) + " times its size; it looks like a decompression bomb",
                        "If it is real, unpack it yourself and import the result");
    }
}

}  // namespace casebook
