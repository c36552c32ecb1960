#include "analyzers/importers/support/columns.h"
#include "analyzers/importers/support/csv_reader.h"
#include "analyzers/importers/support/table_reader.h"
#include "tests/support/recording_context.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;

namespace {

/// Records as "cell|cell" joined by "/", read whole and in chunks; both must agree.
std::string records(std::string_view text, CsvDialect dialect = {})
{
    std::string whole, chunked;
    for (std::string* out : {&whole, &chunked}) {
        Control control;
        const auto memory = Source::from_memory(text, control);
        ChunkedSource pieces(text, 1);
        CsvReader reader(out == &whole ? *memory : static_cast<Source&>(pieces), dialect);
        for (;;) {
            const auto there = reader.next();
            if (!there || !*there) break;
            if (!out->empty()) *out += '/';
            for (std::size_t i = 0; i < reader.cells().size(); ++i)
                *out += (i ? "|" : "") + std::string(reader.cells()[i]);
            if (reader.broken_quote()) *out += "!";
        }
    }
    return whole == chunked ? whole : "whole " + whole + " chunked " + chunked;
}

/// "columns: a,b; rows of cells" of a table in any framing.
std::string table(std::string_view text)
{
    ChunkedSource source(text, 3);
    auto reader = TableReader::open(source);
    if (!reader) return reader.error().what;
    std::string out;
    for (const std::string& name : (*reader)->columns()) out += name + ",";
    for (;;) {
        const auto there = (*reader)->next();
        if (!there || !*there) break;
        out += (*reader)->ragged() ? "\n!" : "\n";
        for (std::size_t i = 0; i < (*reader)->cell_count(); ++i)
            out += (i ? "|" : "") + std::string((*reader)->cell(i));
    }
    return out;
}

}  // namespace

