#include "widgets/models/views/table_filter.h"
#include "widgets/models/views/table_from_query.h"
#include "widgets/models/views/table_model.h"
#include "widgets/panels/views/data_table.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QBuffer>
#include <QClipboard>
#include <QHeaderView>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>

using namespace casebook;

namespace {

std::shared_ptr<const QueryResult> sample()
{
    auto result = std::make_shared<QueryResult>();
    result->columns = {"service", "start_ns", "duration_ns", "calls", "total_ms", "bytes", "note"};
    const std::int64_t start = 1'795'000'000'123'456'789;
    const auto row = [&](const char* service, std::int64_t offset, std::int64_t duration, Value calls, double total, std::int64_t bytes, Value note) {
        result->rows.push_back({std::string(service), start + offset, duration, std::move(calls), total, bytes, std::move(note)});
    };
    row("orders", 0, 212'345'678, std::int64_t{41}, 3.25, 1'500'000, std::string("says \"hi\", twice"));
    row("Gateway", 5, 80'000'000, {}, 12.5, 2'500'000, {});
    row("orders-db", 2, 4'123'456, std::int64_t{9}, 100.125, 500, std::string("two\nlines"));
    row("cache", 9, 512'345, std::int64_t{1'234'567}, 0.5, 0, std::int64_t{7});
    return result;
}

QStringList shown(const TableModel& model, int column)
{
    QStringList texts;
    for (int row = 0; row < model.rowCount(); ++row) texts += model.index(row, column).data().toString();
    return texts;
}

}  // namespace

class TestViewsTable : public QObject {
    Q_OBJECT

private slots:
    void columns_get_kinds_and_units()
    {
        const auto table = table_from_query(sample());
        QCOMPARE(header_text(table->columns[1], TimeZoneMode::utc), QStringLiteral("start (UTC)"));
        QCOMPARE(header_text(table->columns[2], TimeZoneMode::utc), QStringLiteral("duration (ms)"));
        QCOMPARE(header_text(table->columns[4], TimeZoneMode::utc), QStringLiteral("total (ms)"));
        QCOMPARE(header_text(table->columns[5], TimeZoneMode::utc), QStringLiteral("size (MB)"));
        QCOMPARE(cell_text(table->columns[1], 0, TimeZoneMode::utc), QStringLiteral("2026-11-18 11:06:40.123"));
        QCOMPARE(exact_cell_text(table->columns[1], 0, TimeZoneMode::utc), QStringLiteral("2026-11-18 11:06:40.123456789 UTC"));
        QCOMPARE(cell_text(table->columns[2], 0, TimeZoneMode::utc), QStringLiteral("212.3"));
        QCOMPARE(exact_cell_text(table->columns[2], 0, TimeZoneMode::utc), QStringLiteral("212.345678 ms"));
        QCOMPARE(exact_cell_text(table->columns[4], 2, TimeZoneMode::utc), QStringLiteral("100.125 ms"));
        QCOMPARE(cell_text(table->columns[3], 3, TimeZoneMode::utc), QStringLiteral("1,234,567"));
        QCOMPARE(exact_cell_text(table->columns[3], 1, TimeZoneMode::utc), QStringLiteral("NULL"));
        QCOMPARE(cell_text(table->columns[6], 2, TimeZoneMode::utc), QStringLiteral("two lines"));
    }

    void short_rows_and_nothing_are_harmless()
    {
        auto result = std::make_shared<QueryResult>();
        result->columns = {"a", "b_ns"};
        result->rows = {{std::int64_t{1}}, {}, {std::int64_t{2}, std::int64_t{3}}};
        const auto table = table_from_query(result);
        QCOMPARE(cell_text(table->columns[1], 0, TimeZoneMode::utc), QString());
        QCOMPARE(cell_text(table->columns[0], 2, TimeZoneMode::utc), QStringLiteral("2"));
        QCOMPARE(table_from_query(nullptr)->rows, std::size_t{0});
    }

