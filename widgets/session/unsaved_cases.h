#pragma once

#include <QDateTime>
#include <QString>

#include <vector>

namespace casebook {

/// New cases live in a folder of the application's data until they are saved under a name, so a crash or a power cut
/// loses nothing: what is left there is offered at the next start.
struct UnsavedCase {
    QString path;
    QDateTime changed;
    qint64 files = 0;    ///< imported files
    qint64 records = 0;
};

QString unsaved_cases_folder();
/// A path for a new case, not yet taken.
QString new_unsaved_path(bool demo);
/// Unsaved cases with evidence in them that no running program has open, newest first. Removes empty ones and left-over
/// demo cases. Opens files: not for the GUI thread.
std::vector<UnsavedCase> find_unsaved_cases();
/// Removes one of them, whatever it holds. Refuses paths outside the folder.
bool discard_unsaved_case(const QString& path);

}  // namespace casebook
