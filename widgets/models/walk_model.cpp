#include "widgets/models/walk_model.h"

#include "widgets/models/finding_text.h"
#include "widgets/qt_text.h"
#include "widgets/style/icons.h"

namespace casebook {
namespace {

constexpr quintptr group_id = ~quintptr{0};  // internal id of a group; an entry carries its group's row

Verdict badge_of(WalkCheck::State state)
{
    return state == WalkCheck::State::good       ? Verdict::ruledOut
           : state == WalkCheck::State::doubtful ? Verdict::inconclusive
                                                 : Verdict::notEnoughEvidence;
}

}  // namespace

WalkModel::Entry WalkModel::entry_of(const WalkQuestion& question, const AnalysisReport* report)
{
    Entry entry;
    entry.analyzer = question.analyzer;
    entry.badge = question.verdict;
    entry.title = question_of(question.analyzer);
    entry.subtitle = to_qt(question.reason.empty() ? question.why : question.reason);
    if (!report) return entry;
    for (const Finding& finding : report->findings) {  // strongest first
        if (finding.analyzer != question.analyzer) continue;
        entry.key = finding.key;
        entry.severity = finding.severity;
        entry.title = to_qt(finding.headline);
        entry.subtitle = to_qt(question.why);
        break;
    }
    return entry;
}

WalkModel::Entry WalkModel::entry_of(const Missing& missing)
{
    Entry entry;
    entry.badge = Verdict::notEnoughEvidence;
    entry.title = tr("Bring %1").arg(to_qt(missing.evidence));
    entry.subtitle = to_qt(missing.command.empty() ? missing.why : missing.command);
    entry.command = missing.command;
    return entry;
}

void WalkModel::setWalk(const std::optional<Walk>& walk, const std::shared_ptr<const AnalysisReport>& report)
{
    beginResetModel();
    groups_.clear();
    if (walk) {
        Group checks{tr("Before any question"), {}, {}};
        for (const WalkCheck& check : walk->checks)
            checks.entries.push_back(
                {to_qt(check.name), to_qt(check.text), badge_of(check.state), Severity::note, {}, {}, check.command});
        Group meanwhile{tr("While you look: mitigate first"), {}, {}};
        for (const Mitigation& mitigation : walk->mitigation)
            meanwhile.entries.push_back({to_qt(mitigation.title), to_qt(mitigation.why), {}, {}, {}, {}, {}});
        groups_ = {std::move(checks), std::move(meanwhile)};
        for (const WalkStep& step : walk->steps) {
            const QString title =
                step.budget_minutes
                    ? tr("%1. %2 (%3 min)").arg(step.number).arg(to_qt(step.title)).arg(*step.budget_minutes)
                    : tr("%1. %2").arg(step.number).arg(to_qt(step.title));
            Group group{title, to_qt(step.why), {}};
            for (const WalkQuestion& question : step.questions)
                group.entries.push_back(entry_of(question, report.get()));
            for (const Missing& missing : step.missing) group.entries.push_back(entry_of(missing));
            for (const std::string& action : step.actions)
                group.entries.push_back({to_qt(action), {}, {}, {}, {}, {}, {}});
            groups_.push_back(std::move(group));
        }
        std::erase_if(groups_, [](const Group& group) { return group.entries.empty() && group.why.isEmpty(); });
    }
    endResetModel();
}

QModelIndex WalkModel::find(const std::string& analyzer) const
{
    for (int g = 0; g < static_cast<int>(groups_.size()); ++g)
        for (int i = 0; i < static_cast<int>(groups_[g].entries.size()); ++i)
            if (!analyzer.empty() && groups_[g].entries[i].analyzer == analyzer)
                return createIndex(i, 0, static_cast<quintptr>(g));
    return {};
}

QModelIndex WalkModel::index(int row, int column, const QModelIndex& parent) const
{
    if (!hasIndex(row, column, parent)) return {};
    return createIndex(row, column, parent.isValid() ? static_cast<quintptr>(parent.row()) : group_id);
}

QModelIndex WalkModel::parent(const QModelIndex& child) const
{
    if (!child.isValid() || child.internalId() == group_id) return {};
    return createIndex(static_cast<int>(child.internalId()), 0, group_id);
}

int WalkModel::rowCount(const QModelIndex& parent) const
{
    if (!parent.isValid()) return static_cast<int>(groups_.size());
    if (parent.internalId() != group_id || parent.column() != 0) return 0;
    return static_cast<int>(groups_[parent.row()].entries.size());
}

int WalkModel::columnCount(const QModelIndex&) const
{
    return 1;
}

QVariant WalkModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    if (index.internalId() == group_id) {
        const Group& group = groups_[index.row()];
        if (role == Qt::DisplayRole) return group.title;
        if (role == Qt::ToolTipRole && !group.why.isEmpty())
            return QStringLiteral("<p>%1</p>").arg(group.why.toHtmlEscaped());
        return role == IsGroup ? QVariant(true) : QVariant();
    }
    const Entry& entry = groups_[index.internalId()].entries[index.row()];
    switch (role) {
    case Qt::DisplayRole: return entry.title;
    case Qt::DecorationRole: return entry.badge ? QVariant(verdict_badge(*entry.badge, entry.severity)) : QVariant();
    case Qt::ToolTipRole:
        return QStringLiteral("<p>%1</p><p>%2</p>").arg(entry.title.toHtmlEscaped(), entry.subtitle.toHtmlEscaped());
    case Qt::AccessibleTextRole:
        return entry.badge && !entry.analyzer.empty()
                   ? QStringLiteral("%1: %2. %3").arg(verdict_text(*entry.badge), entry.title, entry.subtitle)
                   : QStringLiteral("%1. %2").arg(entry.title, entry.subtitle);
    case IsGroup: return false;
    case Subtitle: return entry.subtitle;
    case AnalyzerId: return QByteArray::fromStdString(entry.analyzer);
    case FindingKey: return QByteArray::fromStdString(entry.key);
    case Command: return to_qt(entry.command);
    default: return {};
    }
}

}  // namespace casebook
