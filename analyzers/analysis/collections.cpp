#include "analyzers/analysis/collections.h"

#include "analyzers/analysis/sessions.h"
#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook {
namespace {

/// "gc.log.3" and "gc.log.current" -> "gc.log": one log that was rotated.
std::string rotation_of(std::string path)
{
    const std::size_t dot = path.find_last_of("./\\!");
    if (dot == std::string::npos || path[dot] != '.') return path;
    const std::string_view end = std::string_view(path).substr(dot + 1);
    if (end == "current" || (!end.empty() && end.find_first_not_of("0123456789") == std::string_view::npos)) path.resize(dot);
    return path;
}

}  // namespace

Result<std::map<std::int64_t, ImportedFile>> imported_files(AnalysisContext& context)
{
    std::map<std::int64_t, ImportedFile> files;
    TRY_ASSIGN(Statement rows, context.evidence().file().database().prepare("SELECT id, path, coalesce(window, '') FROM import_files"));
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) return files;
        files[rows.integer(0)] = {std::string(rows.text(1)), std::string(rows.text(2))};
    }
}

std::string folder_of(std::string_view path)
{
    const std::size_t end = path.find_last_of("/\\!");
    return std::string(end == std::string_view::npos ? std::string_view() : path.substr(0, end));
}

bool is_by_observer(const GcPause& pause)
{
    for (const std::string_view word : {"Heap Inspection", "Heap Dump", "Diagnostic Command", "JvmtiEnv", "WhiteBox"})
        if (contains_ignoring_case(pause.cause, word)) return true;
    return false;
}

bool is_young(const GcPause& pause) { return (contains_ignoring_case(pause.kind, "young") && !contains_ignoring_case(pause.kind, "mixed")) || contains_ignoring_case(pause.kind, "minor"); }

bool is_deep(const GcPause& pause)
{
    for (const std::string_view word : {"full", "mixed", "remark"})
        if (contains_ignoring_case(pause.kind, word)) return true;
    return (pause.collector == "ZGC" || pause.collector == "Shenandoah") && !is_young(pause);
}

Result<std::vector<std::pair<std::string, Collections>>> collections_by_process(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* pauses, context.evidence().gc_pauses());
    TRY_ASSIGN(auto files, imported_files(context));
    const AnalysisWindows& windows = context.windows();
    std::map<std::int64_t, Collections> by_file;
    for (const GcPause& pause : *pauses) {
        if (!pause.has_time || !pause.after_bytes || is_by_observer(pause)) continue;
        const std::optional<std::int64_t> at = pause.at_ns > wall_clock_ns ? std::optional(pause.at_ns) : std::nullopt;
        if (in_analysed_window(windows, at, files[pause.file_id].window)) by_file[pause.file_id].push_back(&pause);
    }
    std::vector<std::pair<std::string, Collections>> processes;
    std::vector<std::pair<std::int64_t, const Collections*>> in_time;
    for (const auto& [file, all] : by_file) in_time.emplace_back(file, &all);
    std::stable_sort(in_time.begin(), in_time.end(), [](const auto& a, const auto& b) { return a.second->front()->at_ns < b.second->front()->at_ns; });
    for (const auto& [file, all] : in_time) {
        const std::string name = rotation_of(files[file].path);
        const auto before = std::find_if(processes.rbegin(), processes.rend(), [&, all = all](const auto& process) {
            return process.first == name && process.second.back()->at_ns <= all->front()->at_ns;
        });
        if (before == processes.rend()) processes.emplace_back(name, *all);
        else before->second.insert(before->second.end(), all->begin(), all->end());
    }
    return processes;
}

double limit_of_log(const std::vector<Setting>& settings, const std::string& log)
{
    double typed = 0, own = 0;
    for (const Setting& setting : settings) {
        const auto bytes = setting.name == "heap_max" ? parse_double(trim(setting.value)) : std::nullopt;
        if (!bytes) continue;
        if (rotation_of(setting.source) == log) own = *bytes;
        else if (folder_of(setting.source).empty()) typed = *bytes;
    }
    return own > 0 ? own : typed;
}

}  // namespace casebook
