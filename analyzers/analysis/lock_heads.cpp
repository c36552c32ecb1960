#include "analyzers/analysis/lock_heads.h"

#include "analyzers/core/text.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>

namespace casebook {
namespace {

bool is_definition(std::string_view query)
{
    static constexpr std::array<std::string_view, 9> verbs{"ALTER",   "CREATE", "DROP",    "TRUNCATE", "REINDEX",
                                                           "CLUSTER", "LOCK",   "REFRESH", "VACUUM"};
    const std::string verb = query.empty() ? std::string() : summarize_sql(query).verb;
    return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

} // namespace

const DatabaseSession* definition_in(const LockChain& chain)
{
    if (chain.head && is_definition(chain.head->query)) return chain.head;
    for (const LockChain::Waiter& waiter : chain.waiters)
        if (is_definition(waiter.session->query)) return waiter.session;
    return nullptr;
}

Result<SpanTable::Row> remote_call_of_head(AnalysisContext& context, const SessionSample& sample,
                                           const DatabaseSession* head)
{
    if (!head || !head->is_idle_in_transaction() || !sample.at_ns || head->application.empty())
        return SpanTable::no_row;
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    const auto is_head = [&](std::string_view service) {
        return !service.empty() && (contains_ignoring_case(head->application, service) ||
                                    contains_ignoring_case(service, head->application));
    };
    const double idle_ms = head->state_ms().value_or(0);
    for (SpanTable::Row row = 0; row < spans->size(); ++row) {
        if (classes->of[row] != SpanClass::remote_call || spans->kind[row] != SpanKind::client) continue;
        if (spans->start_ns[row] > *sample.at_ns || spans->end_ns(row) < *sample.at_ns) continue;
        // The call fills the time since the head's last statement.
        const double called_ms = static_cast<double>(*sample.at_ns - spans->start_ns[row]) / 1e6;
        if (called_ms >= idle_ms / 2 && called_ms <= idle_ms * 1.1 + 50 && is_head(spans->text(spans->service[row])))
            return row;
    }
    return SpanTable::no_row;
}

} // namespace casebook
