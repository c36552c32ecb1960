// The part of the session that brings evidence into the case and takes it out again.
#include "widgets/qt_text.h"
#include "widgets/session/case_access.h"
#include "widgets/session/case_state.h"
#include "widgets/session/session.h"

#include <QFileInfo>

#include <algorithm>

namespace casebook {

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
        }, true);
    });
}

void Session::start_import(const QString& title, ImportWork work, bool pasted)
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
            TRY(change_and_read(*access, imported.state, [&](CaseFile& file) -> Status {
                TRY_ASSIGN(imported.report, work(file, control));
                return {};
            }));
            return imported;
        },
        this, [this, access = access_, pasted](Result<Imported> imported) {
            --imports_;
            if (access != access_) return;
            if (!imported) {
                tell(imported.error());
                reload();  // files before the one that was stopped are in the case
                return;
            }
            take_state(std::move(imported->state));
            finish_import(imported->report);
            if (!pasted) return;
            for (const ImportedFile& file : imported->report.files)
                if (file.status == ImportedFile::Status::imported) emit textImported(file);
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
                          std::function<void()> then, bool windows_by_user)
{
    jobs_.run<CaseState>(
        {title, JobRunner::Lane::write, listed},
        [access = access_, change = std::move(change)](const Control& control) -> Result<CaseState> {
            CaseState state;
            TRY(change_and_read(*access, state, [&](CaseFile& file) { return change(file, control); }));
            return state;
        },
        this, [this, access = access_, then = std::move(then), windows_by_user](Result<CaseState> state) {
            if (access != access_) return;
            if (!state) return tell(state.error());
            take_state(std::move(*state), windows_by_user);
            then();
        });
}

void Session::reload()
{
    change_case(tr("Read the case"), false, [](CaseFile&, const Control&) { return Status{}; },
                [this] {
                    access_->forget_spans();
                    emit ledgerChanged();
                    emit decisionsChanged();
                    emit thresholdsChanged();
                    emit reportChanged();
                });
}

void Session::take_state(CaseState state, bool windows_by_user)
{
    ledger_ = std::move(state.ledger);
    ledger_.insert(ledger_.end(), not_imported_.begin(), not_imported_.end());
    windows_ = std::move(state.windows);
    const auto& known = history_.windows();
    const auto same = [](const WindowRow& a, const WindowRow& b) { return a.name == b.name && a.role == b.role && a.range == b.range; };
    const bool as_known = known && std::equal(known->begin(), known->end(), windows_.begin(), windows_.end(), same);
    if (!windows_by_user && !as_known) history_.set_windows(std::make_shared<const std::vector<WindowRow>>(windows_));
    report_ = std::move(state.report);
    report_stale_ = state.report_stale;
    verdict_history_ = std::move(state.history);
    if (unwritten_ > 0) return;  // what the user sees is newer than what was read
    decisions_ = std::move(state.decisions);
    thresholds_ = std::move(state.thresholds);
}

}  // namespace casebook
