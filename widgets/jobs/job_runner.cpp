#include "widgets/jobs/job_runner.h"

#include <QElapsedTimer>
#include <QThread>

#include <mutex>
#include <new>

namespace casebook {

/// Shared by the GUI thread and the pool thread; what both touch is behind the mutex.
struct JobRunner::Job {
    Options options;
    std::stop_source stop;
    QPointer<QObject> context;
    std::function<void()> deliver;

    std::mutex mutex;
    Progress progress;
    bool progress_is_new = false;
    bool waiting = true;
    QElapsedTimer clock;
};

JobRunner::JobRunner(QObject* parent) : QObject(parent)
{
    readers_.setMaxThreadCount(std::max(2, QThread::idealThreadCount()));
    writer_.setMaxThreadCount(1);
    outside_.setMaxThreadCount(4);
    ticker_.setInterval(progress_interval_ms);
    connect(&ticker_, &QTimer::timeout, this, &JobRunner::publish_progress);
}

JobRunner::~JobRunner()
{
    // Those that still wait for their turn see the request as soon as they begin.
    for (auto& [id, job] : jobs_)
        if (!job->options.essential) job->stop.request_stop();
    readers_.clear();
    outside_.clear();
    readers_.waitForDone();
    writer_.waitForDone();
    outside_.waitForDone();
}

Status JobRunner::without_exceptions(const std::function<void()>& work)
{
    try {
        work();
    } catch (const std::bad_alloc&) {
        return fail(Error::Code::limitExceeded, "There is not enough memory for this",
                    "Limit it to a window of time, or close other programs");
    } catch (const std::exception& exception) {
        return fail(Error::Code::internal, std::string("Something went wrong inside Casebook: ") + exception.what());
    }
    return {};
}

JobId JobRunner::start(Options options, std::function<Status(const Control&)> work, QObject* context,
                       std::function<void()> deliver)
{
    const JobId id = next_id_++;
    auto job = std::make_shared<Job>();
    job->options = std::move(options);
    job->context = context ? context : this;
    job->deliver = std::move(deliver);
    jobs_.emplace(id, job);

    auto run = [this, id, job, work = std::move(work)]() mutable {
        {
            std::lock_guard lock(job->mutex);
            job->waiting = false;
            job->progress_is_new = true;
            job->clock.start();
        }
        const Control control(job->stop.get_token(), [&job](const Progress& progress) {
            std::lock_guard lock(job->mutex);
            job->progress = progress;
            job->progress_is_new = true;
        });
        const Status status = work(control);
        work = nullptr;  // what the work held is released here, not on the GUI thread
        QMetaObject::invokeMethod(this, [this, id, status] { complete(id, status); }, Qt::QueuedConnection);
    };
    const Lane lane = job->options.lane;
    (lane == Lane::write ? writer_ : lane == Lane::outside ? outside_ : readers_).start(std::move(run));
    if (!ticker_.isActive()) ticker_.start();
    emit started(id);
    return id;
}

void JobRunner::complete(JobId id, const Status& status)
{
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return;
    const std::shared_ptr<Job> job = found->second;
    emit progressed(id);  // how far it came in the end
    jobs_.erase(id);
    if (jobs_.empty()) ticker_.stop();
    if (job->deliver && job->context) job->deliver();
    emit finished(id, status ? nullptr : &status.error());
}

void JobRunner::cancel(JobId id)
{
    if (const auto found = jobs_.find(id); found != jobs_.end()) {
        found->second->stop.request_stop();
        emit progressed(id);
    }
}

void JobRunner::abandon(JobId id)
{
    if (const auto found = jobs_.find(id); found != jobs_.end()) {
        found->second->deliver = nullptr;
        cancel(id);
    }
}

void JobRunner::cancelAll()
{
    std::vector<JobId> all;
    for (const auto& [id, job] : jobs_)
        if (!job->options.essential) all.push_back(id);
    for (const JobId id : all) cancel(id);
}

void JobRunner::cancelOfCase()
{
    std::vector<JobId> all;
    for (const auto& [id, job] : jobs_)
        if (!job->options.essential && job->options.lane != Lane::outside) all.push_back(id);
    for (const JobId id : all) cancel(id);
}

JobInfo JobRunner::info(JobId id) const
{
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return {};
    Job& job = *found->second;
    std::lock_guard lock(job.mutex);
    return {id,
            job.options.title,
            job.options.listed,
            job.options.counts_bytes,
            job.waiting,
            job.stop.stop_requested(),
            job.options.lane != Lane::outside,
            job.progress,
            job.clock.isValid() ? job.clock.elapsed() : 0};
}

std::vector<JobInfo> JobRunner::running() const
{
    std::vector<JobInfo> all;
    for (const auto& [id, job] : jobs_) all.push_back(info(id));
    return all;
}

void JobRunner::publish_progress()
{
    std::vector<JobId> changed;
    for (const auto& [id, job] : jobs_) {
        std::lock_guard lock(job->mutex);
        if (std::exchange(job->progress_is_new, false)) changed.push_back(id);
    }
    for (const JobId id : changed) emit progressed(id);
}

}  // namespace casebook
