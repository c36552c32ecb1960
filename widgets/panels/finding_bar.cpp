#include "widgets/panels/finding_bar.h"

#include "widgets/models/finding_text.h"
#include "widgets/panels/finding_actions.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"
#include "widgets/style/icons.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>

namespace casebook {

FindingBar::FindingBar(Session& session, QWidget* parent)
    : QWidget(parent), session_(session),
      accept_(add_button(QStringLiteral("accept"), tr("Accept"), tr("Accept: this is a cause of the incident"),
                         QStringLiteral("acceptButton"), true)),
      dismiss_(add_button(QStringLiteral("dismiss"), tr("Dismiss"), tr("Dismiss with a reason"),
                          QStringLiteral("dismissButton"), true)),
      pin_(add_button(QStringLiteral("pin"), tr("Pin"), tr("Pin: list it first"), QStringLiteral("pinButton"), false)),
      note_(add_button(QStringLiteral("note"), tr("Note"), tr("Write a note"), QStringLiteral("noteButton"), false)),
      copy_(add_button(QStringLiteral("copy"), tr("Copy"), tr("Copy the finding as Markdown (Ctrl+Shift+C)"),
                       QStringLiteral("copyFinding"), false)),
      reason_row_(new QWidget(this)), reason_(new QLineEdit(reason_row_)), state_(new QLabel(this)),
      text_(new QPlainTextEdit(this))
{
    copy_->setCheckable(false);
    reason_->setPlaceholderText(tr("Why is it dismissed?"));
    reason_->setAccessibleName(tr("Reason for dismissing the finding"));
    reason_->setObjectName(QStringLiteral("dismissReason"));
    reason_->installEventFilter(this);
    auto* confirm = new QPushButton(tr("Dismiss"), reason_row_);
    confirm->setObjectName(QStringLiteral("dismissConfirm"));
    state_->setWordWrap(true);
    state_->setTextFormat(Qt::PlainText);
    state_->setObjectName(QStringLiteral("findingState"));
    text_->setPlaceholderText(tr("What you know about it. It is kept with the finding and copied with it."));
    text_->setAccessibleName(tr("Note on the finding"));
    text_->setObjectName(QStringLiteral("findingNote"));
    text_->setTabChangesFocus(true);
    text_->setFixedHeight(4 * fontMetrics().lineSpacing());
    text_->installEventFilter(this);

    auto* buttons = new QHBoxLayout;
    buttons->setContentsMargins(0, 0, 0, 0);
    buttons->setSpacing(2);
    for (QToolButton* button : {accept_, dismiss_, pin_, note_, copy_}) buttons->addWidget(button);
    buttons->addStretch(1);
    auto* reason = new QHBoxLayout(reason_row_);
    reason->setContentsMargins(0, 0, 0, 0);
    reason->addWidget(reason_, 1);
    reason->addWidget(confirm);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(4, 0, 4, 2);
    column->setSpacing(3);
    column->addLayout(buttons);
    column->addWidget(reason_row_);
    column->addWidget(state_);
    column->addWidget(text_);

    connect(accept_, &QToolButton::clicked, this, &FindingBar::set_accepted);
    connect(dismiss_, &QToolButton::clicked, this, &FindingBar::set_dismissed);
    connect(pin_, &QToolButton::clicked, this, &FindingBar::set_pinned);
    connect(note_, &QToolButton::clicked, this, &FindingBar::edit_note);
    connect(copy_, &QToolButton::clicked, this, [this] {
        save_note();
        copy_selected_finding(session_);
    });
    connect(reason_, &QLineEdit::returnPressed, this, &FindingBar::dismiss_now);
    connect(confirm, &QPushButton::clicked, this, &FindingBar::dismiss_now);
    connect(&session_, &Session::selectionChanged, this, &FindingBar::show_selection);
    connect(&session_, &Session::reportChanged, this, &FindingBar::show_selection);
    connect(&session_, &Session::decisionsChanged, this, &FindingBar::show_decision);
    show_selection();
    show_decision();
}

FindingBar::~FindingBar() = default;

QToolButton* FindingBar::add_button(const QString& icon, const QString& text, const QString& tip, const QString& name,
                                    bool wide)
{
    auto* button = new QToolButton(this);
    button->setIcon(action_icon(icon));
    button->setText(text);
    button->setToolButtonStyle(wide ? Qt::ToolButtonTextBesideIcon : Qt::ToolButtonIconOnly);
    button->setAutoRaise(true);
    button->setCheckable(true);
    button->setToolTip(tip);
    button->setAccessibleName(text);
    button->setObjectName(name);
    button->setFocusPolicy(Qt::TabFocus);
    return button;
}

void FindingBar::show_selection()
{
    const Selection& selection = session_.selection();
    const bool there = session_.finding(selection.analyzer, selection.finding_key) != nullptr;
    setVisible(there);
    if (selection.analyzer == analyzer_ && selection.finding_key == key_) return;
    save_note();
    analyzer_ = selection.analyzer;
    key_ = selection.finding_key;
    noting_ = false;
    reason_row_->hide();
    reason_->clear();
    text_->clear();
    text_->document()->setModified(false);
    show_decision();
}

void FindingBar::show_decision()
{
    const FindingDecision decision = session_.decision(analyzer_, key_);
    accept_->setChecked(decision.state == FindingState::accepted);
    dismiss_->setChecked(decision.state == FindingState::dismissed || !reason_row_->isHidden());
    pin_->setChecked(decision.pinned);
    QString state = decision_text(decision);
    if (!state.isEmpty() && decision.changed_at_ns > 0)
        state += QStringLiteral(" (%1)").arg(time_text(decision.changed_at_ns));
    state_->setText(state);
    state_->setVisible(!state.isEmpty());
    if (!text_->document()->isModified()) {
        const QString note = to_qt(decision.note);
        if (text_->toPlainText() != note) text_->setPlainText(note);
        text_->document()->setModified(false);
    }
    const bool open = noting_ || text_->document()->isModified() || !decision.note.empty();
    text_->setVisible(open);
    note_->setChecked(open);
}

void FindingBar::set_accepted(bool on)
{
    FindingDecision decision = session_.decision(analyzer_, key_);
    decision.state = on ? FindingState::accepted : FindingState::open;
    decision.reason.clear();
    reason_row_->hide();
    session_.decide(analyzer_, key_, decision);
    show_decision();  // a case that cannot be changed leaves it as it was
}

void FindingBar::set_dismissed(bool on)
{
    if (on) {
        if (!session_.refusesChanges()) {
            reason_row_->show();
            reason_->setFocus();
        }
    } else {
        reason_row_->hide();
        FindingDecision decision = session_.decision(analyzer_, key_);
        if (decision.state == FindingState::dismissed) {
            decision.state = FindingState::open;
            decision.reason.clear();
            session_.decide(analyzer_, key_, decision);
        }
    }
    show_decision();
}

void FindingBar::dismiss_now()
{
    const QString reason = reason_->text().trimmed();
    if (reason.isEmpty()) {
        reason_->setFocus();
        session_.tell({Message::Kind::information, tr("A finding is dismissed with a reason"),
                       tr("Say why, for those who read the case later")});
        return;
    }
    FindingDecision decision = session_.decision(analyzer_, key_);
    decision.state = FindingState::dismissed;
    decision.reason = reason.toStdString();
    reason_row_->hide();
    reason_->clear();
    session_.decide(analyzer_, key_, decision);
    show_decision();
}

void FindingBar::set_pinned(bool on)
{
    FindingDecision decision = session_.decision(analyzer_, key_);
    decision.pinned = on;
    session_.decide(analyzer_, key_, decision);
    show_decision();
}

bool FindingBar::edit_note(bool on)
{
    noting_ = on && !session_.refusesChanges();
    if (!on) save_note();
    show_decision();
    if (noting_) text_->setFocus();
    return noting_;
}

void FindingBar::save_note()
{
    if (!text_->document()->isModified()) return;
    text_->document()->setModified(false);
    FindingDecision decision = session_.decision(analyzer_, key_);
    decision.note = text_->toPlainText().trimmed().toStdString();
    session_.decide(analyzer_, key_, decision);
    show_decision();
}

bool FindingBar::eventFilter(QObject* watched, QEvent* event)
{
    const auto* key = event->type() == QEvent::KeyPress ? static_cast<QKeyEvent*>(event) : nullptr;
    if (watched == text_ && event->type() == QEvent::FocusOut) {
        noting_ = false;
        save_note();
        show_decision();
    }
    if (watched == text_ && key && key->key() == Qt::Key_Escape) {
        text_->document()->setModified(false);
        noting_ = false;
        show_decision();
        note_->setFocus();
        return true;
    }
    if (watched == text_ && key && (key->modifiers() & Qt::ControlModifier) &&
        (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter)) {
        save_note();
        note_->setFocus();
        return true;
    }
    if (watched == reason_ && key && key->key() == Qt::Key_Escape) {
        reason_row_->hide();
        show_decision();
        dismiss_->setFocus();
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace casebook
