#pragma once

#include <QWidget>

class QLabel;
class QStackedWidget;
class QTabWidget;
class QTextBrowser;
class QToolButton;
class QUrl;

namespace casebook {

class Session;

/// The selected finding in full: why this verdict, figures beside thresholds, evidence, fixes, proof; and the page of
/// the handbook that belongs to it.
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
    QToolButton* copy_;
    QTabWidget* tabs_;
    QTextBrowser *finding_, *handbook_;
};

}  // namespace casebook
