#include "widgets/models/job_model.h"

#include "analyzers/core/text.h"
#include "widgets/qt_text.h"

#include <algorithm>

namespace casebook {
namespace {

int permille(const Progress& progress)
{
    if (progress.total == 0) return -1;
    return static_cast<int>(1000.0 * static_cast<double>(std::min(progress.done, progress.total)) /
                            static_cast<double>(progress.total));
}

}  // namespace

JobModel::JobModel(JobRunner& runner, QObject* parent) : QAbstractTableModel(parent), runner_(runner)
{
    connect(&runner, &JobRunner::started, this, &JobModel::add);
    connect(&runner, &JobRunner::progressed, this, &JobModel::update);
    connect(&runner, &JobRunner::finished, this, &JobModel::finish);
    for (const JobInfo& info : runner.running()) add(info.id);
}

int JobModel::row_of(JobId id) const
{
    const auto found = std::find_if(rows_.begin(), rows_.end(), [id](const Row& row) { return row.info.id == id; });
    return found == rows_.end() ? -1 : static_cast<int>(found - rows_.begin());
}

void JobModel::add(JobId id)
{
    const JobInfo info = runner_.info(id);
    if (!info.listed) return;
    const auto place = std::find_if(rows_.begin(), rows_.end(), [](const Row& row) { return !row.running; });
    const int row = static_cast<int>(place - rows_.begin());
    beginInsertRows({}, row, row);
    rows_.insert(place, Row{info, true, {}});
    endInsertRows();
}

void JobModel::update(JobId id)
{
    const int row = row_of(id);
    if (row < 0) return;
    rows_[row].info = runner_.info(id);
    emit dataChanged(index(row, 0), index(row, ColumnCount - 1));
}

void JobModel::finish(JobId id, const Error* error)
{
    const int row = row_of(id);
    if (row < 0) return;
    Row done = rows_[row];
    beginRemoveRows({}, row, row);
    rows_.erase(rows_.begin() + row);
    endRemoveRows();
    if (error && error->code == Error::Code::cancelled) return;

    done.running = false;
    done.outcome =
        error ? to_qt(error->what) : tr("Done in %1").arg(to_qt(format_ms(static_cast<double>(done.info.elapsed_ms))));
    const auto place = std::find_if(rows_.begin(), rows_.end(), [](const Row& other) { return !other.running; });
    const int at = static_cast<int>(place - rows_.begin());
    beginInsertRows({}, at, at);
    rows_.insert(place, std::move(done));
    endInsertRows();
    while (std::count_if(rows_.begin(), rows_.end(), [](const Row& other) { return !other.running; }) > max_finished) {
        const int last = static_cast<int>(rows_.size()) - 1;
        beginRemoveRows({}, last, last);
        rows_.pop_back();
        endRemoveRows();
    }
}

int JobModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int JobModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant JobModel::text(const Row& row, int column) const
{
    const Progress& progress = row.info.progress;
    const double seconds = static_cast<double>(row.info.elapsed_ms) / 1e3;
    switch (column) {
    case Title: {
        const QString what = to_qt(progress.what);
        const QString name = what.mid(what.lastIndexOf(QLatin1Char('/')) + 1);
        return row.running && !name.isEmpty() && !row.info.title.contains(name) ? tr("%1: %2").arg(row.info.title, name)
                                                                                : row.info.title;
    }
    case Done:
        if (!row.running) return row.outcome;
        if (row.info.cancelling) return tr("Cancelling");
        if (row.info.waiting) return tr("Waiting");
        if (progress.total == 0) return tr("Running");
        if (row.info.counts_bytes)
            return tr("%1 of %2")
                .arg(to_qt(format_bytes(static_cast<double>(progress.done))),
                     to_qt(format_bytes(static_cast<double>(progress.total))));
        return tr("%1 of %2").arg(progress.done).arg(progress.total);
    case Rate:
        if (seconds < 0.05 || !row.info.counts_bytes) return {};
        return tr("%1 MB/s").arg(to_qt(format_number(static_cast<double>(progress.done) / 1e6 / seconds)));
    case Records:
        return row.info.counts_bytes && progress.records > 0
                   ? to_qt(format_count(static_cast<std::int64_t>(progress.records)))
                   : QString();
    case Remaining:
        if (!row.running || progress.total == 0 || progress.done == 0 || seconds < 0.5) return {};
        return tr("%1 left").arg(to_qt(
            format_ms(seconds * 1e3 * static_cast<double>(progress.total - std::min(progress.done, progress.total)) /
                      static_cast<double>(progress.done))));
    default: return {};
    }
}

QVariant JobModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    const Row& row = rows_[index.row()];
    switch (role) {
    case Qt::DisplayRole: return text(row, index.column());
    case Qt::ToolTipRole: return text(row, index.column());
    case Qt::TextAlignmentRole:
        return index.column() >= Rate ? QVariant(Qt::AlignRight | Qt::AlignVCenter) : QVariant();
    case Id: return QVariant::fromValue(row.info.id);
    case Permille: return row.running ? permille(row.info.progress) : 1000;
    case IsRunning: return row.running;
    default: return {};
    }
}

QVariant JobModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
    case Title: return tr("Job");
    case Done: return tr("Progress");
    case Rate: return tr("Rate");
    case Records: return tr("Records");
    case Remaining: return tr("Remaining");
    default: return {};
    }
}

}  // namespace casebook
