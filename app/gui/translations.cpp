#include "app/gui/translations.h"

#include <QCoreApplication>
#include <QLibraryInfo>
#include <QTranslator>

#include <memory>

namespace casebook {
namespace {

bool install(const QLocale& locale, const QString& name, const QString& folder)
{
    auto translator = std::make_unique<QTranslator>(QCoreApplication::instance());
    return translator->load(locale, name, QStringLiteral("_"), folder) && QCoreApplication::installTranslator(translator.release());
}

}  // namespace

QStringList translation_folders()
{
    return {QStringLiteral(":/i18n"), QCoreApplication::applicationDirPath() + QStringLiteral("/../share/casebook/i18n")};
}

bool install_translations(const QLocale& locale, const QStringList& folders)
{
    for (const QString& folder : folders) {
        if (!install(locale, QStringLiteral("casebook"), folder)) continue;
        // Only together with ours: a window half in another language helps nobody.
        install(locale, QStringLiteral("qtbase"), QLibraryInfo::path(QLibraryInfo::TranslationsPath));
        return true;
    }
    return false;
}

}  // namespace casebook
