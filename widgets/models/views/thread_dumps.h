#pragma once

#include "analyzers/store/query.h"
#include "widgets/models/views/table_data.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// Thread dumps of a case as the view shows them. Texts point into the rows, which it keeps.
class ThreadDumps {
public:
    struct Thread {
        std::string_view name, state, waiting_on, holding, top_frame, stack;
    };
    struct Dump {
        std::optional<std::int64_t> at_ns;
        std::string_view path;
        std::vector<Thread> threads;
        std::vector<std::size_t> counts;  ///< threads per state, as states() has them
    };
    /// Threads of one dump that are in the same state with the same frames on top.
    struct Group {
        std::vector<std::uint32_t> threads;  ///< places in the dump; at least one
    };

    /// Rows with the columns of `query()`. Rows of one file and time are one dump; dumps come by time, then by the names
    /// of their files, numbers in them as numbers.
    explicit ThreadDumps(std::shared_ptr<const QueryResult> rows);
    static const char* query();

    const std::vector<Dump>& dumps() const { return dumps_; }
    /// All states that occur, running ones first, then blocked and waiting ones.
    const std::vector<std::string>& states() const { return states_; }

    /// Largest first. O(n log n).
    std::vector<Group> groups(std::size_t dump) const;
    /// Groups of a dump: threads, more or fewer than in the dump before, state, frame, what they wait for, names.
    std::shared_ptr<TableData> group_table(std::size_t dump, const std::vector<Group>& groups) const;
    /// Who holds locks and who waits for them, as a tree: column 0 ends in the thread's name. `threads` gets the place of
    /// each row's thread; -1 for a lock whose owner the dump does not show.
    std::shared_ptr<TableData> lock_table(std::size_t dump, std::vector<int>& threads) const;
    /// How many threads a group has, what the first waits for and holds, its stack, and the names of all.
    std::string group_text(std::size_t dump, const Group& group) const;

private:
    std::shared_ptr<const QueryResult> rows_;
    std::vector<Dump> dumps_;
    std::vector<std::string> states_;
};

}  // namespace casebook
