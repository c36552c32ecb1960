#pragma once

#include "widgets/panels/views/query_view.h"

namespace casebook {

class PlanPane;

/// The plan of a piece of evidence, whole, with the nodes the query returned marked when it did not return all, else those
/// that the finding speaks of.
class PlanEvidenceView : public QueryView {
    Q_OBJECT
public:
    PlanEvidenceView(Session& session, QWidget* parent);
    QString copyText() const override;
    PlanPane& pane() { return *pane_; }

protected:
    void show_rows(std::shared_ptr<const QueryResult> rows) override;
    void set_time_zone(TimeZoneMode zone) override;

private:
    struct Loaded;
    PlanPane* pane_;
};

}  // namespace casebook
