#pragma once

#include <QDialog>

class QLineEdit;
class QListWidget;
class QTextBrowser;

namespace casebook {

/// The whole handbook: one page per question, found by any word in it.
class HandbookWindow : public QDialog {
    Q_OBJECT

public:
    explicit HandbookWindow(QWidget* parent = nullptr);
    /// Turns to the page of an analyzer.
    void showPage(const QString& id);

private:
    void filter(const QString& text);
    void show_current();

    QLineEdit* search_;
    QListWidget* pages_;
    QTextBrowser* text_;
};

}  // namespace casebook
