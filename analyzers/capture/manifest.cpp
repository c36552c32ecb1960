#include "analyzers/capture/manifest.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"

namespace casebook::capture_detail {

namespace {

/// JSON with a line per item, indented: the manifest is read by people before the bundle leaves their host.
std::string in_lines(std::string_view json)
{
    std::string out;
    std::size_t depth = 0;
    bool quoted = false;
    const auto line = [&] { (out += '\n').append(2 * depth, ' '); };
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (quoted) {
            out += c;
            if (c == '\\' && i + 1 < json.size()) out += json[++i];
            else if (c == '"') quoted = false;
            continue;
        }
        quoted = c == '"';
        if ((c == '}' || c == ']') && depth > 0) {
            --depth;
            if (i > 0 && json[i - 1] != '{' && json[i - 1] != '[') line();
        }
        out += c;
        if (c == '{' || c == '[') {
            ++depth;
            if (i + 1 < json.size() && json[i + 1] != '}' && json[i + 1] != ']') line();
        } else if (c == ',') {
            line();
        } else if (c == ':') {
            out += ' ';
        }
    }
    return out + "\n";
}

}  // namespace

std::string manifest_of(const CaptureSummary& summary, const ManifestFacts& facts)
{
    const ServerDescription& server = facts.server;
    JsonWriter json;
    json.begin_object();
    json.key("casebook_capture").value(1);
    json.key("written_by").value("casebook " CASEBOOK_VERSION);
    json.key("state").value(facts.running ? "running" : name_of(summary.end));
    json.key("why").value(facts.running ? "it is going on; if no capture runs any more, it was killed" : summary.why);
    json.key("started").value(format_instant(summary.started_ns));
    if (facts.running) json.key("ended").null();
    else json.key("ended").value(format_instant(summary.ended_ns));
    json.key("snapshots").value(summary.snapshots);
    json.key("snapshots_wanted").value(summary.snapshots_wanted);
    json.key("every_ms").value(facts.options.every_ms);
    json.key("statement_timeout_ms").value(facts.options.statement_timeout_ms);
    json.key("lock_timeout_ms").value(facts.options.lock_timeout_ms);
    json.key("explain_top").value(facts.options.explain_top);
    json.key("analyze_queries").value(facts.options.analyze_queries);

    json.key("server").begin_object();
    json.key("version").value(server.version);
    json.key("tested_version").value(server.tested);
    json.key("host").value(server.host);
    json.key("port").value(server.port);
    json.key("database").value(server.database);
    json.key("user").value(server.user);
    json.key("superuser").value(server.superuser);
    json.key("standby").value(server.standby);
    json.key("encryption").value(server.encryption);
    json.end_object();

    json.key("hidden").begin_array();
    for (const std::string& hidden : summary.hidden) json.value(hidden);
    json.end_array();
    json.key("refused").begin_array();
    for (const CaptureSummary::Refusal& refusal : summary.refused) {
        json.begin_object();
        json.key("question").value(refusal.question);
        json.key("why").value(refusal.why);
        json.key("sql_state").value(refusal.sql_state);
        json.end_object();
    }
    json.end_array();
    json.key("plans").begin_array();
    for (const CaptureSummary::Plan& plan : summary.plans) {
        json.begin_object();
        json.key("query_id").value(plan.query_id);
        if (plan.file.empty()) json.key("file").null();
        else json.key("file").value(plan.file);
        json.key("how").value(plan.how);
        json.key("statement").value(plan.query);
        json.end_object();
    }
    json.end_array();
    json.key("files").begin_array();
    for (const CaptureSummary::File& file : summary.files) {
        if (file.name == "manifest.json") continue;
        json.begin_object();
        json.key("name").value(file.name);
        json.key("rows").value(file.rows);
        json.key("bytes").value(file.bytes);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return in_lines(json.text());
}

}  // namespace casebook::capture_detail
