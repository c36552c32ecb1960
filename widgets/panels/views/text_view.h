#pragma once

#include "widgets/panels/views/query_view.h"

class QPlainTextEdit;

namespace casebook {

/// Rows that read best as text: log lines, stacks, deadlock reports. One text column is shown as it is, several as
/// "name: value" paragraphs.
class TextView : public QueryView {
    Q_OBJECT
public:
    TextView(Session& session, QWidget* parent);
    QString copyText() const override;

protected:
    void show_rows(std::shared_ptr<const QueryResult> rows) override;
    void set_time_zone(TimeZoneMode zone) override;

private:
    void show_text();

    QPlainTextEdit* text_;
    std::shared_ptr<const QueryResult> rows_;
    TimeZoneMode zone_ = TimeZoneMode::utc;
};

}  // namespace casebook
