#include "widgets/panels/evidence_view.h"

namespace casebook {

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
