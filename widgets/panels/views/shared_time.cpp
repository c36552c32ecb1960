#include "widgets/panels/views/shared_time.h"

#include "widgets/charts/chart.h"
#include "widgets/session/session.h"

namespace casebook {

void share_time_axis(Session& session, Chart& chart)
{
    const auto follow = [&session, &chart] { chart.share_time(session.visibleRange(), session.extent()); };
    QObject::connect(&session, &Session::visibleRangeChanged, &chart, follow);
    QObject::connect(&session, &Session::extentChanged, &chart, follow);
    QObject::connect(&chart, &Chart::time_moved, &session, [&session, follow](qint64 from_ns, qint64 to_ns) {
        session.showRange(TimeRange{from_ns, to_ns});
        follow();  // the session may have limited it to what it was before
    });
    QObject::connect(&chart, &Chart::time_reset, &session, [&session] { session.showRange({}); });
    follow();
}

}  // namespace casebook
