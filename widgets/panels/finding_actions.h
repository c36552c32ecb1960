#pragma once

#include "analyzers/store/finding_decisions.h"

#include <QObject>

#include <string>

class QAction;
class QWidget;

namespace casebook {

class Session;

/// The selected finding as Markdown with what was decided about it; empty when none is selected.
QString selected_finding_markdown(Session& session);
/// Puts it on the clipboard and says so.
void copy_selected_finding(Session& session);

/// What one does with the selected finding: accept, dismiss, pin, note, copy. The actions know what the finding's
/// state is and whether there is one; dismissing and noting ask for text in a small dialog over `parent`.
class FindingActions : public QObject {
    Q_OBJECT

public:
    FindingActions(Session& session, QWidget* parent);

    QAction* accept() const { return accept_; }
    QAction* dismiss() const { return dismiss_; }
    QAction* pin() const { return pin_; }
    QAction* note() const { return note_; }
    QAction* copy() const { return copy_; }

private:
    QAction* add(const QString& icon, const QString& text, const QString& name, const QString& key, bool checkable);
    void update_state();
    /// Changes the decision about the selected finding.
    template <class F>
    void change(F edit);
    void ask_reason();
    void ask_note();

    Session& session_;
    QWidget* parent_;
    QAction *accept_, *dismiss_, *pin_, *note_, *copy_;
};

}  // namespace casebook
