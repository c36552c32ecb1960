// What happened when, as a table:
//   time,kind,service,text
//   2026-11-23T01:41:12.511Z,deploy,catalog,catalog 3.4.1 -> 3.5.0 (rolling restart)

#include "analyzers/core/importer.h"

#include "analyzers/core/text.h"
#include "analyzers/importers/support/columns.h"
#include "analyzers/importers/support/event_kind.h"
#include "analyzers/importers/support/table_reader.h"

namespace casebook::importers {

extern const Importer events_csv;

namespace {

constexpr std::size_t npos = TableReader::npos;

struct EventColumns {
    std::size_t time, kind, service, text;

    explicit EventColumns(const Columns& columns)
        : time(columns.find({"time", "timestamp", "at", "when", "date", "datetime", "ts", "start", "started_at",
                             "start_time", "created_at", "deployed_at", "event_time"})),
          kind(columns.find({"kind", "event_kind", "event_type", "type", "category", "event", "action"})),
          service(columns.find(
              {"service", "service_name", "app", "application", "component", "system", "project", "target"})),
          text(columns.find({"text", "message", "description", "title", "summary", "details", "detail", "comment",
                             "note", "what", "change"}))
    {
        if (text == kind) text = npos;
    }

    bool complete() const { return time != npos && (kind != npos || text != npos); }
};

/// The lower-case word for a kind: "Deployment" and "DEPLOY" are "deploy"; unknown words stay.
std::string kind_of(std::string_view written, std::string_view text, bool& guessed)
{
    guessed = false;
    const std::string kind = lower(trim(written));
    if (!kind.empty()) {
        for (const std::string_view same : {"deployment", "deployed", "deploys", "release", "rollout"})
            if (kind == same) return "deploy";
        return kind;
    }
    guessed = true;
    const std::string_view told = event_kind_in(text);
    return told.empty() ? "event" : std::string(told);
}

int sniff(const Probe& probe)
{
    const TableLayout layout = table_layout(probe.head, probe.whole);
    if (layout.framing == TableFraming::none || layout.framing == TableFraming::json) return 0;
    const Columns columns(layout.columns);
    const EventColumns events(columns);
    if (!events.complete() ||
        columns.has({"trace_id", "span_id", "level", "severity", "log_level", "value", "logger", "error_severity"}))
        return 0;
    if (!layout.first_row.empty() &&
        !(events.time < layout.first_row.size() && cell_instant(layout.first_row[events.time])))
        return 0;
    return events.kind != npos && (events.text != npos || events.service != npos) ? 75 : 55;
}

Status read(Source& source, ImportContext& context)
{
    TRY_ASSIGN(const auto table, TableReader::open(source));
    const EventColumns columns{Columns(table->columns())};
    if (!columns.complete())
        return fail(Error::Code::notUnderstood, "the table has no time column with a kind or text beside it",
                    "wanted: time,kind,service,text");
    for (;;) {
        TRY_ASSIGN(const bool there, table->next());
        if (!there) return {};
        TRY(context.control().check());
        if (table->ragged()) {
            context.drop(table->line(), "ragged_row",
                         std::to_string(table->cell_count()) + " cells under " +
                             std::to_string(table->columns().size()) + " columns");
            continue;
        }
        const auto at = cell_instant(table->cell(columns.time));
        if (!at) {
            context.drop(table->line(), "bad_time",
                         "\"" + std::string(table->cell(columns.time).substr(0, 40)) + "\" is no time");
            continue;
        }
        bool guessed = false;
        const std::string_view text = trim(table->cell(columns.text));
        const std::string kind = kind_of(table->cell(columns.kind), text, guessed);
        EventRow row;
        row.at_ns = *at;
        row.kind = kind;
        row.service = trim(table->cell(columns.service));
        if (row.service.empty()) row.service = context.default_service();
        row.text = text;
        TRY(context.add(row));
        context.stored();
        if (guessed) context.repair(table->line(), "kind_guessed", "no kind given; taken from the text: " + kind);
    }
}

}  // namespace

const Importer events_csv{
    .id = "events_csv",
    .title = "Events: deploys, restarts, changes (CSV)",
    .brings = "event",
    .how = "write one line per deploy, restart, failover or change: time,kind,service,text",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
