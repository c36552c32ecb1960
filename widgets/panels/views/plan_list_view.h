#pragma once

#include "widgets/panels/views/table_view.h"

namespace casebook {

/// The plans of the case: Enter opens one, "Compare Plans" compares two that are selected.
class PlanListView : public TableView {
    Q_OBJECT
public:
    PlanListView(Session& session, QWidget* parent);

protected:
    void show_rows(std::shared_ptr<const QueryResult> rows) override;

private:
    void compare();
};

}  // namespace casebook
