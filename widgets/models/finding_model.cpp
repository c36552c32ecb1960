#include "widgets/models/finding_model.h"

#include "analyzers/core/text.h"
#include "widgets/models/finding_text.h"
#include "widgets/qt_text.h"
#include "widgets/style/icons.h"

#include <map>
#include <set>

namespace casebook {
namespace {

constexpr quintptr group_id = ~quintptr{0};  // internal id of a group; an entry carries its group's row

QString impact_text(const Finding& finding)
{
    constexpr double worth_saying = 0.001;
    if (finding.impact < worth_saying) return {};
    return FindingModel::tr("%1 s lost per second").arg(to_qt(format_number(finding.impact, 2)));
}

QStringList badges_of(const FindingDecision& decision)
{
    QStringList names;
    if (decision.pinned) names << QStringLiteral("pin");
    if (decision.state == FindingState::accepted) names << QStringLiteral("accept");
    if (decision.state == FindingState::dismissed) names << QStringLiteral("dismiss");
    if (!decision.note.empty()) names << QStringLiteral("note");
    return names;
}

}  // namespace

void FindingModel::setReport(std::shared_ptr<const AnalysisReport> report)
{
    beginResetModel();
    report_ = std::move(report);
    rebuild();
    endResetModel();
}

void FindingModel::setFilter(const QString& text)
{
    beginResetModel();
    filter_ = text.trimmed();
    rebuild();
    endResetModel();
}

void FindingModel::setDecisions(Decisions decisions)
{
    beginResetModel();
    decisions_ = std::move(decisions);
    rebuild();
    endResetModel();
}

void FindingModel::setHideDismissed(bool hide)
{
    beginResetModel();
    hide_dismissed_ = hide;
    rebuild();
    endResetModel();
}

FindingModel::Entry FindingModel::entry_of(const Finding& finding) const
{
    QStringList parts{severity_text(finding.severity), to_qt(finding.analyzer)};
    if (const QString impact = impact_text(finding); !impact.isEmpty()) parts.insert(1, impact);
    Entry entry{&finding, nullptr, to_qt(finding.headline), {}, {}};
    if (const auto found = decisions_.find({finding.analyzer, finding.key}); found != decisions_.end()) {
        entry.decision = found->second;
        if (const QString decided = decision_text(entry.decision); !decided.isEmpty()) parts.prepend(decided);
    }
    entry.subtitle = parts.join(QStringLiteral(" · "));
    return entry;
}

FindingModel::Entry FindingModel::entry_of(const AnalyzerVerdict& answer) const
{
    QString subtitle = to_qt(answer.answer.reason);
    if (answer.answer.verdict == Verdict::notEnoughEvidence && !answer.answer.missing.empty()) {
        const Missing& missing = answer.answer.missing.front();
        subtitle = missing.command.empty()
                       ? tr("Needs %1").arg(to_qt(missing.evidence))
                       : tr("Bring %1: %2").arg(to_qt(missing.evidence), to_qt(missing.command).simplified());
    }
    return {nullptr, &answer, question_of(answer.analyzer), subtitle, {}};
}

bool FindingModel::matches(const Entry& entry) const
{
    const std::string& id = entry.finding ? entry.finding->analyzer : entry.verdict->analyzer;
    return filter_.isEmpty() || entry.title.contains(filter_, Qt::CaseInsensitive) ||
           entry.subtitle.contains(filter_, Qt::CaseInsensitive) || to_qt(id).contains(filter_, Qt::CaseInsensitive) ||
           to_qt(entry.decision.note).contains(filter_, Qt::CaseInsensitive);
}

void FindingModel::rebuild()
{
    groups_.clear();
    dismissed_ = 0;
    if (!report_) return;
    constexpr Verdict order[] = {Verdict::confirmed, Verdict::suspected, Verdict::inconclusive, Verdict::ruledOut,
                                 Verdict::notEnoughEvidence};
    Group pinned{tr("Pinned"), {}}, dismissed{tr("Dismissed"), {}};
    std::map<Verdict, Group> groups;
    for (const Verdict verdict : order) groups[verdict].title = verdict_text(verdict);

    std::set<std::string_view> with_finding;
    for (const Finding& finding : report_->findings) {
        with_finding.insert(finding.analyzer);
        Entry entry = entry_of(finding);
        const bool set_aside = entry.decision.state == FindingState::dismissed;
        dismissed_ += set_aside;
        if (!matches(entry) || (set_aside && hide_dismissed_)) continue;
        Group& group = set_aside ? dismissed : entry.decision.pinned ? pinned : groups[finding.verdict];
        group.entries.push_back(std::move(entry));
    }
    for (const AnalyzerVerdict& answer : report_->verdicts) {
        if (with_finding.contains(answer.analyzer)) continue;
        Entry entry = entry_of(answer);
        if (matches(entry)) groups[answer.answer.verdict].entries.push_back(std::move(entry));
    }
    const auto add = [this](Group& group) {
        if (!group.entries.empty()) groups_.push_back(std::move(group));
    };
    add(pinned);
    for (const Verdict verdict : order) {
        if (verdict == Verdict::ruledOut) add(dismissed);
        add(groups[verdict]);
    }
}

QModelIndex FindingModel::find(const std::string& analyzer, const std::string& key) const
{
    QModelIndex question;
    for (int g = 0; g < static_cast<int>(groups_.size()); ++g) {
        const auto& entries = groups_[g].entries;
        for (int i = 0; i < static_cast<int>(entries.size()); ++i) {
            const Entry& entry = entries[i];
            if (entry.finding && entry.finding->analyzer == analyzer && entry.finding->key == key)
                return createIndex(i, 0, static_cast<quintptr>(g));
            if (entry.verdict && entry.verdict->analyzer == analyzer)
                question = createIndex(i, 0, static_cast<quintptr>(g));
        }
    }
    return question;
}

QModelIndex FindingModel::index(int row, int column, const QModelIndex& parent) const
{
    if (!hasIndex(row, column, parent)) return {};
    return createIndex(row, column, parent.isValid() ? static_cast<quintptr>(parent.row()) : group_id);
}

QModelIndex FindingModel::parent(const QModelIndex& child) const
{
    if (!child.isValid() || child.internalId() == group_id) return {};
    return createIndex(static_cast<int>(child.internalId()), 0, group_id);
}

int FindingModel::rowCount(const QModelIndex& parent) const
{
    if (!parent.isValid()) return static_cast<int>(groups_.size());
    if (parent.internalId() != group_id || parent.column() != 0) return 0;
    return static_cast<int>(groups_[parent.row()].entries.size());
}

int FindingModel::columnCount(const QModelIndex&) const
{
    return 1;
}

QVariant FindingModel::group_data(const Group& group, int role) const
{
    switch (role) {
    case Qt::DisplayRole: return QStringLiteral("%1 (%2)").arg(group.title).arg(group.entries.size());
    case IsGroup: return true;
    default: return {};
    }
}

QVariant FindingModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    if (index.internalId() == group_id) return group_data(groups_[index.row()], role);
    const Group& group = groups_[index.internalId()];
    const Entry& entry = group.entries[index.row()];
    const std::string& analyzer = entry.finding ? entry.finding->analyzer : entry.verdict->analyzer;
    const Severity severity = entry.finding ? entry.finding->severity : Severity::note;
    switch (role) {
    case Qt::DisplayRole: return entry.title;
    case Qt::DecorationRole: return verdict_badge(entry.given(), severity);
    case Qt::ToolTipRole: {
        QString tip =
            QStringLiteral("<p>%1</p><p>%2</p>").arg(entry.title.toHtmlEscaped(), entry.subtitle.toHtmlEscaped());
        if (!entry.decision.note.empty())
            tip += QStringLiteral("<p><i>%1</i></p>").arg(to_qt(entry.decision.note).toHtmlEscaped());
        return tip;
    }
    case Qt::AccessibleTextRole: {
        QString text = QStringLiteral("%1: %2. %3").arg(verdict_text(entry.given()), entry.title, entry.subtitle);
        if (entry.decision.pinned) text += QStringLiteral(". ") + tr("Pinned");
        if (!entry.decision.note.empty()) text += QStringLiteral(". ") + tr("Note: %1").arg(to_qt(entry.decision.note));
        return text;
    }
    case Badges: return badges_of(entry.decision);
    case IsGroup: return false;
    case AnalyzerId: return QByteArray::fromStdString(analyzer);
    case FindingKey: return entry.finding ? QByteArray::fromStdString(entry.finding->key) : QByteArray();
    case Subtitle: return entry.subtitle;
    default: return {};
    }
}

}  // namespace casebook
