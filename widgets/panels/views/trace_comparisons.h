#pragma once

#include "analyzers/trace/span_table.h"
#include "widgets/jobs/job_runner.h"

#include <QObject>
#include <memory>
#include <string>

class QAction;
class QMenu;

namespace casebook {

class Session;
class TracePane;

/// What a trace in the waterfall can be compared with: the median request of its operation, all requests of a window, another
/// trace. A menu among the tools of the pane; the first is in the waterfall's context menu too, with the key D.
class TraceComparisons : public QObject {
    Q_OBJECT
public:
    /// `parent` and `pane` must outlive it.
    TraceComparisons(Session& session, TracePane& pane, QWidget* parent);
    void set_trace(std::shared_ptr<const SpanTable> spans, std::size_t trace_index);

private:
    void fill_menu();
    void with_median();
    void with_window(const std::string& name, TimeRange window);
    void ask_for_trace();
    void with_trace(const QString& id);
    std::string trace_id() const;
    std::string request_id() const;

    Session& session_;
    TracePane& pane_;
    QMenu* menu_;
    QAction* median_;
    std::shared_ptr<const SpanTable> spans_;
    std::size_t trace_ = 0;
    SpanTable::Row request_ = SpanTable::no_row;  ///< the span users wait for
    std::string service_, operation_;
    JobSlot slot_;
};

}  // namespace casebook
