// Views of spans follow the windows the analysis found, the selection, and the deploys of the case.
#include "tests/widgets/view_opener.h"
#include "widgets/charts/latency_chart.h"
#include "widgets/panels/views/case_windows.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/latency_pane.h"
#include "widgets/panels/views/latency_view.h"
#include "widgets/panels/views/service_map.h"
#include "widgets/panels/views/service_map_view.h"
#include "widgets/panels/views/span_table_view.h"

#include <QLabel>
#include <QTableView>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr std::int64_t start_ms = 1'795'000'000'000;

/// Forty seconds of two services as Zipkin JSON, one request every 50 ms; after 20 s `GET /orders` takes ten times as long.
QByteArray zipkin()
{
    QByteArray text = "[";
    const auto add = [&](int trace, int span, int parent, const char* kind, const char* service, const char* name, std::int64_t at_us, int us) {
        if (text.size() > 1) text += ',';
        text += "{\"traceId\":\"" + QByteArray::number(trace + 1, 16).rightJustified(16, '0') + "\",\"id\":\"" + QByteArray::number(trace * 4 + span + 1, 16).rightJustified(16, '0') + '"';
        if (parent >= 0) text += ",\"parentId\":\"" + QByteArray::number(trace * 4 + parent + 1, 16).rightJustified(16, '0') + '"';
        text += QByteArray(",\"kind\":\"") + kind + "\",\"name\":\"" + name + "\",\"timestamp\":" + QByteArray::number(qlonglong(at_us)) + ",\"duration\":" + QByteArray::number(us) +
                ",\"localEndpoint\":{\"serviceName\":\"" + service + "\"}}";
    };
    for (int i = 0; i < 800; ++i) {
        const std::int64_t at_us = start_ms * 1000 + i * 50'000;
        const bool orders = i % 2 == 0;
        const int own_us = (orders && i >= 400 ? 80'000 : 8'000) + i % 7 * 300;
        add(i, 0, -1, "SERVER", "shop", orders ? "get /basket" : "get /news", at_us, own_us + 4'000);
        add(i, 1, 0, "CLIENT", "shop", "get", at_us + 1'000, own_us + 1'500);
        add(i, 2, 1, "SERVER", orders ? "orders" : "news", orders ? "get /orders" : "get /items", at_us + 1'500, own_us);
    }
    return text + "]";
}

QString headers(const DataTable& table)
{
    QStringList names;
    TableModel& model = const_cast<DataTable&>(table).model();
    for (int i = 0; i < model.columnCount(); ++i) names += model.headerData(i, Qt::Horizontal, Qt::DisplayRole).toString();
    return names.join(QLatin1Char('|'));
}

}  // namespace

class TestViewsSpans : public QObject {
    Q_OBJECT

    WidgetFixture fixture_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<ViewOpener> views_;

private slots:
    void initTestCase()
    {
        session_ = std::make_unique<Session>();
        views_ = std::make_unique<ViewOpener>(*session_);
        session_->importPaths({fixture_.write(QStringLiteral("traces.json"), zipkin()),
                               fixture_.write(QStringLiteral("events.csv"), "time,kind,service,text\n" + QByteArray::number(qlonglong(start_ms + 20'000)) + ",deploy,orders,2.4.0\n")});
        QTRY_VERIFY_WITH_TIMEOUT(session_->report() && session_->jobs().isIdle(), 60'000);
    }

    void cleanupTestCase()
    {
        views_.reset();
        session_.reset();
    }

    void proposed_windows_have_roles_and_the_operations_a_change()
    {
        QVERIFY(session_->windows().empty());
        QVERIFY2(window_of(*session_, "baseline") && window_of(*session_, "incident"), "the analysis proposes windows for a tenfold slowdown");
        for (const ChartWindow& window : chart_windows(*session_)) QVERIFY(!window.role.isEmpty());
        auto* view = views_->explore<OperationView>("operations");
        QVERIFY(view);
        QVERIFY2(headers(view->table()).contains(QString::fromUtf8("Δ P95 (ms)")), qPrintable(headers(view->table())));
        view->table().set_filter(QStringLiteral("service=orders"));
        QCOMPARE(view->table().model().rowCount(), 1);
        const TableData& table = *view->table().model().table();
        const auto change = std::find_if(table.columns.begin(), table.columns.end(), [](const TableColumn& column) { return column.name == QLatin1String("p95_change_ns"); });
        QVERIFY(change != table.columns.end());
        QVERIFY(change->number(view->table().model().table_row(0)) > 50e6);  // 8 ms before, 80 ms after
    }

    void an_operation_opens_its_requests_and_show_all_goes_back()
    {
        auto* operations = views_->explore<OperationView>("operations");
        QVERIFY(operations);
        operations->table().set_filter(QStringLiteral("service=orders"));
        QSignalSpy opened(session_.get(), &Session::evidenceRequested);
        QTableView& rows = operations->table().view();
        const QRect cell = rows.visualRect(operations->table().model().index(0, 1));
        QTest::mouseClick(rows.viewport(), Qt::LeftButton, {}, cell.center());
        QTest::mouseDClick(rows.viewport(), Qt::LeftButton, {}, cell.center());
        QTRY_COMPARE(opened.count(), 1);
        QCOMPARE(session_->selection().service, std::string("orders"));
        QCOMPARE(opened.first().first().value<EvidenceRequest>().evidence.view, std::string("distribution"));

        auto* latency = views_->explore<LatencyView>("latency");
        QVERIFY(latency);
        QCOMPARE(latency->pane().chart().points().size(), std::size_t{400});  // inside other traces, and found all the same
        auto* note = latency->pane().findChild<QLabel*>(QStringLiteral("selectionNote"));
        QVERIFY(note && note->isVisible() && note->text().contains(QStringLiteral("orders")));
        emit note->linkActivated(QStringLiteral("all"));
        QVERIFY(wait_idle(*session_));
        QTRY_COMPARE(latency->pane().chart().points().size(), std::size_t{800});
        QVERIFY(!note->isVisible());
        QVERIFY(session_->selection().service.empty());
        session_->back();
        QVERIFY(wait_idle(*session_));
        QTRY_COMPARE(latency->pane().chart().points().size(), std::size_t{400});
        session_->forward();
    }

    void traces_through_a_service_are_listed()
    {
        auto* traces = views_->explore<TraceListView>("traces");
        QVERIFY(traces);
        QCOMPARE(traces->table().model().rowCount(), 800);
        session_->selectService("news");
        QTRY_COMPARE(traces->table().model().rowCount(), 400);
        session_->selectService("no such service");
        QTRY_COMPARE(traces->table().model().rowCount(), 0);
        session_->selectService({});
        QTRY_COMPARE(traces->table().model().rowCount(), 800);
    }

    void deploys_are_marked_in_the_latency_charts()
    {
        auto* latency = views_->explore<LatencyView>("latency");
        QVERIFY(latency);
        LatencyChart& chart = latency->pane().chart();
        // Where the deploy stands is known once the requests are there.
        const auto words = [&] { return chart.text_at(chart.point_of(start_ms * 1'000'000 + 20'000'000'000, 30'000'000)); };
        QTRY_VERIFY2(words().contains(QStringLiteral("deploy orders 2.4.0")), qPrintable(words()));
    }

    void the_service_map_counts_the_incident()
    {
        auto* map = views_->explore<ServiceMapView>("service_map");
        QVERIFY(map);
        QVERIFY(map->map().graph().seconds < 30);  // of forty
    }
};

QTEST_MAIN(TestViewsSpans)
#include "tst_views_spans.moc"
