#include "analyzers/importers/support/explain_import.h"

namespace casebook::importers {

namespace {

int sniff(const Probe& probe)
{
    return sniff_explain(plan::Format::xml, probe);
}

}  // namespace

extern const Importer explain_xml{
    .id = "explain_xml",
    .title = "EXPLAIN (XML)",
    .brings = "plan",
    .how = "EXPLAIN (ANALYZE, BUFFERS, FORMAT XML) SELECT ...",
    .sniff = sniff,
    .read = import_explain,
};

}  // namespace casebook::importers
