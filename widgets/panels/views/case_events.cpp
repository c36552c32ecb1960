#include "widgets/panels/views/case_events.h"

#include "widgets/charts/line_text.h"
#include "widgets/session/session.h"

namespace casebook {
namespace {

constexpr std::int64_t most_events = 200;

}  // namespace

JobId read_case_events(Session& session, QObject* context, std::function<void(std::vector<ChartEvent>)> done)
{
    return session.query("SELECT at_ns, kind, service, text FROM event ORDER BY at_ns", {}, context,
                         [done = std::move(done)](Result<QueryResult> found) {
                             if (!found) return;
                             std::vector<ChartEvent> events;
                             for (const auto& row : found->rows) {
                                 const auto* at = std::get_if<std::int64_t>(&row[0]);
                                 if (at == nullptr) continue;
                                 events.push_back({*at, (to_qt_line(to_text(row[1]), 40) + QLatin1Char(' ') + to_qt_line(to_text(row[2]), 80) + QLatin1Char(' ') + to_qt_line(to_text(row[3]), 200)).simplified()});
                             }
                             done(std::move(events));
                         },
                         QueryLimits{most_events});
}

}  // namespace casebook
