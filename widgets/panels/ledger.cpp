#include "widgets/panels/ledger.h"

#include "widgets/models/ledger_model.h"
#include "widgets/panels/hint.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"
#include "widgets/style/icons.h"

#include <QAction>
#include <QEvent>
#include <QHeaderView>
#include <QMessageBox>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace casebook {
namespace {

QTableView* make_table(QAbstractItemModel* model, const QString& name, QWidget* parent)
{
    auto* table = new QTableView(parent);
    table->setModel(model);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setShowGrid(false);
    table->setAlternatingRowColors(true);
    table->setWordWrap(false);
    table->setTabKeyNavigation(false);
    table->setFrameShape(QFrame::NoFrame);
    table->setAccessibleName(name);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + 6);
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setStretchLastSection(true);
    return table;
}

}  // namespace

LedgerPanel::LedgerPanel(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), model_(new LedgerModel(this)), notes_(new NoteModel(this)),
      stack_(new QStackedWidget(this)), note_stack_(new QStackedWidget(this)),
      table_(make_table(model_, tr("Imported files"), this)),
      note_table_(make_table(notes_, tr("Notes of the selected file"), this)),
      forget_(new QPushButton(action_icon(QStringLiteral("forget")), tr("Forget file"), this))
{
    setObjectName(QStringLiteral("ledger"));
    table_->setObjectName(QStringLiteral("ledgerTable"));
    // Names of formats give way, so that the counts are in sight.
    table_->horizontalHeader()->setStretchLastSection(false);
    table_->horizontalHeader()->setMinimumSectionSize(40);
    table_->horizontalHeader()->setSectionResizeMode(LedgerModel::Format, QHeaderView::Stretch);
    note_table_->setObjectName(QStringLiteral("noteTable"));
    forget_->setObjectName(QStringLiteral("forgetFile"));
    forget_->setToolTip(tr("Take the selected file and everything that came from it out of the case (Delete)"));
    auto* remove = new QAction(tr("Forget file"), this);
    remove->setShortcut(QKeySequence::Delete);
    remove->setShortcutContext(Qt::WidgetShortcut);
    table_->addAction(remove);
    connect(remove, &QAction::triggered, this, &LedgerPanel::forget_selected);
    connect(forget_, &QPushButton::clicked, this, &LedgerPanel::forget_selected);

    note_stack_->addWidget(new Hint(tr("Select a file to see what was mended, guessed or dropped in it."), this));
    note_stack_->addWidget(new Hint(tr("No notes: every record was read as it was."), this));
    note_stack_->addWidget(note_table_);
    auto* right = new QWidget(this);
    auto* right_column = new QVBoxLayout(right);
    right_column->setContentsMargins(0, 0, 0, 0);
    right_column->setSpacing(2);
    right_column->addWidget(note_stack_, 1);
    right_column->addWidget(forget_, 0, Qt::AlignRight);

    auto* splitter = new QSplitter(Qt::Horizontal, this);
    splitter->addWidget(table_);
    splitter->addWidget(right);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 1);
    splitter->setChildrenCollapsible(false);
    stack_->addWidget(new Hint(
        tr("Nothing is imported yet. Drop files or folders on the window, paste text with Ctrl+V, or press Ctrl+I."),
        this));
    stack_->addWidget(splitter);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(stack_);

    table_->viewport()->installEventFilter(this);
    connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &LedgerPanel::show_notes);
    connect(&session_, &Session::ledgerChanged, this, &LedgerPanel::show_ledger);
    show_ledger();
}

void LedgerPanel::show_ledger()
{
    const int row = table_->currentIndex().row();
    const bool first_time = model_->rowCount() == 0;
    model_->setEntries(session_.ledger());
    stack_->setCurrentIndex(model_->rowCount() > 0 ? 1 : 0);
    if (first_time && model_->rowCount() > 0) {
        for (int column = 0; column < model_->columnCount(); ++column)
            if (column != LedgerModel::Format) table_->resizeColumnToContents(column);
        table_->setColumnWidth(LedgerModel::File, std::clamp(table_->columnWidth(LedgerModel::File), 100, 160));
    }
    share_room();
    if (row >= 0 && row < model_->rowCount()) table_->selectRow(row);
    show_notes();
}

/// The format gives way to the counts: where too little of it would be left to read, the tooltip alone has it.
void LedgerPanel::share_room()
{
    int counts = 0;
    for (int column = 0; column < model_->columnCount(); ++column)
        if (column != LedgerModel::Format && !table_->isColumnHidden(column)) counts += table_->columnWidth(column);
    const int letters = 10;
    table_->setColumnHidden(LedgerModel::Format, table_->viewport()->width() - counts < letters * table_->fontMetrics().averageCharWidth());
}

bool LedgerPanel::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::Resize) share_room();
    return QWidget::eventFilter(watched, event);
}

void LedgerPanel::showFile(qint64 file_id)
{
    for (int row = 0; row < model_->rowCount(); ++row)
        if (model_->entry(row).id == file_id) {
            table_->selectRow(row);
            table_->setFocus();
        }
}

void LedgerPanel::show_notes()
{
    const int row = table_->currentIndex().row();
    if (row < 0 || row >= model_->rowCount()) {
        notes_->setNotes({});
        note_stack_->setCurrentIndex(0);
        forget_->setEnabled(false);
        return;
    }
    const ImportedFile& entry = model_->entry(row);
    std::vector<ImportNote> notes = entry.notes;
    if (entry.error) {
        notes.push_back({0, name_of(entry.error->code), entry.error->what, 1});
        if (!entry.error->hint.empty()) notes.push_back({0, "hint", entry.error->hint, 1});
    }
    note_stack_->setCurrentIndex(notes.empty() ? 1 : 2);
    notes_->setNotes(std::move(notes));
    note_table_->resizeColumnsToContents();
    forget_->setEnabled(entry.id != 0);
}

void LedgerPanel::forget_selected()
{
    const int row = table_->currentIndex().row();
    if (row < 0 || row >= model_->rowCount() || model_->entry(row).id == 0) return;
    const ImportedFile entry = model_->entry(row);
    const QString name = model_->index(row, LedgerModel::File).data().toString();
    auto* question = new QMessageBox(QMessageBox::Question, tr("Forget a file"),
                                     tr("Take %1 out of the case?").arg(name), QMessageBox::Cancel, this);
    question->setInformativeText(
        tr("Everything that came from it is removed from the case. The file itself is not touched."));
    question->setAttribute(Qt::WA_DeleteOnClose);
    QPushButton* yes = question->addButton(tr("Forget"), QMessageBox::AcceptRole);
    question->setDefaultButton(yes);
    connect(yes, &QPushButton::clicked, &session_, [this, id = entry.id] { session_.forget(id); });
    question->open();
}

}  // namespace casebook
