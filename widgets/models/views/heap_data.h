#pragma once

#include "analyzers/store/query.h"
#include "widgets/models/views/table_data.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// Class histograms of a case in time order; those without a time before, in the natural order of their files' names.
class HeapData {
public:
    /// Rows with the columns file_id, at_ns, class, instances, bytes of heap_class and, if wanted, path of import_file.
    explicit HeapData(std::shared_ptr<const QueryResult> rows);

    struct Snapshot {
        std::int64_t file_id = 0;
        std::optional<std::int64_t> at_ns;
        std::string path;
        std::int64_t bytes = 0, instances = 0;
    };
    const std::vector<Snapshot>& snapshots() const { return snapshots_; }
    /// Growth of each class between two snapshots, largest first, with its size over all snapshots as a small line.
    std::shared_ptr<TableData> diff(std::size_t before, std::size_t after) const;

    struct ClassSize { std::string_view name; std::int64_t bytes = 0, before = 0; };
    /// Classes of a snapshot, largest first, with their size in an earlier one.
    std::vector<ClassSize> sizes(std::size_t before, std::size_t after) const;

private:
    struct Class {
        std::string_view name;
        std::vector<std::int64_t> bytes, instances;  ///< per snapshot
    };

    std::shared_ptr<const QueryResult> rows_;
    std::vector<Snapshot> snapshots_;
    std::vector<Class> classes_;
};

}  // namespace casebook
