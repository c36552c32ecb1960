#include "widgets/models/views/heap_data.h"

#include "analyzers/core/text.h"
#include "widgets/models/views/table_column.h"

#include <QCoreApplication>
#include <algorithm>
#include <map>
#include <unordered_map>

namespace casebook {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("HeapTable", text); }

std::int64_t whole(const Value& value)
{
    const auto* integer = std::get_if<std::int64_t>(&value);
    return integer ? *integer : 0;
}

}  // namespace

HeapData::HeapData(std::shared_ptr<const QueryResult> rows) : rows_(std::move(rows))
{
    if (!rows_) return;
    const auto place = [this](const char* name) { return static_cast<std::size_t>(std::find(rows_->columns.begin(), rows_->columns.end(), name) - rows_->columns.begin()); };
    const std::size_t file = place("file_id"), at = place("at_ns"), name = place("class"), instances = place("instances"), bytes = place("bytes");
    if (std::max({file, at, name, instances, bytes}) >= rows_->columns.size()) return;
    const std::size_t path = place("path");
    using Key = std::pair<std::int64_t, std::optional<std::int64_t>>;
    const auto key_of = [&](const std::vector<Value>& row) {
        Key key{whole(row[file]), {}};
        if (const auto* ns = std::get_if<std::int64_t>(&row[at])) key.second = *ns;
        return key;
    };
    std::map<Key, std::size_t> known;
    for (const auto& row : rows_->rows) {
        const Key key = key_of(row);
        if (!known.try_emplace(key, 0).second) continue;
        const auto* text = path < row.size() ? std::get_if<std::string>(&row[path]) : nullptr;
        snapshots_.push_back({key.first, key.second, text ? *text : std::string()});
    }
    std::stable_sort(snapshots_.begin(), snapshots_.end(), [](const Snapshot& a, const Snapshot& b) {
        if (a.at_ns != b.at_ns) return a.at_ns < b.at_ns;  // nothing sorts first
        return natural_less(a.path, b.path);
    });
    for (std::size_t i = 0; i < snapshots_.size(); ++i) known[{snapshots_[i].file_id, snapshots_[i].at_ns}] = i;
    std::unordered_map<std::string_view, std::size_t> classes;
    for (const auto& row : rows_->rows) {
        const auto* text = std::get_if<std::string>(&row[name]);
        if (text == nullptr) continue;
        const std::size_t snapshot = known[key_of(row)];
        const auto [entry, added] = classes.try_emplace(*text, classes_.size());
        if (added) classes_.push_back({*text, std::vector<std::int64_t>(snapshots_.size(), 0), std::vector<std::int64_t>(snapshots_.size(), 0)});
        Class& one = classes_[entry->second];
        one.bytes[snapshot] += whole(row[bytes]);
        one.instances[snapshot] += whole(row[instances]);
        snapshots_[snapshot].bytes += whole(row[bytes]);
        snapshots_[snapshot].instances += whole(row[instances]);
    }
}

std::shared_ptr<TableData> HeapData::diff(std::size_t before, std::size_t after) const
{
    using Kind = TableColumn::Kind;
    auto table = std::make_shared<TableData>();
    if (before >= snapshots_.size() || after >= snapshots_.size()) return table;
    table->owners.push_back(rows_);
    TableColumn name = named_column("class", tr("class"), Kind::text), growth = named_column("growth_bytes", tr("growth"), Kind::bytes, TableColumn::Decor::change);
    name.elide = Qt::ElideMiddle;
    TableColumn more = named_column("growth_instances", tr("instances grown"), Kind::count, TableColumn::Decor::change);
    TableColumn bytes = named_column("bytes", tr("size"), Kind::bytes, TableColumn::Decor::bar), instances = named_column("instances", tr("instances"), Kind::count), share = named_column("bytes_share", tr("of the heap"), Kind::share);
    std::vector<std::size_t> order(classes_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const std::int64_t x = classes_[a].bytes[after] - classes_[a].bytes[before], y = classes_[b].bytes[after] - classes_[b].bytes[before];
        return x != y ? x > y : classes_[a].bytes[after] > classes_[b].bytes[after];
    });
    const double all = static_cast<double>(std::max<std::int64_t>(1, snapshots_[after].bytes));
    for (const std::size_t i : order) {
        const Class& one = classes_[i];
        if (one.bytes[before] == 0 && one.bytes[after] == 0) continue;
        name.texts.push_back(one.name);
        if (snapshots_.size() > 1) name.sparks.emplace_back(one.bytes.begin(), one.bytes.end());
        growth.integers.push_back(one.bytes[after] - one.bytes[before]);
        more.integers.push_back(one.instances[after] - one.instances[before]);
        bytes.integers.push_back(one.bytes[after]);
        instances.integers.push_back(one.instances[after]);
        share.numbers.push_back(static_cast<double>(one.bytes[after]) / all);
        ++table->rows;
    }
    const bool compared = before != after;
    table->columns.push_back(std::move(name));
    if (compared) table->columns.push_back(std::move(growth));
    if (compared) table->columns.push_back(std::move(more));
    for (TableColumn* made : {&bytes, &instances, &share}) table->columns.push_back(std::move(*made));
    finish_table(*table);
    return table;
}

std::vector<HeapData::ClassSize> HeapData::sizes(std::size_t before, std::size_t after) const
{
    std::vector<ClassSize> sizes;
    if (before >= snapshots_.size() || after >= snapshots_.size()) return sizes;
    for (const Class& one : classes_)
        if (one.bytes[after] > 0) sizes.push_back({one.name, one.bytes[after], one.bytes[before]});
    std::stable_sort(sizes.begin(), sizes.end(), [](const ClassSize& a, const ClassSize& b) { return a.bytes > b.bytes; });
    return sizes;
}

}  // namespace casebook
