#include "widgets/session/unsaved_cases.h"

#include "analyzers/store/case_file.h"
#include "widgets/qt_text.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QStandardPaths>

#include <atomic>

namespace casebook {

QString unsaved_cases_folder()
{
    const QString folder =
        QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + QStringLiteral("/unsaved");
    QDir().mkpath(folder);
    return folder;
}

QString new_unsaved_path(bool demo)
{
    // The file is made later, by a job: the name alone must differ from every other, of this program and of its twin.
    static std::atomic<int> number = 0;
    const QString stem = unsaved_cases_folder() + (demo ? QStringLiteral("/demo-") : QStringLiteral("/unsaved-")) +
                         QDateTime::currentDateTimeUtc().toString(QStringLiteral("yyyyMMdd-HHmmss"));
    QString path;
    do path = QStringLiteral("%1-%2-%3.casebook").arg(stem).arg(QCoreApplication::applicationPid()).arg(++number);
    while (QFileInfo::exists(path));
    return path;
}

std::vector<UnsavedCase> find_unsaved_cases()
{
    std::vector<UnsavedCase> found;
    const QDir folder(unsaved_cases_folder());
    const QFileInfoList entries = folder.entryInfoList({QStringLiteral("*.casebook")}, QDir::Files, QDir::Time);
    for (const QFileInfo& info : entries) {
        UnsavedCase entry{info.absoluteFilePath(), info.lastModified(), 0, 0};
        bool keep = true;
        {
            // Opening for writing tells whether another program still works on it.
            auto file = CaseFile::open(to_path(entry.path), CaseFile::Mode::readWrite);
            if (!file) {
                if (file.error().code == Error::Code::busy || info.size() > 0) continue;
                keep = false;
            } else if (const auto rows = import_files(**file)) {
                for (const ImportFileRow& row : *rows) entry.records += row.stored;
                entry.files = static_cast<qint64>(rows->size());
                keep = entry.files > 0 && !info.fileName().startsWith(QStringLiteral("demo-"));
            }
        }
        if (keep) found.push_back(entry);
        else discard_unsaved_case(entry.path);
    }
    return found;
}

bool discard_unsaved_case(const QString& path)
{
    const QFileInfo info(path);
    if (info.absolutePath() != QFileInfo(unsaved_cases_folder()).absoluteFilePath()) return false;
    for (const char* suffix : {"-wal", "-shm", "-lock"}) QFile::remove(path + QLatin1String(suffix));
    return QFile::remove(path);
}

}  // namespace casebook
