#include "analyzers/importers/support/explain_import.h"

namespace casebook::importers {

namespace {

int sniff(const Probe& probe)
{
    return sniff_explain(plan::Format::text, probe);
}

}  // namespace

extern const Importer explain_text{
    .id = "explain_text",
    .title = "EXPLAIN (text)",
    .brings = "plan",
    .how = "EXPLAIN (ANALYZE, BUFFERS, FORMAT TEXT) SELECT ...",
    .sniff = sniff,
    .read = import_explain,
};

}  // namespace casebook::importers
