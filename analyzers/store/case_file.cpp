#include "analyzers/store/case_file.h"

#include "analyzers/core/resources.h"
#include "analyzers/store/extensions.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace casebook {
namespace {

constexpr std::int64_t application_id = 0x43424B31;  // "CBK1"
constexpr int newest_schema = 2;

std::string process_name()
{
    std::ifstream file("/proc/self/comm");
    std::string name;
    std::getline(file, name);
    return name.empty() ? "casebook" : name;
}

Result<std::int64_t> pragma(Database& database, const char* name)
{
    TRY_ASSIGN(Statement statement, database.prepare(std::string("PRAGMA ") + name));
    TRY_ASSIGN(const bool row, statement.step());
    return row ? statement.integer(0) : 0;
}

Error not_a_case(const std::string& path)
{
    return {Error::Code::caseFile, path + " is not a Casebook case", "Give a .casebook file, or the name of a new one"};
}

/// Runs the schema scripts above the version the file has, in one transaction.
Status migrate(Database& database, std::int64_t from)
{
    TRY_ASSIGN(Transaction transaction, Transaction::begin(database));
    for (std::int64_t version = from + 1; version <= newest_schema; ++version)
        TRY(database.execute(resource("schema/" + std::to_string(version) + ".sql")));
    TRY(database.execute("PRAGMA application_id = " + std::to_string(application_id)));
    TRY(database.execute("PRAGMA user_version = " + std::to_string(newest_schema)));
    return transaction.commit();
}

using Schema = std::map<std::pair<std::string, std::string>, std::string>;  // (type, name) -> SQL

Result<Schema> schema_of(Database& database)
{
    TRY_ASSIGN(Statement statement, database.prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"));
    Schema schema;
    for (;;) {
        TRY_ASSIGN(const bool more, statement.step());
        if (!more) return schema;
        schema[{std::string(statement.text(0)), std::string(statement.text(1))}] = statement.text(2);
    }
}

/// A case that somebody edited may have a view where a table was, one that never ends, or columns of other kinds: every
/// object of the schema must be there as the scripts make it. Further objects do no harm, triggers are switched off.
Status check_schema(Database& database, const std::string& path)
{
    TRY_ASSIGN(auto fresh, Database::open(":memory:", Database::Mode::create));
    TRY(migrate(*fresh, 0));
    TRY_ASSIGN(const Schema expected, schema_of(*fresh));
    TRY_ASSIGN(const Schema found, schema_of(database));
    for (const auto& [object, sql] : expected) {
        const auto match = found.find(object);
        if (match == found.end() || match->second != sql)
            return fail(Error::Code::caseFile, path + " was changed by another program: its " + object.first + " " + object.second + " is not what a case has",
                        "Open an unchanged copy, or import the evidence into a new case");
    }
    return {};
}

}  // namespace

/// Held by the one process that may write: an flock on NAME.casebook-lock, which the kernel drops when the process
/// dies, with the process's name and id inside for the message a second one gives.
struct CaseFile::Lock {
    int descriptor = -1;
    std::string path;

    ~Lock()
    {
        if (descriptor < 0) return;
        ::unlink(path.c_str());
        ::close(descriptor);
    }

