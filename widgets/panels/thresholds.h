#pragma once

#include <QWidget>

class QCheckBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QTableView;

namespace casebook {

class Session;
class ThresholdFilter;
class ThresholdModel;

/// Every threshold of the case: value, default, unit, source. A value is edited in place and asks those questions again
/// that depend on it; what differs from the default is bold and can be reset. With a finding selected, one click lists
/// the thresholds of its question.
class ThresholdPanel : public QWidget {
    Q_OBJECT

public:
    explicit ThresholdPanel(Session& session, QWidget* parent = nullptr);

private:
    void show_values();
    void update_buttons();
    void reset_selected();

    Session& session_;
    ThresholdModel* model_;
    ThresholdFilter* filtered_;
    QLineEdit* filter_;
    QCheckBox *only_changed_, *of_selection_;
    QPushButton* reset_;
    QLabel* count_;
    QTableView* table_;
};

}  // namespace casebook
