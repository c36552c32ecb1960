#pragma once

#include "widgets/jobs/job_runner.h"
#include "widgets/panels/capture/capture_engine.h"

#include <QElapsedTimer>
#include <QObject>
#include <memory>

namespace casebook {

class Session;

/// A capture that is under way: the job, and its samples on the GUI thread. One at a time.
class CaptureRun : public QObject {
    Q_OBJECT

public:
    /// `engine` must outlive it.
    CaptureRun(Session& session, const CaptureEngine& engine, QObject* parent = nullptr);
    ~CaptureRun() override;

    /// `title` names the job: "Capture shop at db". The options hold the password; they go with the job.
    void start(const QString& title, CaptureOptions options, const QString& directory);
    /// Stops within 200 ms; what was taken stays on disk.
    void cancel();
    bool is_running() const { return job_ != 0; }
    bool is_cancelling() const { return cancelling_; }

    /// How much time it still needs, from the last sample on; -1 while nothing is known.
    qint64 left_ms() const;
    /// Part done, 0 to 1.
    double share() const;
    const std::shared_ptr<const CaptureSample>& sample() const { return sample_; }

signals:
    void sampled(std::shared_ptr<const casebook::CaptureSample> sample);
    /// There is a bundle, also when it ended early.
    void finished(std::shared_ptr<const casebook::CaptureSummary> summary);
    /// There is none.
    void failed(const casebook::Error& error);

private:
    Session& session_;
    const CaptureEngine& engine_;
    JobId job_ = 0;
    bool cancelling_ = false;
    int snapshots_ = 1, every_ms_ = 0;
    std::shared_ptr<const CaptureSample> sample_;
    QElapsedTimer since_sample_;
};

}  // namespace casebook
