#pragma once

#include "widgets/models/views/table_data.h"

#include <optional>

namespace casebook {

/// A column without rows yet. `help` is the tooltip of its header.
inline TableColumn named_column(const char* name, const QString& title, TableColumn::Kind kind, const QString& help = {})
{
    TableColumn made;
    made.name = QLatin1String(name);
    made.title = title;
    made.kind = kind;
    made.help = help;
    return made;
}

inline TableColumn named_column(const char* name, const QString& title, TableColumn::Kind kind, TableColumn::Decor decor)
{
    TableColumn made = named_column(name, title, kind);
    made.decor = decor;
    return made;
}

/// The same for tables whose durations are in milliseconds.
inline TableColumn named_column_of_ms(const char* name, const QString& title, TableColumn::Kind kind, const QString& help = {})
{
    TableColumn made = named_column(name, title, kind, help);
    if (kind == TableColumn::Kind::duration) made.factor = 1e6;
    return made;
}

/// One more row of numbers, empty when there is no value.
inline void add_number(TableColumn& column, const std::optional<double>& value)
{
    column.numbers.push_back(value.value_or(0));
    column.null.push_back(!value);
}

}  // namespace casebook
