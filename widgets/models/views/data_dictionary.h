#pragma once

#include <QString>
#include <QStringList>
#include <vector>

namespace casebook {

/// What can be queried in a case, for people: views with their columns, and functions.
struct DictionaryColumn { QString name, unit, meaning; };
struct DictionaryView { QString name, meaning; std::vector<DictionaryColumn> columns; };
struct DictionaryFunction { QString name, meaning; };

const std::vector<DictionaryView>& data_dictionary();
const std::vector<DictionaryFunction>& dictionary_functions();
/// Words to complete: views, columns, functions.
QStringList dictionary_words();

}  // namespace casebook
