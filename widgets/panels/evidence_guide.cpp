#include "widgets/panels/evidence_guide.h"

#include "analyzers/core/importer.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"
#include "widgets/style/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QEvent>

#include <map>
#include <vector>

namespace casebook {
namespace {

struct Kind {
    const char* id;
    const char* title;
};

/// In the order in which an incident is usually looked at.
constexpr Kind kinds[] = {
    {"span", QT_TRANSLATE_NOOP("EvidenceGuide", "Traces")},
    {"statement", QT_TRANSLATE_NOOP("EvidenceGuide", "Statement statistics")},
    {"plan", QT_TRANSLATE_NOOP("EvidenceGuide", "Query plans")},
    {"session", QT_TRANSLATE_NOOP("EvidenceGuide", "Database sessions and locks")},
    {"table_stat", QT_TRANSLATE_NOOP("EvidenceGuide", "Table statistics")},
    {"metric_point", QT_TRANSLATE_NOOP("EvidenceGuide", "Metrics")},
    {"gc_pause", QT_TRANSLATE_NOOP("EvidenceGuide", "Garbage collector logs")},
    {"heap_class", QT_TRANSLATE_NOOP("EvidenceGuide", "Heap histograms")},
    {"thread", QT_TRANSLATE_NOOP("EvidenceGuide", "Thread dumps")},
    {"profile", QT_TRANSLATE_NOOP("EvidenceGuide", "Profiles")},
    {"log_line", QT_TRANSLATE_NOOP("EvidenceGuide", "Logs")},
    {"event", QT_TRANSLATE_NOOP("EvidenceGuide", "Deploys and other events")},
    {"setting", QT_TRANSLATE_NOOP("EvidenceGuide", "Settings and limits")},
};

/// What a capture from PostgreSQL brings.
bool is_captured(const QString& kind)
{
    for (const char* one : {"session", "table_stat", "statement", "setting"})
        if (kind == QLatin1String(one)) return true;
    return false;
}

/// Of what it brings the first: "span metric log_line" stands under traces.
QString first_kind(const Importer& importer) { return to_qt(importer.brings.substr(0, importer.brings.find(' '))); }

/// A kind of evidence in words: "span" -> "Traces".
QString evidence_title(const QString& kind)
{
    for (const Kind& one : kinds)
        if (kind == QLatin1String(one.id)) return QCoreApplication::translate("EvidenceGuide", one.title);
    return kind;
}

/// The command of one importer.
QString how_to_get(const QString& id)
{
    for (const Importer* importer : all_importers())
        if (to_qt(importer->id) == id) return to_qt(importer->how);
    return {};
}

/// Links "copy:ID" copy the command of importer ID, "capture:" opens the capture window.
QString guide_html(const QString& muted)
{
    std::map<QString, std::vector<const Importer*>> by_kind;
    for (const Importer* importer : all_importers()) by_kind[first_kind(*importer)].push_back(importer);

    QString text;
    const auto add = [&](const QString& kind, const std::vector<const Importer*>& importers) {
        text += QStringLiteral("<h4>%1</h4>").arg(evidence_title(kind).toHtmlEscaped());
        if (is_captured(kind))
            text += QStringLiteral("<p><a href='capture:'>%1</a></p>")
                        .arg(QCoreApplication::translate("EvidenceGuide", "Capture from a live PostgreSQL"));
        for (const Importer* importer : importers) {
            text += QStringLiteral("<p>%1").arg(to_qt(importer->title).toHtmlEscaped());
            if (!importer->how.empty())
                text += QStringLiteral("<br/><code><span style='color:%1'>%2</span></code> <a href='copy:%3'>%4</a>")
                            .arg(muted, to_qt(importer->how).toHtmlEscaped(), to_qt(importer->id),
                                 QCoreApplication::translate("EvidenceGuide", "Copy"));
            text += QStringLiteral("</p>");
        }
    };
    for (const Kind& kind : kinds)
        if (const auto found = by_kind.find(QString::fromLatin1(kind.id)); found != by_kind.end()) {
            add(found->first, found->second);
            by_kind.erase(found);
        }
    for (const auto& [kind, importers] : by_kind) add(kind, importers);
    return text;
}

}  // namespace

EvidenceGuide::EvidenceGuide(Session& session, QWidget* parent) : QTextBrowser(parent)
{
    setObjectName(QStringLiteral("evidenceGuide"));
    setAccessibleName(tr("What Casebook reads, and how to get it"));
    setOpenLinks(false);
    connect(this, &QTextBrowser::anchorClicked, this, [this, &session](const QUrl& link) {
        if (link.scheme() == QLatin1String("capture")) return emit captureRequested();
        QApplication::clipboard()->setText(how_to_get(link.path()));
        session.tell({Message::Kind::information, tr("The command is on the clipboard"), {}});
    });
    write();
}

void EvidenceGuide::write() { setHtml(guide_html(theme().muted_text.name())); }

void EvidenceGuide::changeEvent(QEvent* event)
{
    QTextBrowser::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) write();
}

}  // namespace casebook
