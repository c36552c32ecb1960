#pragma once

#include "widgets/models/views/trace_diff_data.h"
#include "widgets/panels/views/query_view.h"

namespace casebook {

class TraceDiffPane;

/// A comparison of requests: those its query names (trace_diff_evidence.h). Without a query the selected operation: incident
/// against baseline where both windows have requests, else its slow requests against its usual ones.
class TraceDiffView : public QueryView {
    Q_OBJECT
public:
    TraceDiffView(Session& session, QWidget* parent);
    QString copyText() const override;
    TraceDiffPane& pane() { return *pane_; }

protected:
    void load() override;
    void show_rows(std::shared_ptr<const QueryResult> rows) override;
    void set_time_zone(TimeZoneMode zone) override;

private:
    void run(const Evidence& comparison);
    void compare(ComparedRequests a, ComparedRequests b);
    void show_comparison(Result<std::shared_ptr<const TraceDiffData>> data);
    void swap();
    void open_span(quint32 row);

    TraceDiffPane* pane_;
    std::shared_ptr<const TraceDiffData> data_;
    std::shared_ptr<const SpanTable> spans_;
    std::string service_, operation_;  ///< compared without a query
};

}  // namespace casebook
