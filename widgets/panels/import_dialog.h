#pragma once

#include "analyzers/importers/support/import_run.h"

#include <QDialog>
#include <QStringList>

class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;

namespace casebook {

class Session;

/// Import with everything said by hand: format, window, service, time.
class ImportDialog : public QDialog {
    Q_OBJECT

public:
    explicit ImportDialog(Session& session, QWidget* parent = nullptr);
    void addPaths(const QStringList& paths);

private:
    void import();

    Session& session_;
    QListWidget* files_;
    QComboBox *format_, *window_;
    QLineEdit *service_, *time_;
    QLabel* problem_;
};

}  // namespace casebook
