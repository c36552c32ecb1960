#pragma once

#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/runner.h"
#include "analyzers/store/finding_decisions.h"
#include "analyzers/store/query.h"
#include "analyzers/store/verdict_history.h"
#include "analyzers/trace/span_table.h"
#include "widgets/jobs/job_runner.h"
#include "widgets/session/recent_cases.h"
#include "widgets/session/selection.h"

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QStringList>

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace casebook {

class CaseAccess;
struct CaseState;

/// One line of the import ledger. Files that failed or were skipped have id 0 and are remembered until the case is
/// closed.
using LedgerEntry = ImportedFile;

/// Something to tell the user that no panel shows by itself.
struct Message {
    enum class Kind { information, error };
    Kind kind = Kind::information;
    QString what;  ///< what happened
    QString hint;  ///< what to do about it; may be empty
};

/// A piece of evidence to be opened, and the finding it proves (null for evidence looked at on its own).
struct EvidenceRequest {
    Evidence evidence;
    std::shared_ptr<const Finding> finding;
};

/// The open case and what the user looks at. Panels talk to the session and never to each other. Lives on the GUI
/// thread and never blocks it: whatever touches the case file runs as a job, answers come by callback or signal.
/// Methods that change the case return at once; their end is a signal, their failure a message().
class Session : public QObject {
    Q_OBJECT

public:
    explicit Session(QObject* parent = nullptr);
    ~Session() override;

    JobRunner& jobs() { return jobs_; }
    RecentCases& recentCases() { return recent_; }

    // --- the case
    bool hasCase() const { return access_ != nullptr; }
    bool isReadOnly() const;
    bool isUnsaved() const { return storage_ != Storage::named; }  ///< kept by us until saveAs()
    bool isDemo() const { return storage_ == Storage::demo; }      ///< an unsaved case that is not kept
    QString casePath() const;
    QString caseTitle() const;  ///< "shop", "Unsaved case", "Demo case"; empty without a case

    void newCase();
    void openCase(const QString& path);
    /// A case of the evidence in `folder` that is gone when closed.
    void openDemo(const QString& folder);
    /// Copies the case to `path` and goes on with the copy.
    void saveAs(const QString& path);
    void closeCase();

    // --- evidence
    /// What was dropped or named on the command line: a single .casebook is opened, everything else imported.
    void openPaths(const QStringList& paths);
    /// Imports files and folders, then analyzes if that is switched on. Makes a new case when there is none.
    void importPaths(const QStringList& paths, const ImportOptions& options = {});
    /// Imports text that was pasted.
    void importText(const QString& text, const ImportOptions& options = {});
    /// Takes one imported file out of the case again.
    void forget(qint64 file_id);
    /// An import is under way or waiting.
    bool isImporting() const { return imports_ > 0; }
    const std::vector<LedgerEntry>& ledger() const { return ledger_; }

    // --- analysis
    void analyze(const AnalyzeOptions& options = {});
    bool analyzesAfterImport() const { return analyzes_after_import_; }
    void setAnalyzesAfterImport(bool on);
    bool isAnalyzing() const { return analysis_ != 0; }
    /// The last analysis; null when there is none yet.
    std::shared_ptr<const AnalysisReport> report() const { return report_; }
    bool isReportStale() const { return report_stale_; }
    /// A finding of the report; null when it has none of that name. Stays valid as long as it is held.
    std::shared_ptr<const Finding> finding(const std::string& analyzer, const std::string& key) const;
    /// The windows the user named.
    const std::vector<WindowRow>& windows() const { return windows_; }
    /// Those; when there are none, what the last analysis proposed as incident and baseline.
    std::vector<WindowRow> shownWindows() const;
    void setWindow(const std::string& name, TimeRange range);
    void removeWindow(const std::string& name);
    /// Sets several at once, one step to undo; windows of other names stay.
    void setWindows(const std::vector<WindowRow>& rows);

    // --- work with findings. What is decided is shown at once and written by a job; a case open for reading only says so.
    /// What people made of the finding; empty when nothing.
    FindingDecision decision(const std::string& analyzer, const std::string& key) const;
    const std::map<std::pair<std::string, std::string>, FindingDecision>& decisions() const { return decisions_; }
    void decide(const std::string& analyzer, const std::string& key, const FindingDecision& decision);
    /// How the verdict of the finding (of the analyzer, when `key` is empty) came to be, oldest first.
    std::vector<VerdictChange> verdictHistory(const std::string& analyzer, const std::string& key) const;
    /// Thresholds of this case that differ from their defaults, by full name.
    const std::map<std::string, double>& thresholds() const { return thresholds_; }
    /// Sets a threshold for this case (nothing: back to its default) and asks those again that read it.
    void setThreshold(const std::string& name, std::optional<double> value);
    /// Tells why and returns true when the case cannot be changed; for panels that would begin an edit.
    bool refusesChanges();

    // --- selection
    const Selection& selection() const { return history_.current(); }
    void select(const Selection& selection);
    void selectFinding(const std::string& analyzer, const std::string& key);
    void selectTrace(const std::string& trace_id);
    void selectService(const std::string& service, const std::string& operation = {});
    void selectStatement(const std::string& fingerprint);
    void selectRange(std::optional<TimeRange> range);
    /// Time of everything in the case; from = to while it is unknown or nothing has a time.
    TimeRange extent() const { return extent_; }
    /// The stretch that all time axes show; absent = everything. Moves that follow within a second are one step of the
    /// history, so that going back undoes a gesture and not a pixel. A range around everything is the same as none.
    const std::optional<TimeRange>& visibleRange() const { return selection().visible; }
    void showRange(std::optional<TimeRange> range);
    /// Back and forward walk through selections, time in sight, windows, decisions and thresholds alike.
    bool canGoBack() const { return history_.can_go_back(); }
    bool canGoForward() const { return history_.can_go_forward(); }
    void back();
    void forward();
    /// Asks the centre to open a view of this evidence.
    void openEvidence(const Evidence& evidence, std::shared_ptr<const Finding> finding = nullptr);

    // --- reading the case. Callbacks come on the GUI thread unless `context` is gone; give the JobId to a JobSlot
    //     so that a newer question replaces an older one. Without a case the answer is an error.
    JobId query(const std::string& sql, const std::vector<Value>& arguments, QObject* context,
                std::function<void(Result<QueryResult>)> done, const QueryLimits& limits = {});
    /// Runs the query of a piece of evidence.
    JobId query(const Evidence& evidence, QObject* context, std::function<void(Result<QueryResult>)> done,
                const QueryLimits& limits = {});
    /// All spans of the case as columns; loaded once and kept until the evidence changes.
    JobId spans(QObject* context, std::function<void(Result<std::shared_ptr<const SpanTable>>)> done);
    /// Any other reading: `work` gets a read-only connection of its own.
    template <class T>
    JobId read(const QString& title, std::function<Result<T>(CaseFile&, const Control&)> work, QObject* context,
               std::function<void(Result<T>)> done)
    {
        auto with_reader = [access = access_, work = std::move(work)](const Control& control) -> Result<T> {
            Result<T> result = fail(Error::Code::cancelled, "cancelled");
            TRY(use_reader(access, [&](CaseFile& file) { result = work(file, control); }));
            return result;
        };
        return jobs_.run<T>({title, JobRunner::Lane::read, false}, std::move(with_reader), context, std::move(done));
    }
    /// Work on data already in memory.
    template <class T>
    JobId compute(const QString& title, std::function<Result<T>(const Control&)> work, QObject* context,
                  std::function<void(Result<T>)> done)
    {
        return jobs_.run<T>({title, JobRunner::Lane::read, false}, std::move(work), context, std::move(done));
    }

    void tell(const Message& message) { emit this->message(message); }
    /// Tells an error, unless it is a cancellation.
    void tell(const Error& error);

signals:
    void caseOpened();
    void caseClosed();
    void caseRenamed();       ///< saved under a name
    void ledgerChanged();     ///< evidence came or went; the spans must be asked for again
    void textImported(const casebook::LedgerEntry& file);  ///< pasted text became evidence
    void windowsChanged();
    void analysisStarted();
    void reportChanged();     ///< a new report, or the old one became stale
    void selectionChanged();
    void visibleRangeChanged();
    void extentChanged();
    void decisionsChanged();
    void thresholdsChanged();
    void evidenceRequested(const casebook::EvidenceRequest& request);
    void jobStarted(casebook::JobId id);
    void jobProgress(casebook::JobId id);
    void jobFinished(casebook::JobId id);
    void message(const casebook::Message& message);

private:
    using Access = std::shared_ptr<CaseAccess>;
    enum class Storage { named, unsaved, demo };
    using ImportWork = std::function<Result<ImportReport>(CaseFile&, const Control&)>;

    static Status use_reader(const Access& access, const std::function<void(CaseFile&)>& work);
    void open_with(const QString& path, Storage storage, bool create);
    void adopt(Access access, CaseState state, Storage storage);
    void release(Access access);
    void when_open(std::function<void()> then);
    void start_import(const QString& title, ImportWork work, bool pasted = false);
    void finish_import(const ImportReport& report);
    /// Windows that the user did not just change himself are no step of the history.
    void take_state(CaseState state, bool windows_by_user = false);
    void find_extent();
    void windows_changed();
    void walk(bool (SelectionHistory::*step)());
    void restore_windows(const SelectionHistory::Windows& wanted);
    void reload();
    bool refuse_read_only();
    void make(CaseChange change);
    void apply(const CaseChange& change, bool forward);
    void apply_decision(const DecisionChange& change, const FindingDecision& value);
    void apply_threshold(const ThresholdChange& change, std::optional<double> value);
    /// Runs `change` on the writing connection and never gives it up. When it fails the case is read anew.
    void write(const QString& title, std::function<Status(CaseFile&)> change);
    /// Runs `change` on the writing connection, then reads the case's state anew.
    void change_case(const QString& title, bool listed, std::function<Status(CaseFile&, const Control&)> change,
                     std::function<void()> then, bool windows_by_user = false);

    RecentCases recent_;
    Access access_;
    Storage storage_ = Storage::named;
    JobId opening_ = 0, analysis_ = 0;
    std::vector<std::function<void()>> pending_;  // wait for the case that is being opened
    bool analyzes_after_import_ = true;
    int pasted_ = 0, imports_ = 0;
    std::vector<LedgerEntry> ledger_, not_imported_;
    std::vector<WindowRow> windows_;
    std::shared_ptr<const AnalysisReport> report_;
    bool report_stale_ = false;
    SelectionHistory history_;
    TimeRange extent_;
    JobId extent_job_ = 0;
    QElapsedTimer moving_;  // since time in sight last moved; invalid when something else came after
    std::map<std::pair<std::string, std::string>, FindingDecision> decisions_;  // by analyzer and key
    std::map<std::string, double> thresholds_;
    std::vector<VerdictChange> verdict_history_;
    int unwritten_ = 0;  // changes that are shown and not yet in the file
    JobRunner jobs_;  // last: its destructor waits for jobs that use the rest
};

}  // namespace casebook
