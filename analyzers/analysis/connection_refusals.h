#pragma once

#include "analyzers/analysis/context.h"

#include <set>
#include <string>
#include <vector>

namespace casebook {

/// Connections that the database server refused because it had none left (SQLSTATE 53300 and the texts that come with
/// it), from failed spans, events and log records of the analysed window.
struct Refusals {
    std::vector<std::int64_t> server;  ///< when, in time order: the server's own limit, or nobody said which
    std::vector<std::int64_t> limited; ///< "too many connections for role" or "for database": a limit set there
    std::set<std::string> services;    ///< who was refused
    std::vector<Evidence> evidence;    ///< one per kind that tells of it
};
Result<Refusals> find_refusals(AnalysisContext& context);

} // namespace casebook
