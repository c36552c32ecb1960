#include "app/cli/samples.h"

#include <filesystem>
#include <fstream>

namespace casebook::cli {

std::vector<Sample> bundled_samples()
{
    namespace fs = std::filesystem;
    std::error_code none;
    const fs::path program = fs::read_symlink("/proc/self/exe", none).parent_path();
    for (const fs::path& folder : {program / "../share/casebook/samples", fs::path(CASEBOOK_SAMPLES_DIR)}) {
        std::ifstream in(folder / "list.tsv");
        std::vector<Sample> samples;
        for (std::string line; std::getline(in, line);) {
            const std::size_t tab = line.find('\t');
            if (tab == std::string::npos || line.front() == '#') continue;
            const fs::path path = folder / line.substr(0, tab);
            if (fs::is_directory(path, none))
                samples.push_back({line.substr(0, tab), line.substr(tab + 1), fs::weakly_canonical(path, none).string()});
        }
        if (!samples.empty()) return samples;
    }
    return {};
}

}  // namespace casebook::cli
