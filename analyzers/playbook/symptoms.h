#pragma once

#include "analyzers/core/analyzer.h"
#include "analyzers/playbook/signals.h"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace casebook {

/// How well what is seen fits one row of the symptom table.
struct SymptomMatch {
    std::string id;
    double match = 0;                  ///< 0..1, three decimals
    std::vector<std::string> unknown;  ///< cells without evidence: "cpu", "errors"
    std::string why;                   ///< the measured cells in words
};

/// Ids of CONTRACT section 7 in table order: the eight rows, the entry points, `unknown` last.
std::span<const std::string_view> symptom_ids();
bool is_symptom(std::string_view id);

/// The table's numbers ("symptom.p99_factor", ...), full names.
std::span<const Threshold> symptom_thresholds();

/// Every row held against what was measured; those that match at symptom.listed_from or more, best first; of equals the one that says more about the
/// cause (restarts, a period, some instances, a queue, a deploy) before the general latency rows and the entry points.
/// A satisfied cell scores 0.8 at its threshold and 1.0 with twice the margin (a rise twice as large as demanded, half of
/// the rise allowed, half of the headroom left); a cell without evidence scores 0 and keeps its weight. A required cell
/// that is contradicted makes the match 0, one that is unknown keeps it at 0.5 or below. `overrides` by full name.
/// `named`, what the user sees, comes first whatever it matches. Pure.
std::vector<SymptomMatch> match_symptoms(const Signals& measured, const std::map<std::string, double>& overrides, std::string_view named = {});

}  // namespace casebook
