#include "widgets/models/views/thread_dumps.h"

#include "analyzers/core/text.h"
#include "widgets/models/lock_tree.h"
#include "widgets/models/views/table_column.h"

#include <QCoreApplication>
#include <algorithm>
#include <map>
#include <set>

namespace casebook {
namespace {

using Kind = TableColumn::Kind;
using Thread = ThreadDumps::Thread;

constexpr std::size_t frames_compared = 8;  // on top; below them lies what thread pools and frameworks add
constexpr std::size_t most_names = 1'000;   // in the text of a group

QString tr(const char* text) { return QCoreApplication::translate("ThreadDumps", text); }

std::string_view text_at(const std::vector<Value>& row, std::size_t column)
{
    const auto* text = column < row.size() ? std::get_if<std::string>(&row[column]) : nullptr;
    return text ? std::string_view(*text) : std::string_view();
}

int rank_of_state(std::string_view state)
{
    constexpr std::string_view order[] = {"RUNNABLE", "running", "runnable", "BLOCKED", "WAITING", "TIMED_WAITING", "NEW", "TERMINATED"};
    return static_cast<int>(std::find(std::begin(order), std::end(order), state) - std::begin(order));
}

/// The frames on top without the lines about locks, whose addresses differ by thread.
std::string top_of(const Thread& thread)
{
    if (thread.stack.empty()) return std::string(thread.top_frame);
    std::string top;
    std::size_t frames = 0;
    for (std::string_view rest = thread.stack; !rest.empty() && frames < frames_compared;) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (line.starts_with('-')) continue;
        top += line;
        top += '\n';
        ++frames;
    }
    return top;
}

/// Groups as keys, for one dump and the one before.
std::map<std::pair<std::string_view, std::string>, std::vector<std::uint32_t>> grouped(const ThreadDumps::Dump& dump)
{
    std::map<std::pair<std::string_view, std::string>, std::vector<std::uint32_t>> by_key;
    for (std::uint32_t i = 0; i < dump.threads.size(); ++i) by_key[{dump.threads[i].state, top_of(dump.threads[i])}].push_back(i);
    return by_key;
}

/// Threads of the virtual machine itself have no state.
std::string_view shown_state(std::string_view state) { return state.empty() ? std::string_view("no state") : state; }

std::string names_of(const ThreadDumps::Dump& dump, const ThreadDumps::Group& group, std::size_t most)
{
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min(most, group.threads.size()); ++i) names.emplace_back(dump.threads[group.threads[i]].name);
    return join(names, ", ") + (group.threads.size() > most ? ", ..." : "");
}

}  // namespace

const char* ThreadDumps::query()
{
    return "SELECT t.file_id, t.at_ns, f.path, t.name, t.state, t.waiting_on, t.holding, t.top_frame, t.stack FROM thread t LEFT JOIN import_file f ON f.id = t.file_id";
}

ThreadDumps::ThreadDumps(std::shared_ptr<const QueryResult> rows) : rows_(std::move(rows))
{
    const auto place = [this](const char* name) { return static_cast<std::size_t>(std::find(rows_->columns.begin(), rows_->columns.end(), name) - rows_->columns.begin()); };
    const std::size_t file = place("file_id"), at = place("at_ns"), path = place("path"), name = place("name"), state = place("state"), waiting = place("waiting_on"),
                      holding = place("holding"), top = place("top_frame"), stack = place("stack");
    std::map<std::pair<std::int64_t, std::optional<std::int64_t>>, Dump> found;
    std::set<std::string_view> states;
    for (const auto& row : rows_->rows) {
        const auto* id = file < row.size() ? std::get_if<std::int64_t>(&row[file]) : nullptr;
        const auto* ns = at < row.size() ? std::get_if<std::int64_t>(&row[at]) : nullptr;
        const std::optional<std::int64_t> time = ns ? std::optional(*ns) : std::nullopt;
        Dump& dump = found[{id ? *id : 0, time}];
        dump.at_ns = time;
        dump.path = text_at(row, path);
        dump.threads.push_back({text_at(row, name), text_at(row, state), text_at(row, waiting), text_at(row, holding), text_at(row, top), text_at(row, stack)});
        states.insert(dump.threads.back().state);
    }
    states_.assign(states.begin(), states.end());
    std::stable_sort(states_.begin(), states_.end(), [](const std::string& a, const std::string& b) { return rank_of_state(a) < rank_of_state(b); });
    std::map<std::string_view, std::size_t> number;
    for (std::size_t i = 0; i < states_.size(); ++i) number[states_[i]] = i;
    for (auto& [key, dump] : found) {
        dump.counts.assign(states_.size(), 0);
        for (const Thread& thread : dump.threads) ++dump.counts[number[thread.state]];
        dumps_.push_back(std::move(dump));
    }
    std::stable_sort(dumps_.begin(), dumps_.end(), [](const Dump& a, const Dump& b) {
        return a.at_ns != b.at_ns ? a.at_ns < b.at_ns : natural_less(a.path, b.path);
    });
}

