#include "widgets/models/views/statement_data.h"

#include "analyzers/core/text.h"
#include "widgets/models/views/table_column.h"

#include <QCoreApplication>
#include <algorithm>
#include <map>

namespace casebook {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("StatementTable", text); }

double real(const Value& value)
{
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
    if (const auto* number = std::get_if<double>(&value)) return *number;
    return 0;
}

}  // namespace

StatementData::StatementData(std::shared_ptr<const QueryResult> rows) : rows_(std::move(rows))
{
    if (!rows_) return;
    const auto place = [this](const char* name) { return static_cast<std::size_t>(std::find(rows_->columns.begin(), rows_->columns.end(), name) - rows_->columns.begin()); };
    const std::size_t at = place("snapshot_at_ns"), fingerprint = place("fingerprint"), query = place("query"), calls = place("calls"), count = place("rows"),
                      total = place("total_ms"), hit = place("shared_hit"), read = place("shared_read"), temp = place("temp_written"), id = place("query_id"), path = place("path");
    static const Value nothing;
    static const std::string no_text;
    struct Moment {
        std::optional<std::int64_t> at_ns;
        std::string_view path;  // two files without a time are two snapshots, not one with twice the calls
        bool operator<(const Moment& other) const
        {
            if (at_ns != other.at_ns) return at_ns < other.at_ns;  // no time sorts first
            return path != other.path && (natural_less(path, other.path) || (!natural_less(other.path, path) && path < other.path));
        }
    };
    std::map<Moment, std::map<std::string_view, Entry>> found;
    for (const auto& row : rows_->rows) {
        const auto value = [&](std::size_t column) -> const Value& { return column < row.size() ? row[column] : nothing; };
        const auto text = [&](std::size_t column) -> std::string_view { const auto* one = std::get_if<std::string>(&value(column)); return one ? *one : no_text; };
        Moment moment;
        if (const auto* ns = std::get_if<std::int64_t>(&value(at))) moment.at_ns = *ns;
        else moment.path = text(path);
        const std::string_view key = !text(fingerprint).empty() ? text(fingerprint) : !text(query).empty() ? text(query) : text(id);
        Entry& entry = found[moment][key];
        entry.key = key;
        entry.fingerprint = text(fingerprint);
        if (entry.query.empty()) entry.query = text(query);
        if (entry.query_id.empty()) entry.query_id = text(id);
        entry.calls += real(value(calls));
        entry.total_ms += real(value(total));
        entry.rows += real(value(count));
        entry.has_rows = entry.has_rows || value(count).index() != 0;
        entry.hit += real(value(hit));
        entry.read += real(value(read));
        entry.temp += real(value(temp));
        entry.has_blocks = entry.has_blocks || value(hit).index() != 0;
    }
    for (auto& [moment, statements] : found) {
        snapshots_.push_back({moment.at_ns, std::string(moment.path), static_cast<std::int64_t>(statements.size())});
        entries_.emplace_back();
        for (auto& [key, entry] : statements) entries_.back().push_back(entry);
    }
}

