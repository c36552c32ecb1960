#include "widgets/panels/views/plan_list_view.h"

#include "widgets/models/views/plan_table.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/plan_diff_view.h"
#include "widgets/session/session.h"

#include <QTableView>
#include <algorithm>

namespace casebook {

PlanListView::PlanListView(Session& session, QWidget* parent) : TableView(session, parent)
{
    set_empty_hint(tr("No plans in the case. Import what EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) prints, or paste it with Ctrl+V."));
    table().add_row_command(tr("Compare Plans"), tr("Compare the two selected plans as one tree; Ctrl+click selects a second one"), QKeySequence(Qt::CTRL | Qt::Key_D), 2, 2,
                            [this] { compare(); });
}

void PlanListView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    table().set_table(plan_table(std::move(rows)));
    table().view().setColumnHidden(table().model().columnCount() - 1, true);
}

void PlanListView::compare()
{
    std::vector<std::uint32_t> rows = table().selected_table_rows(2);
    const TableData* plans = table().model().table();
    if (rows.size() != 2 || plans == nullptr) return;
    const auto column = [plans](const char* name) {
        return std::find_if(plans->columns.begin(), plans->columns.end(), [name](const TableColumn& one) { return one.name == QLatin1String(name); });
    };
    const auto id = column("plan_id"), time = column("execution_ms");
    if (id == plans->columns.end() || id->integers.empty()) return;
    // The faster one first, as with traces; without times the one that came first.
    const auto time_of = [&](std::uint32_t row) { return time == plans->columns.end() || time->is_text() || time->is_null(row) ? 0.0 : time->number(row); };
    const auto key = [&](std::uint32_t row) { return std::pair(time_of(row), id->integers[row]); };
    if (key(rows[1]) < key(rows[0])) std::swap(rows[0], rows[1]);
    session().openEvidence(plan_comparison(id->integers[rows[0]], id->integers[rows[1]]));
}

}  // namespace casebook
