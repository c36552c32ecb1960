#include "analyzers/importers/support/explain_import.h"

namespace casebook::importers {

namespace {

int sniff(const Probe& probe)
{
    return sniff_explain(plan::Format::json, probe);
}

}  // namespace

extern const Importer explain_json{
    .id = "explain_json",
    .title = "EXPLAIN (JSON)",
    .brings = "plan",
    .how = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT ...",
    .sniff = sniff,
    .read = import_explain,
};

}  // namespace casebook::importers
