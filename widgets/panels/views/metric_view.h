#pragma once

#include "widgets/models/views/series_from_query.h"
#include "widgets/panels/views/query_view.h"

class QCheckBox;
class QSplitter;

namespace casebook {

class ChartMarks;
class DataTable;
class TimeChart;

/// All metrics of the case: a table to pick from (several with Ctrl or Shift), their lines beside it or, where that would be
/// narrow, below it.
class MetricView : public QueryView {
    Q_OBJECT
public:
    MetricView(Session& session, QWidget* parent);
    QString copyText() const override;
    DataTable& table() { return *table_; }
    TimeChart& chart() { return *chart_; }

    static const char* query();

protected:
    void load() override;
    void show_rows(std::shared_ptr<const QueryResult>) override {}
    void resizeEvent(QResizeEvent* event) override;
    void set_time_zone(TimeZoneMode zone) override;

private:
    void picked();
    void show_chart();

    struct Loaded;
    void show_table(Loaded loaded);

    DataTable* table_;
    TimeChart* chart_;
    QCheckBox* rates_;
    QSplitter* both_;
    ChartMarks* marks_;
    SeriesSet set_;
    JobSlot points_slot_;
};

}  // namespace casebook
