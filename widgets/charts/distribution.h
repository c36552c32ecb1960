#pragma once

#include <QString>
#include <cstddef>
#include <vector>

namespace casebook {

/// How durations are spread: counts per bin of equal width in log10 of ns.
struct Distribution {
    struct Set {
        QString name;
        std::size_t count = 0;
        std::vector<double> bins;          ///< counts
        double p50 = 0, p95 = 0, p99 = 0;  ///< ns, exact
    };
    std::vector<Set> sets;          ///< none, one, or all the rest and a selection
    double low = 0, width = 0.1;    ///< of bins, in log10 ns
    std::size_t bins = 0;
    QString summary;                ///< exact percentiles of the first set: "101 requests, P50 51 ms, P95 …"
};

/// Counts durations in ns; `selected` may be empty. Any thread; O(n).
Distribution distribution_of(std::vector<double> all, const QString& name, std::vector<double> selected = {}, const QString& selected_name = {});

}  // namespace casebook
