#include "analyzers/importers/support/json_elements.h"
#include "analyzers/importers/support/json_hollow.h"
#include "analyzers/importers/support/json_peek.h"
#include "analyzers/importers/support/json_repair.h"
#include "analyzers/importers/support/json_scan.h"
#include "tests/support/recording_context.h"

#include <QtTest>
#include <array>
#include <random>

using namespace casebook;
using namespace casebook::tests;
using namespace std::string_literals;
using namespace std::string_view_literals;

// Before the texts below, whose raw strings moc does not read.
class TestJsonElements : public QObject {
    Q_OBJECT

private slots:
    void scan_agrees_with_counting();
    void layouts_give_the_same_elements_data();
    void layouts_give_the_same_elements();
    void a_document_may_be_an_element();
    void a_cut_document_costs_itself();
    void depth_and_noise_cost_nothing();
    void hollow_takes_arrays_out();
    void repair_mends_what_is_plain_data();
    void repair_mends_what_is_plain();
    void peek_tells_keys_from_values();
};

namespace {

constexpr std::array arrays{"items"sv, "more"sv};
constexpr std::array inside{"wrap"sv};
constexpr std::array whole{"bare"sv};
constexpr ElementRules rules{.arrays = arrays, .inside = inside, .whole = whole};

struct Split {
    QStringList texts;
    QList<qint64> lines;
    QStringList oddities;
    int incomplete = 0;
};

Split split_source(Source& source, const ElementRules& with)
{
    Split split;
    JsonElements elements(source, with);
    for (;;) {
        const auto next = elements.next();
        if (!next || !*next) break;
        split.texts << QString::fromUtf8((*next)->text.data(), static_cast<qsizetype>((*next)->text.size()));
        split.lines << (*next)->line;
        split.incomplete += !(*next)->complete;
    }
    for (const JsonOddity& oddity : elements.take_oddities())
        split.oddities << QString::fromStdString(std::string(oddity.code) + "@" + std::to_string(oddity.line));
    return split;
}

/// Splits from memory and from a source of few bytes at a time, which must agree.
Split split(std::string_view bytes, const ElementRules& with = rules)
{
    const Control control;
    const auto memory = Source::from_memory(bytes, control);
    Split result = split_source(*memory, with);
    ChunkedSource chunked(bytes, 7);
    const Split pieces = split_source(chunked, with);
    if (pieces.texts != result.texts || pieces.lines != result.lines || pieces.oddities != result.oddities) result.oddities << "chunks differ";
    return result;
}

/// The end of the value at the start of `text`, counted byte by byte; 0 when it does not end.
std::size_t end_by_bytes(std::string_view text)
{
    int depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            else if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

}  // namespace

void TestJsonElements::scan_agrees_with_counting()
{
    std::vector<ScanResult (*)(std::string_view, JsonScan&, bool)> kernels{detail::scan_json_plain};
#if defined(__x86_64__)
    kernels.push_back(detail::scan_json_sse2);
    if (detail::have_avx2()) kernels.push_back(detail::scan_json_avx2);
#endif
    std::mt19937 random(7);
    static constexpr char outside[] = "{}[],: 12\n";
    static constexpr char within[] = "{}[]a\\\"\n, ";
    for (int round = 0; round < 3000; ++round) {
        std::string text = "{";
        const int size = static_cast<int>(random() % 400);
        bool in_string = false;
        for (int i = 0; i < size; ++i) {
            if (random() % 9 == 0) in_string = !in_string, text += '"';
            else if (!in_string) text += outside[random() % (sizeof outside - 1)];
            else if (random() % 4 == 0) text.append("\\").append(1, within[random() % (sizeof within - 1)]);
            else text += "a{ }[b"[random() % 6];
        }
        const std::size_t wanted = end_by_bytes(text);
        for (const auto kernel : kernels) {
            JsonScan scan;
            std::size_t at = 0;
            bool closed = false;
            while (at < text.size() && !closed) {
                const std::size_t piece = std::min<std::size_t>(text.size() - at, round % 2 ? text.size() : 1 + random() % 100);
                const ScanResult result = kernel(std::string_view(text).substr(at, piece), scan, round % 3 == 0);
                at += result.length;
                closed = result.stop == ScanStop::closed;
                if (result.stop == ScanStop::new_line) QVERIFY(text[at] == '{' && text[at - 1] == '\n');
            }
            QCOMPARE(closed ? at : 0, wanted);
            const std::size_t seen = closed ? at : text.size();
            QCOMPARE(scan.newlines, static_cast<std::uint64_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(seen), '\n')));
        }
    }
}

