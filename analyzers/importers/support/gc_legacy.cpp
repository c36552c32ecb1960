#include "analyzers/importers/support/gc_legacy.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/importers/support/jvm_log.h"

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr std::int64_t max_record_lines = 400;
constexpr std::size_t max_record_bytes = 256u << 10;
constexpr double longest_pause_s = 1e7;

/// Where "[GC" or "[Full GC" of a pause begins, npos without. Concurrent phases are no pauses.
std::size_t find_start(std::string_view line, std::size_t from = 0)
{
    for (std::size_t at = line.find('[', from); at != std::string_view::npos; at = line.find('[', at + 1)) {
        std::string_view rest = line.substr(at + 1);
        const bool full = rest.starts_with("Full GC");
        if (!full && !rest.starts_with("GC")) continue;
        rest.remove_prefix(full ? 7 : 2);
        if (rest.starts_with(" concurrent") || rest.starts_with("-concurrent") || rest.starts_with(" Worker")) continue;
        if (rest.empty() || rest.front() == ' ' || rest.front() == '(' || rest.front() == '-' || rest.front() == '[' ||
            (rest.front() >= '0' && rest.front() <= '9'))
            return at;
    }
    return std::string_view::npos;
}

bool only_stamps(std::string_view prefix)
{
    return prefix.find_first_not_of("0123456789-+.,:TZ# ") == std::string_view::npos;
}

/// Output of other threads that may stand between the lines of a record.
bool is_other_output(std::string_view line)
{
    if (line.find("[CMS-concurrent-") != std::string_view::npos && line.find("secs]") == std::string_view::npos)
        return true;
    for (const std::string_view mark : {"Application time:", "Total time for which", "[GC concurrent-"})
        if (line.find(mark) != std::string_view::npos) return true;
    return false;
}

/// Seconds before "secs]" at the end of the record, with a point or comma.
std::optional<double> trailing_seconds(std::string_view text)
{
    const std::size_t secs = text.rfind(" secs]");
    if (secs == std::string_view::npos || secs + 6 != text.size()) return {};
    const std::size_t blank = text.find_last_of(" ", secs - 1);
    std::string number(text.substr(blank == std::string_view::npos ? 0 : blank + 1,
                                   secs - (blank == std::string_view::npos ? 0 : blank + 1)));
    std::replace(number.begin(), number.end(), ',', '.');
    const auto value = parse_double(number);
    return value && *value >= 0 && *value <= longest_pause_s ? value : std::nullopt;
}

/// The text of the record's own bracket, without those inside it.
std::string outer_text(std::string_view record)
{
    std::string outer;
    std::int64_t depth = 0;
    for (const char c : record) {
        if (c == '[' && ++depth > 1) outer += ' ';
        if (c == ']') {
            --depth;
            continue;
        }
        if (depth == 1 && c != '[') outer += c == '\n' ? ' ' : c;
    }
    return outer;
}

/// "100K->50K(1000K)", or G1's "24.0M(256.0M)->5000.0K(256.0M)".
bool heap_change(std::string_view text, std::size_t arrow, std::optional<std::int64_t>& before,
                 std::optional<std::int64_t>& after, std::optional<std::int64_t>& capacity)
{
    const std::size_t blank = text.find_last_of(" ,:", arrow == 0 ? 0 : arrow - 1);
    std::string_view left = text.substr(blank == std::string_view::npos ? 0 : blank + 1,
                                        arrow - (blank == std::string_view::npos ? 0 : blank + 1));
    std::string_view right = text.substr(arrow + 2);
    const auto from = take_heap_size(left), to = take_heap_size(right);
    if (!from || !to) return false;
    before = from;
    after = to;
    if (right.starts_with('(')) {
        right.remove_prefix(1);
        capacity = take_heap_size(right);
    }
    return true;
}

std::string_view collector_of(std::string_view record, std::string_view known)
{
    if (record.find("PSYoungGen") != std::string_view::npos || record.find("ParOldGen") != std::string_view::npos)
        return "Parallel";
    if (record.find("GC pause") != std::string_view::npos || record.find("[Eden:") != std::string_view::npos)
        return "G1";
    if (record.find("CMS") != std::string_view::npos) return "CMS";
    if (record.find("ParNew") != std::string_view::npos) return known.empty() ? "ParNew" : known;
    if (record.find("DefNew") != std::string_view::npos || record.find("Tenured") != std::string_view::npos)
        return known == "CMS" ? known : "Serial";
    return known;
}

