#include "widgets/panels/inspector.h"

#include "analyzers/core/resources.h"
#include "widgets/models/display_zone.h"
#include "widgets/models/finding_text.h"
#include "widgets/panels/finding_actions.h"
#include "widgets/panels/finding_bar.h"
#include "widgets/panels/hint.h"
#include "widgets/panels/threshold_edit.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"
#include "widgets/style/icons.h"
#include "widgets/style/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QEvent>
#include <QHBoxLayout>
#include <QScrollBar>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTextBrowser>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

namespace casebook {
namespace {

const AnalyzerVerdict* verdict_of(const AnalysisReport* report, const std::string& analyzer)
{
    if (!report) return nullptr;
    const auto found = std::find_if(report->verdicts.begin(), report->verdicts.end(),
                                    [&](const AnalyzerVerdict& one) { return one.analyzer == analyzer; });
    return found == report->verdicts.end() ? nullptr : &*found;
}

/// A tenth more on each side, so that one sees where it began and ended.
TimeRange with_margin(TimeRange range)
{
    const auto margin = std::max<std::int64_t>(static_cast<std::int64_t>(range.seconds() * 1e8), 500'000'000);
    return {range.from_ns - margin, range.to_ns + margin};
}

QTextBrowser* make_browser(QWidget* parent, const QString& name)
{
    auto* browser = new QTextBrowser(parent);
    browser->setOpenLinks(false);
    browser->setFrameShape(QFrame::NoFrame);
    browser->setAccessibleName(name);
    browser->document()->setDocumentMargin(8);
    // Everything wraps; a table as wide as the panel is laid out a few pixels wider, which is no reason for a scroll bar.
    browser->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    browser->setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);  // names of classes and thresholds are longer than a panel is wide
    return browser;
}

}  // namespace

InspectorPanel::InspectorPanel(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), stack_(new QStackedWidget(this)), badge_(new QLabel(this)),
      verdict_(new QLabel(this)), bar_(new FindingBar(session, this)), tabs_(new QTabWidget(this)),
      finding_(make_browser(this, tr("Finding"))), handbook_(make_browser(this, tr("Handbook page"))),
      threshold_(new ThresholdEdit(session, finding_))
{
    setObjectName(QStringLiteral("inspector"));
    setMinimumWidth(260);
    finding_->setObjectName(QStringLiteral("findingText"));
    handbook_->setObjectName(QStringLiteral("handbookText"));
    handbook_->setOpenExternalLinks(true);
    connect(finding_, &QTextBrowser::anchorClicked, this, &InspectorPanel::follow);

    tabs_->setDocumentMode(true);
    tabs_->addTab(finding_, tr("Finding"));
    tabs_->addTab(handbook_, tr("Handbook"));

    auto* head = new QHBoxLayout;
    head->setContentsMargins(8, 4, 4, 0);
    head->setSpacing(8);
    head->addWidget(badge_);
    head->addWidget(verdict_, 1);
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addLayout(head);
    column->addWidget(bar_);
    column->addWidget(tabs_, 1);

    stack_->addWidget(
        new Hint(tr("Pick a finding on the left to see why it was given, its evidence and how to fix it."), this));
    stack_->addWidget(page);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(stack_);

    connect(&session_, &Session::selectionChanged, this, &InspectorPanel::show_selection);
    connect(&session_, &Session::reportChanged, this, &InspectorPanel::show_selection);
    connect(&session_, &Session::thresholdsChanged, this, &InspectorPanel::show_selection);
    connect(&DisplayZone::instance(), &DisplayZone::changed, this, &InspectorPanel::show_selection);
    show_selection();
}

void InspectorPanel::show_selection()
{
    const Selection& selection = session_.selection();
    const auto report = session_.report();
    const auto finding = session_.finding(selection.analyzer, selection.finding_key);
    const AnalyzerVerdict* verdict = verdict_of(report.get(), selection.analyzer);
    if (!finding && !verdict) {
        stack_->setCurrentIndex(0);
        return;
    }
    const Verdict given = finding ? finding->verdict : verdict->answer.verdict;
    const Severity severity = finding ? finding->severity : Severity::note;
    badge_->setPixmap(verdict_badge(given, severity).pixmap(QSize(18, 18), devicePixelRatioF()));
    QString words = QStringLiteral("<b>%1</b>").arg(verdict_text(given));
    if (finding) words += QStringLiteral(", %1").arg(severity_text(severity).toLower());
    verdict_->setText(words);

    FindingContext context;
    context.muted = theme().muted_text.name();
    context.good = theme().good.name();
    context.bad = theme().bad.name();
    context.history = session_.verdictHistory(selection.analyzer, finding ? selection.finding_key : std::string());
    if (verdict) context.missing = verdict->answer.missing;
    context.thresholds = session_.thresholds();
    threshold_->close();
    // A new report of the same finding does not move what is being read.
    const bool same = selection.analyzer == shown_analyzer_ && selection.finding_key == shown_key_;
    const int scrolled = same ? finding_->verticalScrollBar()->value() : 0;
    shown_analyzer_ = selection.analyzer;
    shown_key_ = selection.finding_key;
    finding_->setHtml(finding ? finding_html(*finding, context) : verdict_html(*verdict, context));
    finding_->verticalScrollBar()->setValue(scrolled);
    const std::string_view page = resource("handbook/" + selection.analyzer + ".md");
    if (page.empty()) handbook_->setPlainText(tr("The handbook has no page for %1.").arg(to_qt(selection.analyzer)));
    else handbook_->setMarkdown(to_qt(page));
    stack_->setCurrentIndex(1);
}

void InspectorPanel::follow(const QUrl& link)
{
    const Selection& selection = session_.selection();
    const auto finding = session_.finding(selection.analyzer, selection.finding_key);
    const auto number = link.path().toULongLong();
    if (link.scheme() == QLatin1String("threshold")) return threshold_->open(link.path());
    if (link.scheme() == QLatin1String("reset")) return session_.setThreshold(link.path().toStdString(), {});
    if (link.scheme() == QLatin1String("evidence") && finding && number < finding->evidence.size()) {
        session_.openEvidence(finding->evidence[number], finding);
    } else if (link.scheme() == QLatin1String("finding") && finding && number < finding->related.size()) {
        session_.selectFinding(finding->related[number].analyzer, finding->related[number].key);
    } else if (link.scheme() == QLatin1String("when") && finding && finding->when) {
        session_.showRange(with_margin(*finding->when));
    } else if (link.scheme() == QLatin1String("copy")) {
        const auto report = session_.report();
        const AnalyzerVerdict* verdict = verdict_of(report.get(), selection.analyzer);
        if (!verdict || number >= verdict->answer.missing.size()) return;
        QApplication::clipboard()->setText(to_qt(verdict->answer.missing[number].command));
        session_.tell({Message::Kind::information, tr("The command is on the clipboard"), {}});
    }
}

QString InspectorPanel::markdown() const
{
    return selected_finding_markdown(session_);
}

void InspectorPanel::copyMarkdown()
{
    copy_selected_finding(session_);
}

void InspectorPanel::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && stack_->currentIndex() == 1) show_selection();
}

}  // namespace casebook
