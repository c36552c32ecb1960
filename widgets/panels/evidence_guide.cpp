#include "widgets/panels/evidence_guide.h"

#include "analyzers/core/importer.h"
#include "analyzers/core/text.h"
#include "widgets/qt_text.h"

#include <QCoreApplication>

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
    {"metric", QT_TRANSLATE_NOOP("EvidenceGuide", "Metrics")},
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

QString first_kind(const Importer& importer)
{
    const auto parts = split(importer.brings, ',');
    return to_qt(trim(parts.front()));
}

}  // namespace

QString evidence_title(const QString& kind)
{
    for (const Kind& one : kinds)
        if (kind == QLatin1String(one.id)) return QCoreApplication::translate("EvidenceGuide", one.title);
    return kind;
}

QString how_to_get(const QString& id)
{
    for (const Importer* importer : all_importers())
        if (to_qt(importer->id) == id) return to_qt(importer->how);
    return {};
}

QString evidence_guide_html(const QString& muted)
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

}  // namespace casebook
