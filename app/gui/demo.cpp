#include "app/gui/demo.h"

#include <QCoreApplication>
#include <QDir>

namespace casebook {

QString find_demo_folder(const QString& fallback)
{
    const QString program = QCoreApplication::applicationDirPath();
    for (const QString& samples :
         {program + QStringLiteral("/../share/casebook/samples"), program + QStringLiteral("/samples"), fallback}) {
        const QDir folder(samples + QStringLiteral("/demo"));
        if (!samples.isEmpty() && folder.exists()) return QDir::cleanPath(folder.absolutePath());
    }
    return {};
}

}  // namespace casebook
