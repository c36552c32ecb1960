#pragma once

#include <string_view>

namespace casebook {

/// The collector a start line names ("Using G1", "Initializing The Z Garbage Collector"): "G1", "Parallel", "Serial",
/// "CMS", "ZGC", "Shenandoah", "Epsilon". Empty for any other line. A literal.
std::string_view collector_of_start_line(std::string_view message);

/// The collector that alone prints such a pause; empty when several do (young collections of Serial and Parallel).
std::string_view collector_of_pause(std::string_view pause);

/// The collector told by the first part of a log: its start line, else the generations and pauses it names. Rotated
/// logs have no start line.
std::string_view collector_in(std::string_view head);

}  // namespace casebook
