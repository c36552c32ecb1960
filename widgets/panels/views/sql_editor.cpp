#include "widgets/panels/views/sql_editor.h"

#include "widgets/charts/view_colors.h"
#include "widgets/panels/views/sql_highlighter.h"

#include <QAbstractItemView>
#include <QCompleter>
#include <QFontDatabase>
#include <QKeyEvent>
#include <QScrollBar>
#include <QStringListModel>
#include <QTextBlock>
#include <algorithm>

namespace casebook {
namespace {

constexpr qsizetype most_remembered = 100;
constexpr qsizetype letters_before_list = 2;

}  // namespace

SqlEditor::SqlEditor(QWidget* parent) : QPlainTextEdit(parent), completer_(new QCompleter(this))
{
    setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    setTabChangesFocus(true);
    setPlaceholderText(tr("SELECT service, count(*) AS calls, percentile(duration_ns, 95) AS p95_ns FROM span GROUP BY service"));
    setAccessibleName(tr("Query"));
    new SqlHighlighter(document(), this);
    completer_->setWidget(this);
    completer_->setCaseSensitivity(Qt::CaseInsensitive);
    completer_->setCompletionMode(QCompleter::PopupCompletion);
    completer_->setModel(new QStringListModel(completer_));
    connect(this, &QPlainTextEdit::textChanged, this, [this] { setExtraSelections({}); });
    connect(completer_, qOverload<const QString&>(&QCompleter::activated), this, &SqlEditor::insert_completion);
}

void SqlEditor::set_words(const QStringList& words)
{
    QStringList all = words + SqlHighlighter::keywords();
    all.removeDuplicates();
    all.sort(Qt::CaseInsensitive);
    static_cast<QStringListModel*>(completer_->model())->setStringList(all);
}

void SqlEditor::set_history(const QStringList& history)
{
    history_ = history;
    history_at_ = history_.size();
}

void SqlEditor::remember(const QString& text)
{
    history_.removeAll(text);
    history_ += text;
    while (history_.size() > most_remembered) history_.removeFirst();
    history_at_ = history_.size();
}

QString SqlEditor::query() const
{
    // Qt writes line breaks of a selection as paragraph separators.
    const QString selected = textCursor().selectedText().replace(QChar::ParagraphSeparator, QLatin1Char('\n'));
    return selected.trimmed().isEmpty() ? toPlainText() : selected;
}

void SqlEditor::mark_error(int line, int column)
{
    const bool part = !textCursor().selectedText().trimmed().isEmpty();
    QTextCursor place(document());
    place.setPosition(part ? textCursor().selectionStart() : 0);
    if (line > 1) place.movePosition(QTextCursor::StartOfBlock);
    place.movePosition(QTextCursor::NextBlock, QTextCursor::MoveAnchor, line - 1);
    const qsizetype end_of_line = place.block().position() + place.block().length() - 1;
    place.setPosition(static_cast<int>(std::min<qsizetype>(end_of_line, place.position() + column - 1)));
    // At the end of the text the word before it is what is unfinished.
    if (place.atBlockEnd()) place.movePosition(QTextCursor::PreviousWord);
    place.movePosition(QTextCursor::EndOfWord, QTextCursor::KeepAnchor);
    if (!place.hasSelection()) place.movePosition(QTextCursor::NextCharacter, QTextCursor::KeepAnchor);
    QTextEdit::ExtraSelection mark;
    mark.cursor = place;
    mark.format.setUnderlineStyle(QTextCharFormat::WaveUnderline);
    mark.format.setUnderlineColor(view_colors(palette()).error);
    mark.format.setFontWeight(QFont::Bold);
    setExtraSelections({mark});
}

QString SqlEditor::word_before_cursor() const
{
    const QString text = textCursor().block().text().left(textCursor().positionInBlock());
    qsizetype from = text.size();
    while (from > 0 && (text[from - 1].isLetterOrNumber() || text[from - 1] == QLatin1Char('_'))) --from;
    return text.mid(from);
}

void SqlEditor::insert_completion(const QString& word)
{
    QTextCursor cursor = textCursor();
    cursor.movePosition(QTextCursor::Left, QTextCursor::KeepAnchor, static_cast<int>(word_before_cursor().size()));
    cursor.insertText(word);
    setTextCursor(cursor);
}

void SqlEditor::walk_history(int by)
{
    if (history_.isEmpty()) return;
    if (history_at_ == history_.size()) draft_ = toPlainText();
    history_at_ = std::clamp<qsizetype>(history_at_ + by, 0, history_.size());
    setPlainText(history_at_ == history_.size() ? draft_ : history_[history_at_]);
    moveCursor(QTextCursor::End);
}

void SqlEditor::keyPressEvent(QKeyEvent* event)
{
    const bool control = event->modifiers() & Qt::ControlModifier;
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (completer_->popup()->isVisible() && (enter || event->key() == Qt::Key_Tab || event->key() == Qt::Key_Escape)) return event->ignore();  // the list takes them
    if (control && enter) return emit run_asked();
    if (control && event->key() == Qt::Key_Up) return walk_history(-1);
    if (control && event->key() == Qt::Key_Down) return walk_history(1);
    const bool asked = control && event->key() == Qt::Key_Space;
    if (!asked) QPlainTextEdit::keyPressEvent(event);
    const QString word = word_before_cursor();
    const bool typed = !event->text().isEmpty() && event->text().front().isPrint() && !control;
    if (!asked && (!typed || word.size() < letters_before_list)) return completer_->popup()->hide();
    completer_->setCompletionPrefix(word);
    if (completer_->completionCount() == 0 || (completer_->completionCount() == 1 && completer_->currentCompletion().compare(word, Qt::CaseInsensitive) == 0))
        return completer_->popup()->hide();
    completer_->popup()->setCurrentIndex(completer_->completionModel()->index(0, 0));
    QRect place = cursorRect();
    place.setWidth(completer_->popup()->sizeHintForColumn(0) + completer_->popup()->verticalScrollBar()->sizeHint().width() + 12);
    completer_->complete(place);
}

}  // namespace casebook
