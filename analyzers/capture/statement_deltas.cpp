#include "analyzers/capture/statement_deltas.h"

#include "analyzers/capture/secrets.h"
#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook::capture_detail {

namespace {

constexpr std::size_t longest_list = 50;

std::int64_t whole(std::string_view cell) { return parse_int(cell).value_or(0); }

}  // namespace

std::vector<CapturedStatement> StatementDeltas::add(const Answer& answer)
{
    const std::size_t user = answer.find("userid"), database = answer.find("dbid"), level = answer.find("toplevel"),
                      id = answer.find("queryid"), query = answer.find("query"), name = answer.find("datname"),
                      calls = answer.find("calls"), rows = answer.find("rows");
    std::size_t total = answer.find("total_exec_time");
    if (total == Answer::npos) total = answer.find("total_time");
    std::vector<CapturedStatement> list;
    if (id == Answer::npos || calls == Answer::npos || total == Answer::npos) return list;

    std::unordered_map<std::string, CapturedStatement> sums;  // over users and levels
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        if (answer.is_null(row, id)) continue;  // another user's, hidden: nothing tells it from the next one
        std::string key;
        for (const std::size_t column : {user, database, level, id})
            if (column != Answer::npos) (key += answer.cell(row, column)) += ' ';
        const Counters now{whole(answer.cell(row, calls)), whole(answer.cell(row, rows)),
                           parse_double(answer.cell(row, total)).value_or(0)};
        const auto [at, added] = entries_.try_emplace(std::move(key));
        Entry& entry = at->second;
        if (added) {
            entry.query_id = answer.cell(row, id);
            entry.query = mask_passwords(clean_utf8(answer.cell(row, query).substr(0, 10'000)));
            entry.database = answer.cell(row, name);
        }
        Counters change = now;
        if (now.calls >= entry.latest.calls && now.ms >= entry.latest.ms) {
            change.calls -= entry.latest.calls;
            change.rows -= entry.latest.rows;
            change.ms -= entry.latest.ms;
        }
        entry.latest = now;
        if (snapshots_ > 0) {
            entry.since_first.calls += change.calls;
            entry.since_first.rows += change.rows;
            entry.since_first.ms += change.ms;
        }
        if (change.calls == 0 && change.ms == 0) continue;
        CapturedStatement& sum = sums[entry.query_id];
        if (sum.query_id.empty()) {
            sum.query_id = entry.query_id;
            sum.query = entry.query;
        }
        sum.calls += change.calls;
        sum.rows += change.rows;
        sum.total_ms += change.ms;
    }
    ++snapshots_;
    for (auto& [query_id, sum] : sums) list.push_back(std::move(sum));
    std::sort(list.begin(), list.end(), [](const CapturedStatement& a, const CapturedStatement& b) {
        return a.total_ms != b.total_ms ? a.total_ms > b.total_ms : a.query_id < b.query_id;
    });
    if (list.size() > longest_list) list.resize(longest_list);
    return list;
}

std::vector<StatementDelta> StatementDeltas::of_database(std::string_view database) const
{
    struct Sum {
        StatementDelta since_first;
        double ever_ms = 0;
    };
    std::map<std::string, Sum> sums;
    for (const auto& [key, entry] : entries_) {
        if (entry.database != database) continue;
        Sum& sum = sums[entry.query_id];
        sum.since_first.query_id = entry.query_id;
        if (sum.since_first.query.empty()) sum.since_first.query = entry.query;
        sum.since_first.database = entry.database;
        sum.since_first.calls += entry.since_first.calls;
        sum.since_first.rows += entry.since_first.rows;
        sum.since_first.ms += entry.since_first.ms;
        sum.ever_ms += entry.latest.ms;
    }
    std::vector<Sum> order;
    for (auto& [id, sum] : sums) order.push_back(std::move(sum));
    std::stable_sort(order.begin(), order.end(), [](const Sum& a, const Sum& b) {
        return a.since_first.ms != b.since_first.ms ? a.since_first.ms > b.since_first.ms : a.ever_ms > b.ever_ms;
    });
    std::vector<StatementDelta> list;
    for (Sum& sum : order) list.push_back(std::move(sum.since_first));
    return list;
}

}  // namespace casebook::capture_detail
