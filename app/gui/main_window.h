#pragma once

#include "widgets/style/theme.h"

#include <QMainWindow>

#include <functional>
#include <optional>
#include <vector>

class QDockWidget;
class QLabel;
class QStackedWidget;

namespace casebook {

class CaptureWindow;
class CommandPalette;
class EvidenceTabs;
class HandbookWindow;
class InspectorPanel;
class MessageBar;
class Session;
class StartPage;
struct SearchItem;

/// Puts the panels in their places and asks the user for file names. What the panels do is theirs and the session's.
class MainWindow : public QMainWindow {
    Q_OBJECT

public:
    /// `samples` is where the demo lies when it is not beside the program.
    explicit MainWindow(Session& session, const QString& samples, QWidget* parent = nullptr);
    ~MainWindow() override;

    EvidenceTabs* evidence() const { return evidence_; }
    InspectorPanel* inspector() const { return inspector_; }
    const QList<QDockWidget*>& docks() const { return docks_; }
    /// Names of layouts the user saved, sorted.
    static QStringList layoutNames();

public slots:
    void newCase();
    void openPaths(const QStringList& paths);
    void openDemo();
    void closeCase();
    void askOpen();
    void askSaveAs();
    void askImportFiles();
    void askImportFolder();
    void askImportWithOptions();
    void askExport();
    void pasteEvidence();
    void editWindows();
    /// And remembers it; without one the desktop's, now and at the next start.
    void setTheme(std::optional<casebook::Theme::Id> id);
    /// Size of all text, remembered.
    void setTextPoints(int points);
    /// Theme and size of text as remembered; before the first window.
    static void applyLook();
    void focusPanel(int direction);
    void resetLayout();
    void askSaveLayout();
    void saveLayout(const QString& name);
    void restoreLayout(const QString& name);
    void deleteLayout(const QString& name);
    /// Another window on the same case, with panels and layout of its own. It deletes itself when closed.
    void openWindow();
    void quit();
    void showCapture();
    void showHandbook();
    void showEvidenceGuide();
    void showAbout();
    /// Asks for a name and goes there; `case_only` leaves out commands and views.
    void openPalette(bool case_only);
    /// Selects the thing and opens the view that shows it, or runs the command.
    void goTo(const casebook::SearchItem& item);

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragMoveEvent(QDragMoveEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    bool event(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QDockWidget* add_dock(Qt::DockWidgetArea area, QWidget* panel, const QString& title, const QString& name);
    void make_docks();
    void place_docks();
    void show_case(bool open);
    void update_title();
    void restore_layout();
    void save_layout();
    /// Other windows on the case that are open.
    QList<MainWindow*> siblings() const;
    /// A capture goes on when the window that it was begun from is closed and another one is left.
    void hand_capture_to(MainWindow* other);
    void take_front();
    void add_zone_button();
    void accept_drop(QDropEvent* event) const;
    /// Runs `then`, after a question when an import or analysis would be stopped by it.
    void unless_busy(const QString& question, std::function<void()> then);
    /// What can be chosen in the menus now.
    std::vector<SearchItem> commands() const;

    Session& session_;
    QString samples_;
    QStackedWidget* centre_;
    StartPage* start_;
    EvidenceTabs* evidence_;
    InspectorPanel* inspector_ = nullptr;
    CaptureWindow* capture_ = nullptr;
    HandbookWindow* handbook_ = nullptr;
    CommandPalette* palette_ = nullptr;
    MessageBar* messages_;
    QLabel *drop_hint_, *summary_;
    QList<QDockWidget*> docks_;
    bool case_shown_ = true;
    bool closing_ = false;
    int number_ = 1;  ///< of the windows on this case, for the title
};

}  // namespace casebook
