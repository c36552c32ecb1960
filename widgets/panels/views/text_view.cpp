#include "widgets/panels/views/text_view.h"

#include "widgets/models/views/table_from_query.h"

#include <QFontDatabase>
#include <QPlainTextEdit>
#include <algorithm>

namespace casebook {
namespace {

constexpr qsizetype most_characters = 4'000'000;

}  // namespace

TextView::TextView(Session& session, QWidget* parent) : QueryView(session, parent), text_(new QPlainTextEdit)
{
    text_->setReadOnly(true);
    text_->setLineWrapMode(QPlainTextEdit::NoWrap);
    text_->setFrameShape(QFrame::NoFrame);
    text_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    text_->setAccessibleName(tr("Text of the evidence"));
    set_body(text_);
}

void TextView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    rows_ = std::move(rows);
    show_text();
}

void TextView::set_time_zone(TimeZoneMode zone)
{
    zone_ = zone;
    show_text();
}

void TextView::show_text()
{
    if (!rows_) return;
    const std::shared_ptr<TableData> table = table_from_query(rows_);
    QString text;
    for (std::size_t row = 0; row < table->rows; ++row) {
        if (text.size() > most_characters) {
            text += tr("… %1 more rows are not shown; the table shows them").arg(count_text(static_cast<std::int64_t>(table->rows - row)));
            break;
        }
        for (const TableColumn& column : table->columns) {
            if (column.is_null(row)) continue;
            const QString value = column.is_text() ? QString::fromUtf8(column.texts[row].data(), static_cast<qsizetype>(column.texts[row].size()))
                                                   : exact_cell_text(column, row, zone_);
            text += table->columns.size() == 1 ? value + QLatin1Char('\n') : column.title + QStringLiteral(": ") + value + QLatin1Char('\n');
        }
        if (table->columns.size() > 1) text += QLatin1Char('\n');
    }
    text_->setPlainText(text);
}

QString TextView::copyText() const { return text_->toPlainText(); }

}  // namespace casebook
