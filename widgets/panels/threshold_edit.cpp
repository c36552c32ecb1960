#include "widgets/panels/threshold_edit.h"

#include "analyzers/playbook/thresholds.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QDoubleValidator>
#include <QKeyEvent>
#include <QLineEdit>
#include <QTextBlock>
#include <QTextBrowser>
#include <QTextDocument>

namespace casebook {
namespace {

/// Where the link is in the viewport; null when the text has none.
QRect place_of(const QTextBrowser& browser, const QString& href)
{
    for (QTextBlock block = browser.document()->begin(); block.isValid(); block = block.next())
        for (auto fragment = block.begin(); !fragment.atEnd(); ++fragment) {
            if (fragment.fragment().charFormat().anchorHref() != href) continue;
            QTextCursor cursor(browser.document());
            cursor.setPosition(fragment.fragment().position());
            const QRect first = browser.cursorRect(cursor);
            cursor.setPosition(fragment.fragment().position() + fragment.fragment().length());
            return first.united(browser.cursorRect(cursor));
        }
    return {};
}

}  // namespace

ThresholdEdit::ThresholdEdit(Session& session, QTextBrowser* browser)
    : QObject(browser), session_(session), browser_(browser), field_(new QLineEdit(browser->viewport()))
{
    field_->hide();
    field_->setObjectName(QStringLiteral("thresholdField"));
    field_->setAlignment(Qt::AlignRight);
    auto* validator = new QDoubleValidator(field_);
    validator->setLocale(QLocale::c());
    field_->setValidator(validator);
    field_->installEventFilter(this);
}

ThresholdEdit::~ThresholdEdit() = default;

void ThresholdEdit::open(const QString& name)
{
    if (session_.refusesChanges()) return;
    const QRect place = place_of(*browser_, QStringLiteral("threshold:") + name);
    const auto usual = default_threshold(name.toStdString());
    if (place.isNull() || !usual) return;
    name_ = name;
    std::string unit;
    for (const NamedThreshold& threshold : all_thresholds())
        if (threshold.name == name.toStdString()) unit = threshold.unit;
    const auto set = session_.thresholds().find(name.toStdString());
    const QString text = QLocale::c().toString(set == session_.thresholds().end() ? *usual : set->second, 'g', 12);
    field_->setText(text);
    field_->setAccessibleName(tr("Threshold %1").arg(name));
    field_->setToolTip(tr("%1, in %2; the default is %3. Enter sets it, Escape does not.")
                           .arg(name, unit.empty() || unit == "1" ? tr("no unit") : to_qt(unit), QLocale::c().toString(*usual, 'g', 12)));
    const int width = std::max(place.width() + 30, 90), height = field_->sizeHint().height();
    const int right = std::min(browser_->viewport()->width() - 2, place.right() + 12);
    field_->setGeometry(std::max(0, right - width), place.center().y() - height / 2, width, height);
    field_->show();
    field_->selectAll();
    field_->setFocus();
}

void ThresholdEdit::close()
{
    if (field_->isHidden()) return;
    name_.clear();
    const bool had_focus = field_->hasFocus();
    field_->hide();
    if (had_focus) browser_->setFocus();
}

void ThresholdEdit::commit()
{
    if (name_.isEmpty()) return;
    const QString name = std::exchange(name_, {});
    bool number = false;
    const double value = QLocale::c().toDouble(field_->text(), &number);
    close();
    if (number) session_.setThreshold(name.toStdString(), value);
}

bool ThresholdEdit::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == field_ && event->type() == QEvent::FocusOut) commit();
    if (watched == field_ && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Escape) {
            close();
            return true;
        }
        if (key == Qt::Key_Return || key == Qt::Key_Enter) {
            commit();
            return true;
        }
    }
    return QObject::eventFilter(watched, event);
}

}  // namespace casebook
