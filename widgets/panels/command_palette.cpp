#include "widgets/panels/command_palette.h"

#include "widgets/models/finding_text.h"
#include "widgets/models/search_model.h"
#include "widgets/panels/search_delegate.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QVBoxLayout>

#include <algorithm>

namespace casebook {
namespace {

constexpr std::size_t most_hits = 200;
constexpr int widest = 760, tallest = 460;

}  // namespace

CommandPalette::CommandPalette(Session& session, std::function<std::vector<SearchItem>()> commands, QWidget* window)
    : QFrame(window), session_(session), commands_(std::move(commands)), line_(new QLineEdit(this)), list_(new QListView(this)), hint_(new QLabel(this)),
      model_(new SearchModel(this)), index_job_(session.jobs()), remarks_job_(session.jobs()), search_job_(session.jobs())
{
    setObjectName(QStringLiteral("commandPalette"));
    setFrameShape(QFrame::StyledPanel);
    setAutoFillBackground(true);
    line_->setObjectName(QStringLiteral("paletteLine"));
    line_->setClearButtonEnabled(true);
    list_->setObjectName(QStringLiteral("paletteList"));
    list_->setAccessibleName(tr("What fits"));
    list_->setModel(model_);
    list_->setItemDelegate(new SearchDelegate(list_));
    list_->setUniformItemSizes(true);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    list_->setFocusPolicy(Qt::NoFocus);  // the line keeps it
    list_->setFrameShape(QFrame::NoFrame);
    hint_->setObjectName(QStringLiteral("paletteHint"));
    hint_->setWordWrap(true);
    hint_->setMargin(6);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(6, 6, 6, 6);
    column->setSpacing(4);
    column->addWidget(line_);
    column->addWidget(list_, 1);
    column->addWidget(hint_);
    hide();

    line_->installEventFilter(this);
    window->installEventFilter(this);
    connect(line_, &QLineEdit::textChanged, this, &CommandPalette::search);
    connect(list_, &QListView::clicked, this, &CommandPalette::choose);
    for (const auto signal : {&Session::ledgerChanged, &Session::caseClosed})
        connect(&session_, signal, this, [this] {
            index_.reset();
            loading_ = false;
            index_job_.clear();
            if (isVisible()) load_index();
        });
}

void CommandPalette::open(Scope scope)
{
    if (!isVisible()) focus_before_ = QApplication::focusWidget();
    scope_ = scope;
    const bool all = scope == Scope::everything;
    line_->setPlaceholderText(all ? tr("Command, view, finding, or anything in the case") : tr("Service, operation, statement, class, table, note or trace id"));
    line_->setAccessibleName(all ? tr("Command or thing to go to") : tr("Search the case"));
    others_ = findings();
    if (all) {
        const std::vector<SearchItem> commands = commands_();
        others_.insert(others_.end(), commands.begin(), commands.end());
    }
    choose_when_found_ = false;
    line_->clear();
    place();
    show();
    raise();
    line_->setFocus(Qt::ShortcutFocusReason);
    load_index();
    load_remarks();
    search();
}

void CommandPalette::load_remarks()
{
    if (!session_.hasCase()) return;
    remarks_job_ = session_.read<std::vector<SearchItem>>(
        tr("Read notes"), [](CaseFile& file, const Control& control) { return read_remarks(file, control); }, this,
        [this](Result<std::vector<SearchItem>> read) {
            if (!read || read->empty() || !isVisible()) return;
            others_.insert(others_.end(), read->begin(), read->end());
            search();
        });
}

std::vector<SearchItem> CommandPalette::findings() const
{
    std::vector<SearchItem> items;
    if (const auto report = session_.report())
        for (const Finding& finding : report->findings)
            items.push_back({SearchItem::Kind::finding, to_qt(finding.headline).simplified(), verdict_text(finding.verdict), {}, finding.analyzer, finding.key, 0});
    return items;
}

void CommandPalette::place()
{
    const QSize room = parentWidget()->size();
    const int width = std::min(widest, room.width() - 40), height = std::min(tallest, room.height() - 80);
    setGeometry((room.width() - width) / 2, 48, width, height);
}

/// Names are read once per state of the evidence.
void CommandPalette::load_index()
{
    if (index_ || loading_ || !session_.hasCase()) return;
    loading_ = true;
    index_job_ = session_.spans(this, [this](Result<std::shared_ptr<const SpanTable>> spans) {
        std::shared_ptr<const SpanTable> columns = spans ? *spans : nullptr;
        index_job_ = session_.read<std::shared_ptr<const CaseIndex>>(
            tr("Gather names"),
            [columns](CaseFile& file, const Control& control) -> Result<std::shared_ptr<const CaseIndex>> {
                TRY_ASSIGN(auto index, read_case_index(file, columns, control));
                return std::make_shared<const CaseIndex>(std::move(index));
            },
            this, [this](Result<std::shared_ptr<const CaseIndex>> read) {
                loading_ = false;
                if (!read) return session_.tell(read.error());
                index_ = std::move(*read);
                if (isVisible()) search();
            });
    });
}

void CommandPalette::search()
{
    searching_ = true;
    const QString typed = line_->text();
    // Everything in a case at once is no answer to nothing typed.
    std::shared_ptr<const CaseIndex> index = typed.trimmed().isEmpty() ? nullptr : index_;
    search_job_ = session_.compute<std::vector<SearchHit>>(
        tr("Search"), [typed, others = others_, index](const Control& control) { return search_case(typed, others, index.get(), most_hits, control); }, this,
        [this](Result<std::vector<SearchHit>> hits) {
            searching_ = false;
            if (hits) show_hits(std::move(*hits));
        });
}

void CommandPalette::show_hits(std::vector<SearchHit> hits)
{
    model_->setHits(std::move(hits));
    const bool any = model_->rowCount() > 0;
    if (any) list_->setCurrentIndex(model_->index(0, 0));
    const bool waits = loading_ && !line_->text().trimmed().isEmpty();
    QString hint = tr("Up and Down move, Enter goes there, Escape closes");
    if (waits) hint = tr("Names of the case are still being read");
    else if (!any && line_->text().trimmed().isEmpty()) hint = session_.hasCase() ? tr("Type part of a name. Words may come in any order; letters may be left out.") : tr("No case is open: only commands can be found.");
    else if (!any) hint = session_.hasCase() ? tr("Nothing in this case has such a name.") : tr("No such command. Without a case there is nothing else to find.");
    hint_->setText(hint);
    if (choose_when_found_ && !waits) choose();
}

void CommandPalette::move(int rows)
{
    const int count = model_->rowCount();
    if (count == 0) return;
    const int current = list_->currentIndex().row();
    // Single steps come round at the ends, pages stop there.
    const int wanted = std::abs(rows) == 1 ? (current + rows + count) % count : std::clamp(current + rows, 0, count - 1);
    list_->setCurrentIndex(model_->index(wanted, 0));
}

void CommandPalette::choose()
{
    if (searching_) {  // Enter came before the answer
        choose_when_found_ = true;
        return;
    }
    choose_when_found_ = false;
    const QModelIndex index = list_->currentIndex();
    if (!index.isValid()) return;
    const SearchItem item = model_->hit(index.row()).item;
    close_palette();
    emit chosen(item);
}

void CommandPalette::close_palette()
{
    search_job_.clear();
    searching_ = choose_when_found_ = false;
    const QPointer<QWidget> before = focus_before_;
    focus_before_.clear();
    hide();
    if (before && before->isVisible()) before->setFocus(Qt::OtherFocusReason);
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == parentWidget()) {
        if (event->type() == QEvent::Resize && isVisible()) place();
        return false;
    }
    if (event->type() == QEvent::FocusOut && isVisible()) {
        const auto reason = static_cast<QFocusEvent*>(event)->reason();
        if (reason == Qt::MouseFocusReason || reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason) {
            focus_before_.clear();
            close_palette();
        }
        return false;
    }
    if (event->type() != QEvent::KeyPress) return false;
    const int page = std::max(1, list_->viewport()->height() / std::max(1, list_->sizeHintForRow(0)) - 1);
    switch (static_cast<QKeyEvent*>(event)->key()) {
    case Qt::Key_Escape: close_palette(); return true;
    case Qt::Key_Up: move(-1); return true;
    case Qt::Key_Down: move(1); return true;
    case Qt::Key_PageUp: move(-std::max(2, page)); return true;
    case Qt::Key_PageDown: move(std::max(2, page)); return true;
    case Qt::Key_Return:
    case Qt::Key_Enter: choose(); return true;
    case Qt::Key_Tab:
    case Qt::Key_Backtab: return true;  // there is nowhere to go but the list, and arrows do that
    default: return false;
    }
}

}  // namespace casebook
