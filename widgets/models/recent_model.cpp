#include "widgets/models/recent_model.h"

#include <QDir>
#include <QFileInfo>
#include <QLocale>

namespace casebook {

RecentModel::RecentModel(RecentCases& recent, QObject* parent)
    : QAbstractListModel(parent), recent_(recent), paths_(recent.paths())
{
    connect(&recent, &RecentCases::changed, this, [this] {
        beginResetModel();
        paths_ = recent_.paths();
        endResetModel();
    });
}

void RecentModel::setUnsaved(std::vector<UnsavedCase> unsaved)
{
    beginResetModel();
    unsaved_ = std::move(unsaved);
    endResetModel();
}

int RecentModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(unsaved_.size()) + static_cast<int>(paths_.size());
}

QVariant RecentModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    const int unsaved = static_cast<int>(unsaved_.size());
    const bool is_unsaved = index.row() < unsaved;
    const QString path = is_unsaved ? unsaved_[index.row()].path : paths_[index.row() - unsaved];
    const auto title = [&] { return is_unsaved ? tr("Unsaved case") : QFileInfo(path).completeBaseName(); };
    const auto subtitle = [&] {
        if (!is_unsaved) {
            const QString folder = QFileInfo(path).absolutePath();
            const QString home = QDir::homePath();
            return folder.startsWith(home + QLatin1Char('/')) ? QStringLiteral("~") + folder.mid(home.size()) : folder;
        }
        const UnsavedCase& one = unsaved_[index.row()];
        const QString changed = QLocale().toString(one.changed, QLocale::ShortFormat);
        return one.files == 1 ? tr("%1, 1 file").arg(changed) : tr("%1, %2 files").arg(changed).arg(one.files);
    };
    switch (role) {
    case Qt::DisplayRole: return title();
    case Qt::ToolTipRole: return path;
    case Qt::AccessibleTextRole: return QStringLiteral("%1, %2").arg(title(), subtitle());
    case Path: return path;
    case Subtitle: return subtitle();
    case IsUnsaved: return is_unsaved;
    default: return {};
    }
}

}  // namespace casebook
