#include "tests/widgets/views_fixtures.h"
#include "widgets/charts/time_chart.h"
#include "widgets/models/views/cohort_table.h"
#include "widgets/models/views/heap_data.h"
#include "widgets/models/views/metric_table.h"
#include "widgets/models/views/percentile_series.h"
#include "widgets/models/views/plan_table.h"
#include "widgets/models/views/series_from_query.h"
#include "widgets/models/views/statement_data.h"
#include "widgets/models/views/trace_table.h"
#include "widgets/panels/views/gc_view.h"
#include "widgets/panels/views/span_lookup.h"

#include <QTest>

using namespace casebook;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start_ns = 1'795'000'000 * second;

Value integer(std::int64_t value) { return value; }
Value text(const char* value) { return std::string(value); }

QStringList names(const SeriesSet& set)
{
    QStringList all;
    for (const ChartSeries& series : set.series) all += series.name;
    return all;
}

QStringList column(const TableData& table, const char* name)
{
    QStringList cells;
    for (const TableColumn& one : table.columns)
        if (one.name == QLatin1String(name))
            for (std::size_t row = 0; row < table.rows; ++row) cells += cell_text(one, row, TimeZoneMode::utc);
    return cells;
}

}  // namespace

class TestViewsData : public QObject {
    Q_OBJECT

private slots:
    void long_rows_become_lines_named_by_what_differs()
    {
        QueryResult rows;
        rows.columns = {"at_ns", "name", "labels", "unit", "value"};
        for (int i = 3; i-- > 0;)
            for (const char* state : {"idle", "used"})
                rows.rows.push_back({integer(start_ns + i * second), text("pool.connections"), std::string("{\"pool\":\"main\",\"service\":\"orders\",\"state\":\"") + state + "\"}", text("{connection}"), 1.0 * i});
        const SeriesSet set = series_from_query(rows);
        QCOMPARE(names(set), (QStringList{"pool.connections, state=idle", "pool.connections, state=used"}));
        QCOMPARE(set.series[0].unit, QStringLiteral("{connection}"));
        QVERIFY(std::is_sorted(set.series[0].at_ns.begin(), set.series[0].at_ns.end()));
        QCOMPARE(set.series[0].values, (std::vector<double>{0, 1, 2}));
        QVERIFY(set.axis == ChartAxis::time);
    }

    void wide_rows_become_a_line_per_number_with_units_from_names()
    {
        QueryResult rows;
        rows.columns = {"at_ns", "p95_ms", "heap_bytes", "calls", "file_id"};
        rows.rows = {{integer(start_ns), 12.5, integer(1000), integer(3), integer(1)}, {integer(start_ns + second), {}, integer(2000), integer(4), integer(1)}};
        const SeriesSet set = series_from_query(rows);
        QCOMPARE(names(set), (QStringList{"p95", "heap", "calls"}));
        QCOMPARE(set.series[0].unit, QStringLiteral("ms"));
        QCOMPARE(set.series[1].unit, QStringLiteral("By"));
        QCOMPARE(set.series[0].values.size(), std::size_t{1});
    }

    void rows_without_time_count_as_snapshots_and_paths_name_nothing()
    {
        QueryResult rows;
        rows.columns = {"at_ns", "path", "class", "instances"};
        for (int i = 0; i < 5; ++i) rows.rows.push_back({{}, std::string("h-") + std::to_string(i) + ".txt", text("Session"), integer(i * 100)});
        const SeriesSet set = series_from_query(rows);
        QCOMPARE(names(set), QStringList{"Session"});
        QVERIFY(set.axis == ChartAxis::ordinal);
        QCOMPARE(set.series[0].at_ns[4], 5 * second);
    }

    void counters_are_told_from_gauges()
    {
        ChartSeries series{QStringLiteral("http_requests_total"), QStringLiteral("1"), {0, second, 2 * second, 3 * second}, {10, 30, 5, 5}};
        QVERIFY(is_counter(series));
        const ChartSeries rate = rate_of(series);
        QCOMPARE(rate.values, (std::vector<double>{20, 5, 0}));  // a fall is a reset
        QCOMPARE(rate.unit, QStringLiteral("1/s"));
        QVERIFY(!is_counter({QStringLiteral("db.client.connection.count"), QStringLiteral("1"), {0, 1, 2}, {2, 1, 3}}));
        QVERIFY(is_counter({QStringLiteral("x.count, pool=a"), QStringLiteral("1"), {0, 1, 2}, {2, 2, 3}}));
    }

