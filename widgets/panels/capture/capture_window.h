#pragma once

#include "widgets/panels/capture/capture_run.h"

#include <QDialog>
#include <QTimer>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QSpinBox;
class QStackedWidget;
class QTabWidget;

namespace casebook {

class CaptureQuestionModel;
class ConnectionForm;
class DataTable;
class Session;

/// Capture from a live PostgreSQL: where from, what to take, a live view while it runs, and the import afterwards.
/// Stands beside the workbench; closing it while a capture runs lets that go on.
class CaptureWindow : public QDialog {
    Q_OBJECT

public:
    explicit CaptureWindow(Session& session, CaptureEngine engine = real_capture_engine(), QWidget* parent = nullptr);

private:
    QWidget* make_setup();
    QWidget* make_connection();
    QWidget* make_plan();
    QWidget* make_live();
    void test();
    void show_server(const ServerDescription& server);
    void forget_server();
    void start();
    void show_sample(const std::shared_ptr<const CaptureSample>& sample);
    void show_summary(std::shared_ptr<const CaptureSummary> summary);
    void show_failure(const Error& error);
    void update_state();
    void update_time();
    void update_folder();
    void import();
    void say(const QString& text, bool is_error);

    Session& session_;
    CaptureEngine engine_;
    CaptureRun* run_;
    JobSlot testing_;
    bool is_testing_ = false;
    CaptureQuestionModel* questions_;
    QStackedWidget* pages_ = nullptr;
    ConnectionForm* form_ = nullptr;
    QLabel *found_ = nullptr, *problem_ = nullptr, *duration_ = nullptr, *warning_ = nullptr;
    QLabel *headline_ = nullptr, *status_ = nullptr, *problems_ = nullptr;
    QSpinBox *snapshots_ = nullptr, *explain_ = nullptr, *statement_timeout_ = nullptr, *lock_timeout_ = nullptr;
    QDoubleSpinBox* every_ = nullptr;
    QCheckBox* analyze_ = nullptr;
    QLineEdit* folder_ = nullptr;
    QString suggested_folder_;
    QPushButton *test_ = nullptr, *start_ = nullptr, *cancel_ = nullptr, *import_ = nullptr, *open_ = nullptr,
                *again_ = nullptr;
    QComboBox* window_ = nullptr;
    QProgressBar* progress_ = nullptr;
    QTabWidget* tabs_ = nullptr;
    DataTable *sessions_ = nullptr, *waits_ = nullptr, *locks_ = nullptr, *statements_ = nullptr, *result_ = nullptr;
    std::shared_ptr<const CaptureSummary> summary_;
    QTimer clock_;
};

}  // namespace casebook
