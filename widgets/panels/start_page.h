#pragma once

#include <QWidget>

class QListView;
class QPushButton;

namespace casebook {

class RecentModel;
class Session;

/// What one sees without a case: cases to go on with, where to drop evidence, and what Casebook reads and how to get
/// it.
class StartPage : public QWidget {
    Q_OBJECT

public:
    explicit StartPage(Session& session, QWidget* parent = nullptr);

signals:
    void importRequested();
    void openRequested();
    void demoRequested();
    void captureRequested();

private:
    QWidget* make_begin();
    QWidget* make_recent();
    QWidget* make_reads();
    void find_unsaved();
    void show_menu(const QPoint& place);

    Session& session_;
    RecentModel* model_;
    QListView* recent_;
};

}  // namespace casebook
