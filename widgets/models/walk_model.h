#pragma once

#include "analyzers/playbook/runner.h"
#include "analyzers/playbook/walk.h"

#include <QAbstractItemModel>

#include <memory>
#include <optional>
#include <vector>

namespace casebook {

/// The playbook walk as a tree of two levels: what to be sure of first, what to do meanwhile, then the seven steps with
/// their questions, what would open the unanswered ones, and what follows from the causes found.
class WalkModel : public QAbstractItemModel {
    Q_OBJECT

public:
    enum Role {
        IsGroup = Qt::UserRole + 1,
        Subtitle,
        AnalyzerId,   ///< QByteArray; empty when the row is no question
        FindingKey,   ///< QByteArray: the strongest finding of the question; empty without one
        Command,      ///< what brings missing evidence; empty without one
    };

    explicit WalkModel(QObject* parent = nullptr) : QAbstractItemModel(parent) {}

    /// `report` gives the words of findings; both may be null.
    void setWalk(const std::optional<Walk>& walk, const std::shared_ptr<const AnalysisReport>& report);
    QModelIndex find(const std::string& analyzer) const;

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    struct Entry {
        QString title, subtitle;
        std::optional<Verdict> badge;
        Severity severity = Severity::note;
        std::string analyzer, key, command;
    };
    struct Group {
        QString title, why;
        std::vector<Entry> entries;
    };
    static Entry entry_of(const WalkQuestion& question, const AnalysisReport* report);
    static Entry entry_of(const Missing& missing);

    std::vector<Group> groups_;
};

}  // namespace casebook