/// The bracketed word right behind "GC", which is the cause; "(young)", "(mixed)", "(initial-mark)" tell the kind.
void name_pause(std::string_view outer, std::string_view record, std::string& kind, std::string& cause)
{
    const bool full = outer.starts_with("Full GC");
    const bool evacuation = outer.starts_with("GC pause");
    for (std::size_t at = outer.find('('); at != std::string_view::npos;) {
        std::size_t depth = 0, end = at;
        for (; end < outer.size(); ++end) {
            depth += outer[end] == '(';
            depth -= outer[end] == ')';
            if (depth == 0) break;
        }
        const std::string_view group = outer.substr(at + 1, std::min(end, outer.size()) - at - 1);
        const bool size = !group.empty() && group.front() >= '0' && group.front() <= '9';
        if (size) break;
        if (group == "mixed") kind = "Mixed";
        else if (group == "initial-mark") kind += kind.empty() ? "Young (Initial Mark)" : " (Initial Mark)";
        else if (group == "young") kind = "Young";
        else if (group.starts_with("to-space")) kind.append(" (").append(group) += ')';
        else if (cause.empty()) cause = group;
        at = outer.find('(', std::min(end + 1, outer.size()));
    }
    if (full) kind = "Full";
    else if (evacuation && kind.empty()) kind = "Young";
    else if (outer.starts_with("GC remark") || record.find("CMS-remark") != std::string_view::npos) kind = "Remark";
    else if (outer.starts_with("GC cleanup")) kind = "Cleanup";
    else if (record.find("CMS-initial-mark") != std::string_view::npos || cause == "CMS Initial Mark")
        kind = "Initial Mark";
    else if (cause == "CMS Final Remark" && record.find("[ParNew") == std::string_view::npos &&
             record.find("[DefNew") == std::string_view::npos)
        kind = "Remark";
    else if (kind.empty()) kind = outer.find("->") == std::string_view::npos ? "CMS pause" : "Young";
    // A young collection that ends in one of the old generation is a full one, whatever it is called.
    if (kind == "Young" &&
        (record.find("[Tenured") != std::string_view::npos || record.find("[CMS:") != std::string_view::npos))
        kind = "Full";
    if (record.find("concurrent mode") != std::string_view::npos) kind = "Full (concurrent mode failure)";
    else if (record.find("promotion failed") != std::string_view::npos)
        kind = (record.find("[CMS") != std::string_view::npos ? "Full" : kind) +
               " (promotion failed)";  // the old generation was compacted in the same pause
}

}  // namespace

bool is_legacy_gc_line(std::string_view line)
{
    const std::size_t start = find_start(line);
    return start != std::string_view::npos && only_stamps(line.substr(0, start));
}

LegacyGcLog::LegacyGcLog(ImportContext& context, std::string_view head) : context_(context)
{
    struct Mark {
        std::string_view text, collector;
    };
    constexpr Mark marks[] = {{"+UseConcMarkSweepGC", "CMS"},
                              {"+UseG1GC", "G1"},
                              {"+UseParallel", "Parallel"},
                              {"+UseSerialGC", "Serial"},
                              {"CMS-", "CMS"},
                              {"[CMS", "CMS"},
                              {"GC pause", "G1"},
                              {"[Eden:", "G1"},
                              {"PSYoungGen", "Parallel"},
                              {"[Tenured", "Serial"}};
    for (const Mark& mark : marks)
        if (collector_.empty() && head.find(mark.text) != std::string_view::npos) collector_ = mark.collector;
}

LegacyGcLog::Stamps LegacyGcLog::stamps_before(std::string_view prefix)
{
    Stamps stamps;
    prefix = trim(prefix);
    while (prefix.ends_with(':')) {
        prefix.remove_suffix(1);
        const std::size_t blank = prefix.find_last_of(' ');
        const std::string_view word = blank == std::string_view::npos ? prefix : prefix.substr(blank + 1);
        if (word.size() > 18 && word[4] == '-') {
            if (const auto at = parse_instant(word)) stamps.at_ns = at;
        } else if (!word.starts_with('#') && !stamps.uptime_ns) {  // "#12": -XX:+PrintGCID
            std::string number(word);
            std::replace(number.begin(), number.end(), ',', '.');
            if (const auto seconds = parse_double(number); seconds && *seconds >= 0 && *seconds < 9e9)
                stamps.uptime_ns = std::llround(*seconds * 1e9);
        }
        prefix = blank == std::string_view::npos ? std::string_view() : trim(prefix.substr(0, blank));
    }
    return stamps;
}

