#include "analyzers/analysis/windows.h"

namespace casebook {
namespace {

Result<WindowRow> find_window(const std::vector<WindowRow>& all, const std::string& name)
{
    for (const WindowRow& window : all)
        if (window.name == name) return window;
    return fail(Error::Code::usage, "there is no window " + name, "casebook-cli window CASE --list shows the windows; window CASE NAME FROM TO makes one");
}

}  // namespace

Result<AnalysisWindows> choose_windows(CaseEvidence& evidence, const AnalyzeOptions& options)
{
    AnalysisWindows chosen;
    TRY_ASSIGN(const std::vector<WindowRow> named, windows(evidence.file()));
    TRY_ASSIGN(const std::optional<TimeRange> range, evidence.time_range());
    chosen.whole = range.value_or(TimeRange{});
    chosen.analysed = chosen.whole;
    bool whole_case = true;
    if (options.range) {
        chosen.analysed = *options.range;
        chosen.limited = true;
        chosen.analysed_name = "selection";
        whole_case = false;
    } else {
        const std::string wanted = options.window.empty() ? "incident" : options.window;
        const auto window = find_window(named, wanted);
        if (!window && !options.window.empty()) return tl::unexpected<Error>(window.error());
        if (window) {
            chosen.analysed = window->range;
            chosen.analysed_name = window->name;
            whole_case = false;
        }
    }
    const std::string baseline = options.baseline.empty() ? "baseline" : options.baseline;
    const auto window = find_window(named, baseline);
    if (!window && !options.baseline.empty()) return tl::unexpected<Error>(window.error());
    if (window && window->name != chosen.analysed_name) {
        chosen.baseline = window->range;
        chosen.baseline_name = window->name;
    } else if (!whole_case && chosen.analysed.from_ns > chosen.whole.from_ns) {
        chosen.baseline = TimeRange{chosen.whole.from_ns, chosen.analysed.from_ns};
        chosen.baseline_name = "before " + chosen.analysed_name;
    }
    if (!whole_case) chosen.onset_ns = chosen.analysed.from_ns;
    return chosen;
}

}  // namespace casebook
