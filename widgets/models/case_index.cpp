#include "widgets/models/case_index.h"

#include "analyzers/core/text.h"
#include "analyzers/store/query.h"
#include "widgets/charts/line_text.h"
#include "widgets/charts/time_text.h"
#include "widgets/models/fuzzy_match.h"
#include "widgets/qt_text.h"

#include <QCoreApplication>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace casebook {
namespace {

using Kind = SearchItem::Kind;

constexpr std::int64_t most_names = 200'000;  // of one kind; more would be a dump, not names
constexpr std::size_t longest_title = 4'000;
constexpr std::size_t most_traces = 20;
constexpr qsizetype least_digits = 3;         // fewer match every case

QString tr(const char* text) { return QCoreApplication::translate("CaseIndex", text); }

QString line(std::string_view text)
{
    return to_qt(text.substr(0, longest_title)).simplified();
}

std::string last_part(const std::string& path)
{
    return path.substr(path.find_last_of('/') + 1);
}

/// Services, operations and statements of spans.
Status add_spans(CaseIndex& index, std::map<std::string, SearchItem>& statements, const Control& control)
{
    const SpanTable& spans = *index.spans;
    struct Operation {
        std::int64_t spans = 0;
        bool entry = false;
    };
    std::unordered_map<SpanTable::Id, std::int64_t> services;
    std::unordered_map<std::uint64_t, Operation> operations;
    std::unordered_map<SpanTable::Id, SpanTable::Row> texts;  // fingerprint -> first row with it
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if ((row & 0xffff) == 0) TRY(control.check());
        ++services[spans.service[row]];
        Operation& operation = operations[(std::uint64_t{spans.service[row]} << 32) | spans.operation[row]];
        ++operation.spans;
        operation.entry |= spans.parent[row] == SpanTable::no_row || spans.kind[row] == SpanKind::server || spans.kind[row] == SpanKind::consumer;
        if (spans.fingerprint[row] != 0) texts.try_emplace(spans.fingerprint[row], row);
    }
    for (const auto& [id, count] : services)
        index.items.push_back({Kind::service, line(spans.text(id)), tr("%1 spans").arg(count_text(count)), {}, std::string(spans.text(id)), {}, 0});
    for (const auto& [both, operation] : operations) {
        const auto service = static_cast<SpanTable::Id>(both >> 32), name = static_cast<SpanTable::Id>(both);
        index.items.push_back({Kind::operation, line(spans.text(name)), tr("%1, %2 spans").arg(line(spans.text(service)), count_text(operation.spans)), {},
                               std::string(spans.text(service)), std::string(spans.text(name)), operation.entry});
    }
    for (const auto& [fingerprint, row] : texts)
        statements[std::string(spans.text(fingerprint))] = {Kind::statement, line(spans.text(spans.statement[row])), line(spans.text(spans.service[row])), {},
                                                            std::string(spans.text(fingerprint)), {}, 0};
    return {};
}

/// Rows of a query as items: title, detail, first, number.
Status add_rows(CaseIndex& index, CaseFile& file, Kind kind, const char* sql, const Control& control)
{
    TRY_ASSIGN(const QueryResult found, run_query(file, sql, {}, QueryLimits{.max_rows = most_names}, control));
    for (const auto& row : found.rows) {
        const auto* number = std::get_if<std::int64_t>(&row[3]);
        SearchItem item{kind, line(to_text(row[0])), line(to_text(row[1])), {}, to_text(row[2]), {}, number ? *number : 0};
        if (!item.title.isEmpty()) index.items.push_back(std::move(item));
    }
    return {};
}

void find_traces(std::vector<SearchHit>& hits, const QString& typed, const SpanTable& spans)
{
    const std::string digits = lower(typed.trimmed().remove(QLatin1Char('-')).toStdString());
    if (static_cast<qsizetype>(digits.size()) < least_digits || digits.size() > 32 || digits.find_first_not_of("0123456789abcdef") != std::string::npos) return;
    const std::string from = digits + std::string(32 - digits.size(), '0');
    const std::uint64_t high = std::stoull(from.substr(0, 16), nullptr, 16), low = std::stoull(from.substr(16), nullptr, 16);
    auto trace = std::lower_bound(spans.traces.begin(), spans.traces.end(), std::pair(high, low),
                                  [](const SpanTable::Trace& one, const auto& wanted) { return std::pair(one.high, one.low) < wanted; });
    for (std::size_t found = 0; trace != spans.traces.end() && found < most_traces; ++trace, ++found) {
        const std::string id = hex64(trace->high) + hex64(trace->low);
        if (!std::string_view(id).starts_with(digits)) return;
        const SpanTable::Row root = trace->root == SpanTable::no_row ? trace->first : trace->root;
        SearchItem item{Kind::trace, to_qt(id), tr("%1 %2, %3").arg(line(spans.text(spans.service[root])), line(spans.text(spans.operation[root])), duration_text(trace->end_ns - trace->start_ns)),
                        {}, id, {}, 0};
        // Digits that name a trace mean it: before anything that happens to contain them.
        hits.push_back({std::move(item), 150 + 8 * static_cast<int>(digits.size()), {{0, static_cast<int>(digits.size())}}});
    }
}

}  // namespace

