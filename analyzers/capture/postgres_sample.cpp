#include "analyzers/capture/postgres_sample.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook::capture_detail {

namespace {

constexpr std::string_view hidden_query = "<insufficient privilege>";

/// The pids of "{20693,20692}".
std::vector<std::int64_t> pids_of(std::string_view array)
{
    std::vector<std::int64_t> pids;
    if (array.size() < 2) return pids;
    for (const std::string_view part : split(array.substr(1, array.size() - 2), ','))
        if (const auto pid = parse_int(part))
            if (std::find(pids.begin(), pids.end(), *pid) == pids.end()) pids.push_back(*pid);  // parallel workers repeat
    return pids;
}

std::optional<double> age_ms(std::string_view since, std::int64_t at_ns)
{
    const auto begin = parse_instant(since);
    if (!begin) return {};
    return std::max(0.0, static_cast<double>(at_ns - *begin) / 1e6);
}

}  // namespace

void add_sessions(CaptureSample& sample, const Answer& answer, const Secrets& secrets)
{
    std::map<std::pair<std::string, std::string>, int> waits;
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        const auto text = [&](std::string_view column) { return kept_text(answer.get(row, column), column == "query", secrets); };
        const std::int64_t at_ns = parse_instant(answer.get(row, "sampled_at")).value_or(0);
        CapturedSession session;
        session.pid = parse_int(answer.get(row, "pid")).value_or(0);
        session.user = text("usename");
        session.database = text("datname");
        session.application = text("application_name");
        session.client = text("client_addr");
        session.state = text("state");
        session.wait_event_type = text("wait_event_type");
        session.wait_event = text("wait_event");
        session.backend_type = text("backend_type");
        session.query = text("query");
        session.blocked_by = pids_of(answer.get(row, "blocked_by"));
        session.xact_age_ms = age_ms(answer.get(row, "xact_start"), at_ns);
        session.query_age_ms = age_ms(answer.get(row, "query_start"), at_ns);
        session.hidden = session.query == hidden_query;
        for (const std::int64_t blocker : session.blocked_by) sample.edges.push_back({session.pid, blocker});
        // Idle sessions and background processes wait for work; that is no wait.
        if (!session.wait_event_type.empty() && session.wait_event_type != "Activity" &&
            session.wait_event_type != "Client" && session.wait_event_type != "Extension")
            ++waits[{session.wait_event_type, session.wait_event}];
        sample.sessions.push_back(std::move(session));
    }
    for (const auto& [wait, sessions] : waits) sample.waits.push_back({wait.first, wait.second, sessions});
    std::stable_sort(sample.waits.begin(), sample.waits.end(),
                     [](const CapturedWait& a, const CapturedWait& b) { return a.sessions > b.sessions; });
}

CsvTable database_series(const Answer& answer, std::string_view max_connections, const Secrets& secrets)
{
    CsvTable table;
    table.file = "metrics.csv";
    table.header = "time,name,value,unit,database\n";
    struct Series {
        std::string_view column, unit;
    };
    static constexpr std::array series{
        Series{"numbackends", "1"},  Series{"xact_commit", "1"}, Series{"xact_rollback", "1"}, Series{"blks_read", "1"},
        Series{"blks_hit", "1"},     Series{"tup_returned", "1"}, Series{"tup_fetched", "1"},   Series{"conflicts", "1"},
        Series{"temp_files", "1"},   Series{"temp_bytes", "By"}, Series{"deadlocks", "1"},
    };
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        const std::string database = kept_text(answer.get(row, "datname"), false, secrets);
        if (database.empty()) continue;
        for (const Series& one : series) {
            const std::string_view value = answer.get(row, one.column);
            if (value.empty()) continue;
            table.add_row({answer.get(row, "sampled_at"), "pg_stat_database_" + std::string(one.column), value, one.unit,
                           database});
        }
    }
    if (answer.rows() > 0 && !max_connections.empty())
        table.add_row({answer.get(0, "sampled_at"), "pg_settings_max_connections", max_connections, "1", {}});
    return table;
}

std::int64_t hidden_rows(const Answer& answer)
{
    const std::size_t query = answer.find("query");
    std::int64_t count = 0;
    for (std::size_t row = 0; query != Answer::npos && row < answer.rows(); ++row)
        count += answer.cell(row, query) == hidden_query;
    return count;
}

}  // namespace casebook::capture_detail
