#pragma once

#include <QWidget>

class QLabel;
class QProgressBar;

namespace casebook {

class Session;

/// The oldest listed job in the status bar: what it is, how far, and a button to stop it.
class JobStatus : public QWidget {
    Q_OBJECT

public:
    explicit JobStatus(Session& session, QWidget* parent = nullptr);

private:
    void update_state();

    Session& session_;
    QLabel* title_;
    QProgressBar* bar_;
};

}  // namespace casebook
