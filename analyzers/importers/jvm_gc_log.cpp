// Garbage collection logs of HotSpot, one row per stop-the-world pause. Unified logging (JDK 9 and later, -Xlog:gc*),
// any decorations, all collectors; and what -XX:+PrintGC and -XX:+PrintGCDetails wrote before (support/gc_legacy.h):
//   [2026-11-23T00:08:58.520+0000][0.078s][info][gc          ] GC(0) Pause Young (Normal) (G1 Evacuation Pause)
//   6M->1M(128M) 2.587ms [2026-11-23T00:09:28.276+0000][0.263s][info][gc,phases   ] GC(0) Pause Mark Start 0.008ms

#include "analyzers/core/importer.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"
#include "analyzers/importers/support/gc_collector.h"
#include "analyzers/importers/support/gc_legacy.h"
#include "analyzers/importers/support/jvm_log.h"
#include "analyzers/importers/support/plain_text.h"
#include "analyzers/importers/support/source.h"

#include <algorithm>
#include <cmath>
#include <deque>

namespace casebook::importers {

extern const Importer jvm_gc_log;

namespace {

constexpr int lines_sniffed = 200;
constexpr double longest_pause_ms = 1e10;  // four months; more is a broken line
constexpr std::size_t max_waiting = 256;   // pauses that wait for the heap sizes of their collection

/// The text of the last word when it is a duration in milliseconds: "2.587ms", "0,595ms".
std::optional<double> take_trailing_ms(std::string_view& message)
{
    std::string_view text = message;
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    if (!text.ends_with("ms")) return {};
    text.remove_suffix(2);
    const std::size_t blank = text.find_last_of(' ');
    std::string number(blank == std::string_view::npos ? text : text.substr(blank + 1));
    std::replace(number.begin(), number.end(), ',', '.');
    const auto ms = parse_double(number);
    if (!ms || *ms < 0 || *ms > longest_pause_ms) return {};
    message = trim(text.substr(0, blank == std::string_view::npos ? 0 : blank));
    return ms;
}

struct HeapChange {
    std::optional<std::int64_t> before, after, capacity;
};

/// Takes "75M->3M(128M)" or ZGC's "52M(20%)->12M(5%)" off the end of the text; the latter has no capacity.
HeapChange take_heap_change(std::string_view& message)
{
    const std::size_t arrow = message.rfind("->");
    if (arrow == std::string_view::npos) return {};
    const std::size_t blank = message.find_last_of(' ', arrow);
    const std::size_t begin = blank == std::string_view::npos ? 0 : blank + 1;
    std::string_view before = message.substr(begin, arrow - begin), after = message.substr(arrow + 2);
    HeapChange change;
    change.before = take_heap_size(before);
    change.after = take_heap_size(after);
    if (!change.before || !change.after) return {};
    if (after.starts_with('(')) {
        after.remove_prefix(1);
        change.capacity = take_heap_size(after);
        if (after.starts_with('%')) change.capacity.reset();
    }
    message = trim(message.substr(0, begin));
    return change;
}

struct PauseName {
    std::string kind;
    std::string_view cause;
};

/// "Pause Young (Normal) (G1 Evacuation Pause)" -> "Young (Normal)" and "G1 Evacuation Pause". Brackets that tell the
/// kind of the pause, not why it happened, stay with the kind.
PauseName pause_name(std::string_view text)
{
    constexpr std::string_view kinds[] = {"Normal",       "Concurrent Start", "Prepare Mixed", "Mixed",
                                          "Initial Mark", "Concurrent End",   "unload classes"};
    PauseName name;
    text.remove_prefix(std::min<std::size_t>(6, text.size()));  // "Pause ", or less of it
    const std::size_t first = std::min(text.find('('), text.size());
    const std::string_view base = trim(text.substr(0, first));
    name.kind = base;
    std::size_t at = first;
    while (at < text.size() && text[at] == '(') {
        std::size_t depth = 0, end = at;
        for (; end < text.size(); ++end) {
            depth += text[end] == '(';
            depth -= text[end] == ')';
            if (depth == 0) break;
        }
        const std::string_view group = text.substr(at + 1, std::min(end, text.size()) - at - 1);
        const bool tells_kind = std::find(std::begin(kinds), std::end(kinds), group) != std::end(kinds) ||
                                base.starts_with("Degenerated") || base.ends_with("Mark") ||
                                base.ends_with("Mark Start") || base.ends_with("Mark End") ||
                                base.ends_with("Relocate Start") || base.ends_with("Refs") || base.ends_with("Roots") ||
                                base.starts_with("Init") || base.starts_with("Final");
        if (tells_kind || group.starts_with("Evacuation Failure") || !name.cause.empty())
            name.kind.append(" (").append(group) += ')';
        else name.cause = group;
        at = std::min(text.find_first_not_of(' ', std::min(end + 1, text.size())), text.size());
    }
    return name;
}

class UnifiedGcLog {
public:
    UnifiedGcLog(ImportContext& context, std::string_view collector) : context_(context), collector_(collector) {}

