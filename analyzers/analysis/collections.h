#pragma once

#include "analyzers/analysis/context.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace casebook {

/// The wall clock began; smaller numbers are uptimes or mere order.
constexpr std::int64_t wall_clock_ns = 1'000'000'000'000'000'000;

/// Where a file came from, and the window it was imported with (empty: none). By id. Errors: caseFile.
struct ImportedFile {
    std::string path, window;
};
Result<std::map<std::int64_t, ImportedFile>> imported_files(AnalysisContext& context);

/// "a/b/gc.log" -> "a/b"; archives count as folders.
std::string folder_of(std::string_view path);

/// A pause made by someone who took a histogram or a dump: it says nothing about the program.
bool is_by_observer(const GcPause& pause);

/// Of the young generation only.
bool is_young(const GcPause& pause);

/// Full and mixed collections show the live set; young ones leave garbage of the old generation behind. Collectors without
/// generations collect all of it each time.
bool is_deep(const GcPause& pause);

using Collections = std::vector<const GcPause*>;

/// By process the collections of the analysed window that say what they left behind, without those of observers: of one log,
/// whose rotated parts follow each other. With the log's path. Errors: caseFile.
Result<std::vector<std::pair<std::string, Collections>>> collections_by_process(AnalysisContext& context);

/// Bytes the heap of a log's process may have, "heap_max" as the log says it, else as somebody typed it; 0 when nobody did.
double limit_of_log(const std::vector<Setting>& settings, const std::string& log);

}  // namespace casebook
