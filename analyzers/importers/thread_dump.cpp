// Thread dumps, one or several per file: HotSpot (jstack, jcmd Thread.print, kill -3), ThreadInfo.toString(), Go
// goroutines:
//   "dl-1" #32 daemon prio=5 os_prio=0 cpu=0.18ms elapsed=4.42s tid=0x00007f7ae411b330 nid=0x1545 waiting for monitor
//   entry  [0x00007f7a726fe000]
//      java.lang.Thread.State: BLOCKED (on object monitor)
//   goroutine 12 [chan receive, 3 minutes]:
// Locks are stored as "0x00000000ffd1b5b8 java.lang.Object", several separated by "; ". A monitor a thread waits on in
// Object.wait() is not among those it holds, though its stack says locked. cpu= and allocated= become metrics.

#include "analyzers/core/importer.h"

#include "analyzers/core/text.h"
#include "analyzers/importers/support/columns.h"
#include "analyzers/importers/support/metric_labels.h"
#include "analyzers/importers/support/plain_text.h"
#include "analyzers/importers/support/source.h"

#include <algorithm>

namespace casebook::importers {

extern const Importer thread_dump;

namespace {

constexpr std::size_t max_locks = 1000;  // per thread; real ones hold a handful
constexpr std::size_t max_stack = 64 * 1024;  // bytes per thread; the JVM stops at 1,024 frames by itself

/// `"name" rest`: true for the line that opens a thread. The name may hold quotes; what follows it tells them from
/// prose and from the deadlock report, where the name is followed by a colon.
bool split_thread_line(std::string_view line, std::string_view& name, std::string_view& rest)
{
    if (!line.starts_with('"')) return false;
    for (std::size_t quote = line.find("\" ", 1); quote != std::string_view::npos;
         quote = line.find("\" ", quote + 1)) {
        rest = trim(line.substr(quote + 2));
        for (const std::string_view start :
             {"#", "Id=", "id=", "prio=", "os_prio=", "daemon ", "virtual ", "tid=", "nid=", "cpu="})
            if (rest.starts_with(start)) {
                name = line.substr(1, quote - 1);
                return true;
            }
    }
    return false;
}

/// "key=123.45ms" of a thread line; empty without.
std::string_view attribute(std::string_view rest, std::string_view key)
{
    for (std::size_t at = rest.find(key); at != std::string_view::npos; at = rest.find(key, at + 1)) {
        if (at > 0 && rest[at - 1] != ' ') continue;
        const std::string_view value = rest.substr(at + key.size());
        return value.substr(0, value.find(' '));
    }
    return {};
}

/// "<0x00000000ffd1b5b8> (a java.lang.Object)" as "0x00000000ffd1b5b8 java.lang.Object"; "X@5a679233" as it is.
std::string lock_name(std::string_view text)
{
    text = trim(text);
    if (!text.starts_with('<')) return std::string(text.substr(0, text.find(" owned by")));
    const std::size_t close = text.find('>');
    if (close == std::string_view::npos) return std::string(text);
    std::string name(text.substr(1, close - 1));
    if (!name.starts_with("0x")) return {};  // <no object reference available>, <owner is scalar replaced>
    std::string_view type = trim(text.substr(close + 1));
    if (type.starts_with("(a ") && type.ends_with(')')) (name += ' ') += type.substr(3, type.size() - 4);
    return name;
}

/// "java.lang.Thread.sleep(java.base@17.0.15/Native Method)" without module and class loader, which differ by version.
std::string frame_name(std::string_view frame)
{
    frame = trim(frame);
    const std::size_t open = frame.find('(');
    std::string_view method = frame.substr(0, open);
    if (const std::size_t slash = method.rfind('/');
        slash != std::string_view::npos && method.substr(0, slash).find('$') == std::string_view::npos)
        method = method.substr(slash + 1);
    if (open == std::string_view::npos) return std::string(method);
    std::string_view place = frame.substr(open + 1);
    if (const std::size_t slash = place.rfind('/'); slash != std::string_view::npos) place = place.substr(slash + 1);
    return std::string(method) + "(" + std::string(place);
}

struct Thread {
    std::string name, number, state, waiting_on, top_frame, stack, cpu, allocated;
    std::vector<std::string> locked;
    std::int64_t line = 0;
    bool in_wait = false;  // Object.wait() gave the monitor back
};

class DumpImport {
public:
    DumpImport(Source& source, ImportContext& context) : source_(source), context_(context) {}

