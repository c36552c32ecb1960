#include "widgets/models/views/trace_diff_data.h"

#include "analyzers/core/number_hash.h"
#include "analyzers/core/text.h"
#include "widgets/charts/line_text.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <tsl/robin_map.h>

namespace casebook {
namespace {

constexpr double same_share = 0.01;  // of the longer side; closer requests take "about the same time"
constexpr const char* arrow = " → ";

QString tr(const char* text) { return QCoreApplication::translate("TraceDiff", text); }

QString per_request(std::uint64_t sum, std::uint64_t requests)
{
    if (requests == 0) return QStringLiteral("-");
    if (sum % requests == 0) return count_text(static_cast<std::int64_t>(sum / requests));
    return QString::fromStdString(format_number(static_cast<double>(sum) / static_cast<double>(requests), 3));
}

QString duration(double ns) { return duration_text(std::llround(std::clamp(ns, -9e18, 9e18))); }

/// The first place whose difference has this sign.
std::uint32_t first_with_sign(const TraceDiffData& data, bool positive)
{
    for (const std::uint32_t node : data.ranked) {
        const double difference = data.diff.waited_difference_ns(data.diff.nodes[node]);
        if (difference != 0 && (difference > 0) == positive) return node;
    }
    return TraceDiffNode::none;
}

QString calls_in_words(const TraceDiffData& data, std::uint32_t node)
{
    const TraceDiffNode& at = data.diff.nodes[node];
    const QString a = per_request(at.a.calls, data.diff.requests_a), b = per_request(at.b.calls, data.diff.requests_b);
    const auto calls = [](const QString& count) { return count == QLatin1String("1") ? tr("1 call") : tr("%1 calls").arg(count); };
    QString text = a == b ? calls(a) : calls(a) + QString::fromUtf8(arrow) + calls(b);
    if (!data.is_pair()) text += tr(" per request");
    return text;
}

/// Marks nodes of one parent, service and operation that differ in their statement only.
std::vector<std::uint8_t> mark_shared_names(const TraceDiff& diff)
{
    struct Key {
        std::uint32_t parent, service, operation;
        bool detached;
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const
        {
            const NumberHash hash;
            return hash(hash(std::uint64_t{key.parent} << 32 | key.service) ^ (std::uint64_t{key.operation} << 1 | key.detached));
        }
    };
    tsl::robin_map<Key, std::uint32_t, Hash> first;
    std::vector<std::uint8_t> marks(diff.nodes.size(), 0);
    for (std::uint32_t i = 0; i < diff.nodes.size(); ++i) {
        const TraceDiffNode& node = diff.nodes[i];
        const auto [found, is_new] = first.try_emplace(Key{node.parent, node.service, node.operation, node.detached}, i);
        if (!is_new) marks[i] = marks[found->second] = 1;
    }
    return marks;
}

}  // namespace

std::shared_ptr<const TraceDiffData> compare_requests(std::shared_ptr<const SpanTable> spans, ComparedRequests a, ComparedRequests b)
{
    auto data = std::make_shared<TraceDiffData>();
    data->spans = std::move(spans);
    data->a = std::move(a);
    data->b = std::move(b);
    for (auto* side : {&data->a, &data->b}) std::erase_if(side->rows, [&](SpanTable::Row row) { return row >= data->spans->size(); });
    data->diff = diff_traces(*data->spans, data->a.rows, data->b.rows);
    data->ranked = rank_differences(data->diff);
    data->named_twice = mark_shared_names(data->diff);
    for (const TraceDiffNode& node : data->diff.nodes) {
        data->parallel = data->parallel || node.a.waited_ns != node.a.self_ns || node.b.waited_ns != node.b.self_ns;
        if (node.depth == 0 && !node.detached)
            for (const auto& [longest, candidate] : {std::pair{&data->longest_a, node.a.longest}, std::pair{&data->longest_b, node.b.longest}})
                if (candidate != SpanTable::no_row && (*longest == SpanTable::no_row || data->spans->duration_ns[candidate] > data->spans->duration_ns[*longest])) *longest = candidate;
        data->largest_total_ns = std::max({data->largest_total_ns, data->diff.per_request_a(node.a.total_ns), data->diff.per_request_b(node.b.total_ns)});
    }
    return data;
}

QString call_title(const TraceDiffData& data, std::uint32_t node)
{
    const TraceDiffNode& at = data.diff.nodes[node];
    QString title = to_qt_line(data.spans->text(at.operation), 160);
    if (title.isEmpty()) title = tr("(unnamed)");
    const SpanTable::Row example = at.b.calls > 0 ? at.b.longest : at.a.longest;
    if (data.named_twice[node] && at.fingerprint != 0) title += QStringLiteral(" · ") + to_qt_line(data.spans->text(data.spans->statement[example]), 80);
    return title;
}

QString call_place(const TraceDiffData& data, std::uint32_t node)
{
    return to_qt_line(data.spans->text(data.diff.nodes[node].service), 80) + QString::fromUtf8(arrow) + call_title(data, node);
}

QString counts_text(const TraceDiffData& data, std::uint64_t sum_a, std::uint64_t sum_b)
{
    const QString a = per_request(sum_a, data.diff.requests_a), b = per_request(sum_b, data.diff.requests_b);
    return a == b ? a : a + QString::fromUtf8(arrow) + b;
}

QString signed_duration_text(double difference_ns)
{
    const QString text = duration(difference_ns);
    return difference_ns > 0 ? QLatin1Char('+') + text : text;
}

QString call_text(const TraceDiffData& data, std::uint32_t node)
{
    const TraceDiff& diff = data.diff;
    const TraceDiffNode& at = diff.nodes[node];
    QStringList lines{to_qt_line(data.spans->text(at.service), 120) + QStringLiteral("  ") + call_title(data, node)};
    if (at.only_in_a()) lines += tr("Only in A");
    if (at.only_in_b()) lines += tr("Only in B");
    if (at.detached) lines += tr("Its parent is not in the case; nobody is known to wait for it");
    if (!data.is_pair()) lines += tr("Means per request");
    const auto add = [&](const QString& name, std::int64_t TraceDiffSide::*sum) {
        const double a = diff.per_request_a(at.a.*sum), b = diff.per_request_b(at.b.*sum);
        const auto exact = [](double ns) { return exact_duration_text(std::llround(std::clamp(ns, -9e18, 9e18))); };
        lines += tr("%1: A %2, B %3, difference %4").arg(name, exact(a), exact(b), (b > a ? QStringLiteral("+") : QString()) + exact(b - a));
    };
    lines += tr("Calls: A %1, B %2").arg(per_request(at.a.calls, diff.requests_a), per_request(at.b.calls, diff.requests_b));
    if (at.a.errors + at.b.errors > 0) lines += tr("Errors: A %1, B %2").arg(per_request(at.a.errors, diff.requests_a), per_request(at.b.errors, diff.requests_b));
    add(tr("Total time"), &TraceDiffSide::total_ns);
    add(tr("Own time"), &TraceDiffSide::self_ns);
    add(tr("Own time waited for"), &TraceDiffSide::waited_ns);
    const SpanTable::Row example = at.b.calls > 0 ? at.b.longest : at.a.longest;
    if (at.fingerprint != 0) lines += tr("Statement: %1").arg(to_qt_line(data.spans->text(data.spans->statement[example]), 400));
    return lines.join(QLatin1Char('\n'));
}

QString headline(const TraceDiffData& data)
{
    const TraceDiff& diff = data.diff;
    const double a = diff.per_request_a(diff.total_a_ns), b = diff.per_request_b(diff.total_b_ns), difference = b - a;
    const QString from_to = duration(a) + QString::fromUtf8(arrow) + duration(b);
    const bool slower = difference > 0;
    QString text;
    if (std::fabs(difference) <= same_share * std::max(a, b)) {
        text = data.is_pair() ? tr("A and B take about the same time (%1)").arg(from_to) : tr("Requests of A and B take about the same time on average (%1)").arg(from_to);
        const std::uint32_t more = first_with_sign(data, true), less = first_with_sign(data, false);
        const auto telling = [&](std::uint32_t node) {
            return node != TraceDiffNode::none && std::fabs(diff.waited_difference_ns(diff.nodes[node])) > same_share * std::max(a, b);
        };
        if (telling(more)) text += tr("; %1 more in %2").arg(duration(diff.waited_difference_ns(diff.nodes[more])), call_place(data, more));
        if (telling(less)) text += tr("; %1 less in %2").arg(duration(-diff.waited_difference_ns(diff.nodes[less])), call_place(data, less));
        return text + QLatin1Char('.');
    }
    if (data.is_pair()) text = slower ? tr("B is %1 slower (%2)") : tr("B is %1 faster (%2)");
    else text = slower ? tr("A request of B is %1 slower on average (%2)") : tr("A request of B is %1 faster on average (%2)");
    text = text.arg(duration(std::fabs(difference)), from_to);
    const std::uint32_t node = first_with_sign(data, slower);
    if (node == TraceDiffNode::none) return text + QLatin1Char('.');
    const double part = std::fabs(diff.waited_difference_ns(diff.nodes[node])), rest = part - std::fabs(difference);
    if (rest <= same_share * std::fabs(difference))
        return text + tr("; %1 of it is in %2 (%3).").arg(duration(part), call_place(data, node), calls_in_words(data, node));
    // More than the whole difference: something else made up for a part of it.
    text += slower ? tr("; %1 more in %2 (%3), %4 less elsewhere.") : tr("; %1 less in %2 (%3), %4 more elsewhere.");
    return text.arg(duration(part), call_place(data, node), calls_in_words(data, node), duration(rest));
}

QString side_text(const TraceDiffData& data, bool side_b, TimeZoneMode zone)
{
    const ComparedRequests& side = side_b ? data.b : data.a;
    const std::uint64_t requests = side_b ? data.diff.requests_b : data.diff.requests_a;
    if (requests == 0) return side.name.isEmpty() ? tr("no request") : tr("%1: no request").arg(side.name);
    const SpanTable& spans = *data.spans;
    const SpanTable::Row row = side_b ? data.longest_b : data.longest_a;
    const QString operation = to_qt_line(spans.text(spans.service[row]), 60) + QLatin1Char(' ') + to_qt_line(spans.text(spans.operation[row]), 120);
    QStringList facts;
    if (requests > 1) {
        const bool one = std::all_of(side.rows.begin(), side.rows.end(), [&](SpanTable::Row other) {
            return spans.service[other] == spans.service[row] && spans.operation[other] == spans.operation[row];
        });
        facts += tr("%1 requests%2").arg(count_text(static_cast<std::int64_t>(requests)), one ? tr(" of %1").arg(operation) : QString());
        facts += tr("mean %1").arg(duration(side_b ? data.diff.per_request_b(data.diff.total_b_ns) : data.diff.per_request_a(data.diff.total_a_ns)));
    } else {
        std::uint64_t calls = 0;
        for (const TraceDiffNode& node : data.diff.nodes) calls += (side_b ? node.b : node.a).calls;
        const SpanTable::Trace& trace = spans.traces[spans.trace[row]];
        facts += {operation, duration_text(spans.duration_ns[row]), calls == 1 ? tr("1 span") : tr("%1 spans").arg(count_text(static_cast<std::int64_t>(calls))),
                  instant_text(spans.start_ns[row], zone, 3) + QLatin1Char(' ') + zone_text(zone, spans.start_ns[row]),
                  tr("trace %1").arg(QString::fromStdString(hex64(trace.high) + hex64(trace.low)))};
    }
    const QString text = facts.join(QStringLiteral(" · "));
    return side.name.isEmpty() ? text : side.name + QStringLiteral(": ") + text;
}

std::shared_ptr<TableData> difference_table(std::shared_ptr<const TraceDiffData> owner)
{
    using Kind = TableColumn::Kind;
    auto table = std::make_shared<TableData>();
    const TraceDiffData& data = *owner;
    table->owners.push_back(owner);
    const auto column = [](const char* name, const QString& title, const QString& help, Kind kind, TableColumn::Decor decor = TableColumn::Decor::none) {
        TableColumn made;
        made.name = QLatin1String(name);
        made.title = title;
        made.help = help;
        made.kind = kind;
        made.decor = decor;
        return made;
    };
    TableColumn waited = column("waited_difference_ns", tr("difference"), tr("Time the request waited for it, B less A; these add up to the difference of the requests"),
                                Kind::duration, TableColumn::Decor::change);
    TableColumn place = column("call", tr("where"), tr("Service and what it did"), Kind::text);
    TableColumn calls = column("calls", tr("calls"), tr("A and B; per request where there are several"), Kind::text);
    TableColumn own = column("own_difference_ns", tr("own time"), tr("Own time, B less A; of calls in parallel each one counts"), Kind::duration, TableColumn::Decor::change);
    TableColumn node = column("node", tr("node"), {}, Kind::count);
    for (const std::uint32_t index : data.ranked) {
        const TraceDiffNode& at = data.diff.nodes[index];
        waited.numbers.push_back(data.diff.waited_difference_ns(at));
        place.texts.push_back(table->keep(call_place(data, index).toStdString()));
        calls.texts.push_back(table->keep(counts_text(data, at.a.calls, at.b.calls).toStdString()));
        own.numbers.push_back(data.diff.self_difference_ns(at));
        node.integers.push_back(index);
        ++table->rows;
    }
    for (TableColumn* made : {&waited, &place, &calls, &own, &node}) table->columns.push_back(std::move(*made));
    finish_table(*table);
    return table;
}

}  // namespace casebook
