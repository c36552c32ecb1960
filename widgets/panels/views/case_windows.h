#pragma once

#include "analyzers/store/case_file.h"
#include "widgets/charts/chart_data.h"

#include <optional>
#include <string_view>
#include <vector>

namespace casebook {

class Session;

/// Session::shownWindows() as charts shade them.
std::vector<ChartWindow> chart_windows(const Session& session);
/// The window of a role ("baseline", "incident", "after"); nothing when there is none.
std::optional<TimeRange> window_of(const Session& session, std::string_view role);

}  // namespace casebook
