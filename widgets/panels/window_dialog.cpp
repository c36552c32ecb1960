#include "widgets/panels/window_dialog.h"

#include "analyzers/core/instant.h"
#include "widgets/charts/time_text.h"
#include "widgets/models/display_zone.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

namespace casebook {
namespace {

/// An instant that parse_instant() reads back to the nanosecond, in the zone that times are shown in.
QString exact_text(std::int64_t at_ns)
{
    const TimeZoneMode mode = DisplayZone::instance().mode();
    if (mode == TimeZoneMode::utc) return to_qt(format_instant(at_ns));
    QString text = instant_text(at_ns, mode, 9);
    while (text.endsWith(QStringLiteral("000"))) text.chop(3);
    if (text.endsWith(QLatin1Char('.'))) text.chop(1);
    return text.replace(QLatin1Char(' '), QLatin1Char('T')) + zone_text(mode, at_ns).mid(3);
}

}  // namespace

WindowDialog::WindowDialog(Session& session, QWidget* parent)
    : QDialog(parent), session_(session), table_(new QTableWidget(0, 3, this)), name_(new QComboBox(this)),
      from_(new QLineEdit(this)), to_(new QLineEdit(this)),
      note_(new QLabel(tr("No window is set. The last analysis used these:"), this)), problem_(new QLabel(this)),
      remove_(new QPushButton(tr("Remove"), this))
{
    setWindowTitle(tr("Windows of time"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(560, 360);
    auto* words = new QLabel(tr("Analyzers look at the incident and compare it with the baseline; after is the time "
                                "since a fix. A window begins at "
                                "From and ends just before To."),
                             this);
    words->setWordWrap(true);
    table_->setHorizontalHeaderLabels({tr("Window"), tr("From"), tr("To")});
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    table_->verticalHeader()->hide();
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setTabKeyNavigation(false);
    table_->setAccessibleName(tr("Windows"));
    connect(table_, &QTableWidget::itemSelectionChanged, this, &WindowDialog::show_row);

    name_->setEditable(true);
    name_->addItems({QStringLiteral("incident"), QStringLiteral("baseline"), QStringLiteral("after")});
    from_->setPlaceholderText(QStringLiteral("2026-11-23T01:40:00Z"));
    to_->setPlaceholderText(QStringLiteral("2026-11-23T02:10:00Z"));
    from_->setObjectName(QStringLiteral("windowFrom"));
    to_->setObjectName(QStringLiteral("windowTo"));
    auto* form = new QFormLayout;
    form->addRow(tr("&Name"), name_);
    form->addRow(tr("&From"), from_);
    form->addRow(tr("&To"), to_);
    problem_->setWordWrap(true);
    problem_->hide();

    auto* buttons = new QDialogButtonBox(this);
    auto* set = buttons->addButton(tr("Set window"), QDialogButtonBox::ApplyRole);
    set->setObjectName(QStringLiteral("setWindow"));
    set->setDefault(true);
    buttons->addButton(remove_, QDialogButtonBox::ResetRole);
    buttons->addButton(QDialogButtonBox::Close);
    connect(set, &QPushButton::clicked, this, &WindowDialog::set);
    connect(remove_, &QPushButton::clicked, this, &WindowDialog::remove);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);

    auto* column = new QVBoxLayout(this);
    column->addWidget(words);
    column->addWidget(note_);
    column->addWidget(table_, 1);
    column->addLayout(form);
    column->addWidget(problem_);
    column->addWidget(buttons);

    connect(&session_, &Session::windowsChanged, this, &WindowDialog::show_windows);
    connect(&session_, &Session::reportChanged, this, &WindowDialog::show_windows);
    connect(&DisplayZone::instance(), &DisplayZone::changed, this, &WindowDialog::show_windows);
    show_windows();
    if (const auto range = session_.selection().range) {
        from_->setText(exact_text(range->from_ns));
        to_->setText(exact_text(range->to_ns));
    }
}

void WindowDialog::show_windows()
{
    // Without windows of the user: those the last analysis found by itself, to be taken over or corrected.
    const bool proposed = session_.windows().empty() && session_.report();
    const auto& windows = proposed ? session_.report()->windows : session_.windows();
    note_->setVisible(proposed && !windows.empty());
    table_->setRowCount(static_cast<int>(windows.size()));
    for (int row = 0; row < table_->rowCount(); ++row) {
        const WindowRow& window = windows[row];
        table_->setItem(row, 0, new QTableWidgetItem(to_qt(window.name)));
        table_->setItem(row, 1, new QTableWidgetItem(exact_text(window.range.from_ns)));
        table_->setItem(row, 2, new QTableWidgetItem(exact_text(window.range.to_ns)));
    }
    remove_->setEnabled(!proposed && table_->currentRow() >= 0);
}

void WindowDialog::show_row()
{
    const int row = table_->currentRow();
    remove_->setEnabled(row >= 0 && !session_.windows().empty());
    if (row < 0) return;
    name_->setCurrentText(table_->item(row, 0)->text());
    from_->setText(table_->item(row, 1)->text());
    to_->setText(table_->item(row, 2)->text());
}

void WindowDialog::set()
{
    const std::string name = name_->currentText().trimmed().toStdString();
    const auto from = parse_instant(from_->text().trimmed().toStdString());
    const auto to = parse_instant(to_->text().trimmed().toStdString());
    QString problem;
    if (name.empty()) problem = tr("Give the window a name.");
    else if (!from) problem = tr("From is not a time. Write it like 2026-11-23T01:40:00Z, or as epoch seconds.");
    else if (!to) problem = tr("To is not a time. Write it like 2026-11-23T02:10:00Z, or as epoch seconds.");
    else if (*to <= *from) problem = tr("To must be later than From.");
    problem_->setText(problem);
    problem_->setVisible(!problem.isEmpty());
    if (problem.isEmpty()) session_.setWindow(name, {*from, *to});
}

void WindowDialog::remove()
{
    if (table_->currentRow() >= 0) session_.removeWindow(table_->item(table_->currentRow(), 0)->text().toStdString());
}

}  // namespace casebook