std::vector<ThreadDumps::Group> ThreadDumps::groups(std::size_t dump) const
{
    std::vector<Group> groups;
    for (auto& [key, threads] : grouped(dumps_[dump])) groups.push_back({std::move(threads)});
    // What has no state or no stack comes last, however much of it there is.
    const auto silent = [&](const Group& group) { return dumps_[dump].threads[group.threads.front()].top_frame.empty(); };
    std::stable_sort(groups.begin(), groups.end(), [&](const Group& a, const Group& b) {
        return silent(a) != silent(b) ? silent(b) : a.threads.size() > b.threads.size();
    });
    return groups;
}

std::shared_ptr<TableData> ThreadDumps::group_table(std::size_t which, const std::vector<Group>& groups) const
{
    const Dump& dump = dumps_[which];
    const auto earlier = which > 0 ? grouped(dumps_[which - 1]) : decltype(grouped(dump)){};
    auto table = std::make_shared<TableData>();
    table->owners.push_back(rows_);
    auto count = named_column("threads", tr("threads"), Kind::count), change = named_column("change", tr("change"), Kind::count, tr("More or fewer threads than in the dump before"));
    auto state = named_column("state", tr("state"), Kind::text), top = named_column("top_frame", tr("innermost frame"), Kind::text);
    auto lock = named_column("waiting_on", tr("waiting for"), Kind::text), names = named_column("names", tr("threads"), Kind::text);
    count.decor = TableColumn::Decor::bar;
    change.decor = TableColumn::Decor::change;
    for (const Group& group : groups) {
        const Thread& first = dump.threads[group.threads.front()];
        const auto before = earlier.find({first.state, top_of(first)});
        std::set<std::string_view> locks;
        for (const std::uint32_t thread : group.threads)
            if (!dump.threads[thread].waiting_on.empty()) locks.insert(dump.threads[thread].waiting_on);
        count.integers.push_back(static_cast<std::int64_t>(group.threads.size()));
        change.integers.push_back(static_cast<std::int64_t>(group.threads.size()) - (before == earlier.end() ? 0 : static_cast<std::int64_t>(before->second.size())));
        change.null.push_back(which == 0 || change.integers.back() == 0);
        state.texts.push_back(shown_state(first.state));
        top.texts.push_back(first.top_frame);
        lock.texts.push_back(locks.size() == 1 ? *locks.begin() : locks.empty() ? std::string_view() : table->keep(std::to_string(locks.size()) + " locks"));
        names.texts.push_back(table->keep(names_of(dump, group, 5)));
        ++table->rows;
    }
    for (TableColumn* one : {&count, &state, &top, &change, &lock, &names})
        if (one != &change || which > 0) table->columns.push_back(std::move(*one));
    finish_table(*table);
    return table;
}

