#include "analyzers/analysis/release_series.h"

#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <set>

namespace casebook {
namespace {

constexpr std::size_t fewest_values = 15;  // on either side, as change points need them
constexpr std::size_t fewest_later = 3;    // after a rollback
constexpr double error_floor = 0.005;      // as change points have it
constexpr double settle_s = 600;           // a rollback is over ten minutes after it began

/// One step of the series: a change between two values is seen at the second.
double slack_s(const Observations& seen, double least_s)
{
    std::vector<double> steps;
    for (std::size_t i = 1; i < seen.at_ns.size(); ++i) steps.push_back(TimeRange{seen.at_ns[i - 1], seen.at_ns[i]}.seconds());
    return std::max(least_s, median(std::move(steps)));
}

std::string text_of(const SeriesRegression& found, double value) { return found.share ? format_percent(value) : format_ms(value); }

class Look {
public:
    Look(const std::vector<Release>& releases, const std::vector<Observations>& observed, const std::vector<Change>& changes, const SeriesRules& rules)
        : releases_(releases), observed_(observed), changes_(changes), rules_(rules)
    {
        for (const Observations& seen : observed) services_.insert(seen.service);
    }

    SeriesLook run()
    {
        for (const Release& release : releases_) {
            if (release.rollback || release.to_the_half_hour) continue;
            std::vector<SeriesRegression> worse;
            for (const Observations& seen : observed_)
                if (is_meant(release, seen.service) && ++result_.meant > 0)
                    if (auto found = judge(release, seen)) worse.push_back(std::move(*found));
            std::stable_sort(worse.begin(), worse.end(), [](const SeriesRegression& a, const SeriesRegression& b) {
                return a.restored != b.restored ? a.restored : a.factor() > b.factor();
            });
            result_.worse.insert(result_.worse.end(), worse.begin(), worse.end());
        }
        return std::move(result_);
    }

private:
    bool is_meant(const Release& release, const std::string& service) const
    {
        if (service.empty()) return true;
        if (!release.service.empty()) return equals_ignoring_case(release.service, service) || names_word(release.service, service);
        const bool names_one = std::any_of(services_.begin(), services_.end(), [&](const std::string& known) { return !known.empty() && names_word(release.text, known); });
        return !names_one || names_word(release.text, service);
    }

    /// The first change of the series that is not before the release.
    const Change* change_after(const Release& release, const Observations& seen, double early_s) const
    {
        const Change* first = nullptr;
        for (const Change& change : changes_) {
            if (change.service != seen.service || change.operation != seen.operation || change.kind == Change::Kind::traffic) continue;
            const double after_s = TimeRange{release.at_ns, change.at_ns}.seconds();
            if (after_s < -early_s || TimeRange{release.until_ns, change.at_ns}.seconds() > rules_.suspect_h * 3600) continue;
            if (!first || change.at_ns < first->at_ns) first = &change;
        }
        return first;
    }

    std::optional<SeriesRegression> judge(const Release& release, const Observations& seen)
    {
        const auto split = std::lower_bound(seen.at_ns.begin(), seen.at_ns.end(), release.at_ns) - seen.at_ns.begin();
        if (static_cast<std::size_t>(split) < fewest_values || seen.at_ns.size() - static_cast<std::size_t>(split) < fewest_values) return {};
        ++result_.judged;
        const double early_s = slack_s(seen, rules_.before_s);
        const Change* change = change_after(release, seen, early_s);
        if (!change) {
            const auto early = std::find_if(changes_.begin(), changes_.end(), [&](const Change& c) { return c.service == seen.service && c.operation == seen.operation && c.at_ns < release.at_ns; });
            if (early != changes_.end()) result_.reason = describe(*early) + " began to rise " + format_ms(TimeRange{early->at_ns, release.at_ns}.seconds() * 1000) + " before " + release.text;
            else if (result_.reason.empty()) result_.reason = "no series has a change point soon after " + release.text;
            return {};
        }
        SeriesRegression found{&release, &seen, 0, 0, std::max(change->at_ns, release.at_ns), change->until_ns, false, !seen.failed.empty(), seen.operation.find("99") != std::string::npos};
        const auto undo = std::find_if(releases_.begin(), releases_.end(), [&](const Release& other) {
            return other.rollback && other.at_ns > change->at_ns && is_meant(other, seen.service);
        });
        std::vector<double> before, during, later;
        for (std::size_t i = 0; i < seen.at_ns.size(); ++i) {
            const std::int64_t at_ns = seen.at_ns[i];
            const bool undone = undo != releases_.end() && at_ns >= undo->at_ns;
            if (at_ns < std::min(change->at_ns, release.at_ns)) before.push_back(seen.value[i]);
            else if (undone && TimeRange{undo->until_ns, at_ns}.seconds() >= early_s) later.push_back(seen.value[i]);
            else if (!undone && at_ns >= change->at_ns && (!change->until_ns || at_ns < *change->until_ns)) during.push_back(seen.value[i]);
        }
        found.was = median(before);
        found.is = median(during);
        const double factor = found.high_percentile ? rules_.p99_factor : rules_.p50_factor;
        const bool crosses = found.share ? found.is >= found.was + error_floor && found.is >= 2 * found.was : found.was > 0 && found.is >= factor * found.was;
        if (!crosses) {
            result_.reason = seen.operation + " " + text_of(found, found.was) + " -> " + text_of(found, found.is) + " after " + release.text;
            return {};
        }
        // It ended with the rollback, not by itself before it.
        const double floor = found.share ? error_floor : 0;
        found.restored = undo != releases_.end() && later.size() >= fewest_later && median(later) <= rules_.alike * found.was + floor && change->until_ns &&
                         TimeRange{undo->at_ns, *change->until_ns}.seconds() >= -early_s && TimeRange{undo->until_ns, *change->until_ns}.seconds() <= settle_s;
        return found;
    }

    const std::vector<Release>& releases_;
    const std::vector<Observations>& observed_;
    const std::vector<Change>& changes_;
    const SeriesRules& rules_;
    std::set<std::string> services_;
    SeriesLook result_;
};

}  // namespace

SeriesLook look_at_series(const std::vector<Release>& releases, const std::vector<Observations>& observed, const std::vector<Change>& changes, const SeriesRules& rules)
{
    return Look(releases, observed, changes, rules).run();
}

}  // namespace casebook