    void statements_between_snapshots()
    {
        auto rows = std::make_shared<QueryResult>();
        rows->columns = {"snapshot_at_ns", "fingerprint", "query", "calls", "rows", "total_ms", "shared_hit", "shared_read", "temp_written"};
        const auto add = [&](std::int64_t at, const char* key, std::int64_t calls, double total, Value hit) {
            rows->rows.push_back({integer(at), text(key), std::string("SELECT ") + key, integer(calls), integer(calls * 2), total, hit, integer(25), integer(0)});
        };
        add(start_ns + 60 * second, "a", 150, 450.0, integer(100));
        add(start_ns + 60 * second, "b", 5, 10.0, {});
        add(start_ns + 60 * second, "c", 3, 9.0, integer(0));
        add(start_ns, "a", 100, 200.0, integer(50));
        add(start_ns, "c", 90, 500.0, integer(0));
        add(start_ns, "b", 5, 10.0, {});
        const StatementData data(rows);
        QCOMPARE(data.snapshots().size(), std::size_t{2});
        QCOMPARE(*data.snapshots()[0].at_ns, start_ns);
        const auto between = data.table(0, 1);
        QCOMPARE(column(*between, "fingerprint"), (QStringList{"a", "c"}));  // b was not called, c was reset
        QCOMPARE(column(*between, "calls"), (QStringList{"50", "3"}));
        QCOMPARE(column(*between, "total_ms"), (QStringList{"250", "9"}));
        QCOMPARE(column(*between, "mean_ms"), (QStringList{"5.00", "3.00"}));
        const auto whole = data.table(-1, 1);
        QCOMPARE(column(*whole, "fingerprint"), (QStringList{"a", "b", "c"}));
        QCOMPARE(column(*whole, "hit_share"), (QStringList{"80.0", "0.0", "0.0"}));
        QCOMPARE(data.table(0, 7)->rows, std::size_t{0});
        QVERIFY(StatementData(nullptr).snapshots().empty());
    }

    void statements_compare_their_mean_and_rate_with_before()
    {
        auto rows = std::make_shared<QueryResult>();
        rows->columns = {"snapshot_at_ns", "fingerprint", "query", "calls", "total_ms"};
        rows->rows = {{integer(start_ns), text("a"), text("SELECT a"), integer(100), 200.0}, {integer(start_ns + 50 * second), text("a"), text("SELECT a"), integer(150), 450.0},
                      {integer(start_ns + 50 * second), text("new"), text("SELECT n"), integer(10), 20.0}};
        const auto between = StatementData(rows).table(0, 1);
        QCOMPARE(column(*between, "calls_per_s"), (QStringList{"1.00", "0.20"}));         // 50 and 10 in 50 s
        QCOMPARE(column(*between, "mean_change_ms"), (QStringList{"+3.00", QString()}));  // 250 / 50 against 200 / 100
        QVERIFY(column(*StatementData(rows).table(-1, 1), "mean_change_ms").isEmpty());
    }

    void statements_without_text_stay_apart_and_say_so()
    {
        auto rows = std::make_shared<QueryResult>();
        rows->columns = {"snapshot_at_ns", "query_id", "fingerprint", "query", "calls", "total_ms", "path"};
        const auto add = [&](const char* id, std::int64_t calls, const char* path) { rows->rows.push_back({{}, text(id), text(""), text(""), integer(calls), 1.0 * static_cast<double>(calls), text(path)}); };
        add("-77", 9, "/in/dump-2.csv");
        add("12", 7, "/in/dump-2.csv");
        add("", 5, "/in/dump-2.csv");
        add("12", 3, "/in/dump-10.csv");
        const StatementData data(rows);
        // Files without a time are snapshots of their own: their counters do not add up.
        QCOMPARE(data.snapshots().size(), std::size_t{2});
        QCOMPARE(data.snapshots()[0].path, std::string("/in/dump-2.csv"));
        const auto table = data.table(-1, 0);
        QCOMPARE(column(*table, "calls"), (QStringList{"9", "7", "5"}));
        QCOMPARE(column(*table, "query"), (QStringList{"text not recorded (queryid -77)", "text not recorded (queryid 12)", "text not recorded"}));
        QCOMPARE(column(*table, "query_id"), (QStringList{"-77", "12", ""}));
    }

