// Plans of the statements that took most time. The text comes from pg_stat_statements, where constants are $1, $2 ...: it is
// explained with values that the user gives, else as the generic plan (EXPLAIN (GENERIC_PLAN) from 16 on, before by way of
// PREPARE, whose generic plan is the same). Texts go through the extended protocol, which takes one statement only.

#include "analyzers/capture/postgres.h"

#include "analyzers/capture/statement_look.h"
#include "analyzers/core/instant.h"
#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook::capture_detail {

namespace {

constexpr int generic_plan_version = 16;
constexpr int most_parameters = 1000;
constexpr std::string_view prepared = "casebook_capture";

/// JSON with the passwords in its texts masked, each text for itself: an odd quote in one is none in the next.
std::string masked_json(std::string_view json, const Secrets& secrets)
{
    std::string out;
    std::size_t at = 0;
    while (at < json.size()) {
        const std::size_t begin = json.find('"', at);
        if (begin == std::string_view::npos) break;
        std::size_t end = begin + 1;
        while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
        end = std::min(end, json.size());
        out += json.substr(at, begin + 1 - at);
        out += kept_text(json.substr(begin + 1, end - begin - 1), true, secrets);
        at = end < json.size() ? end + 1 : end;
        if (end < json.size()) out += '"';
    }
    if (at < json.size()) out += json.substr(at);
    return out;
}

/// What EXPLAIN (FORMAT JSON) said, with the statement and its id put in, as auto_explain has them.
std::string plan_file(std::string_view json, const StatementDelta& statement, std::string_view text, const Secrets& secrets)
{
    const std::size_t object = json.find('{');
    if (object == std::string_view::npos) return std::string(json);
    std::string out(json.substr(0, object + 1));
    out += "\n    \"Query Text\": ";
    append_json_string(out, kept_text(text, true, secrets));
    out += ",\n    \"Query Identifier\": " + statement.query_id + ",";
    out += masked_json(json.substr(object + 1), secrets);
    return out + "\n";
}

/// "20261123T014039Z", as file names carry times.
std::string compact(std::int64_t at_ns)
{
    std::string out;
    for (const char c : format_instant(at_ns - at_ns % 1'000'000'000))
        if (c != '-' && c != ':') out += c;
    return out;
}

}  // namespace

std::vector<StatementDelta> PostgresTaker::candidates() const
{
    std::vector<StatementDelta> list;
    for (StatementDelta& statement : statements_.of_database(server_.database)) {
        if (list.size() >= static_cast<std::size_t>(std::max(options_.explain_top, 0))) break;
        // What no plan is made for is not counted among the top: BEGIN, SET, VACUUM.
        if (!look_at_statement(statement.query.size() < 10'000 ? statement.query : "select").not_explainable.empty()) continue;
        list.push_back(std::move(statement));
    }
    return list;
}

Outcome<std::vector<WholeFile>> PostgresTaker::explain()
{
    std::vector<WholeFile> files;
    const std::vector<StatementDelta> top = candidates();
    if (top.empty()) return files;
    std::string ids;
    for (const StatementDelta& statement : top)
        if (parse_int(statement.query_id)) ids += (ids.empty() ? "" : ", ") + statement.query_id;
    std::string sql = sql_for("explain_candidates", version_, false);
    const std::string_view placeholder = "@query_ids@";
    if (const std::size_t at = sql.find(placeholder); at != std::string::npos && !ids.empty())
        sql.replace(at, placeholder.size(), ids);
    else return files;
    const Outcome<Answer> texts = ask(sql);
    if (!texts) {
        if (texts.error().kind != Failure::Kind::refused) return tl::unexpected(texts.error());
        refuse("plans", texts.error().message, texts.error().sql_state);
        return files;
    }
    int rank = 0;
    for (const StatementDelta& statement : top) {
        ++rank;
        std::string_view text;
        for (std::size_t row = 0; row < texts->rows() && text.empty(); ++row)
            if (texts->get(row, "queryid") == statement.query_id) text = texts->get(row, "query");
        const Outcome<std::optional<WholeFile>> file = explain_one(statement, text, rank);
        if (!file) return tl::unexpected(file.error());
        if (*file) files.push_back(std::move(**file));
    }
    return files;
}

Outcome<std::optional<WholeFile>> PostgresTaker::explain_one(const StatementDelta& statement, std::string_view text, int rank)
{
    plans_.push_back({statement.query_id, statement.query.substr(0, 1000), {}, {}});
    CaptureSummary::Plan& plan = plans_.back();
    const auto not_done = [&](std::string why) {
        plan.how = "not explained: " + std::move(why);
        return std::optional<WholeFile>();
    };
    if (text.empty() || text == "<insufficient privilege>") return not_done("its text is hidden from this role or gone");
    const StatementLook look = look_at_statement(text);
    if (!look.not_explainable.empty()) return not_done(look.not_explainable);
    const auto given = options_.parameters.find(statement.query_id);
    const bool has_values = given != options_.parameters.end();
    if (has_values && given->second.size() != static_cast<std::size_t>(look.parameters))
        return not_done("it has " + std::to_string(look.parameters) + " parameters, and " +
                        std::to_string(given->second.size()) + " values were given");
    if (look.parameters > most_parameters) return not_done("it has more than 1,000 parameters");

    bool run_it = options_.analyze_queries;
    std::string not_run;
    if (run_it && !look.not_runnable.empty()) not_run = look.not_runnable;
    else if (run_it && look.parameters > 0 && !has_values) not_run = "it has parameters, and no values were given";
    run_it = run_it && not_run.empty();

    const bool generic = look.parameters > 0 && !has_values;
    const bool by_prepare = generic && version_.server < generic_plan_version;
    std::string how = run_it ? "analyze, buffers, " : "";
    if (generic && !by_prepare) how += "generic_plan, ";
    how += "settings, format json";
    const std::string explain = "explain " + std::string(statement_mark) + " (" + how + ") ";

    // Without capture's search_path: names in the statement are the application's.
    const std::string opening =
        std::string("begin ") + std::string(statement_mark) + " transaction read only;\nselect " + std::string(statement_mark) +
        " set_config('statement_timeout', '" + std::to_string(std::max(options_.statement_timeout_ms, 1)) +
        "', true), set_config('lock_timeout', '" + std::to_string(std::max(options_.lock_timeout_ms, 1)) + "', true)" +
        (by_prepare ? ", set_config('plan_cache_mode', 'force_generic_plan', true)" : "");
    Outcome<Answer> answer = connection_.run(opening, patience_ms());
    if (answer && by_prepare) {
        const std::string prepare = std::string("prepare ") + std::string(statement_mark) + " " + std::string(prepared) + " as ";
        answer = connection_.run_one(prepare + std::string(text), {}, patience_ms());
        if (answer) {
            std::string nulls;
            for (int i = 0; i < look.parameters; ++i) nulls += i == 0 ? "null" : ", null";
            // A failing EXPLAIN must not take DEALLOCATE with it: a pooler would hand the prepared statement on.
            answer = connection_.run("savepoint s", patience_ms());
            if (answer)
                answer = connection_.run(explain + "execute " + std::string(prepared) + "(" + nulls + ")", patience_ms());
            if (answer || answer.error().kind == Failure::Kind::refused) {
                const Outcome<Answer> freed =
                    connection_.run("rollback to s; deallocate " + std::string(prepared), patience_ms());
                if (!freed && freed.error().kind != Failure::Kind::refused) answer = tl::unexpected(freed.error());
            }
        }
    } else if (answer) {
        std::vector<const char*> values;
        if (has_values)
            for (const std::string& value : given->second) values.push_back(value.c_str());
        answer = connection_.run_one(explain + std::string(text), values, patience_ms());
    }
    if (!answer && answer.error().kind != Failure::Kind::refused) return tl::unexpected(answer.error());
    if (connection_.in_transaction()) {
        const Outcome<Answer> ended = connection_.run(std::string("rollback ") + std::string(statement_mark), patience_ms());
        if (!ended && ended.error().kind != Failure::Kind::refused) return tl::unexpected(ended.error());
    }
    if (!answer) {
        std::string why = answer.error().message;
        if (answer.error().sql_state == "42P01" || answer.error().sql_state == "42883")
            why += " (the application's search_path may be another: add options='-c search_path=...' to the connection)";
        if (look.parameters > 0 && !has_values)
            why += "; with values for its " + std::to_string(look.parameters) + " parameters it can be explained";
        return not_done(why);
    }
    if (answer->rows() == 0 || answer->columns() == 0) return not_done("the server sent no plan");

    const std::int64_t now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                    std::chrono::system_clock::now().time_since_epoch()).count();
    plan.how = "EXPLAIN (" + how + ")";
    if (has_values) plan.how += " with the values given";
    if (by_prepare) plan.how += " of the generic plan";
    if (!not_run.empty()) plan.how += "; not run: " + not_run;
    char number[16];
    std::snprintf(number, sizeof number, "%02d", rank);
    plan.file = "plan_" + std::string(number) + "_" + statement.query_id + "_" + compact(now_ns) + ".json";
    return std::optional<WholeFile>(WholeFile{plan.file, plan_file(answer->cell(0, 0), statement, text, connection_.secrets())});
}

}  // namespace casebook::capture_detail
