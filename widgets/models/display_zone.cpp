#include "widgets/models/display_zone.h"

#include <QSettings>

namespace casebook {
namespace {

const QString setting = QStringLiteral("view/localTime");

}  // namespace

DisplayZone::DisplayZone() : mode_(QSettings().value(setting, false).toBool() ? TimeZoneMode::local : TimeZoneMode::utc) {}

DisplayZone& DisplayZone::instance()
{
    static DisplayZone zone;
    return zone;
}

void DisplayZone::set_mode(TimeZoneMode mode)
{
    if (mode_ == mode) return;
    mode_ = mode;
    QSettings().setValue(setting, mode == TimeZoneMode::local);
    emit changed(mode);
}

}  // namespace casebook
