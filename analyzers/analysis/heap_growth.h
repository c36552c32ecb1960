#pragma once

#include "analyzers/analysis/heap_series.h"

#include <string>
#include <vector>

namespace casebook {

/// A class whose instances grow over a series, by the test of heap_growth().
struct GrowingClass {
    std::string name;
    std::vector<double> instances, bytes;  ///< per snapshot
    double p = 1, q = 1;                   ///< Mann-Kendall, one-sided; adjusted over the family (Benjamini-Hochberg)
    double weakest_step = 0;               ///< smallest step / mean step; a leak keeps its pace
    double second_half = 0;                ///< growth of the second half / of the first; a warming cache saturates
    bool slows = false;                    ///< slower and slower, step by step: a cache that warms up looks the same
    bool application = false;
    double growth() const { return instances.back() - instances.front(); }
    double byte_growth() const { return bytes.back() - bytes.front(); }
};

/// A leak and what comes with it: classes that grow in a fixed proportion to the culprit, step by step, and its part of those
/// that two culprits explain together.
struct LeakMolecule {
    std::size_t culprit = 0;               ///< index into HeapGrowth::classes
    struct Member { std::size_t index = 0; double per_culprit = 0; };
    std::vector<Member> members;           ///< the culprit (1.0) first, then by bytes
    double bytes = 0;                      ///< growth that belongs to it
};

struct HeapGrowth {
    std::vector<GrowingClass> classes;     ///< significant (or in proportion to one that is), steady, not saturating; by name
    std::vector<LeakMolecule> molecules;   ///< most bytes first
    double heap_first = 0, heap_last = 0;  ///< bytes
    std::size_t tested = 0;                ///< classes looked at
    std::size_t family = 0;                ///< of them those that enter the test: they move and weigh something
    std::size_t growing = 0;               ///< significant, steady and not saturating
};

/// Which classes grow, and which of them is the culprit: not the one with the most bytes (byte[] and String lead in every
/// heap) but, among those that grow in proportion, the application's rarest. Thresholds: weakest step >= 0.3 of the mean,
/// second half >= 0.6 of the first, from simulation of 1,500 classes over 5 to 12 snapshots (tests/unit/tst_heap_growth).
/// O(classes x snapshots).
HeapGrowth heap_growth(const HeapSeries& series, double fdr);

}  // namespace casebook
