#pragma once

#include "widgets/charts/time_text.h"

#include <QObject>

#include <atomic>

namespace casebook {

/// Whether times are shown in UTC or in the zone of this computer: one switch for all views, kept in the settings.
/// mode() may be called on any thread, everything else on the GUI thread only.
class DisplayZone : public QObject {
    Q_OBJECT
public:
    static DisplayZone& instance();

    TimeZoneMode mode() const { return mode_.load(std::memory_order_relaxed); }
    void set_mode(TimeZoneMode mode);

signals:
    void changed(casebook::TimeZoneMode mode);

private:
    DisplayZone();
    std::atomic<TimeZoneMode> mode_ = TimeZoneMode::utc;
};

}  // namespace casebook
