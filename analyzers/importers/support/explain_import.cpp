#include "analyzers/importers/support/explain_import.h"

#include "analyzers/core/text.h"
#include "analyzers/plan/plan_rows.h"

namespace casebook {

Status import_explain(plan::Format format, Source& source, ImportContext& context)
{
    TRY_ASSIGN(const std::string_view bytes, source.rest());
    std::string cleaned;
    std::string_view text = bytes;
    if (!is_clean_utf8(bytes)) {
        cleaned = clean_utf8(bytes);
        text = cleaned;
        context.note(0, "bad_utf8", "bytes that are not UTF-8 were replaced");
    }
    TRY_ASSIGN(plan::Plans plans, plan::read(format, text));
    if (!plans.note.empty()) context.note(0, "plan_text", plans.note);
    for (plan::Tree& tree : plans.trees) {
        TRY(context.control().check());
        PlanRow row = plan::plan_row(std::move(tree));
        row.at_ns = context.at_ns();
        TRY(context.add(row));
        context.stored();
    }
    return {};
}

}  // namespace casebook
