#include "analyzers/plan/text_properties.h"

#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"
#include "analyzers/plan/property_names.h"
#include "analyzers/plan/text_scan.h"

#include <algorithm>
#include <array>

namespace casebook::plan {

namespace {

std::string capitalised(std::string_view word)
{
    std::string out(word);
    if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
    return out;
}

std::string_view without_unit(std::string_view value, std::string_view unit)
{
    if (value.ends_with(unit)) value.remove_suffix(unit.size());
    return trim(value);
}

void set_buffers(Properties& properties, std::string_view value)
{
    for (const Counter& counter : split_counters(value))
        properties.set_number(capitalised(counter.group) + " " + capitalised(counter.name) + " Blocks", counter.value);
}

// Up to version 16 one counter, printed as "read=", "shared/local read=" or "shared read=", is for both; JSON calls it
// "I/O Read Time", and only since version 17 "Shared I/O Read Time".
void set_io_timings(Properties& properties, std::string_view value)
{
    for (const Counter& counter : split_counters(value)) {
        const bool plain = counter.group.empty() || counter.group.starts_with("shared");
        properties.set_number((plain ? "" : capitalised(counter.group) + " ") + "I/O " + capitalised(counter.name) + " Time",
                              counter.value);
    }
}

void set_wal(Properties& properties, std::string_view value)
{
    for (const Counter& counter : split_counters(value)) {
        if (counter.group == "buffers") properties.set_number("WAL Buffers Full", counter.value);
        else if (counter.group == "fpi") properties.set_number("WAL FPI Bytes", counter.value);
        else if (counter.name == "fpi") properties.set_number("WAL FPI", counter.value);
        else properties.set_number("WAL " + capitalised(counter.name), counter.value);
    }
}

void set_named_counters(Properties& properties, std::string_view prefix, std::string_view suffix, std::string_view value)
{
    for (const Counter& counter : split_counters(value)) {
        properties.set_number(std::string(prefix) + capitalised(counter.name) + std::string(suffix),
                              without_unit(counter.value, "kB"));
    }
}

void set_sort_method(Properties& properties, std::string_view line)
{
    for (const Pair& pair : split_pairs(line)) {
        if (pair.key == "Sort Method") {
            properties.set_text(pair.key, pair.value);
        } else if (pair.key == "Memory" || pair.key == "Disk") {
            properties.set_number("Sort Space Used", without_unit(pair.value, "kB"));
            properties.set_text("Sort Space Type", pair.key);
        }
    }
}

// "1024 (originally 512)"
void set_hash_count(Properties& properties, std::string_view name, std::string_view value)
{
    const std::size_t bracket = value.find(" (originally ");
    const std::string_view now = value.substr(0, bracket);
    std::string_view before = now;
    if (bracket != std::string_view::npos) {
        before = value.substr(bracket + 13);
        before = before.substr(0, before.find(')'));
    }
    properties.set_number("Hash " + std::string(name), now);
    properties.set_number("Original Hash " + std::string(name), before);
}

void set_hash(Properties& properties, std::string_view node_type, std::string_view line)
{
    const bool aggregate = node_type.ends_with("Aggregate");
    for (const Pair& pair : split_pairs(line)) {
        if (pair.key == "Buckets") set_hash_count(properties, "Buckets", pair.value);
        else if (pair.key == "Batches" && aggregate) properties.set_number("HashAgg Batches", pair.value);
        else if (pair.key == "Batches") set_hash_count(properties, "Batches", pair.value);
        else if (pair.key == "Memory Usage") properties.set_number("Peak Memory Usage", without_unit(pair.value, "kB"));
        else properties.set_number(pair.key, without_unit(pair.value, "kB"));
    }
}

void set_cache(Properties& properties, std::string_view line)
{
    for (const Pair& pair : split_pairs(line)) {
        if (pair.key == "Memory Usage") properties.set_number("Peak Memory Usage", without_unit(pair.value, "kB"));
        else properties.set_number("Cache " + std::string(pair.key), pair.value);
    }
}

// "Full-sort Groups: 1  Sort Method: quicksort  Average Memory: 27kB  Peak Memory: 27kB"
void set_sort_groups(Properties& properties, std::string_view line)
{
    const std::vector<Pair> pairs = split_pairs(line);
    if (pairs.empty()) return;
    JsonWriter json;
    std::string number;
    append_number(number, pairs.front().value);
    json.begin_object().key("Group Count").raw(number);
    const auto find = [&](std::string_view key) {
        const auto found = std::find_if(pairs.begin(), pairs.end(), [key](const Pair& pair) { return pair.key == key; });
        return found == pairs.end() ? std::string_view() : found->value;
    };
    json.key("Sort Methods Used").begin_array();
    for (const std::string_view method : split_list(find("Sort Methods").empty() ? find("Sort Method") : find("Sort Methods")))
        json.value(method);
    json.end_array();
    for (const std::string_view space : {"Memory", "Disk"}) {
        const std::string name(space);
        if (find("Average " + name).empty()) continue;
        json.key("Sort Space " + name).begin_object();
        for (const std::string_view kind : {"Average ", "Peak "}) {
            number.clear();
            append_number(number, without_unit(find(std::string(kind) + name), "kB"));
            json.key(std::string(kind) + "Sort Space Used").raw(number);
        }
        json.end_object();
    }
    json.end_object();
    properties.set(pairs.front().key, json.take());
}

// "bernoulli ('10'::real) REPEATABLE ('1'::double precision)"
void set_sampling(Properties& properties, std::string_view value)
{
    const std::size_t bracket = value.find(" (");
    properties.set_text("Sampling Method", value.substr(0, bracket));
    if (bracket == std::string_view::npos) return;
    std::string_view rest = value.substr(bracket + 1);
    const std::size_t repeatable = find_outside_quotes(rest, " REPEATABLE ");
    std::string_view parameters = trim(rest.substr(0, repeatable));
    if (parameters.size() >= 2) parameters = parameters.substr(1, parameters.size() - 2);
    properties.set_list("Sampling Parameters", split_list(parameters));
    if (repeatable != std::string_view::npos) properties.set_text("Repeatable Seed", trim(rest.substr(repeatable + 12)));
}

}  // namespace

void set_text_property(Properties& properties, std::string_view node_type, std::string_view key, std::string_view value)
{
    // Lines of several pairs are cut anew from the whole line.
    const std::string line = std::string(key) + ": " + std::string(value);
    if (key == "Buffers") return set_buffers(properties, value);
    if (key == "I/O Timings") return set_io_timings(properties, value);
    if (key == "WAL") return set_wal(properties, value);
    if (key == "Heap Blocks") return set_named_counters(properties, "", " Heap Blocks", value);
    if (key == "Tuples") return set_named_counters(properties, "Tuples ", "", value);
    if (key == "Memory" && value.starts_with("used=")) return set_named_counters(properties, "Memory ", "", value);
    if (key == "Sort Method") return set_sort_method(properties, line);
    if (key == "Buckets" || key == "Batches" || key == "Planned Partitions") return set_hash(properties, node_type, line);
    if (key == "Hits") return set_cache(properties, line);
    if (key == "Full-sort Groups" || key == "Pre-sorted Groups") return set_sort_groups(properties, line);
    if (key == "Sampling") return set_sampling(properties, value);
    if (key == "Storage") {
        for (const Pair& pair : split_pairs(line)) {
            if (pair.key == "Storage") properties.set_text(pair.key, pair.value);
            else properties.set_number(pair.key, without_unit(pair.value, "kB"));
        }
        return;
    }
    if (is_list_property(key)) return properties.set_list(key, split_list(value));
    if (is_text_property(key)) return properties.set_text(key, value);
    if (value == "true" || value == "false") return properties.set_flag(key, value == "true");
    if (key.ends_with(" Time") || key.ends_with(" time")) value = without_unit(value, "ms");
    if (parse_double(value)) return properties.set_number(key, value);
    properties.set_text(key, value);
}

std::string settings_json(std::string_view value)
{
    // Values are put between quotes as they are, so a quote in one is only told from its end by what follows.
    JsonWriter json;
    json.begin_object();
    while (!value.empty()) {
        const std::size_t equals = value.find(" = '");
        if (equals == std::string_view::npos) break;
        json.key(trim(value.substr(0, equals)));
        value.remove_prefix(equals + 4);
        std::size_t end = 0;
        for (;; ++end) {
            end = value.find('\'', end);
            if (end == std::string_view::npos) {
                end = value.size();
                break;
            }
            constexpr std::size_t longest_name = 200;
            const std::string_view rest = value.substr(end + 1, longest_name);
            if (trim(rest).empty()) break;
            const std::size_t next = rest.find(" = '");
            if (rest.starts_with(", ") && next != std::string_view::npos && rest.substr(2, next - 2).find_first_of(" '") == std::string_view::npos)
                break;
        }
        json.value(value.substr(0, end));
        value = value.substr(std::min(end + 1, value.size()));
        if (value.starts_with(", ")) value.remove_prefix(2);
    }
    json.end_object();
    return json.take();
}

std::string trigger_json(std::string_view line)
{
    const std::size_t colon = line.rfind(": ");
    if (!line.starts_with("Trigger ") || colon == std::string_view::npos) return {};
    std::string_view head = line.substr(8, colon - 8);
    const std::vector<Counter> counters = split_counters(line.substr(colon + 2));
    if (counters.empty()) return {};
    JsonWriter json;
    json.begin_object();
    if (!head.starts_with("for constraint ")) {
        json.key("Trigger Name").value(take_identifier(head));
        head = trim(head);
    }
    if (head.starts_with("for constraint ")) {
        head.remove_prefix(15);
        json.key("Constraint Name").value(take_identifier(head));
        head = trim(head);
    }
    if (head.starts_with("on ")) {
        head.remove_prefix(3);
        json.key("Relation").value(take_identifier(head));
    }
    for (const Counter& counter : counters) {
        std::string number;
        append_number(number, counter.value);
        json.key(capitalised(counter.name)).raw(number);
    }
    json.end_object();
    return json.take();
}

bool JitBlock::add(std::string_view key, std::string_view value)
{
    std::string* part = key == "Functions" ? &functions_ : key == "Options" ? &options_ : key == "Timing" ? &timing_ : nullptr;
    if (!part || !part->empty()) return false;
    *part = value;
    return true;
}

std::string JitBlock::json() const
{
    JsonWriter json;
    json.begin_object();
    std::string number;
    if (!functions_.empty()) {
        append_number(number, functions_);
        json.key("Functions").raw(number);
    }
    if (!options_.empty()) {
        json.key("Options").begin_object();
        for (const std::string_view option : split_list(options_)) {
            const std::size_t space = option.rfind(' ');
            if (space != std::string_view::npos) json.key(option.substr(0, space)).value(option.substr(space + 1) == "true");
        }
        json.end_object();
    }
    if (!timing_.empty()) {
        json.key("Timing").begin_object();
        for (const std::string_view item : split_list(timing_)) {
            // "Generation 0.263 ms (Deform 0.110 ms)"
            const std::vector<std::string_view> words = split(item, ' ');
            if (words.size() < 2) continue;
            number.clear();
            append_number(number, words[1]);
            if (words.size() >= 5 && words[3] == "(Deform") {
                std::string deform;
                append_number(deform, words[4]);
                json.key(words[0]).begin_object().key("Deform").raw(deform).key("Total").raw(number).end_object();
            } else {
                json.key(words[0]).raw(number);
            }
        }
        json.end_object();
    }
    json.end_object();
    return json.take();
}

void GroupingSets::add(std::string_view key, std::string_view value)
{
    Line line;
    line.key = key;
    if (value != "()") {
        for (const std::string_view item : split_list(value)) line.items.emplace_back(item);
    }
    lines_.push_back(std::move(line));
}

void GroupingSets::store(Properties& properties) const
{
    if (lines_.empty()) return;
    const auto write = [](JsonWriter& json, const Line& line) {
        json.begin_array();
        for (const std::string& item : line.items) json.value(item);
        json.end_array();
    };
    JsonWriter json;
    if (lines_.size() == 1 && lines_.front().key == "Group Key" && !lines_.front().items.empty()) {
        write(json, lines_.front());
        properties.set("Group Key", json.take());
        return;
    }
    // One object per phase: each "Hash Key" is one, and so is each run of "Group Key", which a "Sort Key" begins.
    json.begin_array();
    for (std::size_t i = 0; i < lines_.size();) {
        json.begin_object();
        if (lines_[i].key == "Sort Key") {
            json.key("Sort Key");
            write(json, lines_[i++]);
        }
        const std::string kind = i < lines_.size() ? lines_[i].key : "Group Key";
        json.key(kind + "s").begin_array();
        do {
            if (i < lines_.size()) write(json, lines_[i++]);
        } while (i < lines_.size() && lines_[i].key == "Group Key" && kind == "Group Key");
        json.end_array().end_object();
    }
    json.end_array();
    properties.set("Grouping Sets", json.take());
}

}  // namespace casebook::plan
