#include "analyzers/importers/support/explain_import.h"

namespace casebook::importers {

namespace {

int sniff(const Probe& probe)
{
    return sniff_explain(plan::Format::yaml, probe);
}

}  // namespace

extern const Importer explain_yaml{
    .id = "explain_yaml",
    .title = "EXPLAIN (YAML)",
    .brings = "plan",
    .how = "EXPLAIN (ANALYZE, BUFFERS, FORMAT YAML) SELECT ...",
    .sniff = sniff,
    .read = import_explain,
};

}  // namespace casebook::importers
