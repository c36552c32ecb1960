#include "widgets/session/case_access.h"

#include "analyzers/trace/span_cache.h"

#include <filesystem>

namespace casebook {

Result<std::shared_ptr<CaseAccess>> CaseAccess::open(const std::string& path, Open how)
{
    std::shared_ptr<CaseAccess> access(new CaseAccess());
    access->path_ = path;
    auto file = how == Open::create ? CaseFile::open_or_create(path) : CaseFile::open(path, CaseFile::Mode::readWrite);
    if (!file && how == Open::existing) {
        // Somebody else writes to it, or it lies where nothing can be written: looking at it is still possible.
        if (auto reading = CaseFile::open(path, CaseFile::Mode::readOnly)) {
            access->notice_ = file.error().what + "; it is open for reading only";
            file = std::move(reading);
        }
    }
    if (!file) return tl::unexpected<Error>(std::move(file.error()));
    access->writer_ = std::move(*file);
    if (access->notice_.empty()) access->notice_ = access->writer_->notice();
    return access;
}

CaseAccess::~CaseAccess()
{
    idle_readers_.clear();
    writer_.reset();
    if (!discard_) return;
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::error_code ignored;
        std::filesystem::remove(path_ + suffix, ignored);
    }
}

Status CaseAccess::use_writer(const std::function<Status(CaseFile&)>& work)
{
    give_spans(*writer_);
    Status status = work(*writer_);
    take_spans(*writer_);
    return status;
}

Status CaseAccess::use_reader(const std::function<void(CaseFile&)>& work)
{
    std::unique_ptr<CaseFile> reader;
    {
        std::lock_guard lock(readers_mutex_);
        if (!idle_readers_.empty()) {
            reader = std::move(idle_readers_.back());
            idle_readers_.pop_back();
        }
    }
    if (!reader) {
        TRY_ASSIGN(reader, CaseFile::open(path_, CaseFile::Mode::readOnly));
    }
    give_spans(*reader);
    work(*reader);
    take_spans(*reader);
    std::lock_guard lock(readers_mutex_);
    idle_readers_.push_back(std::move(reader));
    return {};
}

void CaseAccess::give_spans(CaseFile& file)
{
    std::lock_guard lock(spans_mutex_);
    if (spans_ && spans_generation_ == file.generation() && !file.span_cache()) file.set_span_cache(spans_);
}

void CaseAccess::take_spans(CaseFile& file)
{
    auto cache = file.span_cache();
    if (!cache) file.set_span_cache(nullptr);  // of an older generation: free it
    std::lock_guard lock(spans_mutex_);
    if (!cache || cache == spans_) return;
    spans_ = std::move(cache);
    spans_generation_ = file.generation();
}

Result<std::shared_ptr<const SpanTable>> CaseAccess::spans(const Control& control)
{
    std::unique_lock lock(spans_mutex_);
    spans_changed_.wait(lock, control.stop_token(), [this] { return !spans_loading_; });
    TRY(control.check());
    spans_loading_ = true;
    lock.unlock();

    Result<std::shared_ptr<const SpanTable>> result = fail(Error::Code::cancelled, "cancelled");
    const auto finish = [&] {
        lock.lock();
        spans_loading_ = false;
        lock.unlock();
        spans_changed_.notify_all();
    };
    try {
        if (const Status status = use_reader([&](CaseFile& file) { result = cached_spans(file, control); }); !status)
            result = tl::unexpected<Error>(status.error());
    } catch (...) {
        finish();
        throw;
    }
    finish();
    return result;
}

void CaseAccess::forget_spans()
{
    std::lock_guard lock(spans_mutex_);
    spans_.reset();
}

}  // namespace casebook