class tst_csv_reader : public QObject {
    Q_OBJECT

private slots:
    void records_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("expected");
        QTest::newRow("plain") << "a,b\n1,2\n"
                               << "a|b/1|2";
        QTest::newRow("no end of line") << "a,b\n1,2"
                                        << "a|b/1|2";
        QTest::newRow("crlf and byte order mark") << "\xEF\xBB\xBF"
                                                     "a,b\r\n1,2\r\n"
                                                  << "a|b/1|2";
        QTest::newRow("quotes") << "\"a,1\",\"b\"\"c\"\"\"\n"
                                << "a,1|b\"c\"";
        QTest::newRow("line ends inside") << "\"a\nb\r\nc\",2\n3,4\n"
                                          << "a\nb\r\nc|2/3|4";
        QTest::newRow("empty cells and lines") << ",\n\n\"\",x,\n"
                                               << "|/|x|";
        QTest::newRow("text behind a quote") << "\"a\"b,c\n"
                                             << "ab|c";
        QTest::newRow("quote inside a cell") << "5\" disk,c\n"
                                             << "5\" disk|c";
        QTest::newRow("quote that never closes") << "\"a,b\n1,2\n3,4\n"
                                                 << "\"a|b!/1|2/3|4";
        QTest::newRow("only an open quote") << "\""
                                            << "\"!";
        QTest::newRow("escaped quote at the end") << "\"a\"\""
                                                  << "\"a\"\"!";
    }
    void records()
    {
        QFETCH(QString, text);
        QFETCH(QString, expected);
        QCOMPARE(QString::fromStdString(::records(text.toStdString())), expected);
    }

    void copy_text_escapes()
    {
        QCOMPARE(::records("a\\tb\t\\N\tc\\\\d\\n\n", {'\t', false, true}), std::string("a\tb||c\\d\n"));
    }

    /// Every line opens a quote that never closes: must stay linear.
    void broken_quotes_are_linear()
    {
        std::string text;
        for (int i = 0; i < 200'000; ++i) text += "\"x,1\ny\"\"\"\n";
        text += "\"";
        Control control;
        const auto source = Source::from_memory(text, control);
        CsvReader reader(*source, {});
        QElapsedTimer timer;
        timer.start();
        int count = 0;
        while (reader.next().value_or(false)) ++count;
        QVERIFY(count > 0);
        QVERIFY2(timer.elapsed() < 5000, "a quote that never closes is looked for again and again");
    }

    void framings_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("expected");
        const QString rows = "id,query,calls,\n1|select 1|2\n3|a\nb|4";
        QTest::newRow("csv") << "id,query,calls\n1,select 1,2\n3,\"a\nb\",4\n" << rows;
        QTest::newRow("semicolons") << "id;query;calls\r\n1;select 1;2\r\n3;\"a\nb\";4\r\n" << rows;
        QTest::newRow("Excel names its separator") << "sep=;\r\nid;query;calls\r\n1;select 1;2\r\n3;\"a\nb\";4\r\n"
                                                   << rows;
        QTest::newRow("tabs, copy text") << "id\tquery\tcalls\n1\tselect 1\t2\n3\ta\\nb\t4\n" << rows;
        QTest::newRow("aligned") << " id |  query   | calls \n----+----------+-------\n  1 | select 1 |     2\n  3 | a "
                                    "      +|     4\n    | b        |      \n(2 rows)\n\n"
                                 << rows;
        QTest::newRow("aligned, border 2")
            << "+----+----------+-------+\n| id |  query   | calls |\n+----+----------+-------+\n|  1 | select 1 |     "
               "2 |\n|  3 | a       +|     4 |\n|    | b        |       |\n+----+----------+-------+\n(2 rows)\n"
            << rows;
        QTest::newRow("aligned, box lines")
            << QStringLiteral(" id │  query   │ calls \n────┼──────────┼───────\n  1 │ select 1 │     2\n  3 │ a       "
                              "↵│     4\n    │ b        │      \n(2 rows)\n")
            << rows;
        QTest::newRow("aligned, after chatter")
            << "Timing is on.\nSET\n id |  query   | calls \n----+----------+-------\n  1 | select 1 |     2\n  3 | a  "
               "     +|     4\n    | b        |      \n(2 rows)\n\nTime: 1.2 ms\n"
            << rows;
        QTest::newRow("expanded") << "-[ RECORD 1 ]---\nid    | 1\nquery | select 1\ncalls | 2\n-[ RECORD 2 ]---\nid   "
                                     " | 3\nquery | a        +\n      | b\ncalls | 4\n\n"
                                  << rows;
        QTest::newRow("expanded, unaligned") << "id|1\nquery|select 1\ncalls|2\n\nid|3\nquery|a\nb\ncalls|4\n" << rows;
        QTest::newRow("json array")
            << "[{\"id\":1,\"query\":\"select 1\",\"calls\":2}, \n {\"id\":3,\"query\":\"a\\nb\",\"calls\":4}]\n"
            << rows;
        QTest::newRow("json lines")
            << "{\"id\":1,\"query\":\"select 1\",\"calls\":2}\n{\"calls\":4,\"id\":3,\"query\":\"a\\nb\"}\n"
            << rows;
        QTest::newRow("header again") << "id,query,calls\n1,select 1,2\nid,query,calls\n3,\"a\nb\",4\n" << rows;
        QTest::newRow("ragged") << "id,query,calls\n1,2\n1,2,3,4\n1,2,3,\n"
                                << "id,query,calls,\n!1|2\n!1|2|3|4\n1|2|3";
        QTest::newRow("comment above") << "# exported\nid,query,calls\n1,select 1,2\n"
                                       << "id,query,calls,\n1|select 1|2";
        QTest::newRow("truncated json") << "[{\"id\":1,\"query\":\"x\"},{\"id\":2,\"qu"
                                        << "id,query,\n1|x\n!";
        QTest::newRow("nothing") << "one two three\n"
                                 << "the input holds no table";
    }
    void framings()
    {
        QFETCH(QString, text);
        QFETCH(QString, expected);
        QCOMPARE(QString::fromStdString(table(text.toStdString())), expected);
    }

    /// A bar in a statement, wide characters, and a bar that moved: cells stay whole.
    void aligned_with_bars()
    {
        QCOMPARE(QString::fromStdString(
                     table(" n |    q    \n---+---------\n 1 | a || b \n 2 | \xE8\xA1\xA8 | x\n(2 rows)\n")),
                 QStringLiteral("n,q,\n1|a || b\n2|表 | x"));
    }

    void unaligned_bars_belong_to_the_statement()
    {
        const std::string_view text = "id|query|calls\n1|select a||b|2\n2|select 1\nfrom t|3\n(2 rows)\n";
        ChunkedSource source(text, 64);
        auto reader = TableReader::open(source);
        QVERIFY(reader.has_value());
        (*reader)->absorb_in(1);
        QVERIFY((*reader)->next().value_or(false));
        QCOMPARE(std::string((*reader)->cell(1)), std::string("select a||b"));
        QCOMPARE(std::string((*reader)->cell(2)), std::string("2"));
        QVERIFY((*reader)->next().value_or(false));
        QCOMPARE(std::string((*reader)->cell(1)), std::string("select 1\nfrom t"));
        QVERIFY(!(*reader)->ragged());
        QVERIFY(!(*reader)->next().value_or(true));
    }

    void numbers()
    {
        QCOMPARE(cell_int("1,234,567").value_or(-1), 1234567);
        QCOMPARE(cell_int("1.234").value_or(-1), 1234);
        QCOMPARE(cell_int("12.000").value_or(-1), 12);
        QCOMPARE(cell_int(" -5 ").value_or(-1), -5);
        QCOMPARE(cell_int("1 234").value_or(-1), 1234);
        QCOMPARE(cell_int("1\xC2\xA0"
                          "234")
                     .value_or(-1),
                 1234);
        QCOMPARE(cell_int("2E3").value_or(-1), 2000);
        QVERIFY(!cell_int("2.5").has_value());
        QVERIFY(!cell_int("").has_value());
        QVERIFY(!cell_int("99999999999999999999").has_value());
        QCOMPARE(cell_double("0,25", true).value_or(-1), 0.25);
        QCOMPARE(cell_double("1.234,5", false).value_or(-1), 1234.5);
        QCOMPARE(cell_double("1,234.5", true).value_or(-1), 1234.5);
        QCOMPARE(cell_double("1,234", false).value_or(-1), 1234.0);
        QCOMPARE(cell_double("1,234", true).value_or(-1), 1.234);
        QVERIFY(!cell_double("abc", true).has_value());
        QVERIFY(!cell_double(",", true).has_value());
    }

    void durations()
    {
        QCOMPARE(cell_ms("00:00:04.009119", 1, false).value_or(-1), 4009.119);
        QCOMPARE(cell_ms("1 day 02:03:04", 1, false).value_or(-1), 93784000.0);
        QCOMPARE(cell_ms("-00:00:01", 1, false).value_or(0), -1000.0);
        QCOMPARE(cell_ms("2 mons 3 days", 1, false).value_or(-1), 63 * 86.4e6);
        QCOMPARE(cell_ms("PT1M4.5S", 1, false).value_or(-1), 64500.0);
        QCOMPARE(cell_ms("@ 4.5 secs ago", 1, false).value_or(0), -4500.0);
        QCOMPARE(cell_ms("1.5s", 1, false).value_or(-1), 1500.0);
        QCOMPARE(cell_ms("2.5", 1000, false).value_or(-1), 2500.0);
        QVERIFY(!cell_ms("soon", 1, false).has_value());
        QVERIFY(!cell_ms("::", 1, false).has_value());
    }

    void columns()
    {
        const Columns columns({"Query ID", "Mean Time (ms)", "total_seconds", "sum(rate(x[5m]))", "CPU (%)"});
        QCOMPARE(columns.find({"queryid"}), std::size_t{0});
        QCOMPARE(columns.find_duration({"mean_time"}).index, std::size_t{1});
        QCOMPARE(columns.find_duration({"total"}).to_ms, 1000.0);
        QCOMPARE(columns.name(3), std::string_view("sum(rate(x[5m]))"));
        QCOMPARE(columns.unit(4), std::string_view("%"));
        QCOMPARE(columns.find({"calls"}), TableReader::npos);
    }
};

QTEST_APPLESS_MAIN(tst_csv_reader)
#include "tst_csv_reader.moc"
