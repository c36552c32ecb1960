#pragma once

#include <QPlainTextEdit>

class QCompleter;

namespace casebook {

/// An editor for a query: keywords in colour, completion of views, columns, functions and keywords (Ctrl+Space, or after
/// two letters), Ctrl+Return runs, Ctrl+Up and Ctrl+Down walk the history.
class SqlEditor : public QPlainTextEdit {
    Q_OBJECT
public:
    explicit SqlEditor(QWidget* parent = nullptr);

    void set_words(const QStringList& words);
    void set_history(const QStringList& history);
    const QStringList& history() const { return history_; }
    /// Adds the text, newest last, without repeats; at most 100.
    void remember(const QString& text);
    QCompleter& completer() { return *completer_; }
    /// The selection, or the whole text.
    QString query() const;
    /// Underlines the word at a place of query(), counted from 1, until the text changes.
    void mark_error(int line, int column);

signals:
    void run_asked();

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    QString word_before_cursor() const;
    void insert_completion(const QString& word);
    void walk_history(int by);

    QCompleter* completer_;
    QStringList history_;
    qsizetype history_at_ = 0;
    QString draft_;
};

}  // namespace casebook