    void plans_are_listed_by_statement_file_and_worst_estimate()
    {
        auto rows = std::make_shared<QueryResult>();
        rows->columns = {"query", "execution_ms", "rows", "more", "fewer", "tables", "file", "line", "planning_ms", "nodes", "format", "plan_id"};
        rows->rows = {{text("SELECT 1"), 12.5, 3.0, 181.4, 1.0, text("orders"), text("/in/deep/plan.json"), integer(1), 0.2, integer(4), text("json"), integer(1)},
                      {text(""), 3.0, 1.0, 1.0, 40.0, text("items"), text("/in/log.txt"), integer(7), {}, integer(2), text("text"), integer(2)},
                      {text(""), {}, {}, {}, {}, {}, text("/in/log.txt"), integer(20), {}, integer(2), text("text"), integer(3)}};
        const auto table = plan_table(rows);
        QCOMPARE(column(*table, "query"), (QStringList{"SELECT 1", "no statement in this file", "no statement in this file"}));
        QCOMPARE(column(*table, "file"), (QStringList{"plan.json", "log.txt", "log.txt"}));
        QCOMPARE(column(*table, "worst_estimate"), (QStringList{"181x more", "40x fewer", ""}));
        QCOMPARE(table->columns[3].number(1), 40.0);  // sorts by how far it is off, not by which way
        QCOMPARE(table->columns.back().integers, (std::vector<std::int64_t>{1, 2, 3}));
    }

    void metrics_show_the_labels_that_differ_and_their_trend()
    {
        auto rows = std::make_shared<QueryResult>();
        rows->columns = {"name", "labels", "trend", "latest", "unit", "lowest", "highest", "points", "series_id"};
        const auto add = [&](const char* name, const char* labels, double latest, const char* unit, std::int64_t id) {
            rows->rows.push_back({text(name), text(labels), text(""), latest, text(unit), 0.0, latest, integer(3), integer(id)});
        };
        add("db.count", R"({"db.client.state":"idle","instance":"orders-1","region":"eu","service":"orders"})", 8, "{connection}", 1);
        add("db.count", R"({"db.client.state":"used","instance":"orders-2","region":"eu","service":"orders"})", 2, "{connection}", 2);
        add("db.count", R"({"db.client.state":"used","instance":"cart-1","region":"eu","service":"cart"})", 0, "{connection}", 3);
        add("heap_used_bytes", R"({"instance":"10.0.0.1:80","region":"eu","service":"orders"})", 134'217'728, "", 4);
        add("http_requests_total", "{}", 0.00012, "", 5);
        QueryResult shapes;
        shapes.columns = {"series_id", "slot", "mean", "highest"};
        for (const auto& [id, slot, mean, highest] : {std::tuple{1, 0, 5.0, 6.0}, {1, 20, 7.5, 8.0}, {5, 0, 1.0, 10.0}, {5, 10, 2.0, 30.0}, {5, 39, 3.0, 35.0}})
            shapes.rows.push_back({integer(id), integer(slot), mean, highest});
        const auto table = metric_table(rows, shapes);
        QCOMPARE(column(*table, "labels"), (QStringList{"state=idle, orders-1", "state=used, orders-2", "state=used, cart-1", "orders, 10.0.0.1:80", ""}));
        QVERIFY(exact_cell_text(table->columns[1], 0, TimeZoneMode::utc).contains(QStringLiteral("region=eu")));
        QCOMPARE(column(*table, "latest"), (QStringList{"8", "2", "0", "134 MB", "0.00012"}));
        QCOMPARE(column(*table, "unit"), (QStringList{"connection", "connection", "connection", "By", ""}));
        QCOMPARE(table->columns[2].sparks[0], (std::vector<float>{5, 7.5}));
        QCOMPARE(table->columns[2].sparks[4], (std::vector<float>{20, 5}));  // what the counter gained
        QVERIFY(table->columns[2].sparks[1].empty());
    }

