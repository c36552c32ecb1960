#pragma once

#include "analyzers/importers/support/import_run.h"

#include <string>

namespace casebook::cli {

class Terminal;

/// The import ledger as a table: what became of every file, then the notes.
std::string ledger_text(const ImportReport& report, int width, bool color);

/// Each file that was named and failed, on stderr.
void print_failures(const ImportReport& report, Terminal& terminal);

/// "12 files imported, 1 failed, 3 skipped: 48,210 records" for a remark.
std::string ledger_summary(const ImportReport& report);

}  // namespace casebook::cli
