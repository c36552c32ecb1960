#pragma once

#include "analyzers/playbook/walk.h"
#include "widgets/session/session.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QScrollArea;
class QStackedWidget;
class QToolButton;
class QTreeView;

namespace casebook {

class WalkModel;

/// The playbook of a symptom, walked over what is known: which question comes when and why, how it was answered, what
/// to bring and what to do next.
class WalkPanel : public QWidget {
    Q_OBJECT

public:
    explicit WalkPanel(Session& session, QWidget* parent = nullptr);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void reload();
    void show_walk(const Walk& walk);
    void show_selection();
    void fit_conclusion();
    void copy_command(const QString& command);

    Session& session_;
    JobSlot loading_;
    WalkModel* model_;
    QComboBox* symptom_;
    QLabel* conclusion_;
    QScrollArea* conclusion_area_;
    QLabel* next_;
    QToolButton* copy_next_;
    QTreeView* tree_;
    QStackedWidget* stack_;
    QString next_command_;
    bool following_ = false;
};

}  // namespace casebook
