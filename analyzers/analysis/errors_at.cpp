#include "analyzers/analysis/errors_at.h"

#include "analyzers/analysis/error_rate.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/failure.h"

#include <algorithm>

namespace casebook {
namespace {

constexpr std::int64_t near_ns = 30'000'000'000;
constexpr double factor = 2, point = 0.001;

class Moments {
public:
    explicit Moments(std::vector<std::int64_t> moments) : moments_(std::move(moments))
    {
        std::sort(moments_.begin(), moments_.end());
    }

    bool empty() const { return moments_.empty(); }
    std::int64_t from_ns() const { return moments_.front() - near_ns; }
    std::int64_t to_ns() const { return moments_.back() + near_ns + 1; }

    bool is_near(std::int64_t at_ns) const
    {
        const auto next = std::lower_bound(moments_.begin(), moments_.end(), at_ns);
        if (next != moments_.end() && *next - at_ns <= near_ns) return true;
        return next != moments_.begin() && at_ns - *std::prev(next) <= near_ns;
    }

private:
    std::vector<std::int64_t> moments_;
};

/// Something bad per amount of something, near the moments and at other times.
struct Beside {
    double bad_near = 0, near = 0, bad_away = 0, away = 0;

    void add(bool is_near, double bad, double amount)
    {
        (is_near ? bad_near : bad_away) += bad;
        (is_near ? near : away) += amount;
    }

    bool is_more(double at_least) const
    {
        if (near <= 0 || bad_near <= 0) return false;
        const double here = bad_near / near, there = away > 0 ? bad_away / away : 0;
        return here >= factor * there && here - there >= at_least;
    }
};

bool is_database_call(SpanClass c)
{
    return c == SpanClass::connect || c == SpanClass::acquire || c == SpanClass::statement ||
           c == SpanClass::transaction;
}

Result<std::optional<Evidence>> in_spans(AnalysisContext& context, const Moments& moments)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    TRY_ASSIGN(const RequestSet* requests, context.requests());
    Beside calls, entries;
    std::optional<SpanTable::Row> call, entry; // the first that failed then
    const auto look = [&](SpanTable::Row row, Beside& beside, std::optional<SpanTable::Row>& first) {
        const bool is_near = moments.is_near(spans->start_ns[row]), bad = failed(*spans, row);
        beside.add(is_near, bad, 1);
        if (is_near && bad && !first) first = row;
    };
    for (SpanTable::Row row = 0; row < spans->size(); ++row)
        if (is_database_call(classes->of[row])) look(row, calls, call);
    for (const SpanTable::Row row : requests->rows) look(row, entries, entry);
    if (calls.is_more(point))
        return span_tree_evidence(*spans, spans->trace[*call], "A call of the database that failed then");
    if (entries.is_more(point)) return span_tree_evidence(*spans, spans->trace[*entry], "A request that failed then");
    return std::optional<Evidence>();
}

Evidence over_time(const AnalysisContext& context, const Series& series)
{
    return {"Errors over time",
            "series",
            "metric",
            "SELECT at_ns, name, labels, value FROM metric_point WHERE name = ?1 AND at_ns >= ?2 AND at_ns < ?3 ORDER "
            "BY name, labels, at_ns",
            {series.name, context.windows().analysed.from_ns, context.windows().analysed.to_ns}};
}

Result<std::optional<Evidence>> in_metrics(AnalysisContext& context, const Moments& moments)
{
    constexpr double ns_per_s = 1e9;
    TRY_ASSIGN(const auto* counters, context.evidence().metric("errors"));
    for (const Series& series : *counters) {
        Beside errors;
        for (std::size_t i = 1; i < series.at_ns.size(); ++i)
            errors.add(moments.is_near(series.at_ns[i]),
                       series.increase({series.at_ns[i - 1] + 1, series.at_ns[i] + 1}),
                       static_cast<double>(series.at_ns[i] - series.at_ns[i - 1]) / ns_per_s);
        if (errors.is_more(0)) return over_time(context, series);
    }
    TRY_ASSIGN(const auto* rates, context.evidence().metric("error_rate"));
    for (const Series& series : *rates) {
        Beside errors;
        for (std::size_t i = 0; i < series.at_ns.size(); ++i)
            errors.add(moments.is_near(series.at_ns[i]), series.value[i], 1);
        if (errors.is_more(point * whole_of(series))) return over_time(context, series);
    }
    return std::optional<Evidence>();
}

} // namespace

Result<std::optional<Evidence>> errors_at(AnalysisContext& context, std::vector<std::int64_t> at)
{
    const Moments moments(std::move(at));
    if (moments.empty()) return std::optional<Evidence>();
    TRY_ASSIGN(const auto* events, context.evidence().events());
    for (const Event& event : *events)
        if (contains_ignoring_case(event.kind, "error") && moments.is_near(event.at_ns))
            return Evidence{"What failed then",
                            "table",
                            "event",
                            "SELECT at_ns, service, text FROM event WHERE kind LIKE '%error%' AND at_ns >= ?1 AND "
                            "at_ns < ?2 ORDER BY at_ns, text",
                            {moments.from_ns(), moments.to_ns()}};
    TRY_ASSIGN(auto metrics, in_metrics(context, moments));
    if (metrics) return metrics;
    return in_spans(context, moments);
}

} // namespace casebook
