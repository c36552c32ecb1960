#include "analyzers/analysis/connection_refusals.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/failure.h"

#include <algorithm>
#include <array>

namespace casebook {
namespace {

enum class Refusal { none, server, limited };

Refusal refusal_in(std::string_view text)
{
    if (contains_ignoring_case(text, "too many connections for ")) return Refusal::limited;
    for (const std::string_view sign : {"too many clients already", "remaining connection slots are reserved",
                                        "too_many_connections", "too many connections"})
        if (contains_ignoring_case(text, sign)) return Refusal::server;
    // The code alone, as a word: 53300 is also a number like any other.
    for (std::size_t at = text.find("53300"); at != std::string_view::npos; at = text.find("53300", at + 1)) {
        const bool begins = at == 0 || !std::isalnum(static_cast<unsigned char>(text[at - 1]));
        const bool ends = at + 5 == text.size() || !std::isalnum(static_cast<unsigned char>(text[at + 5]));
        if (begins && ends &&
            (text.size() == 5 || contains_ignoring_case(text, "sqlstate") || contains_ignoring_case(text, "code") ||
             contains_ignoring_case(text, "fatal")))
            return Refusal::server;
    }
    return Refusal::none;
}

Refusal refusal_of(const SpanTable& spans, SpanTable::Row row)
{
    static constexpr std::array<std::string_view, 9> keys{
        "db.response.status_code", "error.type",     "exception.message",      "exception.type", "error.message",
        "otel.status_description", "status.message", "db.postgresql.sqlstate", "error.code"};
    Refusal found = Refusal::none;
    for (const std::string_view key : keys)
        if (const Refusal one = refusal_in(spans.attribute(row, std::span(&key, 1))); one > found) found = one;
    return found;
}

void keep(Refusals& refusals, Refusal kind, std::int64_t at_ns, std::string_view service)
{
    (kind == Refusal::limited ? refusals.limited : refusals.server).push_back(at_ns);
    if (!service.empty()) refusals.services.emplace(service);
}

constexpr const char* of_text =
    "(text LIKE '%too many clients already%' OR text LIKE '%remaining connection slots are reserved%' OR text LIKE "
    "'%too many connections%' OR text LIKE '%too_many_connections%' OR text LIKE '%53300%')";

} // namespace

Result<Refusals> find_refusals(AnalysisContext& context)
{
    Refusals refusals;
    // Events and logs do not stretch the case: analysed as a whole, it has all of them.
    const bool whole = context.windows().analysed_name == "case";
    const TimeRange window = whole ? TimeRange{earliest_instant_ns, latest_instant_ns} : context.windows().analysed;
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    std::optional<std::uint32_t> first_trace;
    for (SpanTable::Row row = 0; row < spans->size(); ++row) {
        if (!window.contains(spans->start_ns[row]) || !failed(*spans, row)) continue;
        const Refusal kind = refusal_of(*spans, row);
        if (kind == Refusal::none) continue;
        // A failed call and the requests around it tell of one refusal: the outermost spans of a chain say nothing new.
        const SpanTable::Row parent = spans->parent[row];
        if (parent != SpanTable::no_row && failed(*spans, parent) && refusal_of(*spans, parent) != Refusal::none)
            continue;
        keep(refusals, kind, spans->start_ns[row], spans->text(spans->service[row]));
        if (!first_trace) first_trace = spans->trace[row];
    }
    if (first_trace)
        refusals.evidence.push_back(span_tree_evidence(*spans, *first_trace, "A request whose connection was refused"));

    for (const char* view : {"event", "log_line"}) {
        TRY_ASSIGN(const std::int64_t rows, context.evidence().amount(view));
        if (rows == 0) continue;
        TRY_ASSIGN(Statement lines,
                   context.evidence().file().database().prepare(std::string("SELECT at_ns, service, text FROM ") +
                                                                view + " WHERE " + of_text + " ORDER BY at_ns, text"));
        std::size_t found = 0;
        for (;;) {
            TRY_ASSIGN(const bool more, lines.step());
            if (!more) break;
            if (lines.is_null(0)) continue;
            const std::int64_t at = clamp_instant(lines.integer(0));
            const Refusal kind = refusal_in(lines.text(2));
            if (kind == Refusal::none || !window.contains(at)) continue;
            keep(refusals, kind, at, lines.text(1));
            ++found;
        }
        if (found > 0)
            refusals.evidence.push_back({"Refused connections",
                                         "table",
                                         std::string(view) == "event" ? "event" : "log",
                                         std::string("SELECT at_ns, service, text FROM ") + view + " WHERE " + of_text +
                                             " AND at_ns >= ?1 AND at_ns < ?2 ORDER BY at_ns, text",
                                         {window.from_ns, window.to_ns}});
    }
    std::sort(refusals.server.begin(), refusals.server.end());
    std::sort(refusals.limited.begin(), refusals.limited.end());
    return refusals;
}

} // namespace casebook
