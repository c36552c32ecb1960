#pragma once

#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/runner.h"
#include "analyzers/store/query.h"
#include "analyzers/trace/span_table.h"
#include "widgets/jobs/job_runner.h"
#include "widgets/session/selection.h"

#include <QObject>
#include <QString>
#include <QStringList>

#include <functional>
#include <memory>
#include <vector>

namespace casebook {

class CaseAccess;

/// One line of the import ledger. Files that failed or were skipped are remembered until the case is closed.
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
class Session : public QObject {
    Q_OBJECT

public:
    explicit Session(QObject* parent = nullptr);
    ~Session() override;

    JobRunner& jobs() { return jobs_; }

    // --- the case
    bool hasCase() const { return access_ != nullptr; }
    bool isReadOnly() const;
    bool isUnsaved() const { return unsaved_; }  ///< lives in the folder of unsaved cases until saveAs()
    QString casePath() const;
    QString caseTitle() const;                   ///< "shop", or "Unsaved case"

    void newCase();
    void openCase(const QString& path);
    /// Copies the case to `path` and goes on with the copy.
    void saveAs(const QString& path);
    void closeCase();

    // --- evidence
    /// Imports files and folders, then analyzes if that is switched on. Makes a new case when there is none.
    void importPaths(const QStringList& paths, const ImportOptions& options = {});
    /// Imports text that was pasted.
    void importText(const QString& text, const ImportOptions& options = {});
    /// Takes one imported file out of the case again.
    void forget(qint64 file_id);
    const std::vector<LedgerEntry>& ledger() const { return ledger_; }

    // --- analysis
    void analyze(const AnalyzeOptions& options = {});
    bool analyzesAfterImport() const { return analyzes_after_import_; }
    void setAnalyzesAfterImport(bool on);
    /// The last analysis; null when there is none yet.
    std::shared_ptr<const AnalysisReport> report() const { return report_; }
    bool isReportStale() const { return report_stale_; }
    /// A finding of the report; null when it has none of that name. Stays valid as long as it is held.
    std::shared_ptr<const Finding> finding(const std::string& analyzer, const std::string& key) const;
    const std::vector<WindowRow>& windows() const { return windows_; }
    void setWindow(const std::string& name, TimeRange range);
    void removeWindow(const std::string& name);

    // --- selection
    const Selection& selection() const { return history_.current(); }
    void select(const Selection& selection);
    void selectFinding(const std::string& analyzer, const std::string& key);
    void selectTrace(const std::string& trace_id);
    void selectService(const std::string& service, const std::string& operation = {});
    void selectStatement(const std::string& fingerprint);
    void selectRange(std::optional<TimeRange> range);
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
        return jobs_.run<T>({title, JobRunner::Lane::read, false}, with_reader<T>(std::move(work)), context,
                            std::move(done));
    }
    /// Work on data already in memory.
    template <class T>
    JobId compute(const QString& title, std::function<Result<T>(const Control&)> work, QObject* context,
                  std::function<void(Result<T>)> done)
    {
        return jobs_.run<T>({title, JobRunner::Lane::read, false}, std::move(work), context, std::move(done));
    }

    void tell(const Message& message) { emit this->message(message); }

signals:
    void caseOpened();
    void caseClosed();
    void ledgerChanged();     ///< evidence came or went; cached spans are gone
    void windowsChanged();
    void reportChanged();
    void selectionChanged();
    void evidenceRequested(const casebook::EvidenceRequest& request);
    void jobStarted(casebook::JobId id);
    void jobProgress(casebook::JobId id);
    void jobFinished(casebook::JobId id);
    void message(const casebook::Message& message);

private:
    using Access = std::shared_ptr<CaseAccess>;

    /// Borrows a reader connection for the duration of `work`.
    static Status use_reader(const Access& access, const std::function<void(CaseFile&)>& work);
    template <class T>
    std::function<Result<T>(const Control&)> with_reader(std::function<Result<T>(CaseFile&, const Control&)> work)
    {
        return [access = access_, work = std::move(work)](const Control& control) -> Result<T> {
            Result<T> result = fail(Error::Code::cancelled, "cancelled");
            TRY(use_reader(access, [&](CaseFile& file) { result = work(file, control); }));
            return result;
        };
    }

    JobRunner jobs_;
    Access access_;
    bool unsaved_ = false;
    bool analyzes_after_import_ = true;
    std::vector<LedgerEntry> ledger_;
    std::vector<WindowRow> windows_;
    std::shared_ptr<const AnalysisReport> report_;
    bool report_stale_ = false;
    SelectionHistory history_;
    std::shared_ptr<const SpanTable> spans_;
};

}  // namespace casebook
