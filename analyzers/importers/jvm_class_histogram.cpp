// Class histograms of JVMs, one or several per file:
//    num     #instances         #bytes  class name (module)        jmap -histo, jcmd GC.class_histogram,
//    -XX:+PrintClassHistogram
//      1:         57844        3243496  [B (java.base@17.0.15)
//   num   #instances	#bytes	Class description                        jhsdb jmap --histo
//   1:		20628	9175304	byte[]
//   num   object count     total size    class name                  OpenJ9
//     1          26125        1254000    [C
// Class names are stored as Java writes types ("byte[]", "java.lang.String[]"), without module and without the address
// of a hidden class, so that the dialects agree.

#include "analyzers/core/importer.h"

#include "analyzers/core/text.h"
#include "analyzers/importers/support/columns.h"
#include "analyzers/importers/support/jvm_log.h"
#include "analyzers/importers/support/plain_text.h"
#include "analyzers/importers/support/source.h"

#include <tsl/robin_map.h>

namespace casebook::importers {

extern const Importer jvm_class_histogram;

namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;
constexpr int lines_sniffed = 200;

bool is_header(std::string_view line)
{
    line = trim(line);
    if (!line.starts_with("num") || line.size() < 12) return false;
    const bool counts =
        line.find("#instances") != std::string_view::npos || line.find("object count") != std::string_view::npos;
    return counts && contains_ignoring_case(line, "class");
}

std::string_view next_word(std::string_view& line)
{
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
}

struct ClassLine {
    std::int64_t rank = 0, instances = 0, bytes = 0;
    std::string_view name;
};

/// "  12:   345   6789  java.lang.String (java.base@17)"; the colon is missing in OpenJ9's dialect.
std::optional<ClassLine> parse_class_line(std::string_view line, bool colon_needed)
{
    std::string_view rank = next_word(line);
    const bool colon = rank.ends_with(':');
    if (colon) rank.remove_suffix(1);
    const auto position = parse_int(rank);
    if ((colon_needed && !colon) || !position) return {};
    const auto instances = parse_int(next_word(line));
    const auto bytes = parse_int(next_word(line));
    const std::string_view name = trim(line);
    if (!instances || !bytes || *instances < 0 || *bytes < 0 || name.empty()) return {};
    return ClassLine{*position, *instances, *bytes, name};
}

/// A line that was meant as a class row: it begins with a rank and a colon.
bool looks_like_class_line(std::string_view line)
{
    const std::string_view rank = next_word(line);
    return rank.size() > 1 && rank.ends_with(':') && parse_int(rank.substr(0, rank.size() - 1)).has_value() &&
           !trim(line).empty();
}

/// "Total  203788  8477752" and "Total : \t71586\t11201200".
std::optional<ClassLine> parse_total(std::string_view line)
{
    line = trim(line);
    if (!line.starts_with("Total")) return {};
    line.remove_prefix(5);
    line = trim(line);
    if (line.starts_with(':')) line.remove_prefix(1);
    const auto instances = parse_int(next_word(line));
    const auto bytes = parse_int(next_word(line));
    if (!instances || !bytes) return {};
    return ClassLine{0, *instances, *bytes, {}};
}

/// "[[Ljava.lang.String;" -> "java.lang.String[][]", "[B" -> "byte[]"; anything else as it is.
std::string java_type_name(std::string_view name)
{
    std::size_t dimensions = 0;
    while (dimensions < name.size() && name[dimensions] == '[') ++dimensions;
    if (dimensions == 0 || dimensions == name.size() || dimensions > 255) return std::string(name);
    std::string_view element = name.substr(dimensions);
    std::string type;
    if (element.front() == 'L' && element.back() == ';') {
        type = element.substr(1, element.size() - 2);
    } else if (element.size() == 1) {
        switch (element.front()) {
        case 'B': type = "byte"; break;
        case 'C': type = "char"; break;
        case 'D': type = "double"; break;
        case 'F': type = "float"; break;
        case 'I': type = "int"; break;
        case 'J': type = "long"; break;
        case 'S': type = "short"; break;
        case 'Z': type = "boolean"; break;
        default: return std::string(name);
        }
    } else {
        return std::string(name);
    }
    for (; dimensions > 0; --dimensions) type += "[]";
    return type;
}

/// Without " (java.base@17.0.15)" and without the address of a hidden class, which differs in every process.
std::string class_name(std::string_view written)
{
    if (written.ends_with(')')) {
        const std::size_t open = written.rfind(" (");
        if (open != std::string_view::npos) written = trim(written.substr(0, open));
    }
    if (const std::size_t address = written.rfind("/0x"); address != std::string_view::npos) {
        const std::size_t end =
            std::min(written.find_first_not_of("0123456789abcdefABCDEF", address + 3), written.size());
        return java_type_name(std::string(written.substr(0, address)).append(written.substr(end)));
    }
    return java_type_name(written);
}

/// The classes of one histogram; the same name from several class loaders is one class.
struct Histogram {
    struct Class {
        std::string name;
        std::int64_t instances = 0, bytes = 0;
    };
    std::vector<Class> classes;
    tsl::robin_map<std::string, std::size_t> by_name;
    std::optional<std::int64_t> at_ns;
    std::int64_t line = 0;
    std::int64_t instances = 0, bytes = 0;
    std::int64_t rows = 0;
    bool open = false;   // its end has not been seen
    bool ended = false;  // by a total
};

class HistogramImport {
public:
    HistogramImport(Source& source, ImportContext& context) : source_(source), context_(context) {}

