#include "widgets/models/views/cohort_table.h"

#include "analyzers/core/text.h"

#include <QCoreApplication>

namespace casebook {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("CohortTable", text); }

}  // namespace

std::shared_ptr<TableData> cohort_table(const CohortComparison& comparison)
{
    using Kind = TableColumn::Kind;
    auto table = std::make_shared<TableData>();
    TableColumn key, value, here, there, lift, rows, q, same;
    const auto set = [](TableColumn& column, const char* name, const QString& title, Kind kind, const QString& help = {}) {
        column.name = QLatin1String(name);
        column.title = title;
        column.kind = kind;
        column.help = help;
    };
    set(key, "attribute", tr("attribute"), Kind::text);
    set(value, "value", tr("value"), Kind::text);
    set(here, "selected_share", tr("of the selection"), Kind::share, tr("Share of the selected requests that have this value"));
    set(there, "rest_share", tr("of the rest"), Kind::share, tr("Share of the other requests that have this value"));
    set(lift, "lift", tr("lift"), Kind::count, tr("Share in the selection over share in all requests; 1 = no difference"));
    set(rows, "selected", tr("selected"), Kind::count, tr("Selected requests that have this value"));
    set(q, "q", tr("q"), Kind::count, tr("Fisher's exact test, adjusted over everything tested (Benjamini-Hochberg); below 0.05 is unlikely to be chance"));
    set(same, "aliases", tr("same rows as"), Kind::text);
    here.decor = there.decor = TableColumn::Decor::bar;
    for (const CohortValue& one : comparison.values) {
        key.texts.push_back(table->keep(one.key));
        value.texts.push_back(table->keep(one.value));
        here.numbers.push_back(one.coverage);
        there.numbers.push_back(one.rest_share);
        lift.numbers.push_back(one.lift);
        rows.integers.push_back(static_cast<std::int64_t>(one.selected));
        q.numbers.push_back(one.q);
        same.texts.push_back(table->keep(join(one.aliases, ", ")));
        ++table->rows;
    }
    for (TableColumn* column : {&key, &value, &here, &there, &lift, &rows, &q, &same}) table->columns.push_back(std::move(*column));
    finish_table(*table);
    // Bars of one scale: 100 % is the whole cell in both.
    table->columns[2].largest = table->columns[3].largest = 1;
    return table;
}

}  // namespace casebook
