#pragma once

#include "widgets/charts/chart_data.h"
#include "widgets/models/views/series_from_query.h"
#include "widgets/panels/views/query_view.h"

class QCheckBox;

namespace casebook {

class ChartMarks;
class TimeChart;

/// Rows as lines over time, with the windows of the case, its events and the thresholds of the finding. Counters can be
/// shown as a rate. A stretch dragged with Shift becomes the selected range.
class SeriesView : public QueryView {
    Q_OBJECT
public:
    SeriesView(Session& session, QWidget* parent);
    QString copyText() const override;
    TimeChart& chart() { return *chart_; }

protected:
    void show_rows(std::shared_ptr<const QueryResult> rows) override;
    void set_time_zone(TimeZoneMode zone) override;

private:
    void show_chart();
    std::vector<ChartThreshold> thresholds() const;

    TimeChart* chart_;
    QCheckBox* rates_;
    SeriesSet set_;
    ChartMarks* marks_;
};

}  // namespace casebook
