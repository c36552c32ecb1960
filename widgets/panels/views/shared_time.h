#pragma once

namespace casebook {

class Chart;
class Session;

/// Ties the time axis of a chart to the one all charts of the case share: what the user does in one moves all.
void share_time_axis(Session& session, Chart& chart);

}  // namespace casebook
