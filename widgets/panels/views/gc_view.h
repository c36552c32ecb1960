#pragma once

#include "widgets/charts/time_chart.h"
#include "widgets/panels/views/query_view.h"

class QComboBox;

namespace casebook {

class ChartMarks;

/// Pauses of the garbage collector over time, by kind, above the heap before and after each, with its capacity. Logs
/// that count from their start are shown one at a time.
class GcView : public QueryView {
    Q_OBJECT
public:
    GcView(Session& session, QWidget* parent);
    QString copyText() const override;
    TimeChart& chart() { return *chart_; }

    static const char* query();

protected:
    void show_rows(std::shared_ptr<const QueryResult> rows) override;
    void set_time_zone(TimeZoneMode zone) override;

private:
    void show_file();

    std::shared_ptr<const QueryResult> rows_;
    QComboBox* files_;
    TimeChart* chart_;
    ChartMarks* marks_;
};

/// Rows of gc_pause as chart data: points per kind of pause in ms (the ten kinds that took longest, and the rest), the
/// heap before, after and its capacity in bytes. `path` empty = all files.
TimeChart::Data gc_chart(const QueryResult& rows, const std::string& path);

}  // namespace casebook
