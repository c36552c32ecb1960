// What the menus ask of the window: file names, questions, dialogs. None of them blocks.
#include "app/gui/main_window.h"

#include "app/gui/demo.h"
#include "widgets/models/finding_text.h"
#include "widgets/panels/capture/capture_window.h"
#include "widgets/panels/evidence_guide.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/handbook_window.h"
#include "widgets/panels/import_dialog.h"
#include "widgets/panels/window_dialog.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"
#include "widgets/style/icons.h"

#include <QApplication>
#include <QClipboard>
#include <QDockWidget>
#include <QFile>
#include <QFileDialog>
#include <QMessageBox>
#include <QMimeData>
#include <QSettings>
#include <QVBoxLayout>

#include <utility>

namespace casebook {
namespace {

QFileDialog* make_file_dialog(QWidget* parent, const QString& title, QFileDialog::FileMode mode)
{
    auto* dialog = new QFileDialog(parent, title, QSettings().value(QStringLiteral("lastFolder")).toString());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(mode);
    QObject::connect(dialog, &QFileDialog::filesSelected, dialog, [dialog] {
        QSettings().setValue(QStringLiteral("lastFolder"), dialog->directory().absolutePath());
    });
    return dialog;
}

}  // namespace

void MainWindow::newCase()
{
    unless_busy(tr("Stop it and make a new case?"), [this] { session_.newCase(); });
}

void MainWindow::openPaths(const QStringList& paths)
{
    const bool opens_case =
        paths.size() == 1 && paths.first().endsWith(QStringLiteral(".casebook"), Qt::CaseInsensitive);
    if (!opens_case) return session_.openPaths(paths);
    unless_busy(tr("Stop it and open another case?"), [this, paths] { session_.openPaths(paths); });
}

void MainWindow::openDemo()
{
    const QString folder = find_demo_folder(samples_);
    if (folder.isEmpty()) {
        session_.tell({Message::Kind::error, tr("The demo evidence is not installed"),
                       tr("It belongs in share/casebook/samples/demo beside the program")});
        return;
    }
    unless_busy(tr("Stop it and open the demo?"), [this, folder] { session_.openDemo(folder); });
}

void MainWindow::closeCase()
{
    unless_busy(tr("Stop it and close the case?"), [this] { session_.closeCase(); });
}

void MainWindow::askOpen()
{
    QFileDialog* dialog = make_file_dialog(this, tr("Open case"), QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Casebook cases (*.casebook)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        unless_busy(tr("Stop it and open another case?"), [this, path] { session_.openCase(path); });
    });
    dialog->open();
}

void MainWindow::askSaveAs()
{
    if (!session_.hasCase()) return;
    QFileDialog* dialog = make_file_dialog(this, tr("Save case as"), QFileDialog::AnyFile);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setNameFilter(tr("Casebook cases (*.casebook)"));
    dialog->setDefaultSuffix(QStringLiteral("casebook"));
    connect(dialog, &QFileDialog::fileSelected, &session_, &Session::saveAs);
    dialog->open();
}

void MainWindow::askImportFiles()
{
    QFileDialog* dialog = make_file_dialog(this, tr("Import files"), QFileDialog::ExistingFiles);
    connect(dialog, &QFileDialog::filesSelected, this, &MainWindow::openPaths);
    dialog->open();
}

void MainWindow::askImportFolder()
{
    QFileDialog* dialog = make_file_dialog(this, tr("Import folder"), QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::filesSelected, &session_,
            [this](const QStringList& paths) { session_.importPaths(paths); });
    dialog->open();
}

void MainWindow::askImportWithOptions()
{
    auto* dialog = new ImportDialog(session_, this);
    dialog->open();
}

void MainWindow::askExport()
{
    const auto report = session_.report();
    if (!report) {
        session_.tell({Message::Kind::error, tr("There is nothing to export yet"), tr("Analyze the case first (F5)")});
        return;
    }
    QFileDialog* dialog = make_file_dialog(this, tr("Export findings as Markdown"), QFileDialog::AnyFile);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setNameFilter(tr("Markdown (*.md)"));
    dialog->setDefaultSuffix(QStringLiteral("md"));
    connect(dialog, &QFileDialog::fileSelected, this, [this, report](const QString& path) {
        const QString title = tr("Findings of %1").arg(session_.caseTitle());
        session_.compute<bool>(
            tr("Export"),
            [report, title, path, decisions = session_.decisions()](const Control&) -> Result<bool> {
                QFile file(path);
                const QByteArray text = report_markdown(*report, title, decisions).toUtf8();
                if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate) || file.write(text) != text.size())
                    return fail(Error::Code::unreadable,
                                "The findings could not be written to " + path.toStdString() + ": " +
                                    file.errorString().toStdString(),
                                "Choose another folder");
                return true;
            },
            this, [this, path](Result<bool> done) {
                if (!done) return session_.tell(done.error());
                session_.tell({Message::Kind::information, tr("Findings written to %1").arg(path), {}});
            });
    });
    dialog->open();
}

