#include "widgets/panels/evidence_view.h"

#include "widgets/models/views/proof_row.h"
#include "widgets/panels/views/data_table.h"

namespace casebook {

void EvidenceView::reveal(const QStringList& texts)
{
    if (auto* table = findChild<DataTable*>()) table->reveal(texts);
}

void EvidenceView::pointAt(const Evidence& evidence, const Finding& finding)
{
    auto* table = findChild<DataTable*>();
    if (!table) return;
    table->point_at([words = proof_words(evidence, finding)](const TableData& rows) { return proof_row(rows, words); });
}

Evidence evidence_shown(const EvidenceViewKind& kind, const Evidence& evidence)
{
    if (!kind.shows_all || evidence.view != "table" || !kind.explore()) return evidence;
    Evidence all = *kind.explore();
    all.caption = evidence.caption;
    return all;
}

const EvidenceViewKind* kind_for(const Evidence& evidence)
{
    const EvidenceViewKind* best = nullptr;
    int best_score = -1;
    for (const EvidenceViewKind& kind : evidence_view_kinds()) {
        const int score = kind.score(evidence);
        if (score > best_score) {
            best = &kind;
            best_score = score;
        }
    }
    return best;
}

const EvidenceViewKind* kind_named(std::string_view id)
{
    for (const EvidenceViewKind& kind : evidence_view_kinds())
        if (id == kind.id) return &kind;
    return nullptr;
}

}  // namespace casebook
