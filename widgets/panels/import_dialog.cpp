#include "widgets/panels/import_dialog.h"

#include "analyzers/core/importer.h"
#include "analyzers/core/instant.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QVBoxLayout>

namespace casebook {

ImportDialog::ImportDialog(Session& session, QWidget* parent)
    : QDialog(parent), session_(session), files_(new QListWidget(this)), format_(new QComboBox(this)),
      window_(new QComboBox(this)), service_(new QLineEdit(this)), time_(new QLineEdit(this)),
      problem_(new QLabel(this))
{
    setWindowTitle(tr("Import with options"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(520, 400);
    files_->setAccessibleName(tr("Files to import"));
    files_->setTextElideMode(Qt::ElideLeft);
    auto* add = new QPushButton(tr("&Add files..."), this);
    auto* remove = new QPushButton(tr("&Remove"), this);
    connect(add, &QPushButton::clicked, this, [this] {
        auto* dialog = new QFileDialog(this, tr("Import files"));
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setFileMode(QFileDialog::ExistingFiles);
        connect(dialog, &QFileDialog::filesSelected, this, &ImportDialog::addPaths);
        dialog->open();
    });
    connect(remove, &QPushButton::clicked, this, [this] { delete files_->takeItem(files_->currentRow()); });

    format_->addItem(tr("Recognise by content"), QString());
    for (const Importer* importer : all_importers()) format_->addItem(to_qt(importer->title), to_qt(importer->id));
    window_->setEditable(true);
    window_->addItems({QString(), QStringLiteral("incident"), QStringLiteral("baseline"), QStringLiteral("after")});
    service_->setPlaceholderText(tr("of rows that name none"));
    time_->setPlaceholderText(QStringLiteral("2026-11-23T01:40:00Z"));
    auto* form = new QFormLayout;
    form->addRow(tr("&Format"), format_);
    form->addRow(tr("&Window"), window_);
    form->addRow(tr("&Service"), service_);
    form->addRow(tr("&Taken at"), time_);
    problem_->setWordWrap(true);
    problem_->hide();

    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    auto* start = buttons->addButton(tr("Import"), QDialogButtonBox::AcceptRole);
    start->setDefault(true);
    connect(buttons, &QDialogButtonBox::accepted, this, &ImportDialog::import);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);

    auto* side = new QVBoxLayout;
    side->addWidget(add);
    side->addWidget(remove);
    side->addStretch();
    auto* top = new QHBoxLayout;
    top->addWidget(files_, 1);
    top->addLayout(side);
    auto* column = new QVBoxLayout(this);
    column->addLayout(top, 1);
    column->addLayout(form);
    column->addWidget(problem_);
    column->addWidget(buttons);
}

void ImportDialog::addPaths(const QStringList& paths)
{
    files_->addItems(paths);
}

void ImportDialog::import()
{
    ImportOptions options;
    options.importer = format_->currentData().toString().toStdString();
    options.window = window_->currentText().trimmed().toStdString();
    options.service = service_->text().trimmed().toStdString();
    const QString time = time_->text().trimmed();
    if (!time.isEmpty()) options.at_ns = parse_instant(time.toStdString());
    QString problem;
    if (files_->count() == 0) problem = tr("Add the files to import first.");
    else if (!time.isEmpty() && !options.at_ns)
        problem = tr("That is not a time. Write it like 2026-11-23T01:40:00Z, or as epoch seconds.");
    problem_->setText(problem);
    problem_->setVisible(!problem.isEmpty());
    if (!problem.isEmpty()) return;
    QStringList paths;
    for (int i = 0; i < files_->count(); ++i) paths << files_->item(i)->text();
    session_.importPaths(paths, options);
    accept();
}

}  // namespace casebook
