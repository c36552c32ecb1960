#include "widgets/panels/evidence_tabs.h"

#include "widgets/panels/evidence_view.h"
#include "widgets/panels/hint.h"
#include "widgets/panels/readable_tabs.h"
#include "widgets/panels/views/import_evidence.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QCoreApplication>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

namespace casebook {

/// A tab: caption and stored query above the view.
class EvidenceTabs::Page : public QWidget {
public:
    Page(Session& session, const EvidenceRequest& request, const EvidenceViewKind& kind_of_view, EvidenceTabs& tabs)
        : QWidget(tabs.tabs_), evidence(request.evidence), finding(request.finding), kind(&kind_of_view),
          view(kind_of_view.make(session, this))
    {
        view->setObjectName(QString::fromLatin1(kind->id));
        auto* caption = new QLabel(to_qt(evidence.caption), this);
        caption->setWordWrap(true);
        caption->setTextInteractionFlags(Qt::TextSelectableByMouse);
        auto* query = new QPlainTextEdit(query_text(), this);
        query->setReadOnly(true);
        query->setMaximumHeight(110);
        query->setAccessibleName(EvidenceTabs::tr("Query of this evidence"));
        query->hide();
        auto* toggle = new QToolButton(this);
        toggle->setText(EvidenceTabs::tr("Query"));
        toggle->setToolTip(EvidenceTabs::tr("Show the query that brings these rows"));
        toggle->setCheckable(true);
        toggle->setAutoRaise(true);
        toggle->setVisible(!evidence.sql.empty());
        connect(toggle, &QToolButton::toggled, query, &QWidget::setVisible);

        auto* rows = new QToolButton(this);
        rows->setText(EvidenceTabs::tr("Rows"));
        rows->setToolTip(EvidenceTabs::tr("Open the same rows as a table"));
        rows->setAutoRaise(true);
        const EvidenceViewKind* table = kind_named("table");
        rows->setVisible(table && table != kind && !evidence.sql.empty());
        connect(rows, &QToolButton::clicked, &tabs,
                [this, &tabs, table] { tabs.open({evidence, finding}, table, false); });

        auto* head = new QHBoxLayout;
        head->setContentsMargins(8, 4, 4, 2);
        head->addWidget(caption, 1);
        head->addWidget(rows, 0, Qt::AlignTop);
        head->addWidget(toggle, 0, Qt::AlignTop);
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addLayout(head);
        column->addWidget(query);
        column->addWidget(view, 1);
        show_rows();
        setFocusProxy(view);
    }

    /// Asks for the rows, again after the evidence has changed.
    void show_rows()
    {
        view->showEvidence(evidence_shown(*kind, evidence), finding.get());
        if (finding) view->pointAt(evidence, *finding);
    }

    bool shows(const Evidence& other) const
    {
        return evidence.sql == other.sql && evidence.arguments == other.arguments && evidence.view == other.view &&
               evidence.source == other.source && evidence.caption == other.caption;
    }

