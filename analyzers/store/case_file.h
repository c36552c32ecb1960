#pragma once

#include "analyzers/core/finding.h"
#include "analyzers/core/result.h"
#include "analyzers/store/database.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// One case: a SQLite file NAME.casebook with imported rows, notes, windows and findings. One connection, one thread
/// at a time; open a second one with reader() for another thread. Readers see committed imports only.
class CaseFile {
public:
    enum class Mode { readOnly, readWrite };

    /// Opens an existing case. Older schemas are migrated when opened for writing. A newer schema opens read-only and
    /// notice() says so. Errors: caseFile (no such file, not a case, damaged), busy (names the process that has it).
    static Result<std::unique_ptr<CaseFile>> open(const std::string& path, Mode mode);
    /// Opens for writing, creating the case when the file does not exist or is empty.
    static Result<std::unique_ptr<CaseFile>> open_or_create(const std::string& path);
    /// A case in a temporary file that is deleted with the object.
    static Result<std::unique_ptr<CaseFile>> temporary();
    ~CaseFile();

    /// Another read-only connection to the same case, for another thread.
    Result<std::unique_ptr<CaseFile>> reader() const;
    /// Copies the whole case to a new file ("Save As"). Errors: caseFile.
    Status copy_to(const std::string& path, const Control& control);

    const std::string& path() const { return path_; }
    bool read_only() const { return read_only_; }
    const std::string& notice() const { return notice_; }  ///< why it is read-only; empty else
    Database& database() { return *database_; }

    int schema_version();
    /// Changes whenever rows come or go; what was computed from the rows before is stale then.
    std::int64_t generation();
    /// Adds one to the generation, inside the caller's transaction.
    Status touch();

    static int current_schema_version();

    /// What a higher layer computed from the rows and keeps with the connection (the span table); shared with readers.
    /// Null when nothing was kept or the rows changed since.
    std::shared_ptr<const void> span_cache();
    void set_span_cache(std::shared_ptr<const void> cache);

private:
    struct Lock;
    CaseFile() = default;
    static Result<std::unique_ptr<CaseFile>> open_with(const std::string& path, Mode mode, bool create);

    std::string path_;
    std::string notice_;
    bool read_only_ = false;
    bool temporary_ = false;
    std::shared_ptr<const void> span_cache_;
    std::int64_t span_cache_generation_ = -1;
    std::unique_ptr<Lock> lock_;
    std::unique_ptr<Database> database_;
};

struct ImportFileRow {
    std::int64_t id = 0;
    std::string path, importer, window;
    std::int64_t records = 0, stored = 0, repaired = 0, dropped = 0, bytes = 0;
    double seconds = 0;
    std::string content_hash;
};

struct WindowRow {
    std::string name, role;  ///< role: baseline incident after, or empty
    TimeRange range;
};

Result<std::vector<ImportFileRow>> import_files(CaseFile& file);
/// Takes one imported file out again, with everything that came from it. Error usage when there is no such id.
Status forget_file(CaseFile& file, std::int64_t file_id);

Result<std::vector<WindowRow>> windows(CaseFile& file);
/// Adds or moves a window. Names `baseline`, `incident` and `after` have their roles.
Status set_window(CaseFile& file, const std::string& name, TimeRange range);
Status delete_window(CaseFile& file, const std::string& name);

/// Threshold overrides stored with the case, by full name.
Result<std::vector<std::pair<std::string, double>>> stored_thresholds(CaseFile& file);
Status store_threshold(CaseFile& file, const std::string& name, std::optional<double> value);

}  // namespace casebook