    static Result<std::unique_ptr<Lock>> take(const std::string& case_path)
    {
        auto lock = std::make_unique<Lock>();
        lock->path = case_path + "-lock";
        for (;;) {
            const int descriptor = ::open(lock->path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
            const int error = errno;
            if (descriptor < 0)
                return fail(Error::Code::caseFile, "cannot write beside " + case_path + ": " + std::strerror(error),
                            error == ENOENT ? "Make the folder first, or check its name" : "Copy the case to a folder where you may write");
            if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
                char owner[128] = {};
                const ssize_t size = ::pread(descriptor, owner, sizeof owner - 1, 0);
                ::close(descriptor);
                const std::string who = size > 0 ? std::string(owner, static_cast<std::size_t>(size)) : "another process";
                return fail(Error::Code::busy, case_path + " is open for writing in " + who, "Close it there, or open the case for reading only");
            }
            // The file may have been unlinked by its last owner between open and flock: then the lock is on nothing.
            struct stat ours{}, named{};
            if (::fstat(descriptor, &ours) == 0 && ::stat(lock->path.c_str(), &named) == 0 && ours.st_ino == named.st_ino) {
                const std::string owner = process_name() + " (process " + std::to_string(::getpid()) + ")";
                (void)!::ftruncate(descriptor, 0);
                (void)!::pwrite(descriptor, owner.data(), owner.size(), 0);
                lock->descriptor = descriptor;
                return lock;
            }
            ::close(descriptor);
        }
    }
};

CaseFile::~CaseFile()
{
    // A closed case is one file that a reader leaves as it is: in WAL mode even reading makes files beside it. Fails, and
    // does no harm, while others have it open.
    if (database_ && lock_ && !read_only_ && !temporary_) (void)database_->execute("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE");
    database_.reset();
    lock_.reset();
    if (temporary_) {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
}

int CaseFile::current_schema_version() { return newest_schema; }

Result<std::unique_ptr<CaseFile>> CaseFile::open_with(const std::string& path, Mode mode, bool create)
{
    if (path.empty()) return fail(Error::Code::usage, "the case has no name", "Give the name of a .casebook file");
    // SQLite reads more into some names (":memory:", "file:..."): evidence would be gone when the program ends.
    const std::string on_disk = path.front() == '/' ? path : "./" + path;
    std::error_code error;
    const bool exists = std::filesystem::exists(path, error);
    const bool empty = exists && std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) == 0;
    if (!exists && !create) return fail(Error::Code::caseFile, path + " does not exist", "Check the name, or create it with import");
    if (exists && std::filesystem::is_directory(path, error)) return tl::unexpected<Error>(not_a_case(path));
    if (empty && !create) return tl::unexpected<Error>(not_a_case(path));

    std::unique_ptr<CaseFile> file(new CaseFile());
    file->path_ = path;
    file->read_only_ = mode == Mode::readOnly;
    if (mode == Mode::readWrite) {
        auto lock = Lock::take(path);
        if (!lock) return tl::unexpected<Error>(std::move(lock.error()));
        file->lock_ = std::move(*lock);
    }

    const auto open_mode = mode == Mode::readOnly ? Database::Mode::readOnly : create ? Database::Mode::create : Database::Mode::readWrite;
    TRY_ASSIGN(file->database_, Database::open(on_disk, open_mode));
    auto id = pragma(*file->database_, "application_id");
    if (!id && mode == Mode::readOnly && id.error().code != Error::Code::busy) {
        // A case on a medium that cannot be written, left in WAL mode: readable when promised not to change.
        std::string uri = "file:";
        for (const char c : std::filesystem::absolute(path).string()) {
            if (c == '?' || c == '#' || c == '%') uri += c == '?' ? "%3f" : c == '#' ? "%23" : "%25";
            else uri += c;
        }
        auto immutable = Database::open(uri + "?immutable=1", Database::Mode::readOnly);
        if (!immutable) return tl::unexpected<Error>(std::move(immutable.error()));
        file->database_ = std::move(*immutable);
        id = pragma(*file->database_, "application_id");
    }
    if (!id) {
        if (id.error().what.find("not a database") != std::string::npos) return tl::unexpected<Error>(not_a_case(path));
        return tl::unexpected<Error>(id.error());
    }
    TRY_ASSIGN(const std::int64_t version, pragma(*file->database_, "user_version"));
    // A database without a single table is a case that was about to be made when its process ended.
    bool fresh = false;
    if (create && *id == 0 && version == 0) {
        TRY_ASSIGN(const Schema found, schema_of(*file->database_));
        fresh = found.empty();
    }
    if (!fresh && *id != application_id) return tl::unexpected<Error>(not_a_case(path));

    if (version > newest_schema) {
        file->read_only_ = true;
        file->notice_ = "This case was written by a newer Casebook (schema " + std::to_string(version) + ", this one knows " +
                        std::to_string(newest_schema) + "); it is open for reading only";
        file->lock_.reset();
        TRY_ASSIGN(file->database_, Database::open(on_disk, Database::Mode::readOnly));
    } else if (!file->read_only_) {
        TRY(file->database_->execute("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = OFF;"
                                     "PRAGMA cache_size = -32000; PRAGMA temp_store = MEMORY"));
        if (version < newest_schema) TRY(migrate(*file->database_, version));
    } else if (version < newest_schema) {
        return fail(Error::Code::caseFile, path + " was written by an older Casebook and has to be brought up to date first",
                    "Open it for writing once, for example with the workbench");
    }
    if (version <= newest_schema) TRY(check_schema(*file->database_, path));
    TRY(register_case_extensions(*file));
    return file;
}

Result<std::unique_ptr<CaseFile>> CaseFile::open(const std::string& path, Mode mode) { return open_with(path, mode, false); }

Result<std::unique_ptr<CaseFile>> CaseFile::open_or_create(const std::string& path)
{
    return open_with(path, Mode::readWrite, true);
}

Result<std::unique_ptr<CaseFile>> CaseFile::temporary()
{
    std::error_code error;
    std::filesystem::path folder = std::filesystem::temp_directory_path(error);
    if (error) folder = ".";
    std::string pattern = (folder / "casebook-XXXXXX.casebook").string();
    const int descriptor = ::mkstemps(pattern.data(), 9);
    if (descriptor < 0)
        return fail(Error::Code::caseFile, "cannot make a temporary case in " + folder.string() + ": " + std::strerror(errno), "Set TMPDIR to a folder with space");
    ::close(descriptor);
    auto file = open_or_create(pattern);
    if (file) (*file)->temporary_ = true;
    else std::filesystem::remove(pattern, error);
    return file;
}

Result<std::unique_ptr<CaseFile>> CaseFile::reader() const
{
    TRY_ASSIGN(auto file, open(path_, Mode::readOnly));
    file->span_cache_ = span_cache_;
    file->span_cache_generation_ = span_cache_generation_;
    return file;
}

Status CaseFile::copy_to(const std::string& path, const Control& control)
{
    TRY(control.check());
    const std::string partial = path + ".partial";
    std::error_code error;
    std::filesystem::remove(partial, error);
    {
        Database::Guard guard(*database_, control);
        TRY_ASSIGN(Statement vacuum, database_->prepare("VACUUM INTO ?1"));
        vacuum.bind(1, std::string_view(partial));
        if (Status done = vacuum.run(); !done) {
            std::filesystem::remove(partial, error);
            return done;
        }
    }
    std::filesystem::rename(partial, path, error);
    if (error) return fail(Error::Code::caseFile, "cannot write " + path + ": " + error.message(), "Choose another place");
    return {};
}

int CaseFile::schema_version()
{
    const auto version = pragma(*database_, "user_version");
    return version ? static_cast<int>(*version) : 0;
}

std::int64_t CaseFile::generation()
{
    auto statement = database_->prepare("SELECT value FROM case_state WHERE key = 'generation'");
    if (!statement) return 0;
    const auto row = statement->step();
    return row && *row ? statement->integer(0) : 0;
}

Status CaseFile::touch() { return database_->execute("UPDATE case_state SET value = value + 1 WHERE key = 'generation'"); }

std::shared_ptr<const void> CaseFile::span_cache() { return span_cache_generation_ == generation() ? span_cache_ : nullptr; }

void CaseFile::set_span_cache(std::shared_ptr<const void> cache)
{
    span_cache_ = std::move(cache);
    span_cache_generation_ = generation();
}

}  // namespace casebook
