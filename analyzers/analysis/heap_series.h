#pragma once

#include "analyzers/analysis/evidence.h"

#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// Histograms of one process in time order.
struct HeapSeries {
    std::string name;  ///< path with digits as '#'
    std::string folder;
    std::vector<const HeapSnapshot*> snapshots;
    bool timed = false;  ///< by the wall clock; else only their order is known
};

/// Snapshots belong together when their paths are equal but for digits, so live and full histograms do not mix. Processes
/// are told apart by folders, files with several histograms, and process ids in names, where each has two or more.
std::vector<HeapSeries> heap_series(const std::vector<const HeapSnapshot*>& snapshots);

/// Not of the platform or a runtime library: not java.*, javax.*, jdk.*, sun.*, com.sun.*, kotlin.*, scala.*, arrays of primitives.
bool is_application_class(std::string_view name);

/// "[B" -> "byte[]", "[Ljava.lang.Object;" -> "java.lang.Object[]".
std::string readable_class(std::string_view name);

}  // namespace casebook
