#pragma once

#include "widgets/charts/time_text.h"

#include <QObject>

namespace casebook {

/// Whether times are shown in UTC or in the zone of this computer: one switch for all views, kept in the settings.
/// GUI thread only.
class DisplayZone : public QObject {
    Q_OBJECT
public:
    static DisplayZone& instance();

    TimeZoneMode mode() const { return mode_; }
    void set_mode(TimeZoneMode mode);

signals:
    void changed(casebook::TimeZoneMode mode);

private:
    DisplayZone();
    TimeZoneMode mode_ = TimeZoneMode::utc;
};

}  // namespace casebook
