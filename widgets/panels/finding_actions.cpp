#include "widgets/panels/finding_actions.h"

#include "widgets/models/finding_text.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"
#include "widgets/style/icons.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QInputDialog>
#include <QWidget>

namespace casebook {

QString selected_finding_markdown(Session& session)
{
    const Selection& selection = session.selection();
    const auto finding = session.finding(selection.analyzer, selection.finding_key);
    return finding ? finding_markdown(*finding, session.decision(selection.analyzer, selection.finding_key)) : QString();
}

void copy_selected_finding(Session& session)
{
    const QString text = selected_finding_markdown(session);
    if (text.isEmpty()) {
        session.tell({Message::Kind::information, FindingActions::tr("No finding is selected"),
                      FindingActions::tr("Pick one on the left, then copy it")});
        return;
    }
    QApplication::clipboard()->setText(text);
    session.tell({Message::Kind::information, FindingActions::tr("The finding is on the clipboard as Markdown"), {}});
}

FindingActions::FindingActions(Session& session, QWidget* parent)
    : QObject(parent), session_(session), parent_(parent),
      accept_(add(QStringLiteral("accept"), tr("&Accept"), QStringLiteral("acceptFinding"), QStringLiteral("A"), true)),
      dismiss_(add(QStringLiteral("dismiss"), tr("&Dismiss..."), QStringLiteral("dismissFinding"), QStringLiteral("D"), true)),
      pin_(add(QStringLiteral("pin"), tr("&Pin"), QStringLiteral("pinFinding"), QStringLiteral("P"), true)),
      note_(add(QStringLiteral("note"), tr("&Note..."), QStringLiteral("noteFinding"), QStringLiteral("N"), false)),
      copy_(add(QStringLiteral("copy"), tr("&Copy as Markdown"), QStringLiteral("copyFindingMarkdown"), {}, false))
{
    connect(accept_, &QAction::triggered, this, [this](bool on) {
        change([on](FindingDecision& decision) {
            decision.state = on ? FindingState::accepted : FindingState::open;
            decision.reason.clear();
        });
    });
    connect(dismiss_, &QAction::triggered, this, [this](bool on) {
        if (on) return ask_reason();
        change([](FindingDecision& decision) {
            decision.state = FindingState::open;
            decision.reason.clear();
        });
    });
    connect(pin_, &QAction::triggered, this, [this](bool on) { change([on](FindingDecision& d) { d.pinned = on; }); });
    connect(note_, &QAction::triggered, this, &FindingActions::ask_note);
    connect(copy_, &QAction::triggered, this, [this] { copy_selected_finding(session_); });
    for (const auto signal : {&Session::selectionChanged, &Session::reportChanged, &Session::decisionsChanged})
        connect(&session_, signal, this, &FindingActions::update_state);
    update_state();
}

QAction* FindingActions::add(const QString& icon, const QString& text, const QString& name, const QString& key,
                             bool checkable)
{
    auto* action = new QAction(action_icon(icon), text, this);
    action->setObjectName(name);
    action->setCheckable(checkable);
    // Plain letters, for the list that has the focus only.
    if (!key.isEmpty()) action->setShortcut(QKeySequence(key));
    action->setShortcutContext(Qt::WidgetShortcut);
    return action;
}

void FindingActions::update_state()
{
    const Selection& selection = session_.selection();
    const bool there = session_.finding(selection.analyzer, selection.finding_key) != nullptr;
    const FindingDecision decision = session_.decision(selection.analyzer, selection.finding_key);
    for (QAction* action : {accept_, dismiss_, pin_, note_, copy_}) action->setEnabled(there);
    accept_->setChecked(there && decision.state == FindingState::accepted);
    dismiss_->setChecked(there && decision.state == FindingState::dismissed);
    pin_->setChecked(there && decision.pinned);
}

template <class F>
void FindingActions::change(F edit)
{
    const Selection& selection = session_.selection();
    if (session_.finding(selection.analyzer, selection.finding_key)) {
        FindingDecision decision = session_.decision(selection.analyzer, selection.finding_key);
        edit(decision);
        session_.decide(selection.analyzer, selection.finding_key, decision);
    }
    update_state();  // a case that cannot be changed leaves it as it was
}

void FindingActions::ask_reason()
{
    update_state();
    if (session_.refusesChanges()) return;
    auto* dialog = new QInputDialog(parent_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("dismissDialog"));
    dialog->setWindowTitle(tr("Dismiss the finding"));
    dialog->setLabelText(tr("Why? Whoever reads the case later sees the reason."));
    dialog->setOkButtonText(tr("Dismiss"));
    const Selection selection = session_.selection();
    connect(dialog, &QInputDialog::textValueSelected, this, [this, selection](const QString& text) {
        FindingDecision decision = session_.decision(selection.analyzer, selection.finding_key);
        decision.state = FindingState::dismissed;
        decision.reason = text.trimmed().toStdString();
        session_.decide(selection.analyzer, selection.finding_key, decision);
    });
    dialog->open();
}

void FindingActions::ask_note()
{
    if (session_.refusesChanges()) return;
    const Selection selection = session_.selection();
    auto* dialog = new QInputDialog(parent_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("noteDialog"));
    dialog->setOption(QInputDialog::UsePlainTextEditForTextInput);
    dialog->setWindowTitle(tr("Note on the finding"));
    dialog->setLabelText(tr("It stays with the finding and goes into what is copied and exported."));
    dialog->setTextValue(to_qt(session_.decision(selection.analyzer, selection.finding_key).note));
    connect(dialog, &QInputDialog::textValueSelected, this, [this, selection](const QString& text) {
        FindingDecision decision = session_.decision(selection.analyzer, selection.finding_key);
        decision.note = text.trimmed().toStdString();
        session_.decide(selection.analyzer, selection.finding_key, decision);
    });
    dialog->open();
}

}  // namespace casebook