void TestJsonElements::layouts_give_the_same_elements_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QList<qint64>>("lines");
    QTest::newRow("one document") << QByteArray(R"({"x":1,"items":[{"a":1},{"b":"}"}]})") << QList<qint64>{1, 1};
    QTest::newRow("lines") << QByteArray("{\"items\":[{\"a\":1}]}\n{\"items\":[{\"b\":\"}\"}]}\n") << QList<qint64>{1, 2};
    QTest::newRow("CRLF, blank lines, byte order mark") << QByteArray("\xef\xbb\xbf{\"items\":[{\"a\":1}]}\r\n\r\n{\"items\":[{\"b\":\"}\"}]}") << QList<qint64>{1, 3};
    QTest::newRow("array of documents") << QByteArray("[{\"items\":[{\"a\":1}]},\n{\"more\":[{\"b\":\"}\"}]}]") << QList<qint64>{1, 2};
    QTest::newRow("one after the other") << QByteArray(R"({"items":[{"a":1}]}{"items":[{"b":"}"}]})") << QList<qint64>{1, 1};
    QTest::newRow("record separators") << QByteArray("\x1e{\"items\":[{\"a\":1}]}\n\x1e{\"items\":[{\"b\":\"}\"}]}\n") << QList<qint64>{1, 2};
    QTest::newRow("inside an envelope") << QByteArray(R"({"meta":{"items":[{"no":1}]},"wrap":{"items":[{"a":1},null,7,"x",{"b":"}"}]}})") << QList<qint64>{1, 1};
    QTest::newRow("pretty") << QByteArray("{\n  \"other\": [\n {\"z\":[1]}\n ],\n  \"items\" : [\n{\"a\":1},\n{\"b\":\"}\"}\n]\n}\n") << QList<qint64>{6, 7};
    QTest::newRow("trailing commas") << QByteArray("[{\"items\":[{\"a\":1},{\"b\":\"}\"},],},]") << QList<qint64>{1, 1};
    QTest::newRow("stray text between") << QByteArray("log line\n{\"items\":[{\"a\":1}]}\n]\n# {\n{\"items\":[{\"b\":\"}\"}]}\n") << QList<qint64>{2, 5};
}

void TestJsonElements::layouts_give_the_same_elements()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QList<qint64>, lines);
    const Split result = split({bytes.constData(), static_cast<std::size_t>(bytes.size())});
    QCOMPARE(result.texts, (QStringList{R"({"a":1})", R"({"b":"}"})"}));
    QCOMPARE(result.lines, lines);
    QCOMPARE(result.incomplete, 0);
    QVERIFY(!result.oddities.contains("chunks differ"));
}