    Status take_line(std::string_view text, std::int64_t number)
    {
        std::string_view message = jvm_log_message(text);
        while (message.starts_with(' ')) message.remove_prefix(1);
        if (const std::string_view used = collector_of_start_line(message); !used.empty()) {
            collector_ = used;
            return take_start(parse_jvm_log_line(text), number);
        }
        if (message.starts_with("Heap Max Capacity: ")) return take_limit(trim(message.substr(19)));
        const auto id = take_gc_id(message);
        if (message.size() > 3 && message[1] == ':' && (message[0] == 'y' || message[0] == 'Y' || message[0] == 'O')) {
            // Generational ZGC marks the phases of its young and old collections: "O: Pause Mark End 0.010ms".
            message = trim(message.substr(2));
        }
        if (message.starts_with("Pause ")) return take_pause(text, id, message, number);
        if (message.starts_with("Allocation Stall (")) return take_stall(parse_jvm_log_line(text), message, number);
        if (id && message.starts_with("Max Capacity: ")) return take_capacity(*id, trim(message.substr(14)));
        if (id && (message.starts_with("Garbage Collection (") || message.starts_with("Concurrent cleanup") ||
                   message.starts_with("Minor Collection (") || message.starts_with("Major Collection (")))
            return take_collection(*id, message);
        return {};
    }

    bool paused() const { return paused_; }

    Status finish()
    {
        while (!waiting_.empty()) TRY(write_first());
        return {};
    }

private:
    struct Waiting {
        GcPauseRow row;
        std::string kind, cause;
        std::int64_t id = 0;
        bool has_heap = false;
    };

    /// A log that is appended to holds several lives of a process. Uptimes go on from where the last one ended.
    Status take_start(const JvmLogLine& line, std::int64_t number)
    {
        if (!paused_) return {};
        while (!waiting_.empty()) TRY(write_first());
        context_.note(number, "started_anew", "the process began anew, and the log goes on");
        before_ns_ = std::max(before_ns_, latest_ns_);
        const auto at = time_of(line, 0, number);
        return at ? context_.add(EventRow{*at, "restart", context_.default_service(), "the JVM began anew"}) : Status{};
    }

    /// "Heap Max Capacity: 256M", once at the start: what the sizes in brackets may grow to.
    Status take_limit(std::string_view size)
    {
        const auto bytes = take_heap_size(size);
        if (!bytes) return {};
        const std::string value = std::to_string(*bytes);
        return context_.add(SettingRow{context_.default_service().empty() ? context_.path() : context_.default_service(), "heap_max", value, "bytes"});
    }

    /// When the pause began: log lines are written at its end.
    std::optional<std::int64_t> time_of(const JvmLogLine& line, double pause_ms, std::int64_t number)
    {
        std::optional<std::int64_t> end = line.at_ns;
        if (!end && line.uptime_ns) {
            const auto start = context_.at_ns();
            std::int64_t sum = 0, uptime = 0;
            if (__builtin_add_overflow(*line.uptime_ns, before_ns_, &uptime) || __builtin_add_overflow(uptime, start.value_or(0), &sum)) return {};
            latest_ns_ = std::max(latest_ns_, uptime);
            end = sum;
            if (start)
                note_time(number, "uptime_from_start",
                          "times are uptimes; the time given with the file is taken as the start of the process");
            else
                note_time(number, "uptime_only",
                          "times are nanoseconds since the start of the process; --at START makes them absolute");
        } else if (!end) {
            note_time(number, "no_time", "the lines carry no time");
            return {};
        }
        std::int64_t begin = 0;
        if (__builtin_sub_overflow(*end, static_cast<std::int64_t>(std::llround(pause_ms * 1e6)), &begin)) return {};
        return begin;
    }

