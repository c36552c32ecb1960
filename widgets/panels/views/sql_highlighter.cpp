#include "widgets/panels/views/sql_highlighter.h"

#include "widgets/charts/view_colors.h"

#include <QEvent>
#include <QTextDocument>
#include <QWidget>

namespace casebook {
namespace {

constexpr int in_comment = 1, in_text = 2;  // block states
constexpr qsizetype longest_line = 20'000;  // beyond, colours would cost more than they help

}  // namespace

SqlHighlighter::SqlHighlighter(QTextDocument* document, QWidget* shown_by) : QSyntaxHighlighter(document), shown_by_(shown_by)
{
    shown_by_->installEventFilter(this);
}

const QStringList& SqlHighlighter::keywords()
{
    static const QStringList words = QStringLiteral(
        "ALL AND AS ASC BETWEEN BY CASE CAST CROSS DELETE DESC DISTINCT ELSE END ESCAPE EXCEPT EXISTS EXPLAIN FALSE FETCH FILTER FIRST FOLLOWING FOR FROM FULL "
        "GLOB GROUP HAVING IN INNER INSERT INTERSECT INTO IS JOIN LAST LEFT LIKE LIMIT NATURAL NOT NULL NULLS OFFSET ON OR ORDER OUTER OVER PARTITION PRECEDING "
        "RECURSIVE RETURNING RIGHT ROWS SELECT SET THEN TRUE UNBOUNDED UNION UPDATE USING VALUES WHEN WHERE WINDOW WITH").split(QLatin1Char(' '));
    return words;
}

bool SqlHighlighter::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == shown_by_ && event->type() == QEvent::PaletteChange) QMetaObject::invokeMethod(this, &QSyntaxHighlighter::rehighlight, Qt::QueuedConnection);
    return QSyntaxHighlighter::eventFilter(watched, event);
}

void SqlHighlighter::highlightBlock(const QString& text)
{
    setCurrentBlockState(0);
    if (text.size() > longest_line) return;
    const ViewColors colors = view_colors(shown_by_->palette());
    QTextCharFormat keyword, literal, comment, number;
    keyword.setForeground(colors.accent);
    keyword.setFontWeight(QFont::Bold);
    literal.setForeground(colors.good);
    number.setForeground(colors.categories[3]);
    comment.setForeground(colors.muted);
    comment.setFontItalic(true);
    qsizetype at = 0;
    const auto until = [&](const QString& end, int state, const QTextCharFormat& format, qsizetype from) {
        const qsizetype stop = text.indexOf(end, from);
        if (stop < 0) setCurrentBlockState(state);
        const qsizetype to = stop < 0 ? text.size() : stop + end.size();
        setFormat(static_cast<int>(at), static_cast<int>(to - at), format);
        at = to;
    };
    if (previousBlockState() == in_comment) until(QStringLiteral("*/"), in_comment, comment, 0);
    else if (previousBlockState() == in_text) until(QStringLiteral("'"), in_text, literal, 0);
    while (at < text.size()) {
        const QChar c = text[at];
        if (c == QLatin1Char('-') && text.mid(at, 2) == QLatin1String("--")) {
            setFormat(static_cast<int>(at), static_cast<int>(text.size() - at), comment);
            return;
        }
        if (c == QLatin1Char('/') && text.mid(at, 2) == QLatin1String("/*")) until(QStringLiteral("*/"), in_comment, comment, at + 2);
        else if (c == QLatin1Char('\'')) until(QStringLiteral("'"), in_text, literal, at + 1);
        else if (c.isLetter() || c == QLatin1Char('_')) {
            qsizetype end = at;
            while (end < text.size() && (text[end].isLetterOrNumber() || text[end] == QLatin1Char('_'))) ++end;
            if (keywords().contains(text.mid(at, end - at).toUpper())) setFormat(static_cast<int>(at), static_cast<int>(end - at), keyword);
            at = end;
        } else if (c.isDigit()) {
            qsizetype end = at;
            while (end < text.size() && (text[end].isLetterOrNumber() || text[end] == QLatin1Char('.'))) ++end;
            setFormat(static_cast<int>(at), static_cast<int>(end - at), number);
            at = end;
        } else {
            ++at;
        }
    }
}

}  // namespace casebook
