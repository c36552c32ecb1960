// What the command palette offers beside the case, and where each thing leads.
#include "app/gui/main_window.h"
#include "widgets/charts/line_text.h"
#include "widgets/panels/command_palette.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/panels/ledger.h"
#include "widgets/panels/views/table_view.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QAction>
#include <QDockWidget>
#include <QMenu>
#include <QMenuBar>

namespace casebook {
namespace {

QString plain(QString text)
{
    text.replace(QStringLiteral("&&"), QStringLiteral("\x1")).remove(QLatin1Char('&')).replace(QLatin1Char('\x1'), QLatin1Char('&'));
    return text.endsWith(QStringLiteral("...")) ? text.chopped(3) : text;
}

/// Entries of a menu and of the menus in it that can be chosen now. Menus are a few levels deep.
void add_entries(std::vector<SearchItem>& items, const QMenu& menu, const QString& path)
{
    for (const QAction* action : menu.actions()) {
        if (action->isSeparator() || !action->isEnabled() || !action->isVisible()) continue;
        const QString text = plain(action->text());
        if (const QMenu* inner = action->menu()) {
            add_entries(items, *inner, path.isEmpty() ? text : path + QStringLiteral(" > ") + text);
            continue;
        }
        if (action->objectName().isEmpty()) continue;
        const bool view = action->objectName().startsWith(QLatin1String("explore_"));
        // A view is also found by the other words for it, which stand in the status bar while it is pointed at.
        const QString detail = view ? path + QStringLiteral(": ") + action->statusTip() : path;
        items.push_back({view ? SearchItem::Kind::view : SearchItem::Kind::command, text, detail, action->shortcut().toString(QKeySequence::NativeText), action->objectName().toStdString(), {}, 0});
    }
}

/// All spans of one operation that serves no request itself: a call, a query.
Evidence calls_evidence(const std::string& service, const std::string& operation)
{
    return {MainWindow::tr("Calls of %1 by %2").arg(to_qt_line(operation, 160), to_qt_line(service, 80)).toStdString(), "distribution", "span",
            "SELECT trace_id, span_id, service, operation, start_ns, duration_ns FROM span WHERE service = ?1 AND operation = ?2 ORDER BY start_ns",
            {service, operation}};
}

/// What plans and the database's statistics say about a table.
Evidence table_evidence(const std::string& name)
{
    return {MainWindow::tr("Plans that read or write %1").arg(to_qt_line(name, 120)).toStdString(), "table", "plan",
            "SELECT n.plan_id, n.node_type, n.index_name, n.self_ms, n.actual_rows, n.loops, n.rows_removed, n.shared_hit, n.shared_read, p.query "
            "FROM plan_node n JOIN plan p ON p.id = n.plan_id WHERE n.relation = ?1 ORDER BY n.self_ms DESC",
            {name}};
}

Evidence table_statistics_evidence(const std::string& name)
{
    return {MainWindow::tr("Statistics of table %1").arg(to_qt_line(name, 120)).toStdString(), "table", "table_stat", "SELECT * FROM table_stat WHERE \"table\" = ?1 ORDER BY at_ns", {name}};
}

}  // namespace

std::vector<SearchItem> MainWindow::commands() const
{
    std::vector<SearchItem> items;
    for (const QAction* action : menuBar()->actions())
        if (const QMenu* menu = action->menu()) add_entries(items, *menu, plain(action->text()));
    return items;
}

void MainWindow::openPalette(bool case_only)
{
    if (!palette_) {
        palette_ = new CommandPalette(session_, [this] { return commands(); }, this);
        connect(palette_, &CommandPalette::chosen, this, &MainWindow::goTo);
    }
    palette_->open(case_only ? CommandPalette::Scope::caseOnly : CommandPalette::Scope::everything);
}

void MainWindow::goTo(const SearchItem& item)
{
    using Kind = SearchItem::Kind;
    const auto explore = [this](const char* view, const QStringList& reveal = {}) {
        const EvidenceViewKind* kind = kind_named(view);
        if (!kind) return;
        evidence_->explore(*kind);
        if (!reveal.isEmpty() && evidence_->currentView()) evidence_->currentView()->reveal(reveal);
    };
    switch (item.kind) {
    case Kind::command:
    case Kind::view:
        if (auto* action = findChild<QAction*>(to_qt(item.first))) action->trigger();
        return;
    case Kind::finding:
    case Kind::remark: {
        session_.selectFinding(item.first, item.second);
        const auto finding = session_.finding(item.first, item.second);
        if (finding && !finding->evidence.empty()) session_.openEvidence(finding->evidence.front(), finding);
        return;
    }
    case Kind::service:
        session_.selectService(item.first);
        return explore("operations", {to_qt(item.first)});
    case Kind::operation:
        session_.selectService(item.first, item.second);
        if (item.number != 0) return explore("operations", {to_qt(item.first), to_qt(item.second)});
        return session_.openEvidence(calls_evidence(item.first, item.second));
    case Kind::statement:
        session_.selectStatement(item.first);
        if (item.number != 0) return explore("statements", {to_qt(item.first)});
        return session_.openEvidence({"Calls of the statement " + item.title.left(200).toStdString(), "distribution", "span",
                                      "SELECT s.trace_id, s.span_id, s.service, s.operation, s.start_ns, s.duration_ns FROM span s WHERE s.fingerprint = ?1 ORDER BY s.start_ns",
                                      {item.first}});
    case Kind::heapClass: return explore("heap", {to_qt(item.first)});
    case Kind::table:
        session_.openEvidence(table_statistics_evidence(item.first));
        return session_.openEvidence(table_evidence(item.first));
    case Kind::event: return explore("events", {to_qt(item.first)});
    case Kind::note:
        for (QDockWidget* dock : docks_)
            if (auto* ledger = qobject_cast<LedgerPanel*>(dock->widget())) {
                dock->show();
                dock->raise();
                ledger->showFile(item.number);
            }
        return;
    case Kind::trace:
        session_.selectTrace(item.first);
        return session_.openEvidence(trace_evidence(item.first));
    }
}

}  // namespace casebook
