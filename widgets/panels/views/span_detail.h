#pragma once

#include "analyzers/trace/span_table.h"
#include "widgets/charts/time_text.h"

#include <QTreeWidget>

namespace casebook {

/// Everything one span says, as a two-column tree: figures, statement, attributes, events and links. Copies with
/// Ctrl+C. Emits what a click on a value could look for.
class SpanDetail : public QTreeWidget {
    Q_OBJECT
public:
    explicit SpanDetail(QWidget* parent = nullptr);

    void show_span(const SpanTable& spans, SpanTable::Row row, TimeZoneMode zone);
    void show_nothing();
    /// The selected lines, "key<tab>value".
    QString selected_text() const;

signals:
    /// "Find spans with this value" was chosen.
    void value_chosen(const QString& value);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void fit_columns();
    QTreeWidgetItem* section(const QString& title);
    void add(QTreeWidgetItem* section, const QString& key, const QString& value);
};

}  // namespace casebook
