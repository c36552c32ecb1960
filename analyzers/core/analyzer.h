#pragma once

#include "analyzers/core/finding.h"
#include "analyzers/core/result.h"

#include <span>
#include <string_view>

namespace casebook {

class AnalysisContext;  // analyzers/analysis/context.h

/// A number a verdict depends on. Full name = analyzer id + '.' + name; people may set it per case or per run.
struct Threshold {
    std::string_view name;
    double value;
    std::string_view unit;
    std::string_view source;  ///< where the default comes from; "Casebook's own" when nobody measured it
    Bound bound = Bound::atLeast;  ///< what it asks of the figure that is held against it
};

enum class AnalyzerKind { cause, symptom };

/// What an answer from traces takes for granted about the recording. The runner looks (analysis/guards.h) and turns an answer
/// that the recording cannot bear out into inconclusive, with the reason. What cannot change the answer is not named: a statement
/// seen forty times in a request stays one, however many more were lost.
struct Guards {
    bool absence = false;     ///< "no" because no span shows it: none may be missing
    bool structure = false;   ///< "yes" because of what is not below or beside a span: none may be missing either
    bool attributes = false;  ///< told by what spans carry: none may have been trimmed
    bool clocks = false;      ///< compares times of several services, where calls were not timed by their caller
    bool shares = false;      ///< counts requests against each other: none may be kept for what happened in it
};

/// One question asked of the case. Defined once per file analyzers/modules/<domain>/<question>.cpp as object
/// casebook::<domain>::<question>; the build writes the registry from the folder listing.
struct Analyzer {
    std::string_view id;        ///< "database.n_plus_one": folder and file name
    std::string_view question;  ///< "Does one request run the same statement once per row?"
    AnalyzerKind kind = AnalyzerKind::cause;
    /// What it cannot do without: any-of groups joined by '+', conjunctions inside an alternative by '&':
    /// "metric(pool_used) & metric(pool_max) or span + event". Checked by the runner, which answers
    /// not_enough_evidence naming what is missing. Atoms are listed in analysis/inventory.h.
    std::string_view needs;
    std::string_view improves;  ///< comma separated atoms that would sharpen the answer
    std::span<const Threshold> thresholds;
    /// Adds findings to the context and returns the answer that holds when there is none. No state, no clock,
    /// no randomness: same case, same bytes.
    Result<Answer> (*run)(AnalysisContext&);
    Guards guards{};
};

/// All analyzers, sorted by id. Generated from the folder.
std::span<const Analyzer* const> all_analyzers();

}  // namespace casebook
