#pragma once

#include "analyzers/capture/sample.h"

#include <QObject>
#include <memory>

namespace casebook {

/// Carries samples from the thread of a job to whoever is connected: the receiver may go at any time. Connect queued.
class SampleRelay : public QObject {
    Q_OBJECT

signals:
    void sampled(std::shared_ptr<const casebook::CaptureSample> sample);
};

}  // namespace casebook
