#include "widgets/panels/views/keys_at_once.h"

#include <QWidget>

namespace casebook {

void take_keys(QWidget& view)
{
    const QWidget* focus = view.window()->focusWidget();
    const QWidget* tab = view.parentWidget();
    if (focus == nullptr || !focus->isVisible() || (tab != nullptr && tab->isAncestorOf(focus) && !view.isAncestorOf(focus))) view.setFocus(Qt::OtherFocusReason);
}

}  // namespace casebook
