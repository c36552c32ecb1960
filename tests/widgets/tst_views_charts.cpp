#include "widgets/charts/distribution_chart.h"
#include "widgets/charts/latency_chart.h"
#include "widgets/charts/time_chart.h"

#include <QApplication>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>
#include <cmath>

using namespace casebook;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start_ns = 1'795'000'000 * second;  // 2026-11-18 11:06:40 UTC

TimeChart::Data two_units()
{
    TimeChart::Data data;
    ChartSeries latency{QStringLiteral("p99"), QStringLiteral("ms"), {}, {}}, heap{QStringLiteral("heap"), QStringLiteral("By"), {}, {}};
    for (int i = 0; i < 600; ++i) {
        latency.at_ns.push_back(start_ns + i * second);
        latency.values.push_back(100 + i % 50);
        heap.at_ns.push_back(start_ns + i * second);
        heap.values.push_back(5e8 + i * 1e5);
    }
    data.series = {latency, heap};
    data.thresholds = {{QStringLiteral("budget"), QStringLiteral("ms"), 300}};
    data.windows = {{QStringLiteral("incident"), QStringLiteral("incident"), start_ns + 100 * second, start_ns + 200 * second}};
    data.events = {{start_ns + 90 * second, QStringLiteral("deploy orders v2")}};
    return data;
}

void wheel(QWidget& widget, QPoint at, int notches, Qt::KeyboardModifiers modifiers = {})
{
    QWheelEvent event(at, widget.mapToGlobal(at), {}, {0, notches * 120}, Qt::NoButton, modifiers, Qt::NoScrollPhase, false);
    QApplication::sendEvent(&widget, &event);
}

void drag(QWidget& widget, QPoint from, QPoint to, Qt::KeyboardModifiers modifiers = {})
{
    QTest::mousePress(&widget, Qt::LeftButton, modifiers, from);
    for (int step = 1; step <= 4; ++step) {
        const QPoint at = from + (to - from) * step / 4;
        QMouseEvent move(QEvent::MouseMove, at, widget.mapToGlobal(at), Qt::NoButton, Qt::LeftButton, modifiers);
        QApplication::sendEvent(&widget, &move);
    }
    QTest::mouseRelease(&widget, Qt::LeftButton, modifiers, to);
}

LatencyPoints many(std::size_t count)
{
    LatencyPoints points;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t mixed = (i + 1) * 0x9e3779b97f4a7c15ull;
        points.start_ns.push_back(start_ns + static_cast<std::int64_t>(mixed >> 24) % (600 * second));
        points.duration_ns.push_back(1'000'000 + static_cast<std::int64_t>(mixed >> 44) * 100);
        points.failed.push_back(i % 1000 == 0);
    }
    return points;
}

}  // namespace