    Status read()
    {
        for (;;) {
            TRY_ASSIGN(const auto line, source_.line());
            if (!line) break;
            TRY(take_line(*line));
        }
        TRY(flush(histograms_ > 0));
        if (histograms_ == 0)
            return fail(Error::Code::notUnderstood, "no class histogram in the input",
                        "take one with: jmap -histo:live PID, or jcmd PID GC.class_histogram");
        return {};
    }

private:
    Status take_line(std::string_view raw)
    {
        const JvmLogLine decorated = parse_jvm_log_line(raw);
        std::string_view line = raw;
        if (decorated.decorations > 0) {
            line = decorated.message;
            take_gc_id(line);
            if (decorated.at_ns) clock_ = decorated.at_ns;
        }
        if (is_header(line)) {
            TRY(flush(true));
            begin();
            openj9_ = line.find("object count") != std::string_view::npos;
            return {};
        }
        if (const auto total = parse_total(line)) {
            if (current_.open) check_total(*total);
            return {};
        }
        if (const auto row = parse_class_line(line, !(openj9_ && current_.open))) {
            if (!current_.open) begin();  // the header was cut off
            add(*row);
            return {};
        }
        if (looks_like_class_line(line)) {
            if (!current_.open) begin();
            context_.drop(source_.line_number(), "bad_row", line.substr(0, 80));
            return {};
        }
        if (const auto at = cell_instant(line); at && trim(line).size() >= 10) clock_ = at;
        return {};
    }

    void begin()
    {
        current_ = {};
        current_.open = true;
        current_.line = source_.line_number();
        current_.at_ns = clock_;
    }

    void add(const ClassLine& row)
    {
        if (current_.ended) return context_.drop(source_.line_number(), "bad_row", "a class row after the total");
        ++current_.rows;
        std::string name = class_name(row.name);
        const auto [known, is_new] = current_.by_name.try_emplace(name, current_.classes.size());
        if (is_new) current_.classes.push_back({std::move(name), 0, 0});
        else
            context_.note(source_.line_number(), "same_class_name",
                          "rows of one name (several class loaders) are added up");
        Histogram::Class& entry = current_.classes[known->second];
        entry.instances = saturated_sum(entry.instances, row.instances);
        entry.bytes = saturated_sum(entry.bytes, row.bytes);
        current_.instances = saturated_sum(current_.instances, row.instances);
        current_.bytes = saturated_sum(current_.bytes, row.bytes);
        context_.stored();
    }

    static std::int64_t saturated_sum(std::int64_t a, std::int64_t b)
    {
        std::int64_t sum = 0;
        return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
    }

    void check_total(const ClassLine& total)
    {
        current_.ended = true;
        if (total.instances != current_.instances || total.bytes != current_.bytes)
            context_.note(source_.line_number(), "total_differs",
                          "the rows add up to " + std::to_string(current_.instances) + " instances and " +
                              std::to_string(current_.bytes) + " bytes, the total says " +
                              std::to_string(total.instances) + " and " + std::to_string(total.bytes));
    }

    /// Writes the current histogram. `several`: the file holds more than one, so that without times only the order
    /// tells them apart; it is kept as seconds after the epoch.
    Status flush(bool several)
    {
        if (!current_.open) return {};
        if (!current_.ended)
            context_.note(source_.line_number(), "truncated",
                          "the histogram that begins on line " + std::to_string(current_.line) + " has no total");
        std::optional<std::int64_t> at = current_.at_ns ? current_.at_ns : context_.at_ns();
        if (several && !current_.at_ns) {
            at = at.value_or(ns_per_s) + histograms_ * ns_per_s;
            context_.note(current_.line, "no_time",
                          "several histograms without time in one file: order kept, one second apart");
        }
        TRY(context_.control().check());
        for (const Histogram::Class& entry : current_.classes)
            TRY(context_.add(HeapClassRow{at, entry.name, entry.instances, entry.bytes}));
        ++histograms_;
        current_ = {};
        return {};
    }

    Source& source_;
    ImportContext& context_;
    Histogram current_;
    std::optional<std::int64_t> clock_;
    std::int64_t histograms_ = 0;
    bool openj9_ = false;
};

int sniff(const Probe& probe)
{
    if (!looks_like_text(probe.head)) return 0;
    std::string_view head = probe.head;
    int class_lines = 0;
    ClassLine before;
    for (int i = 0; i < lines_sniffed && !head.empty(); ++i) {
        const std::size_t end = std::min(head.find('\n'), head.size());
        const JvmLogLine line = parse_jvm_log_line(head.substr(0, end));
        head.remove_prefix(std::min(end + 1, head.size()));
        if (line.message.starts_with("Full thread dump")) return 0;
        std::string_view message = line.message;
        take_gc_id(message);
        if (is_header(message)) return line.decorations > 0 ? 60 : 95;
        const auto row = parse_class_line(message, true);
        class_lines = row && (class_lines == 0 || (row->rank == before.rank + 1 && row->bytes <= before.bytes))
                          ? class_lines + 1
                          : 0;
        if (row) before = *row;
        if (class_lines >= 5) return 70;  // the header was cut off
    }
    return 0;
}

Status read(Source& source, ImportContext& context) { return HistogramImport(source, context).read(); }

}  // namespace

const Importer jvm_class_histogram{
    .id = "jvm_class_histogram",
    .title = "JVM class histogram",
    .brings = "heap_class",
    .how = "jmap -histo:live PID > histogram.txt, three or more, some seconds apart",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
