#pragma once

#include <QWidget>

#include <string>

class QLabel;
class QStackedWidget;
class QTabWidget;
class QTextBrowser;
class QUrl;

namespace casebook {

class FindingBar;
class Session;
class ThresholdEdit;

/// The selected finding in full: what was decided about it, why this verdict, figures beside thresholds that are edited
/// in place, evidence, fixes, proof, how the verdict changed; and the page of the handbook that belongs to it.
class InspectorPanel : public QWidget {
    Q_OBJECT

public:
    explicit InspectorPanel(Session& session, QWidget* parent = nullptr);

    /// The selected finding as Markdown; empty when none is selected.
    QString markdown() const;

public slots:
    void copyMarkdown();

protected:
    void changeEvent(QEvent* event) override;

private:
    void show_selection();
    void follow(const QUrl& link);

    Session& session_;
    QStackedWidget* stack_;
    QLabel *badge_, *verdict_;
    FindingBar* bar_;
    QTabWidget* tabs_;
    QTextBrowser *finding_, *handbook_;
    ThresholdEdit* threshold_;
    std::string shown_analyzer_, shown_key_;
};

}  // namespace casebook