class TestViewsCharts : public QObject {
    Q_OBJECT

private slots:
    void times_and_durations_as_text()
    {
        QCOMPARE(instant_text(start_ns + 123'456'789, TimeZoneMode::utc, 9), QStringLiteral("2026-11-18 11:06:40.123456789"));
        QCOMPARE(instant_text(-1, TimeZoneMode::utc, 3), QStringLiteral("1969-12-31 23:59:59.999"));
        QCOMPARE(exact_duration_text(1'234'567'890'123), QStringLiteral("1,234,567.890123 ms"));
        QCOMPARE(exact_duration_text(-500), QStringLiteral("-0.0005 ms"));
        QCOMPARE(exact_duration_text(INT64_MIN), QStringLiteral("-9,223,372,036,854.775808 ms"));
        QCOMPARE(duration_text(212'345'678), QStringLiteral("212 ms"));
        QCOMPARE(duration_text(17), QStringLiteral("17 ns"));
        QCOMPARE(QLatin1String(unit_for_duration(2.5e9).name), QLatin1String("s"));
        QCOMPARE(round_ticks(0, 10, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
        QVERIFY(round_ticks(5, 5, 5).empty());
        QVERIFY(round_ticks(0, std::nan(""), 5).empty());
        QCOMPARE(axis_unit(QStringLiteral("By"), 5e8).name, QStringLiteral("MB"));
        QCOMPARE(axis_unit(QStringLiteral("s"), 0.02).name, QStringLiteral("ms"));
        QCOMPARE(axis_unit(QStringLiteral("{connection}"), 7).name, QStringLiteral("connection"));
        QCOMPARE(axis_unit(QString(), 7).name, QStringLiteral("count"));
    }

    void panes_by_unit_with_units_on_every_axis()
    {
        TimeChart chart;
        chart.resize(900, 500);
        QVERIFY(chart.is_empty());
        chart.set_data(two_units());
        QCOMPARE(chart.pane_count(), 2);
        const QString labels = chart.axis_labels().join(QLatin1Char('|'));
        QVERIFY2(labels.contains(QStringLiteral("p99 (ms)")), qPrintable(labels));
        QVERIFY2(labels.contains(QStringLiteral("heap (MB)")), qPrintable(labels));
        QVERIFY2(labels.contains(QStringLiteral("time (UTC), 2026-11-18")), qPrintable(labels));
        QCOMPARE(chart.widest_data_line(), 1);
        chart.set_data({});
        QVERIFY(chart.is_empty());
        QVERIFY(!chart.grab().isNull());
    }

    void wheel_drag_and_keys_move_all_panes()
    {
        TimeChart chart;
        chart.resize(900, 500);
        chart.set_data(two_units());
        chart.show();
        QVERIFY(QTest::qWaitForWindowExposed(&chart));
        QSignalSpy changed(&chart, &TimeChart::range_changed);
        const std::int64_t whole = chart.to_ns() - chart.from_ns();
        wheel(chart.canvas(), {450, 100}, 3);
        QVERIFY(chart.to_ns() - chart.from_ns() < whole * 6 / 10);
        QVERIFY(changed.count() >= 1);
        const std::int64_t from = chart.from_ns(), width = chart.to_ns() - from;
        drag(chart.canvas(), {500, 100}, {400, 100});
        QVERIFY(chart.from_ns() > from);
        QVERIFY(std::abs(chart.to_ns() - chart.from_ns() - width) < 1000);
        QTest::keyClick(&chart, Qt::Key_Left);
        QTest::keyClick(&chart, Qt::Key_Plus);
        QVERIFY(chart.to_ns() - chart.from_ns() < width);
        QTest::keyClick(&chart, Qt::Key_0);
        QCOMPARE(chart.to_ns() - chart.from_ns(), whole);
        QSignalSpy selected(&chart, &TimeChart::stretch_selected);
        drag(chart.canvas(), {300, 100}, {400, 140}, Qt::ShiftModifier);
        QCOMPARE(selected.count(), 1);
        QVERIFY(chart.to_ns() - chart.from_ns() < whole / 5);
        QTest::mouseDClick(&chart.canvas(), Qt::LeftButton, {}, {450, 100});
        QCOMPARE(chart.to_ns() - chart.from_ns(), whole);
        for (int i = 0; i < 200; ++i) QTest::keyClick(&chart, Qt::Key_Plus);
        QVERIFY(chart.to_ns() > chart.from_ns());
    }

    void pointer_reads_exact_values()
    {
        TimeChart chart;
        chart.resize(900, 500);
        chart.set_data(two_units());
        chart.show();
        QVERIFY(QTest::qWaitForWindowExposed(&chart));
        chart.replot_now();
        const QString text = chart.text_at(chart.point_of(start_ns + 150 * second));
        QVERIFY2(text.contains(QStringLiteral("p99: 1")), qPrintable(text));
        QVERIFY2(text.contains(QStringLiteral("window incident")), qPrintable(text));
        QVERIFY(chart.csv().startsWith(QStringLiteral("series,unit,at_ns,value\r\n\"p99\",ms,1795000000000000000,100\r\n")));
    }

    void exports_png_and_svg()
    {
        TimeChart chart;
        chart.resize(900, 500);
        chart.set_data(two_units());
        QTemporaryDir folder;
        const QString png = folder.filePath(QStringLiteral("c.png")), svg = folder.filePath(QStringLiteral("c.svg"));
        QCOMPARE(chart.export_image(png), QString());
        QCOMPARE(chart.export_image(svg), QString());
        QCOMPARE(QImage(png).size(), chart.canvas().size() * 2);
        QFile file(svg);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray bytes = file.readAll();
        QVERIFY(bytes.contains("<svg") && bytes.contains("p99 (ms)"));
        QVERIFY(!chart.export_image(folder.filePath(QStringLiteral("no/such/c.png"))).isEmpty());
        QVERIFY(!chart.export_image(folder.filePath(QStringLiteral("no/such/c.svg"))).isEmpty());
    }

    void gaps_break_lines_and_odd_values_are_harmless()
    {
        TimeChart::Data data;
        ChartSeries series{QStringLiteral("x"), QStringLiteral("1"), {}, {}};
        for (int i = 0; i < 50; ++i) {
            series.at_ns.push_back(start_ns + (i < 25 ? i : i + 100) * second);
            series.values.push_back(i == 7 ? std::nan("") : i == 8 ? std::numeric_limits<double>::infinity() : i);
        }
        data.series = {series, {QStringLiteral("empty"), QStringLiteral("1"), {}, {}}};
        TimeChart chart;
        chart.resize(600, 300);
        chart.set_data(data);
        QCOMPARE(chart.line_count(), 1);
        QCOMPARE(chart.drawn_points(0), 51);  // and one break
        QVERIFY(!chart.grab().isNull());
    }

    void latency_grid_counts_what_the_points_are()
    {
        LatencyPoints points = many(20'000);
        sort_points(points);
        QVERIFY(std::is_sorted(points.start_ns.begin(), points.start_ns.end()));
        QCOMPARE(points.reference.size(), points.size());
        const LatencyGrid grid(points);
        for (const auto& [from, to] : {std::pair{start_ns, start_ns + 600 * second}, {start_ns + 100 * second, start_ns + 103 * second}}) {
            const auto counts = grid.counts(from, to, 100).all;
            std::size_t sum = 0;
            for (const auto count : counts) sum += count;
            const auto seen = static_cast<std::size_t>(std::count_if(points.start_ns.begin(), points.start_ns.end(), [&](std::int64_t at) { return at >= from && at < to; }));
            QVERIFY(sum >= seen * 99 / 100 && sum <= seen * 101 / 100 + 1);
        }
        const LatencyBox box{start_ns, start_ns + 300 * second, 50'000'000, 80'000'000};
        std::size_t inside = 0;
        for (std::size_t i = 0; i < points.size(); ++i) inside += points.start_ns[i] < box.to_ns && points.duration_ns[i] >= box.least_ns && points.duration_ns[i] < box.most_ns;
        QCOMPARE(points_in_box(points, box).size(), inside);
        QVERIFY(inside > 0);
        QVERIFY(LatencyGrid().counts(0, 1, 10).all.size() == 10 * LatencyGrid::rows);
    }

    void a_dragged_box_selects_requests()
    {
        LatencyChart chart;
        chart.resize(900, 400);
        chart.set_points(many(3000));
        chart.show();
        QVERIFY(QTest::qWaitForWindowExposed(&chart));
        chart.replot_now();
        QVERIFY(!chart.shows_heat_map());
        QSignalSpy selected(&chart, &LatencyChart::box_selected);
        const QPoint a = chart.point_of(start_ns + 100 * second, 80e6), b = chart.point_of(start_ns + 200 * second, 20e6);
        drag(chart.canvas(), a, b);
        QCOMPARE(selected.count(), 1);
        QVERIFY(chart.box());
        QVERIFY(std::abs(chart.box()->from_ns - start_ns - 100 * second) < 2 * second);
        QVERIFY(std::abs(static_cast<double>(chart.box()->most_ns) / 80e6 - 1) < 0.05);
        const auto places = selected.first().first().value<std::vector<quint32>>();
        QCOMPARE(places.size(), points_in_box(chart.points(), *chart.box()).size());
        QVERIFY(places.size() > 10);
        QTest::keyClick(&chart, Qt::Key_Escape);
        QVERIFY(!chart.box());
        QTest::keyClick(&chart, Qt::Key_Return);
        QCOMPARE(selected.last().first().value<std::vector<quint32>>().size(), std::size_t{3000});
        // Shift pans instead.
        const std::int64_t from = chart.from_ns();
        drag(chart.canvas(), {500, 100}, {400, 100}, Qt::ShiftModifier);
        QVERIFY(chart.from_ns() > from);
    }

    void a_click_chooses_a_request()
    {
        LatencyChart chart;
        chart.resize(900, 400);
        LatencyPoints points;
        points.start_ns = {start_ns + 20 * second, start_ns + 10 * second};
        points.duration_ns = {5'000'000, 100'000'000};
        points.failed = {0, 1};
        points.reference = {70, 71};
        chart.set_points(points);
        chart.show();
        QVERIFY(QTest::qWaitForWindowExposed(&chart));
        chart.replot_now();
        QSignalSpy clicked(&chart, &LatencyChart::request_clicked);
        const QPoint at = chart.point_of(start_ns + 10 * second, 100e6);
        QVERIFY(chart.text_at(at).contains(QStringLiteral("100 ms")));
        QVERIFY(chart.text_at(at).contains(QStringLiteral("failed")));
        QTest::mouseClick(&chart.canvas(), Qt::LeftButton, {}, at);
        QCOMPARE(clicked.count(), 1);
        QCOMPARE(clicked.first().first().toUInt(), 71u);
    }

    void many_points_become_a_heat_map_and_back()
    {
        LatencyChart chart;
        chart.resize(900, 400);
        chart.set_points(many(120'000));
        chart.show();
        QVERIFY(QTest::qWaitForWindowExposed(&chart));
        chart.replot_now();
        QVERIFY(chart.shows_heat_map());
        QVERIFY(chart.text_at(chart.point_of(start_ns + 300 * second, 50e6)).contains(QStringLiteral("requests")));
        chart.set_range(start_ns, start_ns + 10 * second);
        chart.replot_now();
        QVERIFY(!chart.shows_heat_map());
        chart.reset_view();
        chart.replot_now();
        QVERIFY(chart.shows_heat_map());
        QVERIFY(!chart.grab().isNull());
    }

    void failed_requests_are_seen_however_many()
    {
        const QColor error = view_colors(QPalette()).error;
        const auto marked = [&](LatencyChart& chart) {
            const QImage image = chart.grab().toImage();
            int pixels = 0;
            for (int y = 0; y < image.height(); ++y)
                for (int x = 0; x < image.width(); ++x) {
                    const QColor seen(image.pixel(x, y));  // edges are smoothed
                    pixels += std::abs(seen.red() - error.red()) + std::abs(seen.green() - error.green()) + std::abs(seen.blue() - error.blue()) < 120;
                }
            return pixels;
        };
        // One in a heat map, one of few, and every one of so many that crosses would hide the map.
        for (const auto& [size, failed] : {std::pair{120'000, 1}, {500, 1}, {120'000, 120'000}}) {
            LatencyPoints points = many(static_cast<std::size_t>(size));
            points.failed.assign(points.size(), 0);
            std::fill_n(points.failed.begin() + size / 2 - failed / 2, failed, std::uint8_t{1});
            LatencyChart chart;
            chart.setPalette(QPalette());
            chart.resize(900, 400);
            chart.set_points(points);
            chart.show();
            QVERIFY(QTest::qWaitForWindowExposed(&chart));
            chart.replot_now();
            QCOMPARE(chart.shows_heat_map(), size > 50'000);
            QVERIFY2(marked(chart) > 0, qPrintable(QStringLiteral("%1 of %2").arg(failed).arg(size)));
            const QString text = chart.text_at(chart.point_of(points.start_ns[points.size() / 2], static_cast<double>(points.duration_ns[points.size() / 2])));
            if (failed == size) QVERIFY2(text.contains(QStringLiteral("of them failed")), qPrintable(text));
            points.failed.assign(points.size(), 0);
            chart.set_points(points);
            chart.replot_now();
            QCOMPARE(marked(chart), 0);
        }
    }

    void distribution_has_exact_percentiles()
    {
        DistributionChart chart;
        chart.resize(600, 300);
        std::vector<double> durations;
        for (int i = 1; i <= 101; ++i) durations.push_back(i * 1e6);
        chart.set_distribution(distribution_of(durations, QStringLiteral("all")));
        QCOMPARE(chart.summary(), QStringLiteral("101 requests, P50 51 ms, P95 96 ms, P99 100 ms"));
        QVERIFY(chart.axis_labels().contains(QStringLiteral("requests (count)")));
        chart.set_distribution(distribution_of(durations, QStringLiteral("the rest"), {2e9, 3e9}, QStringLiteral("selection")));
        QVERIFY(chart.axis_labels().contains(QStringLiteral("share of the requests (%)")));
        QVERIFY(chart.compares());
        QVERIFY(chart.csv().startsWith(QStringLiteral("from_ns,to_ns,\"the rest\",\"selection\"")));
        chart.set_distribution(distribution_of({}, QStringLiteral("none")));
        QVERIFY(chart.is_empty());
        chart.set_distribution(distribution_of({0, 0, 0}, QStringLiteral("zero")));
        QVERIFY(!chart.grab().isNull());
    }
};

QTEST_MAIN(TestViewsCharts)
#include "tst_views_charts.moc"