    void model_holds_under_the_tester()
    {
        TableModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.set_table(table_from_query(sample()));
        model.sort(2, Qt::DescendingOrder);
        model.set_filter(QStringLiteral("order"));
        model.set_time_zone(TimeZoneMode::local);
        model.sort(-1, Qt::AscendingOrder);
        model.set_filter(QString());
        model.set_table(nullptr);
        QCOMPARE(model.rowCount(), 0);
    }

    void sorts_by_value_with_null_last()
    {
        TableModel model;
        model.set_table(table_from_query(sample()));
        const QPersistentModelIndex gateway(model.index(1, 0));
        model.sort(3, Qt::AscendingOrder);
        QCOMPARE(shown(model, 3), (QStringList{"9", "41", "1,234,567", ""}));
        model.sort(3, Qt::DescendingOrder);
        QCOMPARE(shown(model, 3), (QStringList{"1,234,567", "41", "9", ""}));
        QCOMPARE(gateway.row(), 3);
        model.sort(0, Qt::AscendingOrder);
        QCOMPARE(shown(model, 0), (QStringList{"Gateway", "cache", "orders", "orders-db"}));
        model.sort(-1, Qt::AscendingOrder);
        QCOMPARE(shown(model, 0), (QStringList{"orders", "Gateway", "orders-db", "cache"}));
    }

    void sorts_texts_longer_than_their_prefix()
    {
        auto result = std::make_shared<QueryResult>();
        result->columns = {"t"};
        for (const char* text : {"SELECT * FROM b", "SELECT * FROM a", "SELECT", "", "SELECT * FROM b"}) result->rows.push_back({std::string(text)});
        TableModel model;
        model.set_table(table_from_query(result));
        model.sort(0, Qt::AscendingOrder);
        QCOMPARE(shown(model, 0), (QStringList{"", "SELECT", "SELECT * FROM a", "SELECT * FROM b", "SELECT * FROM b"}));
        QCOMPARE(model.table_row(3), 0u);
        model.sort(0, Qt::DescendingOrder);
        QCOMPARE(model.table_row(0), 0u);
        QCOMPARE(shown(model, 0).last(), QString());
    }

    void filters_data()
    {
        QTest::addColumn<QString>("filter");
        QTest::addColumn<QStringList>("services");
        const QStringList all{"orders", "Gateway", "orders-db", "cache"};
        QTest::newRow("empty") << "" << all;
        QTest::newRow("word, no case") << "GATE" << QStringList{"Gateway"};
        QTest::newRow("two words both") << "orders twice" << QStringList{"orders"};
        QTest::newRow("quoted") << "\"hi\\\"\"" << QStringList{};
        QTest::newRow("column") << "service:db" << QStringList{"orders-db"};
        QTest::newRow("header's unit") << "duration>4.2" << QStringList{"orders", "Gateway"};
        QTest::newRow("own unit") << "duration_ns<1ms" << QStringList{"cache"};
        QTest::newRow("ms column, seconds given") << "total>=0.1s" << QStringList{"orders-db"};
        QTest::newRow("bytes") << "size>2MB" << QStringList{"Gateway"};
        QTest::newRow("equal") << "calls=41" << QStringList{"orders"};
        QTest::newRow("not equal has null") << "calls!=41" << QStringList{"Gateway", "orders-db", "cache"};
        QTest::newRow("negated") << "-order" << QStringList{"Gateway", "cache"};
        QTest::newRow("digits of a plain number") << "1234" << QStringList{"cache"};
        QTest::newRow("digits not of a scaled one") << "212345" << QStringList{};
        QTest::newRow("unknown column is a word") << "nothing:here" << QStringList{};
        QTest::newRow("time") << "start:11:06:40.123456791" << QStringList{"orders-db"};
    }

    void filters()
    {
        QFETCH(QString, filter);
        QFETCH(QStringList, services);
        TableModel model;
        model.set_table(table_from_query(sample()));
        model.set_filter(filter);
        QCOMPARE(shown(model, 0), services);
    }

