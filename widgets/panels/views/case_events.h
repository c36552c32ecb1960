#pragma once

#include "widgets/charts/chart_data.h"
#include "widgets/jobs/job_runner.h"

#include <functional>
#include <vector>

class QObject;

namespace casebook {

class Session;

/// Deploys and other events of the case, as charts mark them: "deploy orders 5.13.0", by time, at most 200. `done` comes
/// on the GUI thread unless `context` is gone, and not at all when the case cannot be read.
JobId read_case_events(Session& session, QObject* context, std::function<void(std::vector<ChartEvent>)> done);

}  // namespace casebook
