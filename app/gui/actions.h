#pragma once

#include <QObject>

class QAction;
class QMenu;

namespace casebook {

class MainWindow;
class Session;

/// Every command of the window with its menu entry, shortcut and icon. Knows when a command makes sense.
class Actions : public QObject {
    Q_OBJECT

public:
    Actions(MainWindow& window, Session& session);

private:
    QAction* add(QMenu* menu, const QString& icon, const QString& text, const QString& name,
                 const QList<QKeySequence>& keys = {});
    void make_file_menu();
    void make_edit_menu();
    void make_case_menu();
    void make_view_menu();
    void make_window_menu();
    void make_help_menu();
    void fill_layouts();
    void make_toolbar();
    void fill_recent();
    void update_state();

    MainWindow& window_;
    Session& session_;
    QMenu* recent_ = nullptr;
    QAction *open_ = nullptr, *import_ = nullptr, *save_as_ = nullptr, *export_ = nullptr, *close_ = nullptr;
    QAction *back_ = nullptr, *forward_ = nullptr, *copy_ = nullptr, *analyze_ = nullptr, *windows_ = nullptr,
            *cancel_ = nullptr;
    QMenu *explore_ = nullptr, *layouts_ = nullptr;
};

}  // namespace casebook