    /// Once per file: it holds for every line.
    void note_time(std::int64_t number, std::string_view code, std::string_view detail)
    {
        if (!time_noted_) context_.note(number, code, detail);
        time_noted_ = true;
    }

    Status take_pause(std::string_view text, std::optional<std::int64_t> id, std::string_view message,
                      std::int64_t number)
    {
        const auto ms = take_trailing_ms(message);
        if (!ms) return {};  // its start, or a statistics table
        paused_ = true;
        const JvmLogLine line = parse_jvm_log_line(text);
        // The phases of a G1 pause repeat what its own line says; ZGC has its pauses only there.
        if (line.has_tag("phases") && collector_ != "ZGC" && !collector_.empty()) return {};
        const HeapChange heap = take_heap_change(message);
        PauseName name = pause_name(message);
        if (collector_.empty()) collector_ = collector_of_pause(message);
        Waiting pause;
        pause.row.at_ns = time_of(line, *ms, number);
        pause.row.collector = collector_;
        pause.row.pause_ms = *ms;
        pause.row.before_bytes = heap.before;
        pause.row.after_bytes = heap.after;
        pause.row.capacity_bytes = heap.capacity;
        pause.kind = std::move(name.kind);
        pause.cause = name.cause;
        pause.id = id.value_or(-1);
        pause.has_heap = heap.before.has_value() || !id;
        waiting_.push_back(std::move(pause));
        while (!waiting_.empty() && (waiting_.front().has_heap || waiting_.size() > max_waiting)) TRY(write_first());
        return {};
    }

    /// ZGC and Shenandoah say how the heap changed once per collection; its last pause so far gets the sizes.
    Status take_collection(std::int64_t id, std::string_view message)
    {
        take_trailing_ms(message);
        const std::string_view whole = message;
        const HeapChange heap = take_heap_change(message);
        if (!heap.before) return {};
        const auto last =
            std::find_if(waiting_.rbegin(), waiting_.rend(), [id](const Waiting& pause) { return pause.id == id; });
        if (last == waiting_.rend()) return {};
        if (!last->row.before_bytes) last->row.before_bytes = heap.before;
        last->row.after_bytes = heap.after;
        if (heap.capacity) last->row.capacity_bytes = heap.capacity;
        if (whole.starts_with("Concurrent cleanup")) return {};  // another may follow
        while (!waiting_.empty() && waiting_.front().id <= id) TRY(write_first());
        return {};
    }

    /// ZGC: "Max Capacity: 256M(100%)".
    Status take_capacity(std::int64_t id, std::string_view size)
    {
        const auto last =
            std::find_if(waiting_.rbegin(), waiting_.rend(), [id](const Waiting& pause) { return pause.id == id; });
        if (last != waiting_.rend()) last->row.capacity_bytes = take_heap_size(size);
        return {};
    }

    /// A thread that waits for memory is no pause of the process, yet its request feels it: kept as a metric.
    Status take_stall(const JvmLogLine& line, std::string_view message, std::int64_t number)
    {
        const auto ms = take_trailing_ms(message);
        if (!ms) return {};
        context_.note(number, "allocation_stall", "kept as metric jvm.gc.allocation_stall");
        const auto at = time_of(line, *ms, number);
        if (!at) return {};
        const std::size_t open = message.find('('), close = message.rfind(')');
        const std::string thread =
            clean_utf8(close > open ? message.substr(open + 1, close - open - 1) : std::string_view());
        JsonWriter labels;
        labels.begin_object();
        if (!context_.default_service().empty()) labels.key("service").value(context_.default_service());
        labels.key("thread").value(thread).end_object();
        MetricPoint point;
        point.name = "jvm.gc.allocation_stall";
        point.labels = labels.text();
        point.unit = "ms";
        point.at_ns = *at;
        point.value = *ms;
        return context_.add(point);
    }

