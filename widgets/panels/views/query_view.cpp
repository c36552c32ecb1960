#include "widgets/panels/views/query_view.h"

#include "widgets/panels/hint.h"
#include "widgets/models/display_zone.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QStackedLayout>

namespace casebook {

QueryView::QueryView(Session& session, QWidget* parent)
    : EvidenceView(parent), slot_(session.jobs()), session_(session), hint_(new Hint({}, this)), stack_(new QStackedLayout),
      empty_hint_(tr("The query found no rows. The evidence it reads may have been taken out of the case."))
{
    setLayout(stack_);  // before widgets come in: a stack without a window shows its first one as a window
    stack_->addWidget(hint_);
    connect(&DisplayZone::instance(), &DisplayZone::changed, this, [this](TimeZoneMode mode) { set_time_zone(mode); });
}

void QueryView::set_body(QWidget* body)
{
    body_ = body;
    stack_->addWidget(body);
    setFocusProxy(body);
}

void QueryView::showEvidence(const Evidence& evidence, const Finding* finding)
{
    evidence_ = evidence;
    if (finding != nullptr) finding_ = *finding;
    set_time_zone(DisplayZone::instance().mode());
    if (body_ == nullptr || stack_->currentWidget() != body_) show_loading();
    loading_ = true;
    load();
}

void QueryView::show_loading()
{
    show_hint(tr("Loading…"));
    loading_ = true;
}

void QueryView::load()
{
    slot_ = session_.query(evidence_, this, [this](Result<QueryResult> result) {
        if (!result) return show_error(result.error());
        if (result->rows.empty()) return show_hint(empty_hint_);
        show_body();
        show_rows(std::make_shared<const QueryResult>(std::move(*result)));
    });
}

void QueryView::show_hint(const QString& text)
{
    loading_ = false;
    hint_->setText(text);
    stack_->setCurrentWidget(hint_);
}

void QueryView::show_body()
{
    loading_ = false;
    stack_->setCurrentWidget(body_);
}

void QueryView::show_error(const Error& error)
{
    if (error.code == Error::Code::cancelled) return show_hint(tr("Cancelled."));
    show_hint(error.hint.empty() ? to_qt(error.what) : to_qt(error.what) + QLatin1Char('\n') + to_qt(error.hint));
}

}  // namespace casebook
