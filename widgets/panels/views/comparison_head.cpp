#include "widgets/panels/views/comparison_head.h"

#include <QCoreApplication>
#include <QLabel>

namespace casebook {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("ComparisonHead", text); }

}  // namespace

void dress_headline(QLabel* headline)
{
    headline->setWordWrap(true);
    headline->setTextInteractionFlags(Qt::TextSelectableByMouse);
    headline->setTextFormat(Qt::PlainText);
    headline->setAccessibleName(tr("What the comparison comes to"));
    QFont bold = headline->font();
    bold.setBold(true);
    headline->setFont(bold);
    headline->setContentsMargins(8, 6, 8, 2);
}

void dress_side(QLabel* label, int side)
{
    label->setTextFormat(Qt::RichText);
    label->setWordWrap(true);
    label->setContentsMargins(8, 0, 8, 2);
    label->setTextInteractionFlags(Qt::TextBrowserInteraction);
    label->setAccessibleName(side == 0 ? tr("Side A") : tr("Side B"));
}

}  // namespace casebook
