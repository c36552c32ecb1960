#pragma once

#include "analyzers/playbook/cause_links.h"
#include "analyzers/playbook/runner.h"
#include "widgets/models/finding_text.h"

#include <QAbstractItemModel>

#include <map>
#include <memory>
#include <vector>

namespace casebook {

/// The walk over all questions, grouped by how they were answered: causes under "Confirmed" and "Suspected" with what
/// they explain below each, symptoms whose cause is not found yet, then what cannot be told, what was ruled out and what
/// needs other evidence. What the user pinned comes before everything, what was dismissed after the other findings; a
/// dismissed cause explains nothing. One column, three levels: groups, findings and questions, what a finding explains.
class FindingModel : public QAbstractItemModel {
    Q_OBJECT

public:
    enum Role {
        IsGroup = Qt::UserRole + 1,
        AnalyzerId,   ///< QByteArray
        FindingKey,   ///< QByteArray; empty for a question without a finding
        Subtitle,     ///< the second, muted line
        Badges,       ///< QStringList: names of the icons that say what was decided
        CauseKey,     ///< QByteArray: key of the finding that it stands under; empty for all else
    };

    explicit FindingModel(QObject* parent = nullptr) : QAbstractItemModel(parent) {}

    void setReport(std::shared_ptr<const AnalysisReport> report);
    /// What was decided about the findings.
    void setDecisions(Decisions decisions);
    /// Leaves dismissed findings out.
    void setHideDismissed(bool hide);
    int dismissedCount() const { return dismissed_; }  ///< of the report, hidden or not
    /// Shows only entries that contain the text in headline, question or id.
    void setFilter(const QString& text);
    /// The row of a finding, or of a question when `key` is empty or unknown; invalid when neither is listed.
    QModelIndex find(const std::string& analyzer, const std::string& key) const;

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    /// Either a finding or the verdict of an analyzer that has none.
    struct Entry {
        const Finding* finding = nullptr;
        const AnalyzerVerdict* verdict = nullptr;
        QString title, subtitle;
        FindingDecision decision;
        Verdict given() const { return finding ? finding->verdict : verdict->answer.verdict; }
    };
    /// A row. Groups have no parent and no entry.
    struct Node {
        int parent = -1, row = 0;  // place of the parent among all nodes, place among its children
        QString group;
        Entry entry;
        std::vector<int> children;
    };
    /// A finding and, from the second on, what it explains.
    using Family = std::vector<Entry>;
    struct Group {
        QString title;
        std::vector<Family> families;
    };
    void rebuild();
    void add_findings(std::map<Verdict, Group>& by_verdict, Group& pinned, Group& unexplained, Group& dismissed);
    void add_nodes(const Group& group);
    int add_node(Node node);
    Entry entry_of(const Finding& finding) const;
    Entry entry_of(const AnalyzerVerdict& answer) const;
    bool matches(const Entry& entry) const;
    const Node& node(const QModelIndex& index) const { return nodes_[index.internalId()]; }

    std::shared_ptr<const AnalysisReport> report_;
    Decisions decisions_;
    QString filter_;
    bool hide_dismissed_ = false;
    int dismissed_ = 0;
    std::vector<Node> nodes_;   // a parent before its children
    std::vector<int> groups_;   // only those with entries
};

}  // namespace casebook
