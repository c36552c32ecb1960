// Folded stacks, one per line with its weight: Brendan Gregg's stackcollapse-*.pl, async-profiler -o collapsed, py-spy
// -f raw, heaptrack_print --print-flamegraph:
//   java;start_thread;java_start;GCTaskThread::run 12
//   main;leakIt;makeSession 112000
// What was sampled is not in the format; the file's name says cpu, wall, alloc or lock, cpu when it says nothing.

#include "analyzers/core/importer.h"

#include "analyzers/core/text.h"
#include "analyzers/importers/support/plain_text.h"
#include "analyzers/importers/support/source.h"

#include <algorithm>

namespace casebook::importers {

extern const Importer folded_stacks;

namespace {

constexpr int lines_sniffed = 100;

/// "a;b;c 42" cut at the last blank. Difference profiles have two weights ("a;b 10 12"); the second is the later one.
bool split_line(std::string_view line, std::string_view& stack, double& value, bool& two)
{
    line = trim(line);
    const std::size_t blank = line.find_last_of(" \t");
    if (blank == std::string_view::npos || blank == 0) return false;
    const auto weight = parse_double(line.substr(blank + 1));
    if (!weight) return false;
    stack = trim(line.substr(0, blank));
    value = *weight;
    const std::size_t before = stack.find_last_of(" \t");
    two = before != std::string_view::npos && parse_double(stack.substr(before + 1)).has_value();
    if (two) stack = trim(stack.substr(0, before));
    return !stack.empty();
}

std::string_view kind_in_name(std::string_view path)
{
    const std::string name = lower(path.substr(path.find_last_of('/') + 1));
    for (const std::string_view alloc : {"alloc", "heap", "mem", "malloc"})
        if (name.find(alloc) != std::string::npos) return "alloc";
    for (const std::string_view kind : {"wall", "lock"})
        if (name.find(kind) != std::string::npos) return kind;
    return "cpu";
}

/// Without empty frames, and without async-profiler's marks of how a frame was compiled: "run_[j]" and "run_[i]" are
/// one.
std::string clean_stack(std::string_view stack)
{
    std::string clean;
    clean.reserve(stack.size());
    for (std::string_view frame : split(stack, ';')) {
        for (const std::string_view mark : {"_[j]", "_[i]", "_[0]", "_[1]"})
            if (frame.ends_with(mark)) frame.remove_suffix(mark.size());
        if (frame.empty()) continue;
        if (!clean.empty()) clean += ';';
        clean += frame;
    }
    return clean;
}

int sniff(const Probe& probe)
{
    if (!looks_like_text(probe.head)) return 0;
    std::string_view head = probe.head;
    int stacks = 0, deep = 0, others = 0;
    for (int i = 0; i < lines_sniffed && !head.empty(); ++i) {
        const std::size_t end = head.find('\n');
        if (end == std::string_view::npos && !probe.whole && i > 0) break;
        const std::string_view line = trim(head.substr(0, end));
        head.remove_prefix(end == std::string_view::npos ? head.size() : end + 1);
        if (line.empty() || line.starts_with('#') || line.starts_with("//")) continue;
        std::string_view stack;
        double value = 0;
        bool two = false;
        // Delimited tables with a number behind a blank in their last column: no frame begins or ends with a blank or
        // quote.
        const bool is_stack = split_line(line, stack, value, two) && stack.find("; ") == std::string_view::npos &&
                              stack.find('"') == std::string_view::npos;
        stacks += is_stack;
        deep += is_stack && stack.find(';') != std::string_view::npos;
        others += !is_stack;
    }
    const bool named = probe.extension == "collapsed" || probe.extension == "folded" || probe.extension == "stacks";
    if (deep == 0 || others * 5 > stacks) return 0;
    return named ? 90 : deep * 2 >= stacks ? 65 : 0;
}

Status read(Source& source, ImportContext& context)
{
    const std::string_view kind = kind_in_name(context.path());
    const std::string_view unit = kind == "cpu" || kind == "wall" ? "samples" : "";
    for (;;) {
        TRY_ASSIGN(const auto line, source.line());
        if (!line) return {};
        if (source.line_number() % 8192 == 0) TRY(context.control().check());
        const std::string_view text = trim(*line);
        if (text.empty() || text.starts_with('#') || text.starts_with("//")) continue;
        std::string_view stack;
        double value = 0;
        bool two = false;
        if (!split_line(text, stack, value, two)) {
            context.drop(source.line_number(), "bad_line", text.substr(0, 80));
            continue;
        }
        if (value < 0) {
            context.drop(source.line_number(), "negative_weight", "a difference, not a profile");
            continue;
        }
        if (two) context.note(source.line_number(), "two_weights", "a difference of two profiles; the second is kept");
        const std::string clean = clean_stack(stack);
        if (clean.empty()) {
            context.drop(source.line_number(), "bad_line", text.substr(0, 80));
            continue;
        }
        TRY(context.add(ProfileRow{kind, clean, value, unit}));
        context.stored();
    }
}

}  // namespace

const Importer folded_stacks{
    .id = "folded_stacks",
    .title = "Folded stacks (flame graph input)",
    .brings = "profile",
    .how = "asprof -d 30 -o collapsed -f cpu.collapsed PID; or perf script | stackcollapse-perf.pl > cpu.folded",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