    void heap_growth_in_natural_file_order()
    {
        auto rows = std::make_shared<QueryResult>();
        rows->columns = {"file_id", "at_ns", "class", "instances", "bytes", "path"};
        const auto add = [&](std::int64_t file, const char* path, const char* name, std::int64_t bytes) { rows->rows.push_back({integer(file), {}, text(name), integer(bytes / 10), integer(bytes), text(path)}); };
        add(2, "heap-10.txt", "Session", 9000);
        add(2, "heap-10.txt", "byte[]", 100);
        add(3, "heap-2.txt", "Session", 1000);
        add(3, "heap-2.txt", "byte[]", 500);
        const HeapData data(rows);
        QCOMPARE(data.snapshots().size(), std::size_t{2});
        QCOMPARE(QString::fromStdString(data.snapshots()[0].path), QStringLiteral("heap-2.txt"));
        const auto diff = data.diff(0, 1);
        QCOMPARE(column(*diff, "class"), (QStringList{"Session", "byte[]"}));
        QCOMPARE(diff->columns[1].integers, (std::vector<std::int64_t>{8000, -400}));
        QCOMPARE(diff->columns[0].sparks[0], (std::vector<float>{1000, 9000}));
        QCOMPARE(data.sizes(0, 1).front().bytes, 9000);
        QCOMPARE(data.sizes(0, 1).front().before, 1000);
        QCOMPARE(data.diff(1, 1)->columns.size(), std::size_t{4});
        QCOMPARE(data.diff(5, 1)->rows, std::size_t{0});
    }

    void pauses_by_kind_and_heap()
    {
        QueryResult rows;
        rows.columns = {"at_ns", "kind", "pause_ms", "before_bytes", "after_bytes", "capacity_bytes", "path"};
        rows.rows = {{integer(5 * second), text("young"), 3.5, integer(200), integer(100), integer(400), text("a.log")},
                     {integer(9 * second), text("full"), 800.0, {}, {}, {}, text("a.log")},
                     {integer(9 * second), text("full"), 700.0, {}, {}, {}, text("b.log")}};
        TimeChart::Data data = gc_chart(rows, "a.log");
        QVERIFY(data.axis == ChartAxis::sinceStart);
        QCOMPARE(data.series.size(), std::size_t{5});
        QCOMPARE(data.series[0].name, QStringLiteral("pause, full"));
        QCOMPARE(data.series[0].values, (std::vector<double>{800}));
        QCOMPARE(gc_chart(rows, {}).series[0].values.size(), std::size_t{2});
        QVERIFY(gc_chart({}, {}).series.empty());
    }