void TestJsonElements::a_document_may_be_an_element()
{
    QCOMPARE(split(R"({"y":[{}],"bare":1}{"items":[{"a":1}]})").texts, (QStringList{R"({"y":[{}],"bare":1})", R"({"a":1})"}));
    constexpr ElementRules documents{.documents = true};
    QCOMPARE(split("[[{\"a\":1},{\"b\":2}],[{\"c\":3}]]\n{\"d\":4}", documents).texts, (QStringList{"{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "{\"d\":4}"}));
}

void TestJsonElements::a_cut_document_costs_itself()
{
    // In a string, after a comma, in a key: the next line begins as the documents do.
    for (const std::string cut : {"{\"items\":[{\"a\":\"x", "{\"items\":[{\"a\":1,", "{\"items\":[{\"a\":1},{\"k", "{\"items\":[", "{\"items\":[{\"a\":[{\"q\":1"}) {
        const Split result = split("{\"items\":[{\"n\":1}]}\n" + cut + "\n{\"items\":[{\"n\":2}]}\n{\"items\":[{\"n\":3}]}\n");
        QVERIFY2(result.texts.contains("{\"n\":1}") && result.texts.contains("{\"n\":2}") && result.texts.contains("{\"n\":3}"), cut.c_str());
        QVERIFY(result.incomplete + result.oddities.size() >= 1);
    }
    const Split last = split("{\"items\":[{\"n\":1},{\"n\":2},{\"n\":");
    QCOMPARE(last.texts.size(), 3);
    QCOMPARE(last.incomplete, 1);
}

void TestJsonElements::depth_and_noise_cost_nothing()
{
    for (const std::string open : {"[", "{", "{\"items\":[", "{\"a\":", "[{\"items\":[[", "\"", "{\"items\":[{\"a\":[[["}) {
        std::string text;
        while (text.size() < 400'000) text += open;
        const Split result = split(text);
        QVERIFY(!result.oddities.contains("chunks differ"));
    }
    QVERIFY(split(std::string(3 << 20, ' ')).texts.isEmpty());
    QVERIFY(split(std::string(100'000, '\0')).texts.isEmpty());
}

void TestJsonElements::hollow_takes_arrays_out()
{
    constexpr std::array split_keys{"spans"sv};
    constexpr std::array deeper{"gauge"sv};
    const JsonHollow all = hollow_json(R"({"a":{"spans":[1]},"spans":[{"x":1}, {"y":"]"}],"b":2})", split_keys);
    QVERIFY(all.complete);
    QCOMPARE(QString::fromStdString(all.skeleton), QString(R"({"a":{"spans":[1]},"spans":[],"b":2})"));
    QCOMPARE(all.arrays.size(), std::size_t{1});
    QCOMPARE(all.arrays[0].items, R"({"x":1}, {"y":"]"})"sv);

    const JsonHollow inner = hollow_json(R"({"name":"m","gauge":{"spans":[{"v":1}],"t":2},"u":"s"})", split_keys, deeper);
    QCOMPARE(QString::fromStdString(inner.skeleton), QString(R"({"name":"m","gauge":{"spans":[],"t":2},"u":"s"})"));

    const JsonHollow cut = hollow_json(R"({"a":1,"spans":[{"x":1},{"y":"ab)", split_keys);
    QVERIFY(!cut.complete);
    QCOMPARE(QString::fromStdString(cut.skeleton), QString(R"({"a":1,"spans":[]})"));
    JsonItems items(cut.arrays.at(0).items);
    JsonItems::Item item;
    QVERIFY(items.next(item) && item.complete && item.text == R"({"x":1})");
    QVERIFY(items.next(item) && !item.complete);
    QVERIFY(!items.next(item));
    QCOMPARE(QString::fromStdString(hollow_json(R"({"a":{"b":1},"c":{"d)", split_keys).skeleton), QString(R"({"a":{"b":1}})"));
}

void TestJsonElements::repair_mends_what_is_plain_data()
{
    QTest::addColumn<QByteArray>("broken");
    QTest::addColumn<QByteArray>("mended");
    QTest::newRow("bad UTF-8") << QByteArray("{\"a\":\"x\xff\xc3y\"}") << QByteArray("{\"a\":\"x\xef\xbf\xbd\xef\xbf\xbdy\"}");
    QTest::newRow("good UTF-8 stays") << QByteArray("{\"a\":\"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\"}") << QByteArray("{\"a\":\"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\"}");
    QTest::newRow("NUL") << QByteArray("{\"a\":\"x\0y\"}", 11) << QByteArray("{\"a\":\"x\xef\xbf\xbdy\"}");
    QTest::newRow("raw line feed") << QByteArray("{\"a\":\"x\ny\"}") << QByteArray("{\"a\":\"x\\u000ay\"}");
    QTest::newRow("half a surrogate pair") << QByteArray(R"({"a":"\ud83dx\ude00"})") << QByteArray("{\"a\":\"\xef\xbf\xbdx\xef\xbf\xbd\"}");
    QTest::newRow("a whole pair stays") << QByteArray(R"({"a":"\ud83d\ude00"})") << QByteArray(R"({"a":"\ud83d\ude00"})");
    QTest::newRow("unknown escape") << QByteArray(R"({"a":"\x41"})") << QByteArray(R"({"a":"\\x41"})");
    QTest::newRow("numbers") << QByteArray("[1e999,99999999999999999999,18446744073709551615,-9223372036854775808,NaN,-Infinity,01,1.5]")
                             << QByteArray("[\"1e999\",\"99999999999999999999\",18446744073709551615,-9223372036854775808,\"NaN\",\"-Infinity\",\"01\",1.5]");
    QTest::newRow("commas") << QByteArray("{\"a\":[1,2,],}") << QByteArray("{\"a\":[1,2]}");
}

void TestJsonElements::repair_mends_what_is_plain()
{
    QFETCH(QByteArray, broken);
    QFETCH(QByteArray, mended);
    std::string out;
    repair_json({broken.constData(), static_cast<std::size_t>(broken.size())}, out);
    QCOMPARE(QByteArray::fromStdString(out), mended);
}

void TestJsonElements::peek_tells_keys_from_values()
{
    const JsonPeek peek("{\"log\":\"\\\"resourceSpans\\\":[\",\"a\":{\"traceId\":\"x\"}}");
    QVERIFY(peek.is_json());
    QVERIFY(!peek.has("resourceSpans", 9));
    QVERIFY(peek.has("traceId", 2, '"'));
    QVERIFY(!peek.has("traceId", 1));
    QVERIFY(!JsonPeek("[options=\"header\"]").is_json());
    QVERIFY(!JsonPeek("plain text {").is_json());
    QVERIFY(JsonPeek("\xef\xbb\xbf [ {\"a\"").is_json());
}

QTEST_APPLESS_MAIN(TestJsonElements)
#include "tst_json_elements.moc"
