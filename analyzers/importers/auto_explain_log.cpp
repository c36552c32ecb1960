#include "analyzers/core/importer.h"
#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"
#include "analyzers/importers/support/csv_reader.h"
#include "analyzers/importers/support/json_parser.h"
#include "analyzers/importers/support/postgres_log.h"
#include "analyzers/importers/support/source.h"
#include "analyzers/plan/plan_rows.h"
#include "analyzers/plan/read_plans.h"

#include <array>
#include <utility>

namespace casebook::importers {

namespace {

/// Longer messages are cut: a server that logs gigabytes without a line end is broken, not slow.
constexpr std::size_t max_message_bytes = 64u << 20;

// Stores messages, one record each: a plan of auto_explain as a plan, all else as a log line.
class Messages {
public:
    explicit Messages(ImportContext& context) : context_(context) {}

    Status add(PostgresMessage& message)
    {
        if (message.at_ns && message.guessed_zone)
            context_.note(message.line, "unknown_time_zone", "a time zone that is not known was taken as UTC");
        if (!is_clean_utf8(message.text)) {
            message.text = clean_utf8(message.text);
            context_.repair(message.line, "bad_utf8", "bytes that are not UTF-8 were replaced");
        }
        if (const auto logged = logged_plan(message.text)) {
            auto plans = plan::read(plan::format_of(logged->plan), logged->plan, message.line + 1);
            if (plans && !plans->trees.empty()) return add_plan(message, *logged, std::move(plans->trees.front()), plans->note);
            if (looks_like_plan(logged->plan))
                context_.repair(message.line, "plan_not_understood",
                                (plans ? std::string("no plan in it") : plans.error().what) + "; kept as a log line");
        }
        LogLineRow row;
        row.at_ns = message.at_ns;
        row.service = context_.default_service();
        row.level = message.severity;
        const std::string whole = message.whole();
        row.text = whole;
        row.source_line = message.line;
        TRY(context_.add(row));
        context_.stored();
        return {};
    }

private:
    // "duration: 1.2 ms  parse <unnamed>:" may also have lines behind it.
    static bool looks_like_plan(std::string_view text)
    {
        return text.find("Plan") != std::string_view::npos || text.find("(cost=") != std::string_view::npos;
    }

    Status add_plan(const PostgresMessage& message, const LoggedPlan& logged, plan::Tree tree, const std::string& note)
    {
        JsonWriter log;
        log.begin_object();
        const std::array<std::pair<const char*, const std::string*>, 5> origin{
            {{"User", &message.user}, {"Database", &message.database}, {"Application", &message.application},
             {"PID", &message.pid}, {"Details", &message.details}}};
        for (const auto& [key, value] : origin) {
            if (!value->empty()) log.key(key).value(*value);
        }
        log.end_object();
        tree.properties.set("Log", log.take());
        tree.source_line = message.line;
        PlanRow row = plan::plan_row(std::move(tree));
        row.at_ns = message.at_ns;
        if (row.query_id.empty()) row.query_id = message.query_id;
        // auto_explain does not print the execution time; the duration it logs is it.
        if (!row.execution_ms) row.execution_ms = parse_double(logged.duration_ms);
        TRY(context_.add(row));
        context_.stored();
        if (!note.empty()) context_.repair(message.line, "plan_mended", note);
        return {};
    }

    ImportContext& context_;
};

// The server's own stderr, or what syslog made of it: messages over several lines, each part with a label.
class StderrLog {
public:
    StderrLog(Source& source, ImportContext& context) : source_(source), context_(context), messages_(context) {}

    Status read()
    {
        while (true) {
            TRY_ASSIGN(const std::optional<std::string_view> line, source_.line());
            if (!line) return flush();
            TRY(take(*line));
        }
    }

private:
    Status take(std::string_view line)
    {
        const PostgresLogLine cut = cut_postgres_line(line);
        if (cut.continues) {
            if (open_) append(cut.text, !cut.same_line);
            else TRY(add_stray(line));
            tabs_seen_ = true;
            return {};
        }
        PostgresMessage next;
        if (!cut.label.empty()) read_postgres_prefix(cut.prefix, next);
        const bool is_message = !cut.label.empty() && (is_postgres_label(cut.label) || next.at_ns || !next.pid.empty());
        if (!is_message) {
            if (trim(line).empty() && !open_) return {};
            // Some collectors take the tabs off; then a plan's lines can only be told by what they follow.
            const bool in_plan = open_ && !tabs_seen_ && logged_plan(message_.text + "\n");
            if (in_plan) append(line, true);
            else if (!trim(line).empty()) TRY(add_stray(line));
            return {};
        }
        if (open_ && is_postgres_detail(cut.label) && next.pid == message_.pid) {
            in_details_ = true;
            append(std::string(cut.label) + ":  " + std::string(cut.text), !message_.details.empty());
            return {};
        }
        TRY(flush());
        message_ = std::move(next);
        message_.line = source_.line_number();
        message_.severity = cut.label;
        message_.text = cut.text;
        open_ = true;
        return {};
    }

    void append(std::string_view text, bool new_line)
    {
        std::string& part = in_details_ ? message_.details : message_.text;
        if (part.size() + text.size() > max_message_bytes) {
            context_.note(message_.line, "message_cut", "a message longer than 64 MiB was cut");
            return;
        }
        if (new_line) part += '\n';
        part += text;
    }

    Status add_stray(std::string_view line)
    {
        TRY(flush());
        PostgresMessage stray;
        stray.line = source_.line_number();
        stray.text = line;
        return messages_.add(stray);
    }

    Status flush()
    {
        tabs_seen_ = in_details_ = false;
        if (!std::exchange(open_, false)) return {};
        return messages_.add(message_);
    }