    void csv_has_raw_values_in_shown_order()
    {
        TableModel model;
        model.set_table(table_from_query(sample()));
        model.sort(2, Qt::AscendingOrder);
        model.set_filter(QStringLiteral("order"));
        QBuffer buffer;
        QVERIFY(buffer.open(QIODevice::WriteOnly));
        QVERIFY(model.write_csv(buffer));
        QCOMPARE(buffer.data(), QByteArray("service,start_ns,duration_ns,calls,total_ms,bytes,note\r\n"
                                           "orders-db,1795000000123456791,4123456,9,100.125,500,\"two\nlines\"\r\n"
                                           "orders,1795000000123456789,212345678,41,3.25,1500000,\"says \"\"hi\"\", twice\"\r\n"));
    }

    void clicks_sort_and_keys_copy()
    {
        DataTable table;
        table.resize(900, 300);
        table.set_table(table_from_query(sample()));
        table.show();
        QVERIFY(QTest::qWaitForWindowExposed(&table));
        QHeaderView* header = table.view().horizontalHeader();
        const QPoint on_duration(header->sectionViewportPosition(2) + 10, header->height() / 2);
        QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, on_duration);
        const QStringList once = shown(table.model(), 0);
        QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, on_duration);
        QStringList back = shown(table.model(), 0);
        std::reverse(back.begin(), back.end());
        QCOMPARE(once, back);
        QCOMPARE(once.size(), 4);

        QSignalSpy changed(&table, &DataTable::current_row_changed);
        table.view().setFocus();
        table.go_to(2);
        QTest::keyClick(&table.view(), Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("orders-db\t2026-11-18 11:06:40.123\t4.1\t9\t100.1\t<0.01\ttwo lines\n"));
        QCOMPARE(changed.last().first().toUInt(), 2u);
        QTest::keyClick(&table.view(), Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(QApplication::clipboard()->text().startsWith(QStringLiteral("service\tstart (UTC)\tduration (ms)\t")));
        QTest::keyClick(&table.view(), Qt::Key_A, Qt::ControlModifier);
        QCOMPARE(table.selected_text(false).count(QLatin1Char('\n')), 4);
    }

    void texts_give_way_so_that_numbers_are_in_sight()
    {
        auto result = std::make_shared<QueryResult>();
        result->columns = {"statement", "calls", "total_ms", "class"};
        for (std::int64_t i = 0; i < 20; ++i)
            result->rows.push_back({std::string("SELECT a, b, c FROM orders JOIN customers ON orders.customer = customers.id WHERE orders.id = $1"), i * 1'000'000, 12.5,
                                    std::string("com.example.shop.basket.Session") + std::to_string(i)});
        DataTable table;
        table.resize(560, 300);
        table.set_table(table_from_query(result));
        table.show();
        QVERIFY(QTest::qWaitForWindowExposed(&table));
        QTest::qWait(20);
        QTableView& view = table.view();
        const auto end_of = [&](int column) { return view.columnViewportPosition(column) + view.columnWidth(column); };
        QVERIFY2(end_of(3) <= view.viewport()->width() + 1, qPrintable(QString::number(end_of(3))));
        const int numbers = view.columnWidth(1), text = view.columnWidth(0);
        table.resize(900, 300);
        QTRY_VERIFY(view.columnWidth(0) > text);
        QCOMPARE(view.columnWidth(1), numbers);
        // What ends in what tells is cut in the middle.
        QCOMPARE(table.model().index(0, 3).data(TableModel::elideRole).toInt(), int(Qt::ElideMiddle));
        QCOMPARE(table.model().index(0, 0).data(TableModel::elideRole).toInt(), int(Qt::ElideRight));

        // A width that was dragged stays when the window changes.
        QHeaderView* header = view.horizontalHeader();
        const QPoint edge(end_of(0) - 1, header->height() / 2);
        QTest::mousePress(header->viewport(), Qt::LeftButton, {}, edge);
        QTest::mouseMove(header->viewport(), edge + QPoint(-40, 0));
        QTest::mouseMove(header->viewport(), edge + QPoint(-80, 0));
        QTest::mouseRelease(header->viewport(), Qt::LeftButton, {}, edge + QPoint(-80, 0));
        const int dragged = view.columnWidth(0);
        QVERIFY2(std::abs(dragged - (edge.x() + 1 - 80)) <= 4, qPrintable(QString::number(dragged)));
        table.resize(700, 300);
        QTest::qWait(20);
        QCOMPARE(view.columnWidth(0), dragged);
    }

