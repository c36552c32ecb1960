#include "widgets/panels/message_bar.h"

#include "widgets/session/session.h"
#include "widgets/style/icons.h"
#include "widgets/style/theme.h"

#include <QAccessible>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>

namespace casebook {
namespace {

/// With a full stop, unless it ends as a sentence does.
QString sentence(const QString& text)
{
    const bool ended = text.endsWith(QLatin1Char('.')) || text.endsWith(QLatin1Char('!')) || text.endsWith(QLatin1Char('?'));
    return ended ? text : text + QLatin1Char('.');
}

}  // namespace

MessageBar::MessageBar(Session& session, QWidget* parent)
    : QFrame(parent), icon_(new QLabel(this)), text_(new QLabel(this))
{
    setObjectName(QStringLiteral("messageBar"));
    setAutoFillBackground(true);
    setFrameShape(QFrame::StyledPanel);
    text_->setWordWrap(true);
    text_->setTextFormat(Qt::RichText);
    text_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    text_->setObjectName(QStringLiteral("messageText"));
    auto* close = new QToolButton(this);
    close->setIcon(action_icon(QStringLiteral("close")));
    close->setAutoRaise(true);
    close->setToolTip(tr("Close this message"));
    close->setAccessibleName(tr("Close this message"));
    close->setObjectName(QStringLiteral("closeMessage"));
    connect(close, &QToolButton::clicked, this, &QWidget::hide);

    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(8, 4, 4, 4);
    row->addWidget(icon_, 0, Qt::AlignTop);
    row->addWidget(text_, 1);
    row->addWidget(close, 0, Qt::AlignTop);
    timer_.setSingleShot(true);
    connect(&timer_, &QTimer::timeout, this, &QWidget::hide);
    connect(&session, &Session::message, this, &MessageBar::showMessage);
    hide();
}

void MessageBar::showMessage(const Message& message)
{
    // Information must not cover an error that was not read yet.
    if (message.kind == Message::Kind::information && is_error_ && isVisible()) return;
    is_error_ = message.kind == Message::Kind::error;
    QString text = QStringLiteral("<b>%1</b>").arg(sentence(message.what).toHtmlEscaped());
    if (!message.hint.isEmpty()) text += QLatin1Char(' ') + sentence(message.hint).toHtmlEscaped();
    text_->setText(text);
    text_->setAccessibleName(message.hint.isEmpty() ? message.what
                                                    : message.what + QStringLiteral(". ") + message.hint);
    icon_->setPixmap(action_icon(is_error_ ? QStringLiteral("error") : QStringLiteral("information"))
                         .pixmap(QSize(18, 18), devicePixelRatioF()));
    recolor();
    show();
    QAccessibleEvent event(text_, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
    if (is_error_) timer_.stop();
    else timer_.start(information_ms);
}

QString MessageBar::text() const
{
    return isHidden() ? QString() : text_->accessibleName();
}

void MessageBar::recolor()
{
    QPalette colors = palette();
    colors.setColor(QPalette::Window, is_error_ ? theme().error_background : theme().information_background);
    colors.setColor(QPalette::WindowText, theme().palette.color(QPalette::WindowText));
    setPalette(colors);
}

void MessageBar::changeEvent(QEvent* event)
{
    QFrame::changeEvent(event);
    if (event->type() != QEvent::ApplicationPaletteChange) return;
    icon_->setPixmap(action_icon(is_error_ ? QStringLiteral("error") : QStringLiteral("information"))
                         .pixmap(QSize(18, 18), devicePixelRatioF()));
    recolor();
}

}  // namespace casebook
