#include "widgets/panels/capture/capture_run.h"

#include "widgets/panels/capture/sample_relay.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <algorithm>

namespace casebook {

CaptureRun::CaptureRun(Session& session, const CaptureEngine& engine, QObject* parent)
    : QObject(parent), session_(session), engine_(engine)
{
}

CaptureRun::~CaptureRun()
{
    if (job_ != 0) session_.jobs().abandon(job_);
}

void CaptureRun::start(const QString& title, CaptureOptions options, const QString& directory)
{
    if (is_running()) return;
    cancelling_ = false;
    snapshots_ = options.snapshots;
    every_ms_ = options.every_ms;
    sample_.reset();
    since_sample_.start();
    // Deleted by the GUI thread, whoever lets go last.
    const std::shared_ptr<SampleRelay> relay(new SampleRelay, [](SampleRelay* one) { one->deleteLater(); });
    connect(
        relay.get(), &SampleRelay::sampled, this,
        [this](std::shared_ptr<const CaptureSample> sample) {
            if (!is_running()) return;
            sample_ = std::move(sample);
            since_sample_.start();
            emit sampled(sample_);
        },
        Qt::QueuedConnection);
    job_ = session_.jobs().run<CaptureSummary>(
        {title, JobRunner::Lane::outside, true},
        [capture = engine_.capture, options = std::move(options), folder = std::filesystem::path(to_path(directory)),
         relay](const Control& control) {
            return capture(options, folder, control, [&](const CaptureSample& sample) {
                control.report({"snapshot " + std::to_string(sample.number) + " of " + std::to_string(sample.of),
                                static_cast<std::uint64_t>(std::max(0, sample.number)),
                                static_cast<std::uint64_t>(std::max(0, sample.of)), 0});
                emit relay->sampled(std::make_shared<const CaptureSample>(sample));
            });
        },
        this, [this](Result<CaptureSummary> result) {
            job_ = 0;
            if (result) emit finished(std::make_shared<const CaptureSummary>(std::move(*result)));
            else emit failed(result.error());
        });
}

void CaptureRun::cancel()
{
    if (!is_running()) return;
    cancelling_ = true;
    session_.jobs().cancel(job_);
}

qint64 CaptureRun::left_ms() const
{
    if (!is_running() || !sample_) return -1;
    const qint64 more = std::max(0, sample_->of - sample_->number);
    if (more == 0) return 0;
    const qint64 from_sample = sample_->next_in_ms + (more - 1) * static_cast<qint64>(every_ms_);
    return std::max<qint64>(0, from_sample - since_sample_.elapsed());
}

double CaptureRun::share() const
{
    if (!sample_ || sample_->of <= 0) return 0;
    const double into_next = sample_->next_in_ms <= 0 ? 0.0
                                                     : std::min(1.0, static_cast<double>(since_sample_.elapsed()) /
                                                                         sample_->next_in_ms);
    return std::clamp((sample_->number + into_next * (sample_->number < sample_->of)) / (sample_->of + 0.0), 0.0, 1.0);
}

}  // namespace casebook
