// Layouts that the user saved by name. A layout is where the panels are, not how large the window is.
#include "app/gui/main_window.h"

#include <QInputDialog>
#include <QSettings>
#include <QUrl>

namespace casebook {
namespace {

const QString group = QStringLiteral("layouts");

/// Names may have slashes, which settings take for groups.
QString key_of(const QString& name)
{
    return group + QLatin1Char('/') + QString::fromLatin1(name.toUtf8().toPercentEncoding());
}

}  // namespace

QStringList MainWindow::layoutNames()
{
    QSettings settings;
    settings.beginGroup(group);
    QStringList names;
    for (const QString& key : settings.childKeys()) names << QUrl::fromPercentEncoding(key.toLatin1());
    names.sort(Qt::CaseInsensitive);
    return names;
}

void MainWindow::askSaveLayout()
{
    auto* dialog = new QInputDialog(this);
    dialog->setObjectName(QStringLiteral("layoutName"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Save layout"));
    dialog->setLabelText(tr("&Name; one that is there already is replaced"));
    dialog->setComboBoxItems(layoutNames());
    dialog->setComboBoxEditable(true);
    dialog->setTextValue({});
    connect(dialog, &QInputDialog::textValueSelected, this, &MainWindow::saveLayout);
    dialog->open();
}

void MainWindow::saveLayout(const QString& name)
{
    if (!name.trimmed().isEmpty() && case_shown_) QSettings().setValue(key_of(name.trimmed()), saveState());
}

void MainWindow::restoreLayout(const QString& name)
{
    if (case_shown_ && !restoreState(QSettings().value(key_of(name)).toByteArray())) resetLayout();
}

void MainWindow::deleteLayout(const QString& name)
{
    QSettings().remove(key_of(name));
}

}  // namespace casebook
