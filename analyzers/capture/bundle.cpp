#include "analyzers/capture/bundle.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace casebook::capture_detail {

namespace fs = std::filesystem;

namespace {

/// A descriptor that closes itself.
class File {
public:
    File(const fs::path& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
    ~File() { close(); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    bool good() const { return descriptor_ >= 0; }

    /// False with errno set when not all of it could be written.
    bool write(std::string_view bytes) const
    {
        while (!bytes.empty()) {
            const auto written = ::write(descriptor_, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
        return true;
    }
    bool flush() const { return ::fdatasync(descriptor_) == 0 || errno == EINVAL; }
    bool close()
    {
        const int descriptor = std::exchange(descriptor_, -1);
        return descriptor < 0 || ::close(descriptor) == 0;
    }

private:
    int descriptor_;
};

Status cannot_write(const fs::path& path, int reason)
{
    const bool full = reason == ENOSPC || reason == EDQUOT;
    return fail(Error::Code::internal, "cannot write " + path.string() + ": " + std::strerror(reason),
                full ? "make room there, or capture into another folder" : "capture into another folder");
}

}  // namespace

Status Bundle::check(const fs::path& directory)
{
    std::error_code problem;
    if (directory.empty()) return fail(Error::Code::usage, "no directory to capture into", "name one that does not exist yet");
    const fs::file_status status = fs::status(directory, problem);
    if (status.type() == fs::file_type::not_found) {
        const fs::path parent = fs::absolute(directory, problem).lexically_normal();
        const fs::path above = parent.has_filename() ? parent.parent_path() : parent.parent_path().parent_path();
        if (!fs::is_directory(above, problem))
            return fail(Error::Code::usage, "there is no directory " + above.string(), "create it first");
        if (::access(above.c_str(), W_OK) != 0)
            return fail(Error::Code::usage, "cannot create " + directory.string() + ": " + std::strerror(errno),
                        "capture into a folder of your own");
        return {};
    }
    if (status.type() != fs::file_type::directory)
        return fail(Error::Code::usage, directory.string() + " is there already and is no directory",
                    "name a directory that does not exist yet");
    const bool empty = fs::is_empty(directory, problem);
    if (problem) return fail(Error::Code::usage, "cannot look into " + directory.string() + ": " + problem.message());
    if (!empty)
        return fail(Error::Code::usage, directory.string() + " is not empty",
                    "a capture never overwrites: name a directory that does not exist yet");
    return {};
}

Result<std::unique_ptr<Bundle>> Bundle::create(const fs::path& directory)
{
    TRY(check(directory));
    const bool created = ::mkdir(directory.c_str(), 0700) == 0;
    if (!created && errno != EEXIST) {
        TRY(cannot_write(directory, errno));
    }
    if (!created) ::chmod(directory.c_str(), 0700);  // empty so far: query texts may hold secrets
    std::unique_ptr<Bundle> bundle(new Bundle(directory, created));

    // Room for the manifest that says that the disk is full: a file without a name.
    const fs::path name = directory / ".reserve";
    bundle->reserve_ = ::open(name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (bundle->reserve_ < 0) {
        const int reason = errno;
        bundle->remove();
        TRY(cannot_write(directory, reason));
    }
    ::unlink(name.c_str());
    const std::string room(64 << 10, 'x');
    if (::write(bundle->reserve_, room.data(), room.size()) != static_cast<ssize_t>(room.size())) {
        const int reason = errno ? errno : ENOSPC;
        bundle->remove();
        TRY(cannot_write(directory, reason));
    }
    return bundle;
}

Bundle::~Bundle() { release_reserve(); }

void Bundle::release_reserve()
{
    if (reserve_ >= 0) ::close(std::exchange(reserve_, -1));
}

Status Bundle::append(const std::vector<CsvTable>& tables)
{
    const std::map<std::string, Extent> before = files_;
    for (const CsvTable& table : tables) {
        const Status appended = append_one(table);
        if (appended) continue;
        cut_back(before);
        return appended;
    }
    return {};
}

Status Bundle::append_one(const CsvTable& table)
{
    const fs::path path = directory_ / table.file;
    Extent& extent = files_[table.file];
    const bool first = extent.bytes == 0;
    errno = 0;
    File file(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW);
    const std::string text = first ? table.header + table.text : table.text;
    if (!file.good() || !file.write(text) || !file.close()) return cannot_write(path, errno ? errno : EIO);
    if (first) extent.header = table.header;
    extent.bytes += static_cast<std::int64_t>(text.size());
    extent.rows += table.rows;
    return {};
}

void Bundle::cut_back(const std::map<std::string, Extent>& to)
{
    for (const auto& [name, extent] : files_) {
        const auto found = to.find(name);
        const fs::path path = directory_ / name;
        if (found == to.end()) ::unlink(path.c_str());
        else [[maybe_unused]] const int cut = ::truncate(path.c_str(), found->second.bytes);
    }
    files_ = to;
}

Status Bundle::write(const std::string& name, std::string_view bytes, std::int64_t rows, bool last)
{
    const fs::path path = directory_ / name, temporary = directory_ / ("." + name + ".part");
    errno = 0;
    File file(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    if (!file.good() || !file.write(bytes) || (last && !file.flush()) || !file.close() ||
        ::rename(temporary.c_str(), path.c_str()) != 0) {
        const int reason = errno ? errno : EIO;
        ::unlink(temporary.c_str());
        return cannot_write(path, reason);
    }
    files_[name] = {rows, static_cast<std::int64_t>(bytes.size()), {}};
    return {};
}

void Bundle::remove()
{
    release_reserve();
    for (const auto& [name, extent] : files_) ::unlink((directory_ / name).c_str());
    files_.clear();
    if (created_) ::rmdir(directory_.c_str());
}

std::vector<CaptureSummary::File> Bundle::files() const
{
    std::vector<CaptureSummary::File> list;
    for (const auto& [name, extent] : files_) list.push_back({name, extent.rows, extent.bytes});
    return list;
}

std::int64_t Bundle::bytes() const
{
    std::int64_t sum = 0;
    for (const auto& [name, extent] : files_) sum += extent.bytes;
    return sum;
}

}  // namespace casebook::capture_detail
