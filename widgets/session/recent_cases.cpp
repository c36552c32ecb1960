#include "widgets/session/recent_cases.h"

#include <QFileInfo>
#include <QSettings>

namespace casebook {

RecentCases::RecentCases(QObject* parent)
    : QObject(parent), paths_(QSettings().value(QStringLiteral("recentCases")).toStringList())
{
}

void RecentCases::add(const QString& path)
{
    const QString absolute = QFileInfo(path).absoluteFilePath();
    paths_.removeAll(absolute);
    paths_.prepend(absolute);
    while (paths_.size() > max_cases) paths_.removeLast();
    store();
}

void RecentCases::remove(const QString& path)
{
    if (paths_.removeAll(path) > 0) store();
}

void RecentCases::clear()
{
    paths_.clear();
    store();
}

void RecentCases::store()
{
    QSettings().setValue(QStringLiteral("recentCases"), paths_);
    emit changed();
}

}  // namespace casebook
