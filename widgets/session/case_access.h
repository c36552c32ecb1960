#pragma once

#include "analyzers/store/case_file.h"
#include "analyzers/trace/span_table.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace casebook {

/// The open case as jobs share it: one connection for the job that writes, any number for jobs that read. Every job
/// holds it by shared_ptr, so the file is closed by whichever job lets go last. All members may be called on any
/// thread except the GUI thread, unless said otherwise.
class CaseAccess {
public:
    enum class Open { existing, create };
    /// Opens for writing; when another program has the case open, for reading, and notice() says so.
    static Result<std::shared_ptr<CaseAccess>> open(const std::string& path, Open how);
    ~CaseAccess();

    const std::string& path() const { return path_; }      ///< also on the GUI thread
    bool read_only() const { return writer_->read_only(); } ///< also on the GUI thread
    const std::string& notice() const { return notice_; }  ///< also on the GUI thread
    /// Removes the file when the last job has let go. Also on the GUI thread.
    void discard_when_closed() { discard_ = true; }

    /// Lends the writing connection; for jobs of Lane::write only, of which one runs at a time.
    Status use_writer(const std::function<Status(CaseFile&)>& work);
    /// Lends a read-only connection.
    Status use_reader(const std::function<void(CaseFile&)>& work);

    /// The spans as columns; loaded by the first who asks, while others who ask wait.
    Result<std::shared_ptr<const SpanTable>> spans(const Control& control);
    /// Frees the memory of spans that are no longer those of the case. Also on the GUI thread.
    void forget_spans();

private:
    CaseAccess() = default;
    void give_spans(CaseFile& file);
    void take_spans(CaseFile& file);

    std::string path_, notice_;
    std::unique_ptr<CaseFile> writer_;
    std::atomic<bool> discard_ = false;

    std::mutex readers_mutex_;
    std::vector<std::unique_ptr<CaseFile>> idle_readers_;

    // One span table for all connections: views, analyzers and SQL over the span view share it.
    std::mutex spans_mutex_;
    std::condition_variable_any spans_changed_;
    bool spans_loading_ = false;
    std::shared_ptr<const void> spans_;
    std::int64_t spans_generation_ = -1;
};

}  // namespace casebook
