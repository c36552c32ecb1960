#include "widgets/panels/start_page.h"

#include "widgets/models/recent_model.h"
#include "widgets/panels/evidence_guide.h"
#include "widgets/panels/hint.h"
#include "widgets/panels/two_line_delegate.h"
#include "widgets/session/session.h"
#include "widgets/style/icons.h"
#include "widgets/style/theme.h"

#include <QHBoxLayout>
#include <QListView>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace casebook {
namespace {

/// A dashed frame: the sign for "drop here".
class DropFrame : public QWidget {
public:
    using QWidget::QWidget;

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(theme().muted_text, 1.2, Qt::DashLine));
        painter.setBrush(palette().color(QPalette::Base));
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 6, 6);
    }
};

QLabel* make_heading(const QString& text, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    QFont font = label->font();
    font.setPointSizeF(font.pointSizeF() * 1.15);
    font.setBold(true);
    label->setFont(font);
    return label;
}

}  // namespace

StartPage::StartPage(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), model_(new RecentModel(session.recentCases(), this))
{
    setObjectName(QStringLiteral("startPage"));
    constexpr int widest_left = 520;  // buttons and names of cases need no more
    auto* left = new QVBoxLayout;
    for (QWidget* box : {make_begin(), make_recent()}) {
        box->setMaximumWidth(widest_left);
        left->addWidget(box, left->count());
    }
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(20, 16, 20, 16);
    row->setSpacing(24);
    row->addLayout(left, 2);
    row->addWidget(make_reads(), 3);
    connect(&session_, &Session::caseClosed, this, &StartPage::find_unsaved);
    find_unsaved();
}

QWidget* StartPage::make_begin()
{
    auto* box = new DropFrame(this);
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(14, 12, 14, 14);
    column->setSpacing(10);
    column->addWidget(make_heading(tr("Start with evidence"), box));
    auto* words = new QLabel(tr("Drop files or folders anywhere on this window, or paste text with Ctrl+V. Casebook "
                                "tells what they are, asks its "
                                "questions and shows what was found, what was ruled out and what is missing."),
                             box);
    words->setWordWrap(true);
    column->addWidget(words);
    auto* grid = new QGridLayout;
    const auto button = [&](const QString& icon, const QString& text, const QString& name, int at) {
        auto* one = new QPushButton(action_icon(icon), text, box);
        one->setObjectName(name);
        grid->addWidget(one, at / 2, at % 2);
        return one;
    };
    connect(button(QStringLiteral("import"), tr("Import files..."), QStringLiteral("startImport"), 0),
            &QPushButton::clicked, this, &StartPage::importRequested);
    connect(button(QStringLiteral("analyze"), tr("Open the demo"), QStringLiteral("startDemo"), 1),
            &QPushButton::clicked, this, &StartPage::demoRequested);
    connect(button(QStringLiteral("open"), tr("Open a case..."), QStringLiteral("startOpen"), 2), &QPushButton::clicked,
            this, &StartPage::openRequested);
    connect(button(QStringLiteral("new"), tr("New empty case"), QStringLiteral("startNew"), 3), &QPushButton::clicked,
            &session_, &Session::newCase);
    auto* capture = new QPushButton(action_icon(QStringLiteral("import")), tr("Capture from PostgreSQL..."), box);
    capture->setObjectName(QStringLiteral("startCapture"));
    grid->addWidget(capture, 2, 0, 1, 2);
    connect(capture, &QPushButton::clicked, this, &StartPage::captureRequested);
    column->addLayout(grid);
    return box;
}

QWidget* StartPage::make_recent()
{
    auto* box = new QWidget(this);
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 8, 0, 0);
    column->addWidget(make_heading(tr("Go on with"), box));
    recent_ = new QListView(box);
    recent_->setObjectName(QStringLiteral("recentList"));
    recent_->setAccessibleName(tr("Recent and unsaved cases"));
    recent_->setModel(model_);
    recent_->setItemDelegate(new TwoLineDelegate(RecentModel::Subtitle, -1, recent_));
    recent_->setContextMenuPolicy(Qt::CustomContextMenu);
    recent_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    recent_->setResizeMode(QListView::Adjust);
    const auto open = [this](const QModelIndex& index) { session_.openCase(index.data(RecentModel::Path).toString()); };
    connect(recent_, &QListView::clicked, this, open);
    connect(recent_, &QListView::activated, this, open);
    connect(recent_, &QListView::customContextMenuRequested, this, &StartPage::show_menu);

    auto* stack = new QStackedWidget(box);
    auto* nothing = new Hint(tr("Cases you open or save are listed here, and so is what was left unsaved."), box);
    nothing->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    nothing->setMargin(0);
    stack->addWidget(nothing);
    stack->addWidget(recent_);
    const auto update = [this, stack] { stack->setCurrentIndex(model_->rowCount() > 0 ? 1 : 0); };
    connect(model_, &QAbstractItemModel::modelReset, stack, update);
    update();
    column->addWidget(stack, 1);
    return box;
}

QWidget* StartPage::make_reads()
{
    auto* box = new QWidget(this);
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(make_heading(tr("What Casebook reads, and how to get it"), box));
    auto* guide = new EvidenceGuide(session_, box);
    connect(guide, &EvidenceGuide::captureRequested, this, &StartPage::captureRequested);
    column->addWidget(guide, 1);
    return box;
}

/// Reading the folder of unsaved cases opens files, so a job does it; in the writers' lane, because it must not meet a
/// case that is just being opened.
void StartPage::find_unsaved()
{
    session_.jobs().run<std::vector<UnsavedCase>>(
        {tr("Look for unsaved cases"), JobRunner::Lane::write, false},
        [](const Control&) -> Result<std::vector<UnsavedCase>> { return find_unsaved_cases(); }, this,
        [this](Result<std::vector<UnsavedCase>> found) {
            if (found) model_->setUnsaved(std::move(*found));
        });
}

void StartPage::show_menu(const QPoint& place)
{
    const QModelIndex index = recent_->indexAt(place);
    if (!index.isValid()) return;
    const QString path = index.data(RecentModel::Path).toString();
    auto* menu = new QMenu(recent_);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    if (index.data(RecentModel::IsUnsaved).toBool()) {
        connect(menu->addAction(tr("Discard this unsaved case")), &QAction::triggered, this, [this, path] {
            session_.jobs().run<bool>(
                {tr("Discard"), JobRunner::Lane::write, false},
                [path](const Control&) -> Result<bool> { return discard_unsaved_case(path); }, this,
                [this](Result<bool>) { find_unsaved(); });
        });
    } else {
        connect(menu->addAction(tr("Remove from this list")), &QAction::triggered, this,
                [this, path] { session_.recentCases().remove(path); });
        connect(menu->addAction(tr("Clear the list")), &QAction::triggered, this,
                [this] { session_.recentCases().clear(); });
    }
    menu->popup(recent_->viewport()->mapToGlobal(place));
}

}  // namespace casebook
