#pragma once

#include "analyzers/core/analyzer.h"
#include "analyzers/core/finding.h"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace casebook {

/// Why a finding is taken to be explained by another one.
enum class CauseLink {
    none,       ///< nothing explains it
    named,      ///< one of the two names the other (Finding::related)
    sameThing,  ///< the walk's rules say that one may be behind the other, and both speak of the same thing
};

/// What is behind one finding. Numbers are places in the findings that were asked about.
struct Explanation {
    AnalyzerKind kind = AnalyzerKind::cause;
    CauseLink link = CauseLink::none;
    std::size_t cause = 0;  ///< what explains it directly; itself without a link
    std::size_t root = 0;   ///< where the chain of causes ends; itself without a link
    std::vector<std::size_t> also;  ///< further causes that are named for it, strongest first
    /// Of a symptom without a link: confirmed causes that the rules allow and that time does not rule out. What they speak
    /// of lies elsewhere, so none of them is shown to be behind it.
    std::vector<std::size_t> perhaps;
    bool is_unexplained_symptom() const { return kind == AnalyzerKind::symptom && link == CauseLink::none; }
};

/// Finds the cause of each finding, one explanation per finding in the same order. A finding is never explained by one
/// whose verdict is weaker, nor by one that is less than suspected or at another time; a link that would close a circle is
/// not made, so the first finding of one has no cause in it. What findings name goes before the rules: of several causes
/// the first `explained_by` of the finding itself, then the strongest that says `explains`. A report's `related` is written
/// from this (relations.h), and asked again gives the same. `deeper` is WalkRules::deeper. Pure, not recursive, linear in
/// the findings: of each analyzer the 64 strongest are looked at.
std::vector<Explanation> explain_findings(std::span<const Finding* const> findings,
                                          const std::map<std::string, std::vector<std::string>>& deeper);
/// By the built-in rules.
std::vector<Explanation> explain_findings(std::span<const Finding* const> findings);

}  // namespace casebook
