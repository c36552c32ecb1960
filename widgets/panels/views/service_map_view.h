#pragma once

#include "widgets/panels/views/query_view.h"

namespace casebook {

class ServiceMap;

/// Who calls whom in the incident window, or in the whole case. Choosing a service selects it for all panels.
class ServiceMapView : public QueryView {
    Q_OBJECT
public:
    ServiceMapView(Session& session, QWidget* parent);
    QString copyText() const override;
    ServiceMap& map() { return *map_; }

protected:
    void load() override;
    void show_rows(std::shared_ptr<const QueryResult>) override {}
    void set_time_zone(TimeZoneMode) override {}

private:
    ServiceMap* map_;
    std::optional<TimeRange> range_;  ///< the stretch of time that is counted
};

}  // namespace casebook