std::shared_ptr<TableData> StatementData::table(int before, int after) const
{
    using Kind = TableColumn::Kind;
    auto table = std::make_shared<TableData>();
    if (after < 0 || static_cast<std::size_t>(after) >= entries_.size()) return table;
    table->owners.push_back(rows_);
    std::vector<Entry> entries = entries_[static_cast<std::size_t>(after)];
    if (before >= 0 && before < after) {
        const std::vector<Entry>& old = entries_[static_cast<std::size_t>(before)];
        for (Entry& entry : entries) {
            const auto same = std::lower_bound(old.begin(), old.end(), entry.key, [](const Entry& a, std::string_view key) { return a.key < key; });
            if (same == old.end() || same->key != entry.key || same->calls > entry.calls) continue;
            entry.earlier_calls = same->calls;
            entry.earlier_ms = same->total_ms;
            entry.calls -= same->calls;
            entry.rows -= same->rows;
            entry.total_ms -= same->total_ms;
            entry.hit -= same->hit;
            entry.read -= same->read;
            entry.temp -= same->temp;
        }
    }
    std::erase_if(entries, [](const Entry& entry) { return entry.calls <= 0; });
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.total_ms > b.total_ms; });
    double all_ms = 0;
    for (const Entry& entry : entries) all_ms += std::max(0.0, entry.total_ms);
    TableColumn query = named_column("query", tr("statement"), Kind::text), calls = named_column("calls", tr("calls"), Kind::count), total = named_column("total_ms", tr("total"), Kind::duration);
    TableColumn share = named_column("total_share", tr("share"), Kind::share, tr("Share of the time of all statements")), mean = named_column("mean_ms", tr("mean"), Kind::duration);
    TableColumn rate = named_column("calls_per_s", tr("rate"), Kind::count), change = named_column("mean_change_ms", tr("Δ mean"), Kind::duration, tr("Mean between the snapshots, less the mean of all calls before the first of them"));
    TableColumn id = named_column("query_id", tr("query id"), Kind::text, tr("queryid of the database"));
    TableColumn rows = named_column("rows_per_call", tr("rows per call"), Kind::count), hit = named_column("hit_share", tr("cache hits"), Kind::share, tr("Blocks found in shared buffers, of all blocks asked for"));
    TableColumn read = named_column("shared_read", tr("read"), Kind::count), temp = named_column("temp_written", tr("temporary"), Kind::count), fingerprint = named_column("fingerprint", tr("fingerprint"), Kind::text);
    total.factor = mean.factor = change.factor = 1e6;
    change.decor = TableColumn::Decor::change;
    rate.unit = QStringLiteral("1/s");
    const bool compared = before >= 0 && before < after;
    double seconds = 0;
    if (compared)
        if (const auto &from = snapshots_[static_cast<std::size_t>(before)].at_ns, &to = snapshots_[static_cast<std::size_t>(after)].at_ns; from && to)
            seconds = static_cast<double>(*to - *from) / 1e9;
    total.decor = TableColumn::Decor::bar;
    read.unit = temp.unit = QStringLiteral("blocks");
    for (const Entry& entry : entries) {
        query.texts.push_back(entry.query);
        query.shown.push_back(!entry.query.empty() ? entry.query
                              : entry.query_id.empty() ? table->keep(tr("text not recorded").toStdString())
                                                       : table->keep(tr("text not recorded (queryid %1)").arg(QString::fromUtf8(entry.query_id.data(), static_cast<qsizetype>(entry.query_id.size()))).toStdString()));
        calls.integers.push_back(static_cast<std::int64_t>(entry.calls));
        total.numbers.push_back(entry.total_ms);
        share.numbers.push_back(all_ms > 0 ? entry.total_ms / all_ms : 0);
        mean.numbers.push_back(entry.total_ms / entry.calls);
        rate.numbers.push_back(seconds > 0 ? entry.calls / seconds : 0);
        change.null.push_back(entry.earlier_calls <= 0);
        change.numbers.push_back(entry.earlier_calls > 0 ? mean.numbers.back() - entry.earlier_ms / entry.earlier_calls : 0);
        rows.numbers.push_back(entry.rows / entry.calls);
        rows.null.push_back(!entry.has_rows);
        const double asked = entry.hit + entry.read;
        hit.numbers.push_back(asked > 0 ? entry.hit / asked : 0);
        hit.null.push_back(asked <= 0);
        read.integers.push_back(static_cast<std::int64_t>(entry.read));
        read.null.push_back(!entry.has_blocks);
        temp.integers.push_back(static_cast<std::int64_t>(entry.temp));
        temp.null.push_back(!entry.has_blocks);
        fingerprint.texts.push_back(entry.fingerprint);
        id.texts.push_back(entry.query_id);
        ++table->rows;
    }
    const auto add = [&](std::initializer_list<TableColumn*> columns) {
        for (TableColumn* made : columns) table->columns.push_back(std::move(*made));
    };
    add({&query, &calls});
    if (seconds > 0) add({&rate});
    add({&total, &share, &mean});
    if (compared) add({&change});
    add({&rows, &hit, &read, &temp, &id, &fingerprint});
    finish_table(*table);
    return table;
}

}  // namespace casebook
