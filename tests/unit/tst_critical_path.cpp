#include "analyzers/trace/critical_path.h"
#include "tests/support/places.h"
#include "tests/support/span_table_builder.h"

#include <QtTest>
#include <map>
#include <random>

using namespace casebook;

namespace {

constexpr std::int64_t us = 1000, ms = 1'000'000;

std::int64_t sum(const std::vector<PathSection>& path)
{
    std::int64_t total = 0;
    for (const PathSection& section : path)
        total += section.duration_ns();
    return total;
}

/// "A 0-10, B 10-60": span ids as letters, times in microseconds.
QString text(const SpanTable& table, const std::vector<PathSection>& path)
{
    QStringList parts;
    for (const PathSection& section : path)
        parts << QString("%1 %2-%3").arg(QChar('A' + static_cast<int>(table.span_id[section.row]) - 1)).arg(section.from_ns / us).arg(section.to_ns / us);
    return parts.join(", ");
}

TestSpan span(char letter, char parent, std::int64_t start_us, std::int64_t end_us, SpanKind kind = SpanKind::internal, const char* service = "svc")
{
    TestSpan result;
    result.id = static_cast<std::uint64_t>(letter - 'A' + 1);
    result.parent = parent == '-' ? 0 : static_cast<std::uint64_t>(parent - 'A' + 1);
    result.start_ns = start_us * us;
    result.duration_ns = (end_us - start_us) * us;
    result.kind = kind;
    result.service = service;
    result.name = std::string(1, letter);
    return result;
}

QString path_of(std::vector<TestSpan> spans)
{
    SpanTableBuilder builder;
    for (TestSpan& one : spans)
        builder.add(std::move(one));
    const SpanTable table = builder.build();
    const auto root = row_of(table, 1);
    const auto path = critical_path(table, root);
    if (sum(path) != table.duration_ns[root])
        return "does not tile";
    return text(table, path);
}

}  // namespace

class tst_critical_path : public QObject {
    Q_OBJECT

private slots:
    void shapes()
    {
        QCOMPARE(path_of({span('A', '-', 0, 100)}), "A 0-100");
        QCOMPARE(path_of({span('A', '-', 0, 100), span('B', 'A', 10, 60)}), "A 0-10, B 10-60, A 60-100");
        QCOMPARE(path_of({span('A', '-', 0, 100), span('B', 'A', 0, 100)}), "B 0-100");
        QCOMPARE(path_of({span('A', '-', 0, 100), span('B', 'A', 10, 60), span('C', 'B', 20, 30)}),
                 "A 0-10, B 10-20, C 20-30, B 30-60, A 60-100");
        // one after another
        QCOMPARE(path_of({span('A', '-', 0, 100), span('B', 'A', 10, 30), span('C', 'A', 30, 50), span('D', 'A', 60, 90)}),
                 "A 0-10, B 10-30, C 30-50, A 50-60, D 60-90, A 90-100");
        // in parallel: the last to finish
        QCOMPARE(path_of({span('A', '-', 0, 100), span('B', 'A', 10, 60), span('C', 'A', 20, 40)}), "A 0-10, B 10-60, A 60-100");
        QCOMPARE(path_of({span('A', '-', 0, 100), span('B', 'A', 10, 60), span('C', 'A', 20, 60)}), "A 0-10, B 10-60, A 60-100");
    }

    void children_that_stick_out_are_cut()
    {
        QCOMPARE(path_of({span('A', '-', 0, 100), span('B', 'A', 10, 110), span('C', 'B', 40, 50)}), "A 0-10, B 10-40, C 40-50, B 50-100");
        QCOMPARE(path_of({span('A', '-', 50, 100), span('B', 'A', 10, 80)}), "B 50-80, A 80-100");
        QCOMPARE(path_of({span('A', '-', 0, 100), span('B', 'A', 100, 120), span('C', 'A', 110, 130)}), "A 0-100");
    }

    void a_consumer_was_not_waited_for()
    {
        QCOMPARE(path_of({span('A', '-', 0, 100, SpanKind::producer), span('B', 'A', 10, 60, SpanKind::consumer)}), "A 0-100");
    }