    Evidence evidence;
    std::shared_ptr<const Finding> finding;
    const EvidenceViewKind* kind;
    EvidenceView* view;
    bool preview = false;

private:
    QString query_text() const
    {
        QString text = to_qt(evidence.sql).trimmed();
        for (std::size_t i = 0; i < evidence.arguments.size(); ++i) {
            const std::string value =
                std::visit([](const auto& one) { return to_text(Value(one)); }, evidence.arguments[i]);
            text += QStringLiteral("\n-- ?%1 = %2").arg(i + 1).arg(to_qt(value));
        }
        return text;
    }
};

EvidenceTabs::EvidenceTabs(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), stack_(new QStackedWidget(this)), tabs_(new ReadableTabs(this)),
      hint_(new Hint({}, this))
{
    setObjectName(QStringLiteral("evidence"));
    tabs_->setObjectName(QStringLiteral("evidenceTabs"));
    connect(tabs_, &QTabWidget::tabCloseRequested, this, &EvidenceTabs::close);
    stack_->addWidget(hint_);
    stack_->addWidget(tabs_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(stack_);

    connect(&session_, &Session::evidenceRequested, this,
            [this](const EvidenceRequest& request) { if (answering_) open(request, kind_for(request.evidence), false); });
    // Who pastes something wants to see it.
    connect(&session_, &Session::textImported, this, [this](const LedgerEntry& file) {
        if (!answering_) return;
        if (const auto evidence = evidence_of_import(file)) session_.openEvidence(*evidence);
    });
    connect(&session_, &Session::selectionChanged, this, &EvidenceTabs::followSelection);
    for (const auto signal : {&Session::jobStarted, &Session::jobFinished})
        connect(&session_, signal, this, &EvidenceTabs::update_hint);
    connect(&session_, &Session::reportChanged, this, &EvidenceTabs::update_hint);
    connect(&session_, &Session::ledgerChanged, this, &EvidenceTabs::drop_stale_pages);
    connect(&session_, &Session::caseClosed, this, &EvidenceTabs::closeAll);
    update_hint();
}

void EvidenceTabs::open(const EvidenceRequest& request, const EvidenceViewKind* kind, bool preview)
{
    if (!kind) return;
    for (int i = 0; i < tabs_->count(); ++i) {
        auto* page = static_cast<Page*>(tabs_->widget(i));
        if (page->kind != kind || !page->shows(request.evidence)) continue;
        if (!preview) page->preview = false;
        tabs_->setCurrentIndex(i);
        return;
    }
    auto* page = new Page(session_, request, *kind, *this);
    page->preview = preview;
    int place = tabs_->count();
    for (int i = 0; preview && i < tabs_->count(); ++i)
        if (static_cast<Page*>(tabs_->widget(i))->preview) place = i;
    // Of several waterfalls each says which one it is; a view of everything is what the View menu calls it.
    const QString view = QCoreApplication::translate("EvidenceViewKind", kind->title), caption = to_qt(request.evidence.caption).simplified();
    const int index = tabs_->insert(place, page, request.finding && !caption.isEmpty() ? caption : view, caption.isEmpty() ? view : tr("%1: %2").arg(view, caption));
    tabs_->setCurrentIndex(index);
    if (preview && place + 1 < tabs_->count() && static_cast<Page*>(tabs_->widget(place + 1))->preview)
        close(place + 1);
    while (tabs_->count() > max_tabs) close(tabs_->currentIndex() == 0 ? 1 : 0);
    update_hint();
}

void EvidenceTabs::explore(const EvidenceViewKind& kind)
{
    if (!kind.explore) return;
    if (const auto evidence = kind.explore()) open({*evidence, nullptr}, &kind, false);
    // Who asks for a view goes on in it, typing a query for instance.
    if (QWidget* page = tabs_->currentWidget()) page->setFocus(Qt::OtherFocusReason);
}

void EvidenceTabs::followSelection()
{
    const Selection& selection = session_.selection();
    if (selection.analyzer == followed_analyzer_ && selection.finding_key == followed_key_) return;
    followed_analyzer_ = selection.analyzer;
    followed_key_ = selection.finding_key;
    const auto finding = session_.finding(selection.analyzer, selection.finding_key);
    if (answering_ && finding && !finding->evidence.empty())
        open({finding->evidence.front(), finding}, kind_for(finding->evidence.front()), true);
}

void EvidenceTabs::close(int index)
{
    QWidget* page = tabs_->widget(index);
    tabs_->removeTab(index);
    if (page) page->deleteLater();
    update_hint();
}

void EvidenceTabs::closeAll()
{
    while (tabs_->count() > 0) close(0);
    followed_analyzer_.clear();
    followed_key_.clear();
}

void EvidenceTabs::closeCurrent()
{
    if (tabs_->count() > 0) close(tabs_->currentIndex());
}

void EvidenceTabs::step(int by)
{
    tabs_->step(by);
}

/// Rows came or went: what the tabs show may be gone. They ask again.
void EvidenceTabs::drop_stale_pages()
{
    if (!session_.hasCase()) return;
    for (int i = 0; i < tabs_->count(); ++i) {
        static_cast<Page*>(tabs_->widget(i))->show_rows();
    }
}

EvidenceView* EvidenceTabs::currentView() const
{
    auto* page = static_cast<Page*>(tabs_->currentWidget());
    return page ? page->view : nullptr;
}

int EvidenceTabs::count() const
{
    return tabs_->count();
}

void EvidenceTabs::update_hint()
{
    stack_->setCurrentIndex(tabs_->count() > 0 ? 1 : 0);
    if (session_.isImporting())
        hint_->setText(tr("Evidence is being imported. Findings appear on the left when it is done."));
    else if (session_.ledger().empty())
        hint_->setText(
            tr("This case has no evidence yet. Drop files or folders here, paste text with Ctrl+V, or press Ctrl+I."));
    else if (session_.report())
        hint_->setText(
            tr("Pick a finding on the left: its evidence opens here. The View menu opens views of all evidence."));
    else
        hint_->setText(tr("Press F5 to analyze the evidence, or open a view of it from the View menu."));
}

}  // namespace casebook
