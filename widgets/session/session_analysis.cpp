// The part of the session that asks questions of the case: analysis, windows, queries, spans.
#include "analyzers/playbook/cause_links.h"
#include "widgets/session/case_access.h"
#include "widgets/session/session.h"

#include <QSettings>

#include <algorithm>

namespace casebook {

void Session::setAnalyzesAfterImport(bool on)
{
    analyzes_after_import_ = on;
    QSettings().setValue(QStringLiteral("analyzeAfterImport"), on);
}

void Session::analyze(const AnalyzeOptions& options)
{
    if (!access_) return;
    if (analysis_ != 0) jobs_.abandon(analysis_);
    struct Analyzed {
        std::shared_ptr<const AnalysisReport> report;
        std::vector<VerdictChange> history;
    };
    analysis_ = jobs_.run<Analyzed>(
        {tr("Analyze"), JobRunner::Lane::write, true},
        [access = access_, options](const Control& control) -> Result<Analyzed> {
            Analyzed analyzed;
            TRY(access->use_writer([&](CaseFile& file) -> Status {
                TRY_ASSIGN(auto made, casebook::analyze(file, options, control));
                analyzed.report = std::make_shared<const AnalysisReport>(std::move(made));
                TRY_ASSIGN(analyzed.history, verdict_history(file));
                return {};
            }));
            return analyzed;
        },
        this, [this, access = access_](Result<Analyzed> analyzed) {
            if (access != access_) return;
            analysis_ = 0;
            if (analyzed) {
                report_ = std::move(analyzed->report);
                report_stale_ = false;
                verdict_history_ = std::move(analyzed->history);
            } else {
                tell(analyzed.error());
            }
            emit reportChanged();
            // What is behind the strongest finding is what one wants to see first.
            if (!analyzed || !selection().analyzer.empty() || report_->findings.empty()) return;
            std::vector<const Finding*> findings;
            for (const Finding& finding : report_->findings) findings.push_back(&finding);
            const Finding& first = *findings[explain_findings(findings).front().root];
            selectFinding(first.analyzer, first.key);
        });
    emit analysisStarted();
}

std::shared_ptr<const Finding> Session::finding(const std::string& analyzer, const std::string& key) const
{
    if (!report_ || key.empty()) return nullptr;
    for (const Finding& finding : report_->findings)
        if (finding.analyzer == analyzer && finding.key == key) return {report_, &finding};
    return nullptr;
}

std::vector<WindowRow> Session::shownWindows() const
{
    if (!windows_.empty() || !report_) return windows_;
    std::vector<WindowRow> proposed;
    for (WindowRow window : report_->windows) {
        // As in a case file: these names have their roles.
        if (window.role.empty() && (window.name == "incident" || window.name == "baseline" || window.name == "after")) window.role = window.name;
        if (!window.role.empty()) proposed.push_back(std::move(window));  // one without a role is the whole case
    }
    return proposed;
}

void Session::setWindow(const std::string& name, TimeRange range)
{
    setWindows({{name, {}, range}});
}

void Session::setWindows(const std::vector<WindowRow>& rows)
{
    if (!access_ || refuse_read_only()) return;
    change_case(
        tr("Set window"), false,
        [rows](CaseFile& file, const Control&) -> Status {
            for (const WindowRow& row : rows) TRY(set_window(file, row.name, row.range));
            return {};
        },
        [this] {
            history_.push_windows(std::make_shared<const std::vector<WindowRow>>(windows_));
            windows_changed();
        },
        true);
}

void Session::windows_changed()
{
    moving_.invalidate();
    emit windowsChanged();
    emit reportChanged();
    emit selectionChanged();  // there is a step to go back now
    if (analyzes_after_import_) analyze();
}

void Session::removeWindow(const std::string& name)
{
    if (!access_ || refuse_read_only()) return;
    change_case(
        tr("Remove window"), false, [name](CaseFile& file, const Control&) { return delete_window(file, name); },
        [this] {
            history_.push_windows(std::make_shared<const std::vector<WindowRow>>(windows_));
            windows_changed();
        },
        true);
}

/// Makes the windows of the case those of a step of the history.
void Session::restore_windows(const SelectionHistory::Windows& wanted)
{
    if (!access_ || !wanted || refuse_read_only()) return;
    change_case(
        tr("Set windows"), false,
        [wanted](CaseFile& file, const Control&) -> Status {
            TRY_ASSIGN(const std::vector<WindowRow> present, casebook::windows(file));
            for (const WindowRow& row : present) {
                const bool kept = std::any_of(wanted->begin(), wanted->end(), [&](const WindowRow& one) { return one.name == row.name; });
                if (!kept) TRY(delete_window(file, row.name));
            }
            for (const WindowRow& row : *wanted) TRY(set_window(file, row.name, row.range));
            return {};
        },
        [this] { windows_changed(); }, true);
}

Status Session::use_reader(const Access& access, const std::function<void(CaseFile&)>& work)
{
    if (!access) return fail(Error::Code::usage, "No case is open", "Open a case or import evidence first");
    return access->use_reader(work);
}

JobId Session::query(const std::string& sql, const std::vector<Value>& arguments, QObject* context,
                     std::function<void(Result<QueryResult>)> done, const QueryLimits& limits)
{
    return read<QueryResult>(
        tr("Query"),
        [sql, arguments, limits](CaseFile& file, const Control& control) {
            return run_query(file, sql, arguments, limits, control);
        },
        context, std::move(done));
}

JobId Session::query(const Evidence& evidence, QObject* context, std::function<void(Result<QueryResult>)> done,
                     const QueryLimits& limits)
{
    std::vector<Value> arguments;
    for (const auto& argument : evidence.arguments)
        arguments.push_back(std::visit([](const auto& value) { return Value(value); }, argument));
    return query(evidence.sql, arguments, context, std::move(done), limits);
}

JobId Session::spans(QObject* context, std::function<void(Result<std::shared_ptr<const SpanTable>>)> done)
{
    using Spans = std::shared_ptr<const SpanTable>;
    return compute<Spans>(
        tr("Load spans"),
        [access = access_](const Control& control) -> Result<Spans> {
            if (!access) return fail(Error::Code::usage, "No case is open", "Open a case or import evidence first");
            return access->spans(control);
        },
        context, std::move(done));
}

}  // namespace casebook
