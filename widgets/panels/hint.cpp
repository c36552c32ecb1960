#include "widgets/panels/hint.h"

#include "widgets/style/theme.h"

#include <QEvent>

namespace casebook {

Hint::Hint(const QString& text, QWidget* parent) : QLabel(text, parent)
{
    setWordWrap(true);
    setAlignment(Qt::AlignCenter);
    setMargin(16);
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::LinksAccessibleByMouse);
    recolor();
}

QSize Hint::minimumSizeHint() const
{
    return {fontMetrics().averageCharWidth() * 16, fontMetrics().height()};
}

void Hint::changeEvent(QEvent* event)
{
    QLabel::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::ApplicationPaletteChange || event->type() == QEvent::StyleChange) recolor();
}

void Hint::recolor()
{
    QPalette colors = palette();
    if (colors.color(QPalette::WindowText) == theme().muted_text) return;  // setting a palette answers with another change of it
    colors.setColor(QPalette::WindowText, theme().muted_text);
    setPalette(colors);
}

}  // namespace casebook
