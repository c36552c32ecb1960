#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/result.h"

#include <QObject>
#include <QPointer>
#include <QString>
#include <QThreadPool>
#include <QTimer>

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <vector>

namespace casebook {

using JobId = quint64;  ///< 0 = no job

/// What the jobs panel shows of one job. A value; read on the GUI thread.
struct JobInfo {
    JobId id = 0;
    QString title;           ///< "Import 3 files"
    bool listed = false;     ///< false: short reads that the jobs panel leaves out
    bool counts_bytes = false;  ///< progress is in bytes, so a rate in MB/s makes sense
    bool waiting = false;    ///< behind another job of its lane, or for a free thread
    bool cancelling = false;
    bool of_case = true;     ///< false: Lane::outside, goes on when another case is opened
    Progress progress;       ///< bytes for imports, steps otherwise; total 0 = unknown
    qint64 elapsed_ms = 0;   ///< since it began to run
};

/// The one mechanism for work that is not done in a blink: a function `(const Control&) -> Result<T>` runs on a pool
/// thread, its result comes back on the GUI thread. Jobs of Lane::write run one at a time in the order they were
/// started; jobs of Lane::read run in parallel, also beside a writer, and so do those of Lane::outside. Progress reaches the GUI thread at most 20
/// times a second. All members are called on the GUI thread; nothing here ever waits, except the destructor, which
/// stops every job that is not essential and waits for all.
class JobRunner : public QObject {
    Q_OBJECT

public:
    enum class Lane {
        read,
        write,
        outside,  ///< mostly waits for a server: takes no reader's thread and is none of the open case's business
    };
    struct Options {
        QString title;
        Lane lane = Lane::read;
        bool listed = false;
        bool counts_bytes = false;
        /// Short and never given up: cancelAll() passes it by and the destructor lets it finish. For writing down what
        /// the user has already been shown as done.
        bool essential = false;
    };

    explicit JobRunner(QObject* parent = nullptr);
    ~JobRunner() override;

    /// Starts `work`. `done` is called exactly once on the GUI thread, with error `cancelled` when the job was
    /// stopped; it is not called when `context` is gone by then or the job was abandoned. What `work` throws becomes
    /// an error.
    template <class T>
    JobId run(Options options, std::function<Result<T>(const Control&)> work, QObject* context,
              std::function<void(Result<T>)> done)
    {
        auto result = std::make_shared<Result<T>>(fail(Error::Code::cancelled, "cancelled"));
        return start(
            std::move(options),
            [result, work = std::move(work)](const Control& control) -> Status {
                if (control.cancelled()) return control.check();
                if (Status thrown = without_exceptions([&] { *result = work(control); }); !thrown)
                    *result = tl::unexpected<Error>(std::move(thrown.error()));
                return *result ? Status{} : Status(tl::unexpected<Error>(result->error()));
            },
            context, [result, done = std::move(done)] { if (done) done(std::move(*result)); });
    }

    /// Asks the job to stop; its `done` is still called.
    void cancel(JobId id);
    /// Asks the job to stop and forgets its `done`: for answers nobody waits for any more.
    void abandon(JobId id);
    void cancelAll();
    /// The same for the jobs of the open case, when another one takes its place: all but those of Lane::outside.
    void cancelOfCase();

    /// Jobs that have not finished, oldest first.
    std::vector<JobInfo> running() const;
    /// One of them; id 0 when it has finished.
    JobInfo info(JobId id) const;
    bool isIdle() const { return jobs_.empty(); }

    static constexpr int progress_interval_ms = 50;

signals:
    void started(casebook::JobId id);
    void progressed(casebook::JobId id);
    /// After `done` was called. `error` is null when the job did what it should; valid during the call.
    void finished(casebook::JobId id, const casebook::Error* error);

private:
    struct Job;
    static Status without_exceptions(const std::function<void()>& work);
    JobId start(Options options, std::function<Status(const Control&)> work, QObject* context,
                std::function<void()> deliver);
    void complete(JobId id, const Status& status);
    void publish_progress();

    std::map<JobId, std::shared_ptr<Job>> jobs_;
    JobId next_id_ = 1;
    QThreadPool readers_, writer_, outside_;
    QTimer ticker_;
};

/// Holds the job a view waits for: starting another one abandons the older, so that late answers never overwrite
/// newer ones. Abandons the job when destroyed.
class JobSlot {
public:
    explicit JobSlot(JobRunner& runner) : runner_(&runner) {}
    ~JobSlot() { clear(); }
    JobSlot(const JobSlot&) = delete;
    JobSlot& operator=(const JobSlot&) = delete;
    void operator=(JobId id)
    {
        clear();
        id_ = id;
    }
    void clear()
    {
        if (runner_ && id_ != 0) runner_->abandon(id_);
        id_ = 0;
    }

private:
    QPointer<JobRunner> runner_;
    JobId id_ = 0;
};

}  // namespace casebook