    Status read()
    {
        for (;;) {
            TRY_ASSIGN(const auto line, source_.line());
            if (!line) break;
            TRY(take_line(*line));
        }
        TRY(flush());
        if (threads_ == 0)
            return fail(Error::Code::notUnderstood, "no thread in the input",
                        "take a dump with: jstack -l PID, or jcmd PID Thread.print -l -e");
        return {};
    }

private:
    Status take_line(std::string_view raw)
    {
        const std::string_view line = trim(raw);
        if (line.starts_with("Full thread dump")) {
            TRY(flush());
            dump_at_ = clock_;
            clock_.reset();
            in_report_ = false;
            return {};
        }
        if (line.starts_with("Found ") && line.find("deadlock") != std::string_view::npos) {
            TRY(flush());
            if (line.ends_with("deadlock:"))
                context_.note(source_.line_number(), "deadlock_reported", "the virtual machine reports a deadlock");
            in_report_ = true;  // repeats the stacks of the threads above
            return {};
        }
        std::string_view name, rest;
        if (split_thread_line(raw, name, rest)) {
            TRY(flush());
            in_report_ = false;
            open_thread(name, rest);
            return {};
        }
        if (raw.starts_with("goroutine ") && line.ends_with("]:")) {
            TRY(flush());
            open_goroutine(line);
            return {};
        }
        if (line.size() >= 16 && line.size() <= 40 && !line.starts_with('-'))
            if (const auto at = cell_instant(line)) {
                TRY(flush());
                clock_ = at;
                return {};
            }
        if (!open_ || in_report_) return {};
        if (goroutine_) take_goroutine_line(raw);
        else take_stack_line(line);
        return {};
    }

    void open_thread(std::string_view name, std::string_view rest)
    {
        thread_ = {};
        thread_.name = name;
        thread_.line = source_.line_number();
        open_ = true;
        goroutine_ = synchronizers_ = false;
        if (rest.starts_with('#')) thread_.number = rest.substr(0, rest.find(' '));
        thread_.cpu = attribute(rest, "cpu=");
        thread_.allocated = attribute(rest, "allocated=");
        if (!rest.starts_with("Id=") && !rest.starts_with("id=")) return;
        // ThreadInfo.toString(): Id=76 WAITING on java.lang.Object@5a679233 owned by "other" Id=77
        thread_.number = rest.substr(0, rest.find(' '));
        std::string_view words =
            rest.find(' ') == std::string_view::npos ? std::string_view() : trim(rest.substr(rest.find(' ')));
        thread_.state = words.substr(0, words.find(' '));
        if (const std::size_t on = words.find(" on "); on != std::string_view::npos)
            thread_.waiting_on = lock_name(words.substr(on + 4));
    }

    void take_stack_line(std::string_view line)
    {
        if (line.starts_with("java.lang.Thread.State:")) {
            const std::string_view state = trim(line.substr(23));
            thread_.state = state.substr(0, state.find(' '));
            return;
        }
        if (line.starts_with("Locked ownable synchronizers:") || line.starts_with("Number of locked synchronizers")) {
            synchronizers_ = true;
            return;
        }
        if (line.starts_with("at ")) {
            const std::string frame = frame_name(line.substr(3));
            if (thread_.top_frame.empty()) thread_.top_frame = frame;
            add_to_stack(frame);
            return;
        }
        if (!line.starts_with('-')) return;
        if (!synchronizers_) add_to_stack(line);
        std::string_view what = trim(line.substr(1));
        const auto after = [&](std::string_view start) {
            if (!what.starts_with(start)) return false;
            what = trim(what.substr(start.size()));
            return true;
        };
        if (synchronizers_) {
            if (what != "None") hold(what);
        } else if (after("waiting to lock") || after("parking to wait for") || after("blocked on")) {
            wait_for(what);
        } else if (after("waiting to re-lock in wait()")) {
            wait_for(what);
            thread_.in_wait = true;
        } else if (after("waiting on")) {
            wait_for(what);
            thread_.in_wait = true;
        } else if (after("locked")) {
            hold(what);
        }
    }

    void add_to_stack(std::string_view line)
    {
        if (thread_.stack.size() + line.size() >= max_stack) return;
        if (!thread_.stack.empty()) thread_.stack += '\n';
        thread_.stack += line;
    }

    void wait_for(std::string_view what)
    {
        // The innermost one counts; frames below were passed.
        if (thread_.waiting_on.empty()) thread_.waiting_on = lock_name(what);
    }

    void hold(std::string_view what)
    {
        std::string name = lock_name(what);
        if (name.empty() || thread_.locked.size() >= max_locks) return;
        if (std::find(thread_.locked.begin(), thread_.locked.end(), name) == thread_.locked.end())
            thread_.locked.push_back(std::move(name));
    }

