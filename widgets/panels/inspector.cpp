#include "widgets/panels/inspector.h"

#include "analyzers/core/resources.h"
#include "widgets/models/display_zone.h"
#include "widgets/models/finding_text.h"
#include "widgets/panels/hint.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"
#include "widgets/style/icons.h"
#include "widgets/style/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QEvent>
#include <QHBoxLayout>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTextBrowser>
#include <QToolButton>
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

QTextBrowser* make_browser(QWidget* parent, const QString& name)
{
    auto* browser = new QTextBrowser(parent);
    browser->setOpenLinks(false);
    browser->setFrameShape(QFrame::NoFrame);
    browser->setAccessibleName(name);
    browser->document()->setDocumentMargin(8);
    return browser;
}

}  // namespace

InspectorPanel::InspectorPanel(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), stack_(new QStackedWidget(this)), badge_(new QLabel(this)),
      verdict_(new QLabel(this)), copy_(new QToolButton(this)), tabs_(new QTabWidget(this)),
      finding_(make_browser(this, tr("Finding"))), handbook_(make_browser(this, tr("Handbook page")))
{
    setObjectName(QStringLiteral("inspector"));
    setMinimumWidth(260);
    finding_->setObjectName(QStringLiteral("findingText"));
    handbook_->setObjectName(QStringLiteral("handbookText"));
    handbook_->setOpenExternalLinks(true);
    connect(finding_, &QTextBrowser::anchorClicked, this, &InspectorPanel::follow);

    copy_->setIcon(action_icon(QStringLiteral("copy")));
    copy_->setText(tr("Copy"));
    copy_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    copy_->setAutoRaise(true);
    copy_->setToolTip(tr("Copy the finding as Markdown"));
    copy_->setObjectName(QStringLiteral("copyFinding"));
    connect(copy_, &QToolButton::clicked, this, &InspectorPanel::copyMarkdown);

    tabs_->setDocumentMode(true);
    tabs_->addTab(finding_, tr("Finding"));
    tabs_->addTab(handbook_, tr("Handbook"));

    auto* head = new QHBoxLayout;
    head->setContentsMargins(8, 4, 4, 0);
    head->setSpacing(8);
    head->addWidget(badge_);
    head->addWidget(verdict_, 1);
    head->addWidget(copy_);
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addLayout(head);
    column->addWidget(tabs_, 1);

    stack_->addWidget(
        new Hint(tr("Pick a finding on the left to see why it was given, its evidence and how to fix it."), this));
    stack_->addWidget(page);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(stack_);

    connect(&session_, &Session::selectionChanged, this, &InspectorPanel::show_selection);
    connect(&session_, &Session::reportChanged, this, &InspectorPanel::show_selection);
    connect(&DisplayZone::instance(), &DisplayZone::changed, this, &InspectorPanel::show_selection);
    show_selection();
}

void InspectorPanel::show_selection()
{
    const Selection& selection = session_.selection();
    const auto report = session_.report();
    const auto finding = session_.finding(selection.analyzer, selection.finding_key);
    const AnalyzerVerdict* verdict = verdict_of(report.get(), selection.analyzer);
    copy_->setEnabled(finding != nullptr);
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

    const QString muted = theme().muted_text.name();
    finding_->setHtml(finding ? finding_html(*finding, muted) : verdict_html(*verdict, muted));
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
    if (link.scheme() == QLatin1String("evidence") && finding && number < finding->evidence.size()) {
        session_.openEvidence(finding->evidence[number], finding);
    } else if (link.scheme() == QLatin1String("finding") && finding && number < finding->related.size()) {
        session_.selectFinding(finding->related[number].analyzer, finding->related[number].key);
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
    const Selection& selection = session_.selection();
    const auto finding = session_.finding(selection.analyzer, selection.finding_key);
    return finding ? finding_markdown(*finding) : QString();
}

void InspectorPanel::copyMarkdown()
{
    const QString text = markdown();
    if (text.isEmpty()) {
        session_.tell(
            {Message::Kind::information, tr("No finding is selected"), tr("Pick one on the left, then copy it")});
        return;
    }
    QApplication::clipboard()->setText(text);
    session_.tell({Message::Kind::information, tr("The finding is on the clipboard as Markdown"), {}});
}

void InspectorPanel::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && stack_->currentIndex() == 1) show_selection();
}

}  // namespace casebook