std::shared_ptr<TableData> ThreadDumps::lock_table(std::size_t which, std::vector<int>& threads) const
{
    const Dump& dump = dumps_[which];
    const auto count = static_cast<std::int64_t>(dump.threads.size());
    std::map<std::string_view, std::int64_t> owner;  // of a lock; a lock without one is a number above those of threads
    for (std::int64_t i = 0; i < count; ++i)
        for (std::string_view rest = dump.threads[static_cast<std::size_t>(i)].holding; !rest.empty();) {
            const std::string_view lock = rest.substr(0, rest.find("; "));
            rest.remove_prefix(std::min(rest.size(), lock.size() + 2));
            owner.try_emplace(lock, i);
        }
    std::vector<LockEdge> edges;
    std::vector<std::string_view> ownerless;
    std::map<std::string_view, std::size_t> waiters;
    for (const Thread& thread : dump.threads)
        if (!thread.waiting_on.empty()) ++waiters[thread.waiting_on];
    for (std::int64_t i = 0; i < count; ++i) {
        const Thread& thread = dump.threads[static_cast<std::size_t>(i)];
        if (thread.waiting_on.empty()) continue;
        auto held = owner.find(thread.waiting_on);
        // A thread that waits alone for what nobody holds waits for work, not for a lock: a queue, a timer.
        if (held == owner.end() && (waiters[thread.waiting_on] < 2 || thread.state != "BLOCKED")) continue;
        if (held == owner.end()) {
            held = owner.emplace(thread.waiting_on, count + static_cast<std::int64_t>(ownerless.size())).first;
            ownerless.push_back(thread.waiting_on);
        }
        edges.push_back({i, held->second});
    }
    auto table = std::make_shared<TableData>();
    table->owners.push_back(rows_);
    auto tree = named_column("thread", tr("thread"), Kind::text, tr("Who holds a lock stands above those who wait for it"));
    auto blocked = named_column("waiters", tr("waiters"), Kind::count, tr("Threads that wait for it, in the end"));
    auto state = named_column("state", tr("state"), Kind::text), waits = named_column("waiting_on", tr("waiting for"), Kind::text);
    auto holds = named_column("holding", tr("holds"), Kind::text), top = named_column("top_frame", tr("innermost frame"), Kind::text);
    threads.clear();
    static const Thread unknown;
    for (const LockTreeRow& row : lock_tree(edges, {})) {
        const bool known = row.pid < count;
        const Thread& thread = known ? dump.threads[static_cast<std::size_t>(row.pid)] : unknown;
        std::string what(thread.state);
        if (row.in_circle) what += what.empty() ? "deadlock" : ", deadlock";
        tree.texts.push_back(table->keep(lock_tree_lines(row) + (known ? std::string(thread.name) : "owner not in the dump")));
        blocked.integers.push_back(row.waiters);
        blocked.null.push_back(row.waiters == 0);
        state.texts.push_back(table->keep(std::move(what)));
        waits.texts.push_back(thread.waiting_on);
        holds.texts.push_back(known ? thread.holding : ownerless[static_cast<std::size_t>(row.pid - count)]);
        top.texts.push_back(thread.top_frame);
        threads.push_back(known ? static_cast<int>(row.pid) : -1);
        ++table->rows;
    }
    for (TableColumn* one : {&tree, &blocked, &state, &waits, &holds, &top}) table->columns.push_back(std::move(*one));
    finish_table(*table);
    return table;
}

std::string ThreadDumps::group_text(std::size_t which, const Group& group) const
{
    const Dump& dump = dumps_[which];
    const Thread& first = dump.threads[group.threads.front()];
    std::string text = (group.threads.size() == 1 ? std::string("1 thread") : std::to_string(group.threads.size()) + " threads") + ", " + std::string(shown_state(first.state)) + "\n";
    if (!first.waiting_on.empty()) text += "waiting for " + std::string(first.waiting_on) + "\n";
    if (!first.holding.empty()) text += "holding " + std::string(first.holding) + "\n";
    text += "\n";
    text += first.stack.empty() ? first.top_frame.empty() ? std::string_view("no stack in the dump") : first.top_frame : first.stack;
    text += "\n\n";
    for (std::size_t i = 0; i < std::min(most_names, group.threads.size()); ++i) (text += dump.threads[group.threads[i]].name) += '\n';
    if (group.threads.size() > most_names) text += "...\n";
    return text;
}

}  // namespace casebook