Status LegacyGcLog::take_line(std::string_view line, std::int64_t number)
{
    std::size_t from = 0;
    if (open_) {
        if (is_legacy_gc_line(line) || ++lines_ > max_record_lines || record_.size() > max_record_bytes) {
            context_.drop(first_line_, "unfinished_record", "a pause whose brackets never close");
            open_ = false;
        } else {
            if (is_other_output(line)) return {};
            record_ += '\n';
            from = append(line);
            if (depth_ > 0) return {};
            TRY(close());
        }
    }
    for (;;) {
        const std::size_t start = find_start(line, from);
        if (start == std::string_view::npos) break;
        TRY(begin(line.substr(from), start - from, number));
        from = start + append(line.substr(start));
        if (depth_ > 0) return {};
        TRY(close());
    }
    if (waiting_) take_heap_line(line);
    return {};
}

Status LegacyGcLog::begin(std::string_view line, std::size_t start, std::int64_t number)
{
    if (waiting_) TRY(write());
    stamps_ = stamps_before(line.substr(0, start));
    record_.clear();
    depth_ = 0;
    first_line_ = number;
    lines_ = 0;
    open_ = true;
    return {};
}

std::size_t LegacyGcLog::append(std::string_view text)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '[' && text.substr(i + 1, 2) != "0x") ++depth_;  // address ranges close with ')'
        if (text[i] == ']' && --depth_ <= 0) {
            record_.append(text, 0, i + 1);
            return i + 1;
        }
    }
    record_.append(text);
    return text.size();
}

Status LegacyGcLog::close()
{
    open_ = false;
    const auto seconds = trailing_seconds(record_);
    if (!seconds) return {};  // a note in brackets, such as "[GC Worker Start (ms): ...]"
    const std::string outer = outer_text(record_);
    pause_ = {};
    pause_.ms = *seconds * 1000;
    collector_ = collector_of(record_, collector_);
    name_pause(outer, record_, pause_.kind, pause_.cause);
    if (collector_.empty() && pause_.kind == "CMS pause")
        collector_ = "CMS";  // no other collector prints a size without a change
    pause_.collector = collector_;
    if (const std::size_t arrow = outer.rfind("->"); arrow != std::string::npos)
        heap_change(outer, arrow, pause_.before, pause_.after, pause_.capacity);
    if (stamps_.at_ns) {
        pause_.at_ns = stamps_.at_ns;
    } else if (stamps_.uptime_ns) {
        const auto start = context_.at_ns();
        std::int64_t sum = 0;
        if (!__builtin_add_overflow(*stamps_.uptime_ns, start.value_or(0), &sum)) pause_.at_ns = sum;
        if (!time_noted_)
            context_.note(first_line_, start ? "uptime_from_start" : "uptime_only",
                          start
                              ? "times are uptimes; the time given with the file is taken as the start of the process"
                              : "times are nanoseconds since the start of the process; --at START makes them absolute");
        time_noted_ = true;
    }
    waiting_ = true;
    if (pause_.before || pause_.collector != "G1") return write();
    return {};
}

/// "   [Eden: 24.0M(24.0M)->0.0B(13.0M) Survivors: 0.0B->3072.0K Heap: 24.0M(256.0M)->5000.0K(256.0M)]"
void LegacyGcLog::take_heap_line(std::string_view line)
{
    const std::size_t heap = line.find("Heap: ");
    if (heap == std::string_view::npos) return;
    const std::string_view text = line.substr(heap + 6);
    if (const std::size_t arrow = text.find("->"); arrow != std::string_view::npos)
        heap_change(text, arrow, pause_.before, pause_.after, pause_.capacity);
}

Status LegacyGcLog::write()
{
    waiting_ = false;
    GcPauseRow row;
    row.at_ns = pause_.at_ns;
    row.collector = pause_.collector;
    row.kind = pause_.kind;
    row.cause = pause_.cause;
    row.pause_ms = pause_.ms;
    row.before_bytes = pause_.before;
    row.after_bytes = pause_.after;
    row.capacity_bytes = pause_.capacity;
    TRY(context_.add(row));
    context_.stored();
    return {};
}

Status LegacyGcLog::finish()
{
    if (open_) context_.drop(first_line_, "truncated", "the log ends within a pause");
    open_ = false;
    return waiting_ ? write() : Status();
}

}  // namespace casebook
