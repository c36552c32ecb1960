#pragma once

#include "widgets/panels/views/query_view.h"

class QToolButton;

namespace casebook {

class LatencyPane;
struct RequestSplit;

/// Requests of a piece of evidence by start and duration ("distribution"), or, when the evidence has no query, the
/// requests of the selected service and operation (of all when none is selected). A box compares its requests with the
/// rest, a click opens the trace.
class LatencyView : public QueryView {
    Q_OBJECT
public:
    LatencyView(Session& session, QWidget* parent);
    QString copyText() const override;
    LatencyPane& pane() { return *pane_; }

protected:
    void load() override;
    void show_rows(std::shared_ptr<const QueryResult> rows) override;
    void set_time_zone(TimeZoneMode zone) override;

private:
    void show_all();
    void compare(const std::vector<quint32>& places);
    void compare_sides(std::shared_ptr<const RequestSplit> split);
    void compare_trees();
    void open_trace(quint32 row);

    void show_windows();

    LatencyPane* pane_;
    JobSlot compare_slot_, events_slot_;
    QToolButton* trees_;
    std::vector<quint32> boxed_;       ///< the requests in the box, as rows of the span table
    std::string service_, operation_;  ///< what the requests in sight are limited to
};

}  // namespace casebook
