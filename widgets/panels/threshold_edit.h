#pragma once

#include <QObject>
#include <QString>

class QLineEdit;
class QTextBrowser;

namespace casebook {

class Session;

/// A threshold edited where it stands in a text: a small field over its link. Enter or leaving the field sets it,
/// Escape does not. Numbers as people write them there: 50, 0.05, 1e6.
class ThresholdEdit : public QObject {
    Q_OBJECT

public:
    ThresholdEdit(Session& session, QTextBrowser* browser);
    ~ThresholdEdit() override;

    /// Opens the field over the link "threshold:NAME".
    void open(const QString& name);
    void close();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void commit();

    Session& session_;
    QTextBrowser* browser_;
    QLineEdit* field_;
    QString name_;
};

}  // namespace casebook
