#pragma once

#include <QLocale>
#include <QStringList>

namespace casebook {

/// Where translations are looked for: in the program itself (":/i18n"), then share/casebook/i18n beside it.
QStringList translation_folders();

/// Uses casebook_<locale>.qm of the first folder that has one for the locale or its language, and Qt's own for dialogs of
/// Qt. Before the first window. Without such a file, or with a damaged one, texts stay English; false then.
bool install_translations(const QLocale& locale, const QStringList& folders = translation_folders());

}  // namespace casebook
