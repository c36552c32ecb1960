#include "analyzers/importers/support/json_records.h"
#include "analyzers/importers/support/parsed_elements.h"
#include "tests/support/recording_context.h"

#include <QtTest>
#include <array>
#include <stdexcept>

using namespace casebook;
using namespace casebook::tests;
using namespace std::string_view_literals;

class TestParsedElements : public QObject {
    Q_OBJECT

private slots:
    void elements_are_those_of_the_splitter_data();
    void elements_are_those_of_the_splitter();
    void what_does_not_parse_stays_text();
    void a_stop_arrives();
    void may_be_left_at_any_time();
    void what_making_a_batch_throws_arrives();
};

namespace {

constexpr std::array arrays{"items"sv};
constexpr ElementRules rules{.arrays = arrays};

std::string item(int number, std::size_t size)
{
    return "{\"n\":" + std::to_string(number) + ",\"text\":\"" + std::string(size, 'x') + "\"}";
}

std::string document(const std::string& items)
{
    return "{\"items\":[" + items + "]}\n";
}

/// Small, large and huge items, broken ones among them, a line that is no JSON and a document that breaks off.
std::string mixture()
{
    std::string text;
    for (int i = 0; i < 2000; ++i) {
        std::size_t size = static_cast<std::size_t>(i) % 700;
        if (i % 50 == 25) size = 50'000;
        if (i % 700 == 250) size = max_whole_bytes + 1;
        std::string one = item(i, size);
        if (i % 300 == 150) one.replace(one.find("\"n\":"), 4, "\"n\" ");
        if (i % 300 == 151) one.replace(one.find(":\"x"), 3, ":\"\\u0000");
        text += i % 7 == 3 ? "{\"items\":[" + one + "," + item(-i, 10) + "]}\n" : document(one);
        if (i == 700) text += "not JSON\n";
        if (i == 900) text += "{\"items\":[" + item(i, 40'000).substr(0, 39'000) + "\n";
    }
    return text + "{\"items\":[{\"n\":1";
}

/// One line an element: where it stands, its compact JSON or its text, and the notes up to it.
struct Told {
    QStringList lines;
    std::map<std::string, int> notes;
};

QString line_of(const JsonElement& element, const std::string& text)
{
    return QString("%1 %2 %3").arg(element.line).arg(element.complete).arg(QString::fromStdString(text));
}

Told tell_parsed(Source& source)
{
    Told told;
    RecordingContext context;
    ParsedElements elements(source, rules, context);
    for (;;) {
        const auto next = elements.next();
        if (!next || *next == nullptr) break;
        const ParsedElement& element = **next;
        told.lines << line_of(element, element.fields ? simdjson::minify(*element.fields) : std::string(element.text));
    }
    told.notes = context.counts;
    return told;
}

Told tell_one_by_one(Source& source)
{
    Told told;
    RecordingContext context;
    JsonElements elements(source, rules);
    JsonParser parser;
    for (;;) {
        const auto next = elements.next();
        for (const JsonOddity& oddity : elements.take_oddities()) context.note(oddity.line, oddity.code, oddity.detail);
        if (!next || !*next) break;
        const JsonElement& element = **next;
        simdjson::dom::element parsed;
        const bool whole = element.complete && element.text.size() <= max_whole_bytes &&
                           parser.parse_strictly(element.text, element.slack, parsed);
        told.lines << line_of(element, whole ? simdjson::minify(parsed) : std::string(element.text));
    }
    told.notes = context.counts;
    return told;
}

struct Numbered {
    int number = 0;
    bool last = false, hold = false;
};

}  // namespace

void TestParsedElements::elements_are_those_of_the_splitter_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("one") << QByteArray::fromStdString(document(item(1, 10)));
    QTest::newRow("no items") << QByteArray("{\"other\":[{\"n\":1}]}\n");
    QTest::newRow("broken off") << QByteArray("{\"items\":[{\"n\":1},{\"n\":");
    QTest::newRow("mixture") << QByteArray::fromStdString(mixture());
}

void TestParsedElements::elements_are_those_of_the_splitter()
{
    QFETCH(QByteArray, bytes);
    const std::string_view text(bytes.constData(), static_cast<std::size_t>(bytes.size()));
    const Control control;
    const auto expected = tell_one_by_one(*Source::from_memory(text, control));
    const auto mapped = tell_parsed(*Source::from_memory(text, control));
    QCOMPARE(mapped.lines, expected.lines);
    QCOMPARE(mapped.notes, expected.notes);
    ChunkedSource stream(text, 100'000);  // views that live too long are seen by AddressSanitizer
    const auto streamed = tell_parsed(stream);
    QCOMPARE(streamed.lines, expected.lines);
    QCOMPARE(streamed.notes, expected.notes);
    // 2,000 documents, a second item in the 286 with a remainder of 3 by 7, and two that are cut.
    if (bytes.size() > 1'000'000) QCOMPARE(expected.lines.size(), 2288);
}

void TestParsedElements::what_does_not_parse_stays_text()
{
    const Control control;
    const std::string text = document(item(1, 5) + ",{\"n\" 2,\"z\":\"\\u0000\"}," + item(3, 5));
    const auto source = Source::from_memory(text, control);
    RecordingContext context;
    ParsedElements elements(*source, rules, context);
    const auto first = elements.next();
    QVERIFY(first && (*first)->fields);
    const auto second = elements.next();
    QVERIFY(second && !(*second)->fields && (*second)->escaped_nul);
    QCOMPARE(std::string((*second)->text), "{\"n\" 2,\"z\":\"\\u0000\"}");
    const auto third = elements.next();
    QVERIFY(third && (*third)->fields && !(*third)->escaped_nul);
    const auto end = elements.next();
    QVERIFY(end && *end == nullptr);
    QCOMPARE(elements.input().documents(), 1);
}

void TestParsedElements::a_stop_arrives()
{
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += document(item(i, 200));
    std::stop_source stop;
    const Control control(stop.get_token());
    const auto source = Source::from_memory(text, control);
    RecordingContext context;
    ParsedElements elements(*source, rules, context);
    int seen = 0;
    for (;; ++seen) {
        if (seen == 10) stop.request_stop();
        const auto next = elements.next();
        if (!next) {
            QVERIFY(next.error().code == Error::Code::cancelled);
            break;
        }
        QVERIFY(*next != nullptr);
    }
    QVERIFY2(seen < 10'000, qPrintable(QString::number(seen)));  // three batches of 256 KiB are under way
}

void TestParsedElements::may_be_left_at_any_time()
{
    std::string text;
    for (int i = 0; i < 5'000; ++i) text += document(item(i, i == 2 ? max_whole_bytes + 1 : 200));
    const Control control;
    for (const int wanted : {0, 1, 3, 1000, 4000}) {
        const auto source = Source::from_memory(text, control);
        RecordingContext context;
        ParsedElements elements(*source, rules, context);
        for (int i = 0; i < wanted; ++i) {
            const auto next = elements.next();
            QVERIFY(next && *next != nullptr);
        }
    }
}

void TestParsedElements::what_making_a_batch_throws_arrives()
{
    int made = 0;
    Ahead<Numbered> ahead([&](Numbered& batch) {
        if (made == 5) throw std::runtime_error("five");
        batch.number = made++;
        batch.hold = batch.number % 2 == 0;
    });
    for (int i = 0; i < 5; ++i) QCOMPARE(ahead.next().number, i);
    QVERIFY_EXCEPTION_THROWN(ahead.next(), std::runtime_error);
}

QTEST_GUILESS_MAIN(TestParsedElements)
#include "tst_parsed_elements.moc"
