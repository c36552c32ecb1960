#pragma once

#include <QSyntaxHighlighter>

class QWidget;

namespace casebook {

/// Keywords, texts, numbers and comments of SQL, in the colours of the widget that shows it.
class SqlHighlighter : public QSyntaxHighlighter {
    Q_OBJECT
public:
    SqlHighlighter(QTextDocument* document, QWidget* shown_by);

    /// Upper-case words that SQLite and PostgreSQL treat as keywords.
    static const QStringList& keywords();

protected:
    void highlightBlock(const QString& text) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* shown_by_;
};

}  // namespace casebook
