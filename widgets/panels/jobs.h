#pragma once

#include <QWidget>

class QPushButton;
class QStackedWidget;
class QTreeView;

namespace casebook {

class JobModel;
class Session;

/// Long work under way: how far, how fast, how long still, and a button to stop it.
class JobsPanel : public QWidget {
    Q_OBJECT

public:
    explicit JobsPanel(Session& session, QWidget* parent = nullptr);

private:
    void update_state();
    void cancel_selected();

    Session& session_;
    JobModel* model_;
    QStackedWidget* stack_;
    QTreeView* list_;
    QPushButton* cancel_;
};

}  // namespace casebook