    Source& source_;
    ImportContext& context_;
    Messages messages_;
    PostgresMessage message_;
    bool open_ = false;
    bool in_details_ = false;
    bool tabs_seen_ = false;
};

void append_detail(std::string& details, std::string_view label, std::string_view text)
{
    if (text.empty()) return;
    if (!details.empty()) details += '\n';
    details += label;
    details += ":  ";
    details += text;
}

// The place in the statement, which stderr logs have in the message itself.
void append_position(PostgresMessage& message, std::string_view position)
{
    if (!position.empty() && position != "0") message.text += " at character " + std::string(position);
}

/// Columns of csvlog, the same since version 9.0; 23 to 25 came with 13 and 14.
enum Column : std::size_t {
    logTime = 0, user = 1, database = 2, pid = 3, severity = 11, message = 13, detail = 14, hint = 15, internalQuery = 16,
    context = 18, query = 19, queryPosition = 20, location = 21, application = 22, queryId = 25
};

Status read_csv(Source& source, ImportContext& import)
{
    Messages messages(import);
    CsvReader reader(source, CsvDialect{});
    while (true) {
        TRY_ASSIGN(const bool more, reader.next());
        if (!more) return {};
        const auto& cells = reader.cells();
        const auto cell = [&](std::size_t index) { return index < cells.size() ? cells[index] : std::string_view(); };
        if (cells.size() <= Column::message || cell(Column::severity).empty()) {
            import.drop(reader.line(), reader.broken_quote() ? "truncated" : "not_a_log_record",
                        "a record without the columns of csvlog");
            continue;
        }
        PostgresMessage out;
        out.line = reader.line();
        out.at_ns = postgres_log_time(cell(Column::logTime), out.guessed_zone);
        out.severity = cell(Column::severity);
        out.text = cell(Column::message);
        out.user = cell(Column::user);
        out.database = cell(Column::database);
        out.pid = cell(Column::pid);
        out.application = cell(Column::application);
        if (cell(Column::queryId) != "0") out.query_id = cell(Column::queryId);
        append_position(out, cell(Column::queryPosition));
        append_detail(out.details, "DETAIL", cell(Column::detail));
        append_detail(out.details, "HINT", cell(Column::hint));
        append_detail(out.details, "QUERY", cell(Column::internalQuery));
        append_detail(out.details, "CONTEXT", cell(Column::context));
        append_detail(out.details, "STATEMENT", cell(Column::query));
        append_detail(out.details, "LOCATION", cell(Column::location));
        TRY(messages.add(out));
    }
}

// A string, or a number as text.
std::string json_text(const simdjson::dom::object& object, std::string_view key)
{
    simdjson::dom::element value;
    if (object.at_key(key).get(value)) return {};
    std::string_view text;
    if (!value.get_string().get(text)) return std::string(text);
    std::int64_t number = 0;
    if (!value.get_int64().get(number)) return std::to_string(number);
    return {};
}

Status read_json_lines(Source& source, ImportContext& import)
{
    Messages messages(import);
    JsonParser parser;
    while (true) {
        TRY_ASSIGN(const std::optional<std::string_view> line, source.line());
        if (!line) return {};
        if (trim(*line).empty()) continue;
        simdjson::dom::element root;
        simdjson::dom::object object;
        if (!parser.parse(*line, 0, root) || root.get_object().get(object)) {
            import.drop(source.line_number(), "not_json", parser.error());
            continue;
        }
        PostgresMessage out;
        out.line = source.line_number();
        out.at_ns = postgres_log_time(json_text(object, "timestamp"), out.guessed_zone);
        out.severity = json_text(object, "error_severity");
        out.text = json_text(object, "message");
        out.user = json_text(object, "user");
        out.database = json_text(object, "dbname");
        out.pid = json_text(object, "pid");
        out.application = json_text(object, "application_name");
        out.query_id = json_text(object, "query_id");
        if (out.query_id == "0") out.query_id.clear();
        append_position(out, json_text(object, "cursor_position"));
        for (const auto& [label, key] : {std::pair{"DETAIL", "detail"}, {"HINT", "hint"}, {"QUERY", "internal_query"},
                                         {"CONTEXT", "context"}, {"STATEMENT", "statement"}, {"BACKTRACE", "backtrace"}})
            append_detail(out.details, label, json_text(object, key));
        if (parser.mended()) import.repair(out.line, "bad_utf8", "bytes that are not UTF-8 were replaced");
        TRY(messages.add(out));
    }
}

int sniff(const Probe& probe)
{
    std::string_view head = probe.head;
    if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
    switch (postgres_log_kind(head)) {
    case PostgresLogKind::none: return 0;
    case PostgresLogKind::stderr_text: return 85;
    case PostgresLogKind::csv:
    case PostgresLogKind::json: return 95;
    }
    return 0;
}

Status read(Source& source, ImportContext& context)
{
    constexpr std::size_t enough = 64u << 10;
    TRY_ASSIGN(const std::string_view window, source.window(enough));
    std::string_view head = window.substr(0, enough);
    if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
    switch (postgres_log_kind(head)) {
    case PostgresLogKind::csv: return read_csv(source, context);
    case PostgresLogKind::json: return read_json_lines(source, context);
    case PostgresLogKind::none:
    case PostgresLogKind::stderr_text: break;
    }
    return StderrLog(source, context).read();
}

}  // namespace

extern const Importer auto_explain_log{
    .id = "auto_explain_log",
    .title = "PostgreSQL server log (stderr, csvlog, jsonlog) with plans of auto_explain",
    .brings = "plan",
    .how = "session_preload_libraries = 'auto_explain', auto_explain.log_min_duration = '500ms', then the server's log file",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
