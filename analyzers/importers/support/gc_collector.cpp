#include "analyzers/importers/support/gc_collector.h"

#include "analyzers/core/text.h"
#include "analyzers/importers/support/jvm_log.h"

namespace casebook {

std::string_view collector_of_start_line(std::string_view message)
{
    message = trim(message);
    if (message.starts_with("Initializing The Z Garbage Collector")) return "ZGC";
    if (!message.starts_with("Using ")) return {};
    message.remove_prefix(6);
    if (message == "G1") return "G1";
    if (message == "Parallel") return "Parallel";
    if (message == "Serial") return "Serial";
    if (message == "Shenandoah") return "Shenandoah";
    if (message == "Concurrent Mark Sweep") return "CMS";
    if (message.starts_with("The Z Garbage Collector")) return "ZGC";
    if (message.starts_with("Epsilon")) return "Epsilon";
    return {};
}

std::string_view collector_of_pause(std::string_view pause)
{
    for (const std::string_view mark :
         {"(G1 ", "Pause Cleanup", "Pause Young (Normal)", "Pause Young (Concurrent Start)",
          "Pause Young (Prepare Mixed)", "Pause Young (Mixed)", "Pause Mixed"})
        if (pause.find(mark) != std::string_view::npos) return "G1";
    for (const std::string_view mark : {"Pause Mark Start", "Pause Mark End", "Pause Relocate Start"})
        if (pause.find(mark) != std::string_view::npos) return "ZGC";
    for (const std::string_view mark :
         {"Pause Init Mark", "Pause Final Mark", "Pause Init Update", "Pause Final Update", "Pause Final Roots",
          "Pause Degenerated", "Pause Final Evac", "Pause Init Traversal", "Pause Final Traversal"})
        if (pause.find(mark) != std::string_view::npos) return "Shenandoah";
    if (pause.find("(Ergonomics)") != std::string_view::npos) return "Parallel";
    return {};
}

std::string_view collector_in(std::string_view head)
{
    std::string_view told;
    bool remark = false, initial_mark = false;
    while (!head.empty()) {
        const std::size_t end = std::min(head.find('\n'), head.size());
        std::string_view message = parse_jvm_log_line(head.substr(0, end)).message;
        head.remove_prefix(std::min(end + 1, head.size()));
        take_gc_id(message);
        if (const std::string_view used = collector_of_start_line(message); !used.empty()) return used;
        if (!told.empty()) continue;
        told = collector_of_pause(message);
        if (message.starts_with("PSYoungGen:") || message.starts_with("ParOldGen:")) told = "Parallel";
        else if (message.starts_with("ParNew:") || message.starts_with("CMS:")) told = "CMS";
        else if (message.starts_with("DefNew:") || message.starts_with("Tenured:")) told = "Serial";
        else if (message.starts_with("Eden regions:")) told = "G1";
        remark = remark || message.starts_with("Pause Remark");
        initial_mark = initial_mark || message.starts_with("Pause Initial Mark");
    }
    if (told.empty() && remark && initial_mark) return "CMS";
    return told;
}

}  // namespace casebook
