#include "widgets/panels/evidence_view.h"

namespace casebook {

std::span<const EvidenceViewKind> evidence_view_kinds()
{
    return {};
}

}  // namespace casebook