    void work_left_running_was_not_waited_for()
    {
        // B runs on for 400 ms after A; A did C meanwhile.
        QCOMPARE(path_of({span('A', '-', 0, 100'000), span('B', 'A', 10'000, 500'000), span('C', 'A', 20'000, 90'000)}),
                 "A 0-20000, C 20000-90000, A 90000-100000");
        // Nothing else explains A's time: it gave up waiting for B.
        QCOMPARE(path_of({span('A', '-', 0, 100'000), span('C', 'A', 5'000, 9'000), span('B', 'A', 10'000, 500'000)}),
                 "A 0-5000, C 5000-9000, A 9000-10000, B 10000-100000");
    }

    void small_overlaps_are_one_after_another()
    {
        // 1 % of the parent
        QCOMPARE(path_of({span('A', '-', 0, 10'000), span('B', 'A', 100, 2100), span('C', 'A', 2090, 3090)}),
                 "A 0-100, B 100-2090, C 2090-3090, A 3090-10000");
        // more is parallel
        QCOMPARE(path_of({span('A', '-', 0, 10'000), span('B', 'A', 100, 2300), span('C', 'A', 2090, 3090)}), "A 0-2090, C 2090-3090, A 3090-10000");
        // short calls that overlap by most of their length are parallel, however long the parent
        QCOMPARE(path_of({span('A', '-', 0, 10'000), span('B', 'A', 1001, 1041), span('C', 'A', 1011, 1051)}), "A 0-1011, C 1011-1051, A 1051-10000");
        // clocks that start spans at whole milliseconds only
        QCOMPARE(path_of({span('A', '-', 0, 20'000), span('B', 'A', 5000, 7900), span('C', 'A', 7000, 9500)}),
                 "A 0-5000, B 5000-7000, C 7000-9500, A 9500-20000");
    }

    void clocks_of_two_hosts()
    {
        // The server's clock is 50 us ahead: its span is moved back into the call, and what is under it with it.
        QCOMPARE(path_of({span('A', '-', 0, 100, SpanKind::client, "front"), span('B', 'A', 55, 145, SpanKind::server, "back"), span('C', 'B', 65, 75)}),
                 "A 0-10, B 10-20, C 20-30, B 30-100");
        QCOMPARE(path_of({span('A', '-', 50, 150, SpanKind::client, "front"), span('B', 'A', 30, 100, SpanKind::server, "back")}), "B 50-120, A 120-150");
        // Longer than the call: the client gave up.
        QCOMPARE(path_of({span('A', '-', 0, 100, SpanKind::client, "front"), span('B', 'A', 10, 300, SpanKind::server, "back")}), "A 0-10, B 10-100");
    }

    void tiles_any_input()
    {
        std::mt19937 random(11);
        for (int round = 0; round < 4000; ++round)
        {
            auto below = [&](std::uint32_t limit) { return static_cast<std::int64_t>(random() % limit); };
            SpanTableBuilder builder;
            const std::int64_t scale = round % 3 == 0 ? 1 : round % 3 == 1 ? us : ms;
            const std::int64_t origin = round % 50 == 0 ? std::numeric_limits<std::int64_t>::max() - 210 * scale : round % 7 == 0 ? 0 : 1'700'000'000 * ms;
            for (std::int64_t i = 0, n = 1 + below(40); i < n; ++i)
            {
                TestSpan one;
                one.id = static_cast<std::uint64_t>(i + 1);
                one.parent = static_cast<std::uint64_t>(below(static_cast<std::uint32_t>(i) + 2));
                one.start_ns = origin + below(200) * scale;
                one.duration_ns = (below(120) - 3) * scale;
                one.kind = static_cast<SpanKind>(below(5));
                one.service = below(2) ? "a" : "b";
                builder.add(std::move(one));
            }
            const SpanTable table = builder.build();
            for (SpanTable::Row root = 0; root < table.size(); ++root)
            {
                const auto path = critical_path(table, root);
                QCOMPARE(path, critical_path(table, root));
                std::int64_t at = table.start_ns[root];
                for (const PathSection& section : path)
                {
                    QCOMPARE(section.from_ns, at);
                    QVERIFY(section.to_ns > section.from_ns);
                    at = section.to_ns;
                    auto up = section.row;
                    while (up != SpanTable::no_row && up != root)
                        up = table.parent[up];
                    QCOMPARE(up, root);
                }
                const std::int64_t duration = std::max<std::int64_t>(table.duration_ns[root], 0);
                QCOMPARE(at, table.start_ns[root] + std::min(duration, std::numeric_limits<std::int64_t>::max() - table.start_ns[root]));
            }
        }
    }

    void extreme_times_do_not_overflow()
    {
        constexpr auto lowest = std::numeric_limits<std::int64_t>::min(), highest = std::numeric_limits<std::int64_t>::max();
        SpanTableBuilder builder;
        std::uint64_t id = 0;
        for (const std::int64_t start : {lowest, lowest + 1, std::int64_t{-1}, std::int64_t{0}, highest - 5, highest})
            for (const std::int64_t duration : {std::int64_t{0}, std::int64_t{7}, highest})
                for (const SpanKind kind : {SpanKind::client, SpanKind::server})
                {
                    ++id;
                    builder.add({.id = id, .parent = id / 2, .start_ns = start, .duration_ns = duration, .kind = kind});
                }
        const SpanTable table = builder.build();
        for (SpanTable::Row row = 0; row < table.size(); ++row)
            for (const PathSection& section : critical_path(table, row))
                QVERIFY(section.from_ns < section.to_ns);
    }

    void deep_and_wide()
    {
        SpanTableBuilder deep, sequence, parallel;
        constexpr std::int64_t many = 100'000;
        sequence.add({.id = 1, .duration_ns = many * us});
        parallel.add({.id = 1, .duration_ns = many * us});
        for (std::int64_t i = 1; i <= many; ++i)
        {
            const auto id = static_cast<std::uint64_t>(i);
            deep.add({.id = id, .parent = id - 1, .start_ns = i, .duration_ns = 2 * (many - i) + 1});
            sequence.add({.id = id + 1, .parent = 1, .start_ns = (i - 1) * us, .duration_ns = us});
            parallel.add({.id = id + 1, .parent = 1, .start_ns = i, .duration_ns = many * us - 2 * i});
        }
        const SpanTable chain = deep.build(), list = sequence.build(), fan = parallel.build();
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(critical_path(chain, 0).size(), std::size_t{2 * many - 1});
        QCOMPARE(critical_path(list, row_of(list, 1)).size(), std::size_t{many});
        QCOMPARE(critical_path(fan, row_of(fan, 1)).size(), std::size_t{3});
        QVERIFY(timer.elapsed() < 20'000);
    }

    void shares_add_up()
    {
        const SpanTable table = SpanTableBuilder()
                                    .add({.trace = 1, .id = 1, .duration_ns = 100 * us, .name = "root"})
                                    .add({.trace = 1, .id = 2, .parent = 1, .start_ns = 10 * us, .duration_ns = 20 * us, .service = "db", .name = "q"})
                                    .add({.trace = 1, .id = 3, .parent = 1, .start_ns = 40 * us, .duration_ns = 20 * us, .service = "db", .name = "q"})
                                    .add({.trace = 2, .id = 4, .duration_ns = 30 * us, .name = "root"})
                                    .build();
        const SpanTable::Row roots[] = {table.traces[0].root, table.traces[1].root};
        const auto shares = path_by_operation(table, roots);
        QCOMPARE(shares.size(), std::size_t{2});
        QCOMPARE(table.text(shares[0].operation), "root");
        QCOMPARE(shares[0].total_ns, 90 * us);
        QCOMPARE(shares[0].roots, 2u);
        QCOMPARE(shares[0].sections, 4u);
        QCOMPARE(shares[1].total_ns, 40 * us);
        QCOMPARE(shares[1].roots, 1u);
    }

    void shares_of_many_services_that_name_their_work_alike()
    {
        SpanTableBuilder spans;
        constexpr std::uint64_t services = 20'000;
        for (std::uint64_t i = 1; i <= services; ++i)
            spans.add({.trace = i, .id = i, .duration_ns = 10 * us, .service = "service-" + std::to_string(i), .name = "GET"});
        const SpanTable table = spans.build();
        std::vector<SpanTable::Row> roots;
        for (const SpanTable::Trace& trace : table.traces) roots.push_back(trace.root);
        const auto shares = path_by_operation(table, roots);
        QCOMPARE(shares.size(), std::size_t{services});
        QCOMPARE(shares.front().total_ns, 10 * us);
    }

    void published_cases_data()
    {
        QTest::addColumn<QString>("path");
        const auto shared = tests::shared_folder();
        if (!shared)
            QSKIP("the shared samples are not here");
        QDirIterator files(QString::fromStdString((*shared / "samples/traces").string()), {"*.json"}, QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext())
        {
            const QString path = files.next();
            if (path.contains("/crisp/") || path.contains("/critical_path_cases/"))
                QTest::newRow(qPrintable(path.section('/', -2))) << path;
        }
    }
    /// The answers that come with CRISP's and Jaeger UI's own cases. CRISP counts the tolerated overlap twice: 1 % apart.
    void published_cases()
    {
        QFETCH(QString, path);
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QJsonObject document = QJsonDocument::fromJson(file.readAll()).object();
        const QJsonObject trace = document["data"].toArray()[0].toObject();
        SpanTableBuilder builder;
        std::map<QString, std::uint64_t> ids;
        const auto id_of = [&](const QString& id) { return ids.try_emplace(id, ids.size() + 1).first->second; };
        for (const QJsonValue& value : trace["spans"].toArray())
        {
            TestSpan one;
            one.id = id_of(value["spanID"].toString());
            for (const QJsonValue& reference : value["references"].toArray())
                one.parent = id_of(reference["spanID"].toString());
            one.start_ns = static_cast<std::int64_t>(value["startTime"].toDouble()) * us;
            one.duration_ns = static_cast<std::int64_t>(value["duration"].toDouble()) * us;
            one.service = trace["processes"][value["processID"].toString()]["serviceName"].toString().toStdString();
            one.name = value["operationName"].toString().toStdString();
            for (const QJsonValue& tag : value["tags"].toArray())
                if (tag["key"].toString() == "span.kind")
                    one.kind = tag["value"].toString() == "producer" ? SpanKind::producer : SpanKind::client;
            builder.add(std::move(one));
        }
        const SpanTable table = builder.build();
        const auto root = table.traces[0].root;
        const auto sections = critical_path(table, root);
        QCOMPARE(sum(sections), table.duration_ns[root]);
        std::map<QString, double> actual, expected;
        if (document.contains("expectedCriticalPath"))
        {
            for (const PathSection& section : sections)
                actual[QString("%1@%2-%3").arg(table.span_id[section.row]).arg(section.from_ns / us).arg(section.to_ns / us)] = 1;
            for (const QJsonValue& section : document["expectedCriticalPath"].toArray())
                expected[QString("%1@%2-%3").arg(id_of(section["spanID"].toString())).arg(section["sectionStart"].toInt()).arg(section["sectionEnd"].toInt())] = 1;
            QCOMPARE(actual, expected);
            return;
        }
        for (const PathSection& section : sections)
            actual[QString::fromStdString("[" + std::string(table.text(table.service[section.row])) + "] " + std::string(table.text(table.name[section.row])))]
                += static_cast<double>(section.duration_ns()) / us;
        QJsonObject answer = document["testing"].isArray() ? document["testing"].toArray()[0].toObject() : document["testing"]["opTimeExclusive"].toObject();
        QVERIFY(!answer.isEmpty());
        const double tolerance = static_cast<double>(table.duration_ns[root]) / us / 100;
        for (auto operation = answer.begin(); operation != answer.end(); ++operation)
            QVERIFY2(std::fabs(actual[operation.key()] - operation.value().toDouble()) <= tolerance, qPrintable(operation.key()));
    }
};

QTEST_APPLESS_MAIN(tst_critical_path)
#include "tst_critical_path.moc"
