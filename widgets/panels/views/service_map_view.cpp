#include "widgets/panels/views/service_map_view.h"

#include "widgets/charts/picture.h"
#include "widgets/panels/views/case_windows.h"
#include "widgets/panels/views/service_map.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

namespace casebook {

ServiceMapView::ServiceMapView(Session& session, QWidget* parent) : QueryView(session, parent), map_(new ServiceMap)
{
    set_body(map_);
    add_picture_actions(*map_, *map_, [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
    connect(map_, &ServiceMap::service_chosen, this, [this](const QString& service) { this->session().selectService(service.toStdString()); });
    const auto again = [this] { if (!map_->graph().nodes.empty() && range_ != window_of(this->session(), "incident")) load(); };
    connect(&session, &Session::windowsChanged, this, again);
    connect(&session, &Session::reportChanged, this, again);
    connect(&session, &Session::selectionChanged, this, [this] { map_->set_current(to_qt(this->session().selection().service)); });
}

void ServiceMapView::load()
{
    range_ = window_of(session(), "incident");
    slot_ = session().spans(this, [this](Result<std::shared_ptr<const SpanTable>> spans) {
        if (!spans) return show_error(spans.error());
        if ((*spans)->empty()) return show_hint(tr("No traces in the case. Import OTLP, Jaeger or Zipkin files: drop them on the window."));
        slot_ = session().compute<ServiceGraph>(
            tr("Find who calls whom"), [spans = *spans, range = range_](const Control&) -> Result<ServiceGraph> { return service_graph(*spans, range); }, this,
            [this](Result<ServiceGraph> graph) {
                if (!graph) return show_error(graph.error());
                show_body();
                map_->set_graph(std::move(*graph));
                map_->set_current(to_qt(session().selection().service));
            });
    });
}

QString ServiceMapView::copyText() const { return map_->text(); }

}  // namespace casebook
