#pragma once

#include "analyzers/core/result.h"

namespace casebook {

class CaseFile;

/// Puts the virtual tables (span, span_attribute) and functions (percentile, fingerprint, template) on a connection.
/// Called for every case that is opened. Declared here, defined in analyzers/trace, which knows what a span tree is:
/// the store itself only knows chunks.
Status register_case_extensions(CaseFile& file);

}  // namespace casebook
