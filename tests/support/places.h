#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

namespace casebook::tests {

/// The project's source folder.
inline std::filesystem::path source_folder()
{
    return CASEBOOK_SOURCE_DIR;
}

/// The folder of further samples: environment CASEBOOK_SHARED, else the build's default. Nothing when it is absent.
inline std::optional<std::filesystem::path> shared_folder()
{
    for (const char* name : {"CASEBOOK_SHARED", "CASEBOOK_SHARED_DEFAULT"}) {
        const char* value = std::getenv(name);
        if (!value || !*value) continue;
        std::error_code none;
        const std::filesystem::path folder = std::filesystem::weakly_canonical(value, none);
        if (!none && std::filesystem::is_directory(folder / "samples", none)) return folder;
        return std::nullopt;
    }
    return std::nullopt;
}

/// A folder of its own that goes with the object.
class TemporaryFolder {
public:
    TemporaryFolder()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "casebook-test-XXXXXX").string();
        if (!mkdtemp(pattern.data())) throw std::filesystem::filesystem_error("mkdtemp", std::error_code(errno, std::generic_category()));
        path_ = pattern;
    }
    ~TemporaryFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// What ctest takes for "skipped".
inline constexpr int skipped = 77;

}  // namespace casebook::tests