    void traces_and_operations()
    {
        fixtures::Spans builder;
        for (int i = 0; i < 20; ++i) {
            builder.begin_trace();
            const std::int64_t at = i * second;
            const auto root = builder.add(SpanTable::no_row, at, (i + 1) * 1'000'000, "gateway", i % 2 ? "GET /a" : "GET /b", i == 19 ? SpanStatus::error : SpanStatus::ok);
            builder.add(root, at + 1000, 500'000, "orders", "GET /orders");
        }
        const auto spans = builder.finish();
        const auto all = trace_table(spans);
        QCOMPARE(all->rows, std::size_t{20});
        QCOMPARE(column(*all, "services").front(), QStringLiteral("2"));
        QCOMPARE(column(*all, "errors").last(), QStringLiteral("1"));
        TraceFilter filter{"gateway", "GET /a", TimeRange{fixtures::Spans::epoch_ns, fixtures::Spans::epoch_ns + 10 * second}};
        const auto some = trace_table(spans, filter);
        QCOMPARE(some->rows, std::size_t{5});
        QCOMPARE(trace_of_row(*some, 1), std::size_t{3});
        QCOMPARE(request_rows(*spans, filter).size(), std::size_t{5});

        const TimeRange incident{fixtures::Spans::epoch_ns + 10 * second, fixtures::Spans::epoch_ns + 20 * second}, baseline{fixtures::Spans::epoch_ns, fixtures::Spans::epoch_ns + 10 * second};
        const auto operations = operation_table(spans, incident, baseline);
        QCOMPARE(column(*operations, "operation"), (QStringList{"GET /a", "GET /b"}));
        QCOMPARE(column(*operations, "calls"), (QStringList{"5", "5"}));
        QCOMPARE(column(*operations, "p50_ns"), (QStringList{"16.0", "15.0"}));
        QCOMPARE(column(*operations, "p50_change_ns").front(), QStringLiteral("+10.0"));
        QCOMPARE(column(*operations, "p95_change_ns").front(), QString());  // five requests have no P95 to speak of
        QCOMPARE(column(*operations, "rate_change_share"), (QStringList{"+11.1", "+11.1"}));  // the last request began a second before the window ends
        QCOMPARE(column(*operations, "error_change_share"), (QStringList{"+20.0", "0.0"}));  // one of five, none before
        QCOMPARE(operation_table(nullptr, {}, {})->rows, std::size_t{0});
    }

    void operations_tell_how_percentiles_moved_when_there_are_enough_requests()
    {
        fixtures::Spans builder;
        for (int i = 0; i < 75; ++i) {  // 25 in the baseline, 50 in as long a time after it
            builder.begin_trace();
            const bool slow = i >= 25;
            builder.add(SpanTable::no_row, slow ? 30 * second + (i - 25) * second / 2 : i * second, (slow ? 40 : 10) * 1'000'000, "orders", "GET /");
        }
        const std::int64_t epoch = fixtures::Spans::epoch_ns;
        const auto table = operation_table(builder.finish(), TimeRange{epoch + 30 * second, epoch + 55 * second}, TimeRange{epoch, epoch + 25 * second});
        QCOMPARE(column(*table, "p95_change_ns"), QStringList{"+30.0"});
        QCOMPARE(column(*table, "p99_change_ns"), QStringList{QString()});
        QCOMPARE(column(*table, "rate_change_share"), QStringList{"+104"});  // 50 in the 24.5 s that have requests, 25 in 25 s
    }

    void percentiles_over_time_need_enough_requests()
    {
        LatencyPoints points;
        for (int i = 0; i < 1000; ++i) {
            points.start_ns.push_back(start_ns + i * second / 10);
            points.duration_ns.push_back((i % 100 + 1) * 1'000'000);
        }
        const auto lines = percentile_series(points);
        QCOMPARE(lines.size(), std::size_t{3});
        QCOMPARE(lines[0].at_ns.size(), std::size_t{50});
        QVERIFY(lines[1].at_ns.size() > 30);
        const auto traffic = traffic_series(points);
        QVERIFY(std::abs(traffic[0].values.front() - 10) < 0.6);
        QVERIFY(percentile_series({})[0].values.empty());
    }

    void rows_find_their_spans()
    {
        const auto spans = fixtures::shop_trace(3);
        QueryResult rows;
        rows.columns = {"span_id", "trace_id"};
        const auto hex = [](std::uint64_t value) { QString text = QString::number(value, 16); return text.rightJustified(16, QLatin1Char('0')).toStdString(); };
        const std::string trace = hex(1) + hex(1);
        rows.rows = {{hex(spans->span_id[2]), trace}, {hex(spans->span_id[4]), trace}, {std::string("zz"), trace}, {hex(9999), trace}, {hex(1), std::string("nonsense")}, {{}, {}}};
        QCOMPARE(spans_of_rows(*spans, rows), (std::vector<SpanTable::Row>{2, 4}));
        QCOMPARE(trace_of_id(*spans, trace), std::size_t{0});
        QCOMPARE(trace_of_id(*spans, "xyz"), spans->traces.size());
        QVERIFY(spans_of_rows(*spans, {}).empty());
    }

    void cohort_columns_share_a_scale()
    {
        CohortComparison comparison;
        CohortValue value;
        value.key = "app.tenant";
        value.value = "globex";
        value.coverage = 0.9;
        value.rest_share = 0.02;
        value.aliases = {"host=a", "pod=b"};
        comparison.values = {value};
        const auto table = cohort_table(comparison);
        QCOMPARE(column(*table, "attribute"), QStringList{"app.tenant"});
        QCOMPARE(column(*table, "aliases"), QStringList{"host=a, pod=b"});
        QCOMPARE(table->columns[2].largest, 1.0);
        QCOMPARE(table->columns[3].largest, 1.0);
    }
};

QTEST_MAIN(TestViewsData)
#include "tst_views_data.moc"
