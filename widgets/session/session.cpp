#include "widgets/session/session.h"

#include "widgets/qt_text.h"
#include "widgets/session/case_access.h"
#include "widgets/session/case_state.h"
#include "widgets/session/unsaved_cases.h"

#include <QFile>
#include <QFileInfo>
#include <QSettings>

namespace casebook {
namespace {

std::string to_path(const QString& path)
{
    return QFile::encodeName(path).toStdString();
}

/// What the job that opens a case brings back.
struct OpenedCase {
    std::shared_ptr<CaseAccess> access;
    CaseState state;
};

/// Runs `change` on the writing connection, then reads the case's state.
Status with_writer(const std::shared_ptr<CaseAccess>& access, CaseState& state,
                   const std::function<Status(CaseFile&)>& change)
{
    return access->use_writer([&](CaseFile& file) -> Status {
        TRY(change(file));
        TRY_ASSIGN(state, read_case_state(file));
        return {};
    });
}

Result<OpenedCase> open_access(const std::string& path, CaseAccess::Open how)
{
    OpenedCase opened;
    TRY_ASSIGN(opened.access, CaseAccess::open(path, how));
    TRY(with_writer(opened.access, opened.state, [](CaseFile&) { return Status{}; }));
    return opened;
}

bool is_case_name(const QString& path)
{
    return path.endsWith(QStringLiteral(".casebook"), Qt::CaseInsensitive) && QFileInfo(path).isFile();
}

}  // namespace

Session::Session(QObject* parent)
    : QObject(parent), analyzes_after_import_(QSettings().value(QStringLiteral("analyzeAfterImport"), true).toBool())
{
    connect(&jobs_, &JobRunner::started, this, &Session::jobStarted);
    connect(&jobs_, &JobRunner::progressed, this, &Session::jobProgress);
    connect(&jobs_, &JobRunner::finished, this, &Session::jobFinished);
}

Session::~Session()
{
    if (access_ && (isDemo() || (isUnsaved() && ledger_.empty()))) access_->discard_when_closed();
}

bool Session::isReadOnly() const
{
    return access_ && access_->read_only();
}

QString Session::casePath() const
{
    return access_ ? QFile::decodeName(QByteArray::fromStdString(access_->path())) : QString();
}

QString Session::caseTitle() const
{
    if (!access_) return {};
    if (isDemo()) return tr("Demo case");
    if (isUnsaved()) return tr("Unsaved case");
    return QFileInfo(casePath()).completeBaseName();
}

// --- opening and closing

void Session::newCase()
{
    open_with(new_unsaved_path(false), Storage::unsaved, true);
}

void Session::openCase(const QString& path)
{
    const QFileInfo info(path);
    if (access_ && info.canonicalFilePath() == QFileInfo(casePath()).canonicalFilePath() && info.exists()) {
        tell({Message::Kind::information, tr("%1 is open already").arg(info.fileName()), {}});
        return;
    }
    const bool unsaved = info.absolutePath() == QFileInfo(unsaved_cases_folder()).absoluteFilePath();
    open_with(info.absoluteFilePath(), unsaved ? Storage::unsaved : Storage::named, false);
}

void Session::openDemo(const QString& folder)
{
    open_with(new_unsaved_path(true), Storage::demo, true);
    when_open([this, folder] { importPaths({folder}); });
}

void Session::open_with(const QString& path, Storage storage, bool create)
{
    jobs_.cancelAll();
    if (opening_ != 0) jobs_.abandon(opening_);
    pending_.clear();
    const auto how = create ? CaseAccess::Open::create : CaseAccess::Open::existing;
    opening_ = jobs_.run<OpenedCase>(
        {tr("Open %1").arg(QFileInfo(path).fileName()), JobRunner::Lane::write, !create},
        [path = to_path(path), how](const Control&) { return open_access(path, how); }, this,
        [this, path, storage](Result<OpenedCase> opened) {
            opening_ = 0;
            const auto pending = std::exchange(pending_, {});
            if (!opened) {
                if (storage == Storage::named) recent_.remove(path);
                tell(opened.error());
                return;
            }
            adopt(std::move(opened->access), std::move(opened->state), storage);
            for (const auto& then : pending) then();
        });
}

void Session::adopt(Access access, CaseState state, Storage storage)
{
    if (access_) closeCase();
    access_ = std::move(access);
    storage_ = storage;
    if (storage == Storage::named) recent_.add(casePath());
    take_state(std::move(state));
    emit caseOpened();
    emit ledgerChanged();
    emit windowsChanged();
    emit reportChanged();
    emit selectionChanged();
    if (!access_->notice().empty())
        tell({Message::Kind::information, to_qt(access_->notice()), tr("Save As makes a copy that can be changed")});
}

void Session::closeCase()
{
    if (!access_) return;
    if (opening_ == 0) jobs_.cancelAll();
    if (isDemo() || (isUnsaved() && ledger_.empty())) access_->discard_when_closed();
    release(std::exchange(access_, nullptr));
    analysis_ = 0;
    not_imported_.clear();
    history_.clear();
    storage_ = Storage::named;
    take_state({});
    emit caseClosed();
    emit ledgerChanged();
    emit windowsChanged();
    emit reportChanged();
    emit selectionChanged();
}

/// Lets go of a case on a job's thread: closing may write what was still in the log.
void Session::release(Access access)
{
    jobs_.run<bool>({tr("Close"), JobRunner::Lane::write, false},
                    [access = std::move(access)](const Control&) -> Result<bool> { return true; }, this, {});
}

void Session::saveAs(const QString& path)
{
    if (!access_) return;
    const QString target = QFileInfo(path).absoluteFilePath();
    if (target == QFileInfo(casePath()).absoluteFilePath()) return;
    const Access from = access_;
    jobs_.run<OpenedCase>(
        {tr("Save as %1").arg(QFileInfo(target).fileName()), JobRunner::Lane::write, true},
        [from, target = to_path(target)](const Control& control) -> Result<OpenedCase> {
            TRY(from->use_writer([&](CaseFile& file) { return file.copy_to(target, control); }));
            return open_access(target, CaseAccess::Open::existing);
        },
        this, [this, from](Result<OpenedCase> saved) {
            if (!saved) return tell(saved.error());
            if (access_ != from) return;  // another case was opened meanwhile; the copy is there all the same
            if (isUnsaved()) access_->discard_when_closed();
            release(std::exchange(access_, std::move(saved->access)));
            storage_ = Storage::named;
            recent_.add(casePath());
            take_state(std::move(saved->state));
            emit caseRenamed();
            tell({Message::Kind::information, tr("Saved as %1").arg(casePath()), {}});
        });
}

void Session::when_open(std::function<void()> then)
{
    if (opening_ == 0 && access_) return then();
    if (opening_ == 0) newCase();
    pending_.push_back(std::move(then));
}

bool Session::refuse_read_only()
{
    if (!isReadOnly()) return false;
    tell({Message::Kind::error, tr("This case is open for reading only"), tr("Save As makes a copy that can be changed")});
    return true;
}

// --- evidence

void Session::openPaths(const QStringList& paths)
{
    if (paths.size() == 1 && is_case_name(paths.first())) return openCase(paths.first());
    importPaths(paths);
}

void Session::importPaths(const QStringList& paths, const ImportOptions& options)
{
    if (paths.isEmpty()) return;
    std::vector<std::string> names;
    for (const QString& path : paths) names.push_back(to_path(path));
    const QString title = paths.size() == 1 ? tr("Import %1").arg(QFileInfo(paths.first()).fileName())
                                            : tr("Import %1 files").arg(paths.size());
    when_open([this, title, names = std::move(names), options] {
        start_import(title, [names, options](CaseFile& file, const Control& control) {
            return import_paths(file, names, options, control);
        });
    });
}

void Session::importText(const QString& text, const ImportOptions& options)
{
    if (text.trimmed().isEmpty()) {
        tell({Message::Kind::error, tr("There is no text to import"),
              tr("Copy a plan, a thread dump or any other evidence as text, then paste it here")});
        return;
    }
    when_open([this, options, bytes = text.toStdString()] {
        const std::string name = "pasted text " + std::to_string(++pasted_);
        start_import(tr("Import pasted text"), [name, bytes, options](CaseFile& file, const Control& control) {
            return import_bytes(file, name, bytes, options, control);
        });
    });
}

void Session::start_import(const QString& title, ImportWork work)
{
    if (refuse_read_only()) return;
    struct Imported {
        ImportReport report;
        CaseState state;
    };
    ++imports_;
    jobs_.run<Imported>(
        {title, JobRunner::Lane::write, true, true},
        [access = access_, work = std::move(work)](const Control& control) -> Result<Imported> {
            Imported imported;
            TRY(with_writer(access, imported.state, [&](CaseFile& file) -> Status {
                TRY_ASSIGN(imported.report, work(file, control));
                return {};
            }));
            return imported;
        },
        this, [this, access = access_](Result<Imported> imported) {
            --imports_;
            if (access != access_) return;
            if (!imported) {
                tell(imported.error());
                reload();  // files before the one that was stopped are in the case
                return;
            }
            take_state(std::move(imported->state));
            finish_import(imported->report);
        });
}

void Session::finish_import(const ImportReport& report)
{
    using Status = ImportedFile::Status;
    std::int64_t imported = 0, known = 0, failed = 0;
    const ImportedFile* first_failed = nullptr;
    for (const ImportedFile& file : report.files) {
        imported += file.status == Status::imported;
        known += file.status == Status::alreadyImported;
        if (file.status == Status::failed || file.status == Status::skipped) {
            LedgerEntry entry = file;
            entry.id = 0;
            not_imported_.push_back(entry);
            ledger_.push_back(std::move(entry));
        }
        if (file.status == Status::failed && ++failed == 1) first_failed = &file;
    }
    access_->forget_spans();
    emit ledgerChanged();
    emit reportChanged();

    QString what, hint;
    if (first_failed && first_failed->error) {
        what = to_qt(first_failed->error->what);
        hint = to_qt(first_failed->error->hint);
        if (first_failed->error->code == Error::Code::notUnderstood && first_failed->importer.empty()) {
            what = tr("%1 is nothing Casebook can read").arg(QFileInfo(to_qt(first_failed->path)).fileName());
            hint = tr("Help > What Casebook reads lists the formats and how to get them");
        }
    }
    if (failed == 1) tell({Message::Kind::error, what, hint});
    if (failed > 1)
        tell({Message::Kind::error, tr("%1 files could not be imported; the first: %2").arg(failed).arg(what), hint});
    if (failed == 0 && imported == 0 && known > 0)
        tell({Message::Kind::information, tr("Already imported: the same content is in the case"), {}});
    if (failed == 0 && imported == 0 && known == 0)
        tell({Message::Kind::error, tr("Nothing there was recognised as evidence"),
              tr("The start page lists what Casebook reads and how to get it")});
    if (imported > 0 && analyzes_after_import_) analyze();
}

void Session::forget(qint64 file_id)
{
    if (!access_ || refuse_read_only()) return;
    change_case(tr("Forget a file"), true,
                [file_id](CaseFile& file, const Control&) { return forget_file(file, file_id); },
                [this] {
                    access_->forget_spans();
                    emit ledgerChanged();
                    emit reportChanged();
                    if (analyzes_after_import_) analyze();
                });
}

void Session::change_case(const QString& title, bool listed, std::function<Status(CaseFile&, const Control&)> change,
                          std::function<void()> then)
{
    jobs_.run<CaseState>(
        {title, JobRunner::Lane::write, listed},
        [access = access_, change = std::move(change)](const Control& control) -> Result<CaseState> {
            CaseState state;
            TRY(with_writer(access, state, [&](CaseFile& file) { return change(file, control); }));
            return state;
        },
        this, [this, access = access_, then = std::move(then)](Result<CaseState> state) {
            if (access != access_) return;
            if (!state) return tell(state.error());
            take_state(std::move(*state));
            then();
        });
}

void Session::reload()
{
    change_case(tr("Read the case"), false, [](CaseFile&, const Control&) { return Status{}; },
                [this] {
                    access_->forget_spans();
                    emit ledgerChanged();
                    emit reportChanged();
                });
}

void Session::take_state(CaseState state)
{
    ledger_ = std::move(state.ledger);
    ledger_.insert(ledger_.end(), not_imported_.begin(), not_imported_.end());
    windows_ = std::move(state.windows);
    report_ = std::move(state.report);
    report_stale_ = state.report_stale;
}

// --- analysis

void Session::setAnalyzesAfterImport(bool on)
{
    analyzes_after_import_ = on;
    QSettings().setValue(QStringLiteral("analyzeAfterImport"), on);
}

void Session::analyze(const AnalyzeOptions& options)
{
    if (!access_) return;
    if (analysis_ != 0) jobs_.abandon(analysis_);
    using Report = std::shared_ptr<const AnalysisReport>;
    analysis_ = jobs_.run<Report>(
        {tr("Analyze"), JobRunner::Lane::write, true},
        [access = access_, options](const Control& control) -> Result<Report> {
            Report report;
            TRY(access->use_writer([&](CaseFile& file) -> Status {
                TRY_ASSIGN(auto made, casebook::analyze(file, options, control));
                report = std::make_shared<const AnalysisReport>(std::move(made));
                return {};
            }));
            return report;
        },
        this, [this, access = access_](Result<Report> report) {
            if (access != access_) return;
            analysis_ = 0;
            if (report) {
                report_ = std::move(*report);
                report_stale_ = false;
            } else {
                tell(report.error());
            }
            emit reportChanged();
            // The strongest finding is what one wants to see first.
            if (report && selection().analyzer.empty() && !report_->findings.empty())
                selectFinding(report_->findings.front().analyzer, report_->findings.front().key);
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

void Session::setWindow(const std::string& name, TimeRange range)
{
    if (!access_ || refuse_read_only()) return;
    change_case(tr("Set window"), false,
                [name, range](CaseFile& file, const Control&) { return set_window(file, name, range); },
                [this] {
                    emit windowsChanged();
                    emit reportChanged();
                    if (analyzes_after_import_) analyze();
                });
}

void Session::removeWindow(const std::string& name)
{
    if (!access_ || refuse_read_only()) return;
    change_case(tr("Remove window"), false, [name](CaseFile& file, const Control&) { return delete_window(file, name); },
                [this] {
                    emit windowsChanged();
                    emit reportChanged();
                    if (analyzes_after_import_) analyze();
                });
}

// --- reading

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

void Session::tell(const Error& error)
{
    if (error.code == Error::Code::cancelled) return;
    tell(Message{Message::Kind::error, to_qt(error.what), to_qt(error.hint)});
}

}  // namespace casebook
