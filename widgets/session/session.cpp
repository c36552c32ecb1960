#include "widgets/session/session.h"

#include "widgets/qt_text.h"
#include "widgets/session/case_access.h"
#include "widgets/session/case_state.h"
#include "widgets/session/unsaved_cases.h"

#include <QFileInfo>
#include <QSettings>

namespace casebook {
namespace {

/// What the job that opens a case brings back.
struct OpenedCase {
    std::shared_ptr<CaseAccess> access;
    CaseState state;
};

Result<OpenedCase> open_access(const std::string& path, CaseAccess::Open how)
{
    OpenedCase opened;
    TRY_ASSIGN(opened.access, CaseAccess::open(path, how));
    TRY(change_and_read(*opened.access, opened.state, [](CaseFile&) { return Status{}; }));
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
    for (const auto signal : {&Session::ledgerChanged, &Session::windowsChanged})
        connect(this, signal, this, &Session::find_extent);
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
    return access_ ? from_path(access_->path()) : QString();
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
    jobs_.cancelOfCase();
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
    emit decisionsChanged();
    emit thresholdsChanged();
    emit reportChanged();
    emit selectionChanged();
    if (!access_->notice().empty())
        tell({Message::Kind::information, to_qt(access_->notice()), tr("Save As makes a copy that can be changed")});
}

void Session::closeCase()
{
    if (!access_) return;
    if (opening_ == 0) jobs_.cancelOfCase();
    if (isDemo() || (isUnsaved() && ledger_.empty())) access_->discard_when_closed();
    release(std::exchange(access_, nullptr));
    analysis_ = 0;
    not_imported_.clear();
    history_.clear();
    moving_.invalidate();
    unwritten_ = 0;
    storage_ = Storage::named;
    take_state({});
    emit caseClosed();
    emit ledgerChanged();
    emit windowsChanged();
    emit decisionsChanged();
    emit thresholdsChanged();
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
            // What was decided while it was copied may have gone into the old file only.
            const auto decisions = unwritten_ > 0 ? decisions_ : decltype(decisions_){};
            const auto thresholds = unwritten_ > 0 ? thresholds_ : decltype(thresholds_){};
            unwritten_ = 0;
            take_state(std::move(saved->state));
            for (const auto& [name, decision] : decisions) apply_decision({name.first, name.second, {}, {}}, decision);
            for (const auto& [name, value] : thresholds) apply_threshold({name, {}, {}}, value);
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
    tell({Message::Kind::error, tr("This case is open for reading only"),
          tr("Save As makes a copy that can be changed")});
    return true;
}

void Session::openPaths(const QStringList& paths)
{
    if (paths.size() == 1 && is_case_name(paths.first())) return openCase(paths.first());
    importPaths(paths);
}

void Session::tell(const Error& error)
{
    if (error.code == Error::Code::cancelled) return;
    tell(Message{Message::Kind::error, to_qt(error.what), to_qt(error.hint)});
}

}  // namespace casebook
