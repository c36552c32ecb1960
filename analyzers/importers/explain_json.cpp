#include "analyzers/importers/support/explain_import.h"

namespace casebook::importers {

namespace {

int sniff(const Probe& probe)
{
    const std::size_t plan = probe.head.find("\"Plan\"");
    if (plan == std::string_view::npos) return 0;
    return probe.head.find("\"Node Type\"", plan) == std::string_view::npos ? 0 : 90;
}

Status read(Source& source, ImportContext& context)
{
    return import_explain(plan::Format::json, source, context);
}

}  // namespace

extern const Importer explain_json{
    .id = "explain_json",
    .title = "EXPLAIN (JSON)",
    .brings = "plan",
    .how = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT ...",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
