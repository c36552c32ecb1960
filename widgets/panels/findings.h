#pragma once

#include <QWidget>

class QCheckBox;
class QLabel;
class QLineEdit;
class QStackedWidget;
class QTreeView;

namespace casebook {

class FindingActions;
class FindingModel;
class Session;

/// The walk: what was found, what was ruled out, what cannot be told yet and which evidence would tell. Findings are
/// accepted, dismissed, pinned and noted from the context menu or by A, D, P and N.
class FindingsPanel : public QWidget {
    Q_OBJECT

public:
    explicit FindingsPanel(Session& session, QWidget* parent = nullptr);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void show_report();
    void show_decisions();
    void expand_families();
    void show_selection();
    void update_hint();

    Session& session_;
    FindingModel* model_;
    QLabel* symptom_;
    QWidget* stale_;
    QLineEdit* filter_;
    QCheckBox* hide_dismissed_;
    FindingActions* actions_;
    QTreeView* tree_;
    QStackedWidget* stack_;
    QLabel* hint_;
    bool following_ = false;  // the tree's current row follows the session, not the user
};

}  // namespace casebook
