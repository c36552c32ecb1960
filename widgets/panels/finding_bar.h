#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QToolButton;

namespace casebook {

class Session;

/// Above the selected finding: accept, dismiss with a reason, pin, note, copy. The reason and the note are written in
/// place; a note is kept when the focus leaves it or another finding is selected.
class FindingBar : public QWidget {
    Q_OBJECT

public:
    explicit FindingBar(Session& session, QWidget* parent = nullptr);
    ~FindingBar() override;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QToolButton* add_button(const QString& icon, const QString& text, const QString& tip, const QString& name, bool wide);
    void show_selection();
    void show_decision();
    void set_accepted(bool on);
    void set_dismissed(bool on);
    void set_pinned(bool on);
    void dismiss_now();
    void save_note();
    bool edit_note(bool on);

    Session& session_;
    QToolButton *accept_, *dismiss_, *pin_, *note_, *copy_;
    QWidget* reason_row_;
    QLineEdit* reason_;
    QLabel* state_;
    QPlainTextEdit* text_;
    std::string analyzer_, key_;  // of the finding shown
    bool noting_ = false;         // the note is open although it is empty
};

}  // namespace casebook
