#pragma once

#include "widgets/jobs/job_runner.h"

#include <QAbstractTableModel>

#include <vector>

namespace casebook {

/// The listed jobs: those that run or wait, then the last that are done. Cancelled ones disappear.
class JobModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Title, Done, Rate, Records, Remaining, ColumnCount };
    enum Role {
        Id = Qt::UserRole + 1,
        Permille,   ///< 0..1000 of the work, -1 while unknown
        IsRunning,
    };

    explicit JobModel(JobRunner& runner, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    static constexpr int max_finished = 20;

private:
    struct Row {
        JobInfo info;
        bool running = true;
        QString outcome;  ///< "Done in 0.4 s", or what went wrong
    };
    void add(JobId id);
    void update(JobId id);
    void finish(JobId id, const Error* error);
    int row_of(JobId id) const;
    QVariant text(const Row& row, int column) const;

    JobRunner& runner_;
    std::vector<Row> rows_;
};

}  // namespace casebook
