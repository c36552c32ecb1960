#pragma once

#include <QTextBrowser>

namespace casebook {

class Session;

/// Every format Casebook reads, grouped by kind of evidence, with the command that gets it from a live system. Written
/// from the importers that are built in. "Copy" puts a command on the clipboard and says so.
class EvidenceGuide : public QTextBrowser {
    Q_OBJECT

public:
    explicit EvidenceGuide(Session& session, QWidget* parent = nullptr);

signals:
    void captureRequested();

protected:
    void changeEvent(QEvent* event) override;

private:
    void write();
};

}  // namespace casebook
