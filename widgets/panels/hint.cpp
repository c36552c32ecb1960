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
    // Setting a palette answers with another palette change; only the application's counts.
    if (event->type() == QEvent::ApplicationPaletteChange || event->type() == QEvent::StyleChange) recolor();
}

void Hint::recolor()
{
    QPalette colors = palette();
    colors.setColor(QPalette::WindowText, theme().muted_text);
    setPalette(colors);
}

}  // namespace casebook
