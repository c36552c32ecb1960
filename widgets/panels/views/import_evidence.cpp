#include "widgets/panels/views/import_evidence.h"

#include "analyzers/core/importer.h"
#include "widgets/panels/evidence_view.h"

#include <QCoreApplication>
#include <algorithm>

namespace casebook {
namespace {

/// What an importer brings -> the view that shows it.
constexpr std::pair<std::string_view, const char*> views[]{{"plan", "plans"}, {"heap_class", "heap"}, {"profile", "profile"}, {"gc_pause", "gc"}, {"statement", "statements"},
                                                           {"metric_point", "metrics"}, {"event", "events"}, {"span", "traces"}, {"thread", "threads"}, {"session", "sessions"}};

/// Evidence without a view of its own -> its columns as a table.
constexpr std::pair<std::string_view, const char*> tables[]{{"table_stat", "at_ns, \"table\", live_rows, dead_rows, seq_scans, index_scans, size_bytes"}};

}  // namespace

std::optional<Evidence> evidence_of_import(const LedgerEntry& file)
{
    const auto importers = all_importers();
    const auto importer = std::find_if(importers.begin(), importers.end(), [&](const Importer* one) { return one->id == file.importer; });
    if (importer == importers.end() || file.stored == 0) return {};
    const std::string_view brings = (*importer)->brings;
    const std::string caption = QCoreApplication::translate("ImportEvidence", "From %1").arg(QString::fromStdString(file.path.substr(file.path.find_last_of('/') + 1))).toStdString();
    if (brings == "plan" && file.stored == 1)
        return Evidence{caption, "plan", "plan", "SELECT n.* FROM plan_node n JOIN plan p ON p.id = n.plan_id WHERE p.file_id = ?1 ORDER BY n.node_id", {file.id}};
    for (const auto& [what, columns] : tables)
        if (brings == what)
            return Evidence{caption, "table", std::string(what), "SELECT " + std::string(columns) + " FROM " + std::string(what) + " WHERE file_id = ?1", {file.id}};
    for (const auto& [what, view] : views)
        if (brings.substr(0, brings.find(' ')) == what)
            if (const EvidenceViewKind* kind = kind_named(view)) return kind->explore();
    return {};
}

}  // namespace casebook
