#include "widgets/panels/views/case_windows.h"

#include "widgets/qt_text.h"
#include "widgets/session/session.h"

namespace casebook {

std::vector<ChartWindow> chart_windows(const Session& session)
{
    std::vector<ChartWindow> windows;
    for (const WindowRow& row : session.shownWindows()) windows.push_back({to_qt(row.name), to_qt(row.role), row.range.from_ns, row.range.to_ns});
    return windows;
}

std::optional<TimeRange> window_of(const Session& session, std::string_view role)
{
    for (const WindowRow& row : session.shownWindows())
        if (row.role == role) return row.range;
    return {};
}

}  // namespace casebook
