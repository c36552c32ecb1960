#pragma once

#include <QDialog>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QTableWidget;

namespace casebook {

class Session;

/// Names stretches of time by numbers: incident, baseline, after, or any other name.
class WindowDialog : public QDialog {
    Q_OBJECT

public:
    explicit WindowDialog(Session& session, QWidget* parent = nullptr);

private:
    void show_windows();
    void show_row();
    void set();
    void remove();

    Session& session_;
    QTableWidget* table_;
    QComboBox* name_;
    QLineEdit *from_, *to_;
    QLabel *note_, *problem_;
    QPushButton* remove_;
};

}  // namespace casebook
