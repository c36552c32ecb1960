#pragma once

#include "analyzers/capture/capture.h"
#include "analyzers/capture/csv_table.h"
#include "analyzers/core/result.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace casebook::capture_detail {

/// The directory that a capture writes. At every moment its files hold whole rows, and all files the same snapshots.
class Bundle {
public:
    /// Whether a bundle may be made there, before anything is asked of a server. Error usage.
    static Status check(const std::filesystem::path& directory);

    /// Creates the directory when it is not there. Errors: usage, internal.
    static Result<std::unique_ptr<Bundle>> create(const std::filesystem::path& directory);
    ~Bundle();
    Bundle(const Bundle&) = delete;
    Bundle& operator=(const Bundle&) = delete;

    /// Appends the rows of one snapshot, all of them or none.
    Status append(const std::vector<CsvTable>& tables);
    /// Writes a file whole, in place of one of that name. `last`: and waits until it is on the disk; not each time, for the
    /// disk may be the server's and what is slow.
    Status write(const std::string& name, std::string_view bytes, std::int64_t rows, bool last = false);
    /// Frees the little room that was set aside for the last manifest, for when the disk is full.
    void release_reserve();
    /// Takes everything away again.
    void remove();

    std::vector<CaptureSummary::File> files() const;
    std::int64_t bytes() const;
    const std::filesystem::path& directory() const { return directory_; }

private:
    struct Extent {
        std::int64_t rows = 0, bytes = 0;
        std::string header;
    };
    Bundle(std::filesystem::path directory, bool created) : directory_(std::move(directory)), created_(created) {}
    Status append_one(const CsvTable& table);
    void cut_back(const std::map<std::string, Extent>& to);

    std::filesystem::path directory_;
    bool created_;
    int reserve_ = -1;
    std::map<std::string, Extent> files_;
};

}  // namespace casebook::capture_detail