void MainWindow::pasteEvidence()
{
    const QMimeData* data = QApplication::clipboard()->mimeData();
    QStringList paths;
    if (data)
        for (const QUrl& url : data->urls())
            if (url.isLocalFile()) paths << url.toLocalFile();
    if (!paths.isEmpty()) openPaths(paths);
    else session_.importText(data ? data->text() : QString());
}

void MainWindow::editWindows()
{
    if (!session_.hasCase()) return;
    auto* dialog = new WindowDialog(session_, this);
    dialog->show();
}

void MainWindow::setTheme(std::optional<Theme::Id> id)
{
    set_theme(id.value_or(desktop_theme()));
    if (id) QSettings().setValue(QStringLiteral("theme"), static_cast<int>(*id));
    else QSettings().remove(QStringLiteral("theme"));
}

void MainWindow::setTextPoints(int points)
{
    set_text_points(points);
    QSettings().setValue(QStringLiteral("textPoints"), text_points());
}

void MainWindow::applyLook()
{
    const QSettings settings;
    set_text_points(settings.value(QStringLiteral("textPoints"), normal_text_points).toInt());
    const int chosen = settings.value(QStringLiteral("theme"), -1).toInt();
    set_theme(chosen >= 0 && chosen <= 2 ? static_cast<Theme::Id>(chosen) : desktop_theme());
}

/// Moves the focus from panel to panel: timeline, findings, evidence, inspector, ledger, jobs; those in sight that have
/// something to focus.
void MainWindow::focusPanel(int direction)
{
    QList<QWidget*> panels;
    for (QDockWidget* dock : docks_)
        if (dock->isVisible()) panels << dock->widget();
    if (case_shown_) panels.insert(std::min<qsizetype>(2, panels.size()), evidence_);
    qsizetype current = direction > 0 ? -1 : 0;
    for (qsizetype i = 0; i < panels.size(); ++i)
        if (panels[i]->isAncestorOf(QApplication::focusWidget()) || panels[i] == QApplication::focusWidget())
            current = i;
    for (qsizetype step = 1; step <= panels.size(); ++step) {
        QWidget* panel = panels[(current + direction * step + 2 * panels.size()) % panels.size()];
        for (QDockWidget* dock : docks_)
            if (dock->widget() == panel) dock->raise();
        QList<QWidget*> inside = panel->findChildren<QWidget*>();
        inside.prepend(panel);
        for (QWidget* widget : inside) {
            if ((widget->focusPolicy() & Qt::TabFocus) != Qt::TabFocus || !widget->isVisible() || !widget->isEnabled())
                continue;
            widget->setFocus(Qt::ShortcutFocusReason);
            return;
        }
    }
}

void MainWindow::showCapture()
{
    // One for the case, whichever of its windows asks.
    CaptureWindow* open = capture_;
    for (const MainWindow* other : siblings())
        if (!open) open = other->capture_;
    if (!open) open = capture_ = new CaptureWindow(session_, real_capture_engine(), this);
    open->show();
    open->raise();
    open->activateWindow();
}

void MainWindow::hand_capture_to(MainWindow* other)
{
    if (!capture_) return;
    const bool shown = capture_->isVisible();
    capture_->setParent(other, capture_->windowFlags());
    if (shown) capture_->show();
    other->capture_ = std::exchange(capture_, nullptr);
}

void MainWindow::showHandbook()
{
    if (!handbook_) handbook_ = new HandbookWindow(this);
    handbook_->showPage(to_qt(session_.selection().analyzer));
    handbook_->show();
    handbook_->raise();
    handbook_->activateWindow();
}

void MainWindow::showEvidenceGuide()
{
    auto* dialog = new QDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("evidenceGuideWindow"));
    dialog->setWindowTitle(tr("What Casebook reads, and how to get it"));
    dialog->resize(640, 520);
    auto* guide = new EvidenceGuide(session_, dialog);
    connect(guide, &EvidenceGuide::captureRequested, this, &MainWindow::showCapture);
    auto* column = new QVBoxLayout(dialog);
    column->addWidget(guide);
    dialog->show();
}

void MainWindow::showAbout()
{
    auto* box = new QMessageBox(this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setWindowTitle(tr("About Casebook"));
    box->setIconPixmap(application_icon().pixmap(64, 64));
    box->setText(QStringLiteral("<b>Casebook %1</b>").arg(QStringLiteral(CASEBOOK_VERSION)));
    box->setInformativeText(tr("Finds out why a system is slow, from the evidence you have. Free software under the "
                               "GNU General Public License, "
                               "version 3 or later. Uses Qt %1, QCustomPlot and SQLite.")
                                .arg(QString::fromLatin1(qVersion())));
    box->open();
}

}  // namespace casebook