    void a_large_number_far_down_has_room()
    {
        auto result = std::make_shared<QueryResult>();
        result->columns = {"n"};
        for (std::int64_t i = 0; i < 1000; ++i) result->rows.push_back({i == 900 ? std::int64_t{123'456'789'012} : i});
        DataTable table;
        table.resize(600, 300);
        table.set_table(table_from_query(result));
        table.show();
        QVERIFY(QTest::qWaitForWindowExposed(&table));
        QVERIFY(table.view().columnWidth(0) > table.view().fontMetrics().horizontalAdvance(QStringLiteral("123,456,789,012")));
    }

    void a_cell_may_show_another_text_than_its_value()
    {
        auto result = std::make_shared<QueryResult>();
        result->columns = {"size", "file"};
        result->rows = {{std::int64_t{5'000'000}, std::string("/in/a/b.txt")}, {std::int64_t{300}, std::string("/in/c.txt")}};
        std::shared_ptr<TableData> data = table_from_query(result);
        data->columns[0].shown = {"5 MB", "300 B"};
        data->columns[1].shown = {"b.txt", "c.txt"};
        TableModel model;
        model.set_table(data);
        QCOMPARE(shown(model, 0), (QStringList{"5 MB", "300 B"}));
        model.sort(0, Qt::AscendingOrder);
        QCOMPARE(shown(model, 0), (QStringList{"300 B", "5 MB"}));
        QCOMPARE(model.index(0, 1).data(Qt::ToolTipRole).toString(), QStringLiteral("/in/c.txt"));
        model.set_filter(QStringLiteral("/in/a"));
        QCOMPARE(shown(model, 1), QStringList{"b.txt"});
        QBuffer buffer;
        QVERIFY(buffer.open(QIODevice::WriteOnly));
        QVERIFY(model.write_csv(buffer));
        QCOMPARE(buffer.data(), QByteArray("size,file\r\n5000000,/in/a/b.txt\r\n"));
    }

    void typing_filters_after_a_pause_and_keeps_the_row()
    {
        DataTable table;
        table.resize(900, 300);
        table.set_table(table_from_query(sample()));
        table.show();
        QVERIFY(QTest::qWaitForWindowExposed(&table));
        table.go_to(2);
        table.view().setFocus();
        QTest::keyClick(&table.view(), Qt::Key_F, Qt::ControlModifier);
        QCOMPARE(QApplication::focusWidget(), &table.filter_line());
        QTest::keyClicks(&table.filter_line(), QStringLiteral("order"));
        QTRY_COMPARE(table.model().rowCount(), 2);
        QCOMPARE(table.current_table_row(), std::optional<std::uint32_t>(2));
        table.view().setFocus();
        QTest::keyClick(&table.view(), Qt::Key_Escape);
        QTRY_COMPARE(table.model().rowCount(), 4);
    }

    void csv_file_is_written_or_says_why()
    {
        DataTable table;
        table.set_table(table_from_query(sample()));
        QTemporaryDir folder;
        QCOMPARE(table.export_csv(folder.filePath(QStringLiteral("rows.csv"))), QString());
        QFile file(folder.filePath(QStringLiteral("rows.csv")));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll().count('\n'), 6);
        QVERIFY(table.export_csv(folder.filePath(QStringLiteral("no/such/folder.csv"))).contains(QStringLiteral("folder.csv")));
    }
};

QTEST_MAIN(TestViewsTable)
#include "tst_views_table.moc"
