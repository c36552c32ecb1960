#include "analyzers/analysis/lock_waits.h"

#include "analyzers/trace/sql_text.h"

#include <algorithm>

namespace casebook {
namespace {

double longest_wait_ms(const LockChain& chain)
{
    double longest = 0;
    for (const LockChain::Waiter& waiter : chain.waiters)
        longest = std::max(longest, waiter.session->wait_ms().value_or(0));
    return longest;
}

bool heavier(const LockChain& chain, const LockChain& than)
{
    if (chain.waiters.size() != than.waiters.size()) return chain.waiters.size() > than.waiters.size();
    return longest_wait_ms(chain) > longest_wait_ms(than);
}

void add_to_episode(LockSurvey& survey, std::map<std::pair<std::int64_t, std::string>, std::size_t>& open,
                    const SessionSample& sample, LockChain chain)
{
    const std::string database(chain.waiters.front().session->database);
    const auto begun = chain.head ? transaction_begin(sample, *chain.head) : std::nullopt;
    const auto known = open.find({chain.head_pid, database});
    std::size_t at = survey.episodes.size();
    if (known != open.end() && same_transaction(survey.episodes[known->second].begun_ns, begun)) at = known->second;
    else survey.episodes.push_back({chain.head_pid, database, begun, {}, {}});
    open[{chain.head_pid, database}] = at;
    LockEpisode& episode = survey.episodes[at];
    for (const LockChain::Waiter& waiter : chain.waiters) ++episode.relations[waited_for_relation(*waiter.session)];
    episode.seen.emplace_back(&sample, std::move(chain));
}

/// What an episode is about: what most of its waiters want, else the head's statement, else who it is.
std::string subject_of(const LockEpisode& episode)
{
    const auto most =
        std::max_element(episode.relations.begin(), episode.relations.end(), [](const auto& a, const auto& b) {
            return std::pair(!a.first.empty(), a.second) < std::pair(!b.first.empty(), b.second);
        });
    if (!most->first.empty()) return most->first;
    const DatabaseSession* head = episode.seen.front().second.head;
    if (!head) return {};
    return head->query.empty() || head->is_hidden() ? std::string(head->who()) : sql_fingerprint(head->query);
}

} // namespace

std::string waited_for_relation(const DatabaseSession& waiter)
{
    if (!waiter.lock_relation.empty()) return std::string(plain_relation(waiter.lock_relation));
    return waiter.is_hidden() ? std::string() : summarize_sql(waiter.query).table;
}

LockSurvey survey_lock_waits(const std::vector<SessionSample>& samples, const AnalysisWindows& windows, double quiet_ms)
{
    LockSurvey survey;
    std::map<std::pair<std::int64_t, std::string>, std::size_t> open;
    for (const SessionSample& sample : samples) {
        ++survey.all_samples;
        if (!in_analysed_window(windows, sample.at_ns, sample.window)) continue;
        ++survey.samples;
        WaitGraph graph = wait_graph(sample, quiet_ms);
        survey.unsound += graph.unsound;
        survey.clients += sample.clients();
        survey.hidden += sample.hidden();
        std::size_t waiters = graph.unexplained.size();
        for (LockChain& chain : graph.chains) {
            waiters += chain.waiters.size();
            survey.longest_ms = std::max(survey.longest_ms, longest_wait_ms(chain));
            add_to_episode(survey, open, sample, std::move(chain));
        }
        for (const DatabaseSession* waiter : graph.unexplained) {
            survey.longest_ms = std::max(survey.longest_ms, waiter->wait_ms().value_or(0));
            survey.unexplained[finding_key({waiter->database, waited_for_relation(*waiter)})].emplace_back(&sample, waiter);
        }
        survey.with_waits += waiters > 0;
        survey.most_waiters = std::max(survey.most_waiters, waiters);
    }
    return survey;
}

std::map<std::string, LockContention> lock_contentions(const LockSurvey& survey)
{
    std::map<std::string, LockContention> all;
    for (const LockEpisode& episode : survey.episodes) {
        const std::string relation = subject_of(episode);
        LockContention& one = all[finding_key({episode.database, relation})];
        one.database = episode.database;
        one.relation = relation;
        one.episodes.push_back(&episode);
        std::set<const SessionSample*> samples;
        for (const auto& [sample, chain] : episode.seen) {
            samples.insert(sample);
            one.waiters_in[sample] += chain.waiters.size();
            one.longest_ms = std::max(one.longest_ms, longest_wait_ms(chain));
            if (!one.worst || heavier(chain, *one.worst)) {
                one.worst = &chain;
                one.worst_sample = sample;
            }
            for (const LockChain::Waiter& waiter : chain.waiters)
                if (!waiter.session->query.empty() && !waiter.session->is_hidden())
                    one.fingerprints.insert(sql_fingerprint(waiter.session->query));
        }
        one.same_head_samples = std::max(one.same_head_samples, samples.size());
    }
    for (auto& [key, one] : all)
        for (const auto& [sample, waiters] : one.waiters_in) one.most_waiters = std::max(one.most_waiters, waiters);
    return all;
}

LockLoad load_of(const LockContention& one)
{
    LockLoad load;
    for (const auto& [sample, waiters] : one.waiters_in) {
        load.waiting += static_cast<double>(waiters);
        load.working += static_cast<double>(
            std::count_if(sample->sessions.begin(), sample->sessions.end(), [](const DatabaseSession& s) {
                return s.is_client() && !s.state.empty() && s.state != "idle";
            }));
        if (sample->at_ns)
            load.when = load.when ? TimeRange{std::min(load.when->from_ns, *sample->at_ns), std::max(load.when->to_ns, *sample->to_ns + 1)}
                                  : TimeRange{*sample->at_ns, *sample->to_ns + 1};
    }
    if (load.when) load.when->from_ns -= std::min(static_cast<std::int64_t>(one.longest_ms * 1e6), load.when->from_ns);
    return load;
}

} // namespace casebook
