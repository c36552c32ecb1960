#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

class CaseFile;

struct ImportOptions {
    std::string importer;   ///< --as: skip sniffing
    std::string window;     ///< --window
    std::string service;    ///< --service
    std::optional<std::int64_t> at_ns;
    bool replace = false;
};

struct ImportNote {
    std::int64_t line = 0;
    std::string code, detail;
    std::int64_t count = 1;
};

struct ImportedFile {
    enum class Status { imported, alreadyImported, skipped, failed };
    std::int64_t id = 0;
    std::string path, importer;
    std::int64_t records = 0, stored = 0, repaired = 0, dropped = 0;
    std::vector<ImportNote> notes;
    double seconds = 0;
    std::int64_t bytes = 0;
    Status status = Status::imported;
    std::optional<Error> error;
    bool named = false;  ///< the user named this very file (an unrecognised one is then an error, else a skip)
};
const char* name_of(ImportedFile::Status status);

struct ImportReport {
    std::vector<ImportedFile> files;
    bool any_named_failed() const;  ///< exit status 3
};

/// Imports files, directories (walked in natural name order), archives (zip, tar) and "-" (standard input), each file in
/// one transaction of its own. A file that fails leaves nothing behind and does not stop the others. Blocks; call it off
/// the GUI thread. The only overall errors are cancelled (the current file is rolled back, earlier ones stay) and caseFile.
Result<ImportReport> import_paths(CaseFile& file, const std::vector<std::string>& paths, const ImportOptions& options,
                                  const Control& control);

/// Imports bytes that were pasted; `name` stands for a path.
Result<ImportReport> import_bytes(CaseFile& file, const std::string& name, std::string_view bytes,
                                  const ImportOptions& options, const Control& control);

/// Scores of all importers for the beginning of an input, best first; for messages and tests.
struct SniffScore { std::string importer; int score; };
std::vector<SniffScore> sniff_scores(const std::string& path, std::string_view head, bool whole);

std::string to_json(const ImportReport& report);

}  // namespace casebook
