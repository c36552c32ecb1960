#pragma once

#include "analyzers/store/query.h"
#include "widgets/charts/time_text.h"
#include "widgets/jobs/job_runner.h"
#include "widgets/panels/evidence_view.h"

#include <memory>
#include <optional>

class QLabel;
class QStackedLayout;

namespace casebook {

/// A view of the rows of a stored query: runs it off the GUI thread, says that it is loading, failed or found nothing,
/// and hands the rows to the view proper. Follows the switch between UTC and local time.
class QueryView : public EvidenceView {
    Q_OBJECT
public:
    QueryView(Session& session, QWidget* parent);

    void showEvidence(const Evidence& evidence, const Finding* finding) override;
    bool is_loading() const { return loading_; }

protected:
    /// The widget that is shown while there are rows. Called once, by the constructor of the view.
    void set_body(QWidget* body);
    /// What the view says when the query found nothing.
    void set_empty_hint(const QString& text) { empty_hint_ = text; }
    const QString& empty_hint() const { return empty_hint_; }
    /// Rows arrived; at least one.
    virtual void show_rows(std::shared_ptr<const QueryResult> rows) = 0;
    virtual void set_time_zone(TimeZoneMode zone) = 0;
    /// Nothing to run, for views that read spans instead of rows. Default: run the evidence's SQL.
    virtual void load();
    /// For views that count rows on a job's thread before they show them.
    void show_loading();
    void show_hint(const QString& text);
    void show_body();
    void show_error(const Error& error);

    Session& session() { return session_; }
    const Evidence& evidence() const { return evidence_; }
    const Finding* finding() const { return finding_ ? &*finding_ : nullptr; }
    JobSlot slot_;

private:
    Session& session_;
    Evidence evidence_;
    std::optional<Finding> finding_;
    QLabel* hint_;
    QWidget* body_ = nullptr;
    QStackedLayout* stack_;
    QString empty_hint_;
    bool loading_ = false;
};

}  // namespace casebook
