#pragma once

#include "tests/support/places.h"

#include <QFile>
#include <QMap>
#include <QSet>
#include <QStringList>

namespace casebook::tests {

/// View -> columns that PostgreSQL `version` (13, 14, ...) has, from tests/capture/columns.tsv.
inline QMap<QString, QSet<QString>> recorded_columns(int version)
{
    QMap<QString, QSet<QString>> views;
    QFile file(QString::fromStdString((source_folder() / "tests/capture/columns.tsv").string()));
    if (!file.open(QIODevice::ReadOnly)) return views;
    for (const QString& line : QString::fromUtf8(file.readAll()).split(QLatin1Char('\n'))) {
        const QStringList parts = line.split(QLatin1Char('\t'));
        if (line.startsWith(QLatin1Char('#')) || parts.size() != 3 || parts[1].toInt() > version) continue;
        for (const QString& column : parts[2].split(QLatin1Char(' '))) {
            if (column.startsWith(QLatin1Char('-'))) views[parts[0]].remove(column.mid(1));
            else views[parts[0]].insert(column);
        }
    }
    return views;
}

}  // namespace casebook::tests