Result<CaseIndex> read_case_index(CaseFile& file, std::shared_ptr<const SpanTable> spans, const Control& control)
{
    CaseIndex index;
    index.spans = std::move(spans);
    std::map<std::string, SearchItem> statements;
    if (index.spans) TRY(add_spans(index, statements, control));
    TRY_ASSIGN(const QueryResult counted,
               run_query(file, "SELECT fingerprint, query, sum(calls) FROM statement GROUP BY fingerprint", {}, QueryLimits{.max_rows = most_names}, control));
    for (const auto& row : counted.rows) {
        const std::string fingerprint = to_text(row[0]);
        if (!fingerprint.empty()) statements[fingerprint] = {Kind::statement, line(to_text(row[1])), tr("counted by the database"), {}, fingerprint, {}, 1};
    }
    for (auto& [fingerprint, item] : statements)
        if (!item.title.isEmpty()) index.items.push_back(std::move(item));
    TRY(add_rows(index, file, Kind::heapClass, "SELECT class, '', class, 0 FROM heap_class GROUP BY class ORDER BY max(bytes) DESC", control));
    TRY(add_rows(index, file, Kind::table,
                 "SELECT name, '', name, 0 FROM (SELECT relation AS name FROM plan_node UNION SELECT \"table\" FROM table_stat) WHERE name <> '' ORDER BY name", control));
    TRY(add_rows(index, file, Kind::event, "SELECT text, trim(kind || ' ' || service), text, at_ns FROM event ORDER BY at_ns", control));
    TRY_ASSIGN(const QueryResult notes,
               run_query(file, "SELECT n.detail, n.code, f.path, n.file_id FROM import_note n JOIN import_file f ON f.id = n.file_id", {}, QueryLimits{.max_rows = most_names}, control));
    for (const auto& row : notes.rows)
        index.items.push_back({Kind::note, line(to_text(row[0])), line(last_part(to_text(row[2])) + ", " + to_text(row[1])), {}, to_text(row[2]), {}, std::get<std::int64_t>(row[3])});
    return index;
}

Result<std::vector<SearchItem>> read_remarks(CaseFile& file, const Control& control)
{
    TRY_ASSIGN(const QueryResult found,
               run_query(file, "SELECT analyzer, key, trim(note || ' ' || reason) FROM finding_decision WHERE note <> '' OR reason <> '' ORDER BY changed_at_ns DESC", {},
                         QueryLimits{.max_rows = most_names}, control));
    std::vector<SearchItem> items;
    for (const auto& row : found.rows) items.push_back({Kind::remark, line(to_text(row[2])), line(to_text(row[0])), {}, to_text(row[0]), to_text(row[1]), 0});
    return items;
}

Result<std::vector<SearchHit>> search_case(const QString& typed, const std::vector<SearchItem>& others, const CaseIndex* index, std::size_t most, const Control& control)
{
    constexpr int in_detail = 40;  // so much less than in the title
    const FuzzyPattern pattern(typed);
    std::vector<SearchHit> hits;
    struct Scored {
        int score;
        const SearchItem* item;
    };
    std::vector<Scored> scored;
    const auto look = [&](const std::vector<SearchItem>& items) -> Status {
        for (std::size_t i = 0; i < items.size(); ++i) {
            if ((i & 0xfff) == 0) TRY(control.check());
            const SearchItem& item = items[i];
            int score = 0;
            if (!pattern.empty()) {
                if (const auto title = pattern.match(item.title)) score = title->score;
                else if (const auto both = pattern.match(item.title.left(200) + QLatin1Char(' ') + item.detail)) score = both->score - in_detail;
                else continue;
            }
            scored.push_back({score, &item});
        }
        return {};
    };
    TRY(look(others));
    if (index != nullptr) {
        TRY(look(index->items));
        if (index->spans) find_traces(hits, typed, *index->spans);
    }
    // Ties by kind, then by name: the same words bring the same list. Nothing typed keeps the order things came in.
    if (!pattern.empty()) {
        const auto better = [](const Scored& a, const Scored& b) {
            if (a.score != b.score) return a.score > b.score;
            if (a.item->kind != b.item->kind) return a.item->kind < b.item->kind;
            return a.item->title != b.item->title ? a.item->title < b.item->title : a.item->detail < b.item->detail;
        };
        const std::size_t kept = std::min(most, scored.size());
        std::partial_sort(scored.begin(), scored.begin() + static_cast<std::ptrdiff_t>(kept), scored.end(), better);
    }
    scored.resize(std::min(most, scored.size()));
    for (const Scored& one : scored) {
        SearchHit hit{*one.item, one.score, {}};
        if (const auto title = pattern.match(hit.item.title)) hit.ranges = title->ranges;
        hits.push_back(std::move(hit));
    }
    std::stable_sort(hits.begin(), hits.end(), [](const SearchHit& a, const SearchHit& b) { return a.score > b.score; });
    if (hits.size() > most) hits.resize(most);
    return hits;
}

QString kind_text(SearchItem::Kind kind)
{
    switch (kind) {
    case Kind::command: return tr("command");
    case Kind::view: return tr("view");
    case Kind::finding: return tr("finding");
    case Kind::remark: return tr("note");
    case Kind::service: return tr("service");
    case Kind::operation: return tr("operation");
    case Kind::statement: return tr("statement");
    case Kind::heapClass: return tr("heap class");
    case Kind::table: return tr("table");
    case Kind::event: return tr("event");
    case Kind::note: return tr("import note");
    case Kind::trace: break;
    }
    return tr("trace");
}

}  // namespace casebook
