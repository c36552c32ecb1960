#pragma once

#include "widgets/charts/time_chart.h"
#include "widgets/jobs/job_runner.h"

#include <QObject>
#include <vector>

namespace casebook {

class Session;

/// What every chart over time marks: the windows of the case, deploys and other events.
class ChartMarks : public QObject {
    Q_OBJECT
public:
    ChartMarks(Session& session, QObject* parent);

    /// Asks the case for its events; changed() follows when they differ from those known.
    void read_events();
    /// Adds the marks to data whose axis is time; others stay as they are.
    void put_in(TimeChart::Data& data) const;

signals:
    void changed();

private:
    Session& session_;
    std::vector<ChartEvent> events_;
    JobSlot slot_;
};

}  // namespace casebook