    Status write_first()
    {
        Waiting& pause = waiting_.front();
        pause.row.kind = pause.kind;
        pause.row.cause = pause.cause;
        TRY(context_.add(pause.row));
        context_.stored();
        waiting_.pop_front();
        return {};
    }

    ImportContext& context_;
    std::string_view collector_;  // a literal
    std::deque<Waiting> waiting_;
    std::int64_t before_ns_ = 0, latest_ns_ = 0;  // uptimes of earlier lives of the process, and the latest one
    bool time_noted_ = false, paused_ = false;
};

bool is_unified_gc_line(const JvmLogLine& line)
{
    std::string_view message = line.message;
    const bool decorated = line.decorations > 0;
    if (decorated && line.has_tag("gc")) return true;
    if (!collector_of_start_line(trim(message)).empty()) return true;
    return take_gc_id(message).has_value() &&
           (decorated || message.starts_with("Pause ") || message.starts_with("Concurrent ") ||
            message.starts_with("Using ") || message.starts_with("Garbage "));
}

int sniff(const Probe& probe)
{
    if (!looks_like_text(probe.head)) return 0;
    std::string_view head = probe.head;
    int legacy = 0;
    for (int i = 0; i < lines_sniffed && !head.empty(); ++i) {
        const std::size_t end = std::min(head.find('\n'), head.size());
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(std::min(end + 1, head.size()));
        if (line.starts_with("Full thread dump")) return 0;
        if (is_unified_gc_line(parse_jvm_log_line(line))) return 90;
        legacy += is_legacy_gc_line(line);
        if (legacy >= 3) return 89;
    }
    return legacy > 0 ? 75 : 0;
}

/// Lines of a log are either bracketed decorations and a message, or time stamps and a bracket; told by its beginning.
bool is_legacy_log(std::string_view head)
{
    while (!head.empty()) {
        const std::size_t end = std::min(head.find('\n'), head.size());
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(std::min(end + 1, head.size()));
        if (is_unified_gc_line(parse_jvm_log_line(line))) return false;
        if (is_legacy_gc_line(line)) return true;
    }
    return false;
}

Status read_legacy(Source& source, ImportContext& context)
{
    TRY_ASSIGN(const std::string_view head, source.window(64u << 10));
    LegacyGcLog log(context, head.substr(0, 64u << 10));
    for (;;) {
        TRY_ASSIGN(const auto line, source.line());
        if (!line) return log.finish();
        if (source.line_number() % 16384 == 0) TRY(context.control().check());
        TRY(log.take_line(*line, source.line_number()));
    }
}

Status read(Source& source, ImportContext& context)
{
    TRY_ASSIGN(const std::string_view head, source.window(64u << 10));
    if (is_legacy_log(head.substr(0, 64u << 10))) return read_legacy(source, context);
    const std::string_view collector = collector_in(head.substr(0, 64u << 10));
    UnifiedGcLog unified(context, collector);
    for (;;) {
        TRY_ASSIGN(const auto line, source.line());
        if (!line) break;
        if (source.line_number() % 16384 == 0) TRY(context.control().check());
        TRY(unified.take_line(*line, source.line_number()));
    }
    TRY(unified.finish());
    if (!unified.paused() && !collector.empty())
        context.note(1, "no_pauses", collector == "Epsilon" ? "Epsilon never collects: no pause to record" : "no collection was necessary in the time of the log");
    return {};
}

}  // namespace

const Importer jvm_gc_log{
    .id = "jvm_gc_log",
    .title = "JVM garbage collection log",
    .brings = "gc_pause",
    .how = "java -Xlog:gc*,safepoint:file=gc.log:time,uptime,level,tags ... (JDK 8: -XX:+PrintGCDetails "
           "-XX:+PrintGCDateStamps -Xloggc:gc.log)",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
