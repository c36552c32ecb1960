#pragma once

// What widget tests share: a home of their own for settings and unsaved cases, and small evidence files.

#include "widgets/session/session.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QSettings>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QtTest>

namespace casebook::tests {

/// Makes settings and application data live in a temporary folder. One per test process, before any Session.
class WidgetFixture {
public:
    WidgetFixture()
    {
        QCoreApplication::setOrganizationName(QStringLiteral("CasebookTest"));
        QCoreApplication::setApplicationName(QStringLiteral("casebook-test"));
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, home_.path());
        qputenv("XDG_DATA_HOME", home_.filePath(QStringLiteral("data")).toLocal8Bit());
    }

    QString path(const QString& name) const { return home_.filePath(name); }

    QString write(const QString& name, const QByteArray& bytes) const
    {
        QDir().mkpath(QFileInfo(path(name)).absolutePath());
        QFile file(path(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
            qFatal("cannot write %s", qPrintable(name));
        return file.fileName();
    }

private:
    QTemporaryDir home_;
};

/// Output of `jmap -histo:live`; `scale` makes the second class grow.
inline QByteArray heap_histogram(int scale)
{
    QByteArray text = " num     #instances         #bytes  class name (module)\n"
                      "-------------------------------------------------------\n";
    text += "   1:        250000       12000000  [B (java.base@17.0.9)\n";
    text += "   2:  " + QByteArray::number(10000 * scale) + "  " + QByteArray::number(480000 * scale) +
            "  com.example.shop.Session\n";
    text += "   3:         41000         984000  java.lang.String (java.base@17.0.9)\n";
    text += "Total  " + QByteArray::number(291000 + 10000 * scale) + "  " +
            QByteArray::number(12984000 + 480000 * scale) + "\n";
    return text;
}

/// A pg_stat_statements dump of `rows` statements.
inline QByteArray statements_csv(int rows, int calls = 100)
{
    QByteArray text = "queryid,query,calls,total_exec_time,rows,shared_blks_hit,shared_blks_read\n";
    for (int i = 0; i < rows; ++i) {
        const QByteArray n = QByteArray::number(i);
        text += "10" + n + ",SELECT * FROM table_" + n + " WHERE id = $1," + QByteArray::number(calls + i) + ',' +
                QByteArray::number(3.5 * (i + 1)) + ",12,900,4\n";
    }
    return text;
}

inline bool wait_idle(Session& session, int ms = 20'000)
{
    return QTest::qWaitFor([&] { return session.jobs().isIdle(); }, ms);
}

}  // namespace casebook::tests
