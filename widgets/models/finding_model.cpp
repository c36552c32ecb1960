#include "widgets/models/finding_model.h"

#include "analyzers/core/text.h"
#include "widgets/models/finding_text.h"
#include "widgets/qt_text.h"
#include "widgets/style/icons.h"

#include <map>
#include <set>

namespace casebook {
namespace {

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

void FindingModel::add_findings(std::map<Verdict, Group>& by_verdict, Group& pinned, Group& unexplained, Group& dismissed)
{
    std::vector<Entry> entries;
    std::vector<const Finding*> considered;
    for (const Finding& finding : report_->findings) {
        Entry entry = entry_of(finding);
        if (entry.decision.state != FindingState::dismissed) {
            considered.push_back(&finding);
            entries.push_back(std::move(entry));
            continue;
        }
        ++dismissed_;
        if (matches(entry) && !hide_dismissed_) dismissed.families.push_back({std::move(entry)});
    }
    const std::vector<Explanation> explained = explain_findings(considered);
    std::vector<std::vector<std::size_t>> families(entries.size());  // by root; what is pinned stands for itself
    const auto root_of = [&](std::size_t i) { return entries[i].decision.pinned ? i : explained[i].root; };
    for (std::size_t i = 0; i < entries.size(); ++i) families[i].push_back(i);
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (root_of(i) != i) families[root_of(i)].push_back(i);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (root_of(i) != i) continue;
        Family family;
        const bool whole = matches(entries[i]);
        for (const std::size_t member : families[i]) {
            Entry& entry = entries[member];
            QString why;
            if (explained[member].is_unexplained_symptom() && entry.given() <= Verdict::suspected) {
                std::set<std::string> perhaps;
                for (const std::size_t cause : explained[member].perhaps) perhaps.insert(considered[cause]->analyzer);
                why = perhaps.empty() ? tr("Cause not found yet")
                                      : tr("Cause not found yet, perhaps %1").arg(to_qt(join({perhaps.begin(), perhaps.end()}, ", ")));
            } else if (entry.decision.pinned && explained[member].root != member) {
                why = tr("Explained by: %1").arg(to_qt(considered[explained[member].root]->headline));
            }
            if (!why.isEmpty()) entry.subtitle = why + QStringLiteral(" · ") + entry.subtitle;
            // A cause stays above what matches.
            if (whole || member == i || matches(entry)) family.push_back(std::move(entry));
        }
        if (!whole && family.size() == 1 && !matches(family.front())) continue;
        const Entry& head = family.front();
        Group& group = head.decision.pinned ? pinned
                       : explained[i].is_unexplained_symptom() && head.given() <= Verdict::suspected
                           ? unexplained
                           : by_verdict[head.finding->verdict];
        group.families.push_back(std::move(family));
    }
}

void FindingModel::rebuild()
{
    nodes_.clear();
    groups_.clear();
    dismissed_ = 0;
    if (!report_) return;
    std::map<Verdict, Group> by_verdict;
    for (const Verdict verdict : {Verdict::confirmed, Verdict::suspected, Verdict::inconclusive, Verdict::ruledOut,
                                  Verdict::notEnoughEvidence})
        by_verdict[verdict].title = verdict_text(verdict);
    Group pinned{tr("Pinned"), {}}, unexplained{tr("Symptoms, cause not found yet"), {}}, dismissed{tr("Dismissed"), {}};
    add_findings(by_verdict, pinned, unexplained, dismissed);

    std::set<std::string_view> with_finding;
    for (const Finding& finding : report_->findings) with_finding.insert(finding.analyzer);
    for (const AnalyzerVerdict& answer : report_->verdicts) {
        if (with_finding.contains(answer.analyzer)) continue;
        Entry entry = entry_of(answer);
        if (matches(entry)) by_verdict[answer.answer.verdict].families.push_back({std::move(entry)});
    }
    for (const Group* group : {&pinned, &by_verdict[Verdict::confirmed], &by_verdict[Verdict::suspected], &unexplained,
                               &by_verdict[Verdict::inconclusive], &dismissed, &by_verdict[Verdict::ruledOut],
                               &by_verdict[Verdict::notEnoughEvidence]})
        add_nodes(*group);
}

void FindingModel::add_nodes(const Group& group)
{
    if (group.families.empty()) return;
    const int top = add_node({-1, 0, QStringLiteral("%1 (%2)").arg(group.title).arg(group.families.size()), {}, {}});
    for (const Family& family : group.families) {
        const int head = add_node({top, 0, {}, family.front(), {}});
        for (std::size_t i = 1; i < family.size(); ++i) add_node({head, 0, {}, family[i], {}});
    }
}

int FindingModel::add_node(Node node)
{
    const int place = static_cast<int>(nodes_.size());
    std::vector<int>& siblings = node.parent < 0 ? groups_ : nodes_[static_cast<std::size_t>(node.parent)].children;
    node.row = static_cast<int>(siblings.size());
    siblings.push_back(place);
    nodes_.push_back(std::move(node));
    return place;
}

QModelIndex FindingModel::find(const std::string& analyzer, const std::string& key) const
{
    QModelIndex question;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const Entry& entry = nodes_[i].entry;
        if (entry.finding && entry.finding->analyzer == analyzer && entry.finding->key == key)
            return createIndex(nodes_[i].row, 0, i);
        if (entry.verdict && entry.verdict->analyzer == analyzer) question = createIndex(nodes_[i].row, 0, i);
    }
    return question;
}

QModelIndex FindingModel::index(int row, int column, const QModelIndex& parent) const
{
    if (!hasIndex(row, column, parent)) return {};
    const std::vector<int>& rows = parent.isValid() ? node(parent).children : groups_;
    return createIndex(row, column, static_cast<quintptr>(rows[static_cast<std::size_t>(row)]));
}

QModelIndex FindingModel::parent(const QModelIndex& child) const
{
    if (!child.isValid() || node(child).parent < 0) return {};
    const auto above = static_cast<std::size_t>(node(child).parent);
    return createIndex(nodes_[above].row, 0, above);
}

int FindingModel::rowCount(const QModelIndex& parent) const
{
    if (!parent.isValid()) return static_cast<int>(groups_.size());
    return parent.column() == 0 ? static_cast<int>(node(parent).children.size()) : 0;
}

int FindingModel::columnCount(const QModelIndex&) const
{
    return 1;
}

QVariant FindingModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    const Node& row = node(index);
    if (row.parent < 0) {
        if (role == Qt::DisplayRole) return row.group;
        return role == IsGroup ? QVariant(true) : QVariant();
    }
    const Entry& entry = row.entry;
    const Finding* cause = nodes_[static_cast<std::size_t>(row.parent)].entry.finding;
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
        if (cause) text += QStringLiteral(". ") + tr("Explained by: %1").arg(to_qt(cause->headline));
        if (entry.decision.pinned) text += QStringLiteral(". ") + tr("Pinned");
        if (!entry.decision.note.empty()) text += QStringLiteral(". ") + tr("Note: %1").arg(to_qt(entry.decision.note));
        return text;
    }
    case Badges: return badges_of(entry.decision);
    case IsGroup: return false;
    case AnalyzerId: return QByteArray::fromStdString(analyzer);
    case FindingKey: return entry.finding ? QByteArray::fromStdString(entry.finding->key) : QByteArray();
    case Subtitle: return entry.subtitle;
    case CauseKey: return cause ? QByteArray::fromStdString(cause->key) : QByteArray();
    default: return {};
    }
}

}  // namespace casebook
