#include "widgets/panels/views/chart_marks.h"

#include "widgets/panels/views/case_events.h"
#include "widgets/panels/views/case_windows.h"
#include "widgets/session/session.h"

namespace casebook {

ChartMarks::ChartMarks(Session& session, QObject* parent) : QObject(parent), session_(session), slot_(session.jobs())
{
    connect(&session, &Session::windowsChanged, this, &ChartMarks::changed);
    connect(&session, &Session::reportChanged, this, &ChartMarks::changed);  // windows may come with the report
}

void ChartMarks::read_events()
{
    slot_ = read_case_events(session_, this, [this](std::vector<ChartEvent> events) {
        if (events == events_) return;
        events_ = std::move(events);
        emit changed();
    });
}

void ChartMarks::put_in(TimeChart::Data& data) const
{
    if (data.axis != ChartAxis::time) return;
    data.windows = chart_windows(session_);
    data.events = events_;
}

}  // namespace casebook
