#pragma once

#include "analyzers/analysis/change_points.h"
#include "analyzers/analysis/context.h"
#include "analyzers/analysis/own_increase.h"
#include "analyzers/analysis/releases.h"

#include <map>
#include <set>
#include <string_view>
#include <vector>

namespace casebook {

/// Latency and failures of rows of one operation.
struct ServiceLevel {
    double p50_ms = 0, tail_ms = 0, failed = 0;
    std::size_t count = 0, failures = 0;
};

/// One operation of a changed service that is worse after the change than before it.
struct Regression {
    const Release* release = nullptr;
    SpanTable::Id service = 0, operation = 0;
    std::vector<SpanTable::Row> base, after, beside;  ///< beside: the old version while the new one served
    std::vector<SpanTable::Row> later;  ///< all after the change, whether the level stayed or not
    double percentile = 99;            ///< that stands for the tail
    ServiceLevel was, is, old;
    std::int64_t onset_ns = 0;
    bool slower = false, tail = false, failing = false, has_base = true;
    // second looks
    bool new_is_worse = false, old_is_as_bad = false, restored = false, own = false;
    OwnIncrease increase;
    double own_failures = 0;
    // what speaks against it
    double load_factor = 1, on_path = 1;
    bool some_instances = false, warms_up = false, few = false, time_unsure = false;
    Verdict verdict = Verdict::suspected;
    double excess_ms = 0;
    std::vector<SpanTable::Id> versions;
};

/// Looks at operations around changes. Thresholds are those of latency.regression_after_deploy.
class ReleaseJudge {
public:
    ReleaseJudge(AnalysisContext& context, const SpanTable& spans, const SpanClasses& classes, const std::vector<Release>& releases);

    /// True when the service takes up work in the traces.
    bool has(SpanTable::Id service) const { return services_.contains(service); }
    /// All operations of a service that got worse after a change, worst first; `answer` is what holds when there is none.
    std::vector<Regression> look(const Release& release, SpanTable::Id service, Answer& answer);

private:
    using Id = SpanTable::Id;
    using Rows = std::vector<SpanTable::Row>;
    struct Service {
        std::map<std::string_view, Rows> operations;  ///< entry rows in start order
    };
    struct Versions { std::set<Id> old, fresh; };

    Versions versions_of(const Service& service, const Release& release, std::int64_t from_ns, std::int64_t to_ns) const;
    Observations observe(const Regression& found) const;
    bool find_onset(Regression& found, const std::vector<Change>& changes, Answer& answer) const;
    bool began_before(const Regression& found, const Change& change) const;
    bool crosses(Regression& found) const;
    bool is_worse(const Rows& rows, const Rows& than, double line_ms) const;
    void look_again(Regression& found, const Release* next, std::int64_t to_ns);
    bool is_as_before(const Regression& found, const Rows& rows) const;
    bool goes_back(const Regression& found, const Release* next, std::int64_t from_ns) const;
    double own_failures(const Rows& rows) const;
    void some_instances_only(Regression& found) const;
    void measure_warm_up(Regression& found) const;
    void measure_path(Regression& found);

    AnalysisContext& context_;
    const SpanTable& spans_;
    const std::vector<Release>& releases_;
    IncreaseComparison comparison_;
    std::map<Id, Service> services_;
    std::vector<bool> on_path_;
};

}  // namespace casebook
