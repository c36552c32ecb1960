#pragma once

#include <string>
#include <vector>

namespace casebook::cli {

/// Evidence that comes with Casebook, to try it on.
struct Sample {
    std::string id, title, path;
};

/// The samples in share/casebook/samples beside an installed program, else in the source folder it was built from; those
/// that resources/samples/list.tsv names and whose folder is there. Empty when there are none.
std::vector<Sample> bundled_samples();

}  // namespace casebook::cli
