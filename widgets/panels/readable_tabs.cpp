#include "widgets/panels/readable_tabs.h"

#include <QApplication>
#include <QEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QTabBar>
#include <QToolButton>

namespace casebook {
namespace {

constexpr int widest_title = 26;  // average characters
constexpr int fewest_listed = 2;
const char* const title_of_page = "tabTitle";
const char* const full_title_of_page = "tabFullTitle";

/// Text that menus and tabs show as it is: "&" is no mnemonic.
QString literal(QString text) { return text.replace(QLatin1Char('&'), QStringLiteral("&&")); }

}  // namespace

ReadableTabs::ReadableTabs(QWidget* parent) : QTabWidget(parent), list_(new QToolButton(this)), menu_(new QMenu(list_))
{
    setDocumentMode(true);
    setTabsClosable(true);
    setMovable(true);
    setUsesScrollButtons(true);
    setElideMode(Qt::ElideNone);  // with any other a crowded bar cuts texts down to two letters before it scrolls
    tabBar()->installEventFilter(this);

    list_->setObjectName(QStringLiteral("listTabs"));
    list_->setArrowType(Qt::DownArrow);
    list_->setAutoRaise(true);
    list_->setToolTip(tr("List all tabs"));
    list_->setAccessibleName(tr("List all tabs"));
    menu_->setObjectName(QStringLiteral("tabList"));
    // Not as the button's own menu, which would bring a second arrow.
    connect(list_, &QToolButton::clicked, this, &ReadableTabs::list_tabs);
    setCornerWidget(list_, Qt::TopRightCorner);

    count_changed();
}

int ReadableTabs::insert(int place, QWidget* page, const QString& title, const QString& full)
{
    page->setProperty(title_of_page, title);
    page->setProperty(full_title_of_page, full);
    const int index = insertTab(place, page, title);
    // As rich text it wraps.
    setTabToolTip(index, QStringLiteral("<p>%1</p>").arg(full.toHtmlEscaped()));
    tabBar()->setAccessibleTabName(index, full);
    shorten(index);
    return index;
}

void ReadableTabs::shorten(int index)
{
    const QString title = widget(index)->property(title_of_page).toString();
    const QFontMetrics metrics = tabBar()->fontMetrics();
    setTabText(index, literal(metrics.elidedText(title, Qt::ElideRight, widest_title * metrics.averageCharWidth())));
}

void ReadableTabs::step(int by)
{
    if (count() > 1) setCurrentIndex((currentIndex() + by + count()) % count());
}

void ReadableTabs::list_tabs()
{
    menu_->clear();
    for (int i = 0; i < count(); ++i) {
        QWidget* page = widget(i);
        QAction* action = menu_->addAction(literal(fontMetrics().elidedText(page->property(full_title_of_page).toString(), Qt::ElideRight, 480)));
        action->setCheckable(true);
        action->setChecked(i == currentIndex());
        connect(action, &QAction::triggered, page, [this, page] { setCurrentWidget(page); });
    }
    const QPoint corner = list_->mapToGlobal(QPoint(list_->width(), list_->height()));
    menu_->popup(corner - QPoint(menu_->sizeHint().width(), 0));
}

void ReadableTabs::count_changed() { list_->setVisible(count() >= fewest_listed); }

void ReadableTabs::tabInserted(int index)
{
    QTabWidget::tabInserted(index);
    count_changed();
}

void ReadableTabs::tabRemoved(int index)
{
    QTabWidget::tabRemoved(index);
    count_changed();
}

void ReadableTabs::changeEvent(QEvent* event)
{
    QTabWidget::changeEvent(event);
    if (event->type() != QEvent::FontChange) return;
    for (int i = 0; i < count(); ++i) shorten(i);
}

bool ReadableTabs::eventFilter(QObject* watched, QEvent* event)
{
    const bool press = event->type() == QEvent::MouseButtonPress, release = event->type() == QEvent::MouseButtonRelease;
    if (watched != tabBar() || (!press && !release)) return QTabWidget::eventFilter(watched, event);
    auto* mouse = static_cast<QMouseEvent*>(event);
    if (mouse->button() != Qt::MiddleButton) return false;
    const int tab = tabBar()->tabAt(mouse->position().toPoint());
    if (press) pressed_ = tab;
    else if (tab >= 0 && tab == pressed_) emit tabCloseRequested(tab);
    return true;
}

}  // namespace casebook