    /// "goroutine 12 [chan receive, 3 minutes]:"
    void open_goroutine(std::string_view line)
    {
        thread_ = {};
        thread_.line = source_.line_number();
        open_ = goroutine_ = true;
        in_report_ = false;
        const std::size_t bracket = line.find('[');
        thread_.name = trim(line.substr(0, bracket));
        std::string_view state = line.substr(bracket + 1, line.size() - bracket - 3);
        thread_.state = trim(state.substr(0, state.find(',')));
    }

    void take_goroutine_line(std::string_view raw)
    {
        if (trim(raw).empty() || raw.starts_with('\t')) return;
        const std::string_view function = raw.substr(0, raw.rfind('('));
        if (thread_.top_frame.empty()) thread_.top_frame = function;
        add_to_stack(function);
    }

    Status flush()
    {
        if (!open_) return {};
        open_ = false;
        ++threads_;
        if (threads_ % 1024 == 0) TRY(context_.control().check());
        std::string holding;
        for (const std::string& lock : thread_.locked) {
            if (thread_.in_wait && lock == thread_.waiting_on) continue;
            if (!holding.empty()) holding += "; ";
            holding += lock;
        }
        ThreadRow row;
        row.at_ns = dump_at_ ? dump_at_ : clock_ && threads_ == 1 ? clock_ : context_.at_ns();
        row.name = thread_.name;
        row.state = thread_.state;
        row.waiting_on = thread_.waiting_on;
        row.holding = holding;
        row.top_frame = thread_.top_frame;
        row.stack = thread_.stack;
        TRY(context_.add(row));
        if (row.at_ns) TRY(add_counters(*row.at_ns));
        context_.stored();
        return {};
    }

    /// CPU time and allocated bytes since the thread began (JDK 11; allocated with -e). Two dumps give rates.
    Status add_counters(std::int64_t at)
    {
        if (thread_.cpu.empty() && thread_.allocated.empty()) return {};
        MetricLabels labels;
        if (!context_.default_service().empty()) labels.set("service", context_.default_service());
        labels.set("thread", thread_.name);
        if (!thread_.number.empty()) labels.set("id", thread_.number);
        MetricPoint point;
        point.labels = labels.json();
        point.at_ns = at;
        if (const auto cpu = cell_quantity(thread_.cpu, true); cpu && cpu->unit == "ms") {
            point.name = "jvm.thread.cpu_time";
            point.unit = "ms";
            point.value = cpu->value;
            TRY(context_.add(point));
        }
        // Printed with the suffixes B, K, M, G of 1024.
        if (const auto allocated = cell_quantity(thread_.allocated, true)) {
            const double factor = allocated->unit == "K"   ? 1024.0
                                  : allocated->unit == "M" ? 1048576.0
                                  : allocated->unit == "G" ? 1073741824.0
                                                           : 1.0;
            point.name = "jvm.thread.allocated";
            point.unit = "By";
            point.value = allocated->value * factor;
            TRY(context_.add(point));
        }
        return {};
    }

    Source& source_;
    ImportContext& context_;
    Thread thread_;
    std::optional<std::int64_t> clock_, dump_at_;
    std::int64_t threads_ = 0;
    bool open_ = false, goroutine_ = false, synchronizers_ = false, in_report_ = false;
};

int sniff(const Probe& probe)
{
    if (!looks_like_text(probe.head)) return 0;
    std::string_view head = probe.head;
    int threads = 0, states = 0, goroutines = 0;
    while (!head.empty()) {
        const std::size_t end = std::min(head.find('\n'), head.size());
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(std::min(end + 1, head.size()));
        if (line.starts_with("Full thread dump ")) return 94;
        std::string_view name, rest;
        threads += split_thread_line(line, name, rest);
        states += trim(line).starts_with("java.lang.Thread.State:") || rest.starts_with("Id=");
        goroutines += line.starts_with("goroutine ") && trim(line).ends_with("]:");
        if (threads >= 1 && states >= 1) return 88;
        if (goroutines >= 2) return 85;
    }
    return goroutines == 1 && probe.head.starts_with("goroutine ") ? 70 : 0;
}

Status read(Source& source, ImportContext& context) { return DumpImport(source, context).read(); }

}  // namespace

const Importer thread_dump{
    .id = "thread_dump",
    .title = "Thread dump (JVM, Go)",
    .brings = "thread",
    .how = "jstack -l PID > threads_1.txt, three times, 10 s apart; or jcmd PID Thread.print -l -e",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
