#include "widgets/panels/views/trace_comparisons.h"

#include "analyzers/core/text.h"
#include "analyzers/trace/requests.h"
#include "analyzers/trace/trace_diff.h"
#include "widgets/charts/line_text.h"
#include "widgets/models/views/trace_table.h"
#include "widgets/panels/views/span_lookup.h"
#include "widgets/panels/views/trace_diff_evidence.h"
#include "widgets/panels/views/trace_pane.h"
#include "widgets/session/session.h"

#include <QAction>
#include <QInputDialog>
#include <QMenu>
#include <QRegularExpression>
#include <QToolBar>
#include <QToolButton>

namespace casebook {
namespace {

struct Median {
    SpanTable::Row row = SpanTable::no_row;
    MedianOf of;
};

std::string id_of(const SpanTable::Trace& trace) { return hex64(trace.high) + hex64(trace.low); }

}  // namespace

TraceComparisons::TraceComparisons(Session& session, TracePane& pane, QWidget* parent)
    : QObject(parent), session_(session), pane_(pane), menu_(new QMenu(parent)), median_(new QAction(tr("Compare with Median Request"), this)), slot_(session.jobs())
{
    median_->setShortcut(Qt::Key_D);
    median_->setShortcutContext(Qt::WidgetShortcut);
    connect(median_, &QAction::triggered, this, &TraceComparisons::with_median);
    pane.waterfall().addAction(median_);
    auto* button = new QToolButton;
    button->setObjectName(QStringLiteral("compareWith"));
    button->setText(tr("Compare With…"));
    button->setToolTip(tr("Compare this trace with another one, or with the usual requests of its operation, as one call tree (D: with the median request)"));
    button->setPopupMode(QToolButton::InstantPopup);
    button->setMenu(menu_);
    pane.tools().addWidget(button);
    connect(menu_, &QMenu::aboutToShow, this, &TraceComparisons::fill_menu);
}

void TraceComparisons::set_trace(std::shared_ptr<const SpanTable> spans, std::size_t trace_index)
{
    spans_ = std::move(spans);
    trace_ = trace_index;
    request_ = request_row(*spans_, static_cast<std::uint32_t>(trace_));
    service_ = spans_->text(spans_->service[request_]);
    operation_ = spans_->text(spans_->operation[request_]);
}

std::string TraceComparisons::trace_id() const { return id_of(spans_->traces[trace_]); }

std::string TraceComparisons::request_id() const { return hex64(spans_->span_id[request_]); }

void TraceComparisons::fill_menu()
{
    menu_->clear();
    if (!spans_) return;
    const QString operation = to_qt_line(service_ + " " + operation_, 60).replace(QLatin1Char('&'), QStringLiteral("&&"));
    connect(menu_->addAction(tr("&Median Request of %1").arg(operation)), &QAction::triggered, this, &TraceComparisons::with_median);
    for (const WindowRow& window : session_.shownWindows()) {
        const QString name = to_qt_line(window.name, 40).replace(QLatin1Char('&'), QStringLiteral("&&"));
        connect(menu_->addAction(tr("All Its Requests in Window %1").arg(name)), &QAction::triggered, this, [this, window] { with_window(window.name, window.range); });
    }
    connect(menu_->addAction(tr("Another &Trace…")), &QAction::triggered, this, &TraceComparisons::ask_for_trace);
}

void TraceComparisons::with_median()
{
    if (!spans_) return;
    // The baseline tells what is usual; without one all other requests do.
    TraceFilter filter{service_, operation_, {}};
    std::string baseline;
    for (const WindowRow& window : session_.shownWindows()) {
        if (window.role != "baseline") continue;
        filter.range = window.range;
        baseline = window.name.empty() ? window.role : window.name;
    }
    slot_ = session_.compute<Median>(
        tr("Find the median request"),
        [spans = spans_, request = request_, filter, baseline](const Control&) -> Result<Median> {
            TraceFilter wanted = filter;
            std::vector<SpanTable::Row> rows;
            do {
                rows = request_rows(*spans, wanted);
                std::erase(rows, request);
            } while (rows.empty() && std::exchange(wanted.range, std::nullopt));
            return Median{median_request(*spans, rows), {rows.size(), wanted.range ? baseline : std::string()}};
        },
        this,
        [this](Result<Median> median) {
            if (!median) return session_.tell(median.error());
            if (median->row == SpanTable::no_row)
                return session_.tell({Message::Kind::information, tr("The case has no other request of %1 to compare with.").arg(to_qt_line(service_ + " " + operation_, 100)),
                                      tr("Compare With… → Another Trace takes any trace.")});
            const SpanTable::Row row = median->row;
            session_.openEvidence(compare_with_median(median->of, id_of(spans_->traces[spans_->trace[row]]), hex64(spans_->span_id[row]), trace_id(), request_id()));
        });
}

void TraceComparisons::with_window(const std::string& name, TimeRange window)
{
    session_.openEvidence(compare_with_window(service_, operation_, name, window, trace_id(), request_id()));
}

void TraceComparisons::ask_for_trace()
{
    auto* dialog = new QInputDialog(&pane_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Compare with another trace"));
    dialog->setLabelText(tr("Id of the trace (hexadecimal); a copied row of Traces is fine too:"));
    dialog->setOkButtonText(tr("Compare"));
    connect(dialog, &QInputDialog::textValueSelected, this, &TraceComparisons::with_trace);
    dialog->open();
}

void TraceComparisons::with_trace(const QString& text)
{
    // Of a copied row the word that is an id of the case.
    for (const QString& word : text.split(QRegularExpression(QStringLiteral("[^0-9A-Fa-f]+")), Qt::SkipEmptyParts)) {
        const std::size_t found = word.size() < 8 ? spans_->traces.size() : trace_of_id(*spans_, word.toStdString());
        if (found >= spans_->traces.size()) continue;
        return session_.openEvidence(compare_traces(id_of(spans_->traces[found]), trace_id()));
    }
    session_.tell({Message::Kind::error, tr("No trace of the case has the id %1.").arg(text.left(80)), tr("Copy an id from Traces; it has up to 32 hexadecimal digits.")});
}

}  // namespace casebook
