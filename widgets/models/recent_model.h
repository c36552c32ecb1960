#pragma once

#include "widgets/session/recent_cases.h"
#include "widgets/session/unsaved_cases.h"

#include <QAbstractListModel>

#include <vector>

namespace casebook {

/// Cases to go on with: those left unsaved last time, then the ones opened last.
class RecentModel : public QAbstractListModel {
    Q_OBJECT

public:
    enum Role { Path = Qt::UserRole + 1, Subtitle, IsUnsaved };

    explicit RecentModel(RecentCases& recent, QObject* parent = nullptr);

    void setUnsaved(std::vector<UnsavedCase> unsaved);
    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    RecentCases& recent_;
    std::vector<UnsavedCase> unsaved_;
    QStringList paths_;
};

}  // namespace casebook
