#include "analyzers/importers/support/trace_ids.h"

#include <QtTest>

using namespace casebook;

Q_DECLARE_METATYPE(casebook::IdForm)
Q_DECLARE_METATYPE(casebook::IdStyle)

class TestTraceIds : public QObject {
    Q_OBJECT

private slots:
    void trace_id_forms_data();
    void trace_id_forms();
    void span_id_forms_data();
    void span_id_forms();
    void hashed_ids_are_stable_and_apart();
    void base64_both_ways();
};

void TestTraceIds::trace_id_forms_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<IdStyle>("style");
    QTest::addColumn<IdForm>("form");
    QTest::addColumn<QString>("hex");
    const QString id = "42909587" "7a9930de79bb4283" "65398ece";
    QTest::newRow("hex") << id << IdStyle::otlp << IdForm::plain << id;
    QTest::newRow("upper case") << id.toUpper() << IdStyle::otlp << IdForm::plain << id;
    QTest::newRow("base64 of the bytes") << "QpCVh3qZMN55u0KDZTmOzg==" << IdStyle::otlp << IdForm::encoded << id;
    QTest::newRow("base64 of the hex text") << "NDI5MDk1ODc3YTk5MzBkZTc5YmI0MjgzNjUzOThlY2U=" << IdStyle::otlp << IdForm::encoded << id;
    QTest::newRow("0x") << "0x" + id << IdStyle::otlp << IdForm::encoded << id;
    QTest::newRow("decimal") << "12345678901234567890" << IdStyle::otlp << IdForm::encoded << "0000000000000000ab54a98ceb1f0ad2";
    QTest::newRow("decimal of 128 bits") << "340282366920938463463374607431768211455" << IdStyle::otlp << IdForm::encoded << "ffffffffffffffffffffffffffffffff";
    QTest::newRow("64-bit hex") << "79bb428365398ece" << IdStyle::otlp << IdForm::plain << "000000000000000079bb428365398ece";
    QTest::newRow("leading zeros left out") << "c9f" << IdStyle::otlp << IdForm::plain << "00000000000000000000000000000c9f";
    QTest::newRow("leading zeros left out, digits only") << "2909" << IdStyle::hex << IdForm::plain << "00000000000000000000000000002909";
    QTest::newRow("digits that are a full hex id") << "12345678901234567890123456789012" << IdStyle::otlp << IdForm::plain << "12345678901234567890123456789012";
    QTest::newRow("empty") << "" << IdStyle::otlp << IdForm::missing << QString(32, '0');
    QTest::newRow("zeros") << QString(32, '0') << IdStyle::otlp << IdForm::missing << QString(32, '0');
}

void TestTraceIds::trace_id_forms()
{
    QFETCH(QString, text);
    QFETCH(IdStyle, style);
    QFETCH(IdForm, form);
    QFETCH(QString, hex);
    TraceId id;
    QVERIFY(parse_trace_id(text.toStdString(), style, id) == form);
    std::string written;
    append_hex(written, id);
    QCOMPARE(QString::fromStdString(written), hex);
}

void TestTraceIds::span_id_forms_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<IdForm>("form");
    QTest::addColumn<quint64>("value");
    const quint64 id = 0x79bb428365398eceULL;
    QTest::newRow("hex") << "79bb428365398ece" << IdForm::plain << id;
    QTest::newRow("base64 of the bytes") << "ebtCg2U5js4=" << IdForm::encoded << id;
    QTest::newRow("base64 without padding") << "ebtCg2U5js4" << IdForm::encoded << id;
    QTest::newRow("base64 of the hex text") << "NzliYjQyODM2NTM5OGVjZQ==" << IdForm::encoded << id;
    QTest::newRow("0x") << "0x79bb428365398ece" << IdForm::encoded << id;
    QTest::newRow("decimal") << QString::number(id) << IdForm::encoded << id;
    QTest::newRow("zeros") << "0000000000000000" << IdForm::missing << quint64{0};
}

void TestTraceIds::span_id_forms()
{
    QFETCH(QString, text);
    QFETCH(IdForm, form);
    QFETCH(quint64, value);
    std::uint64_t id = 0;
    QVERIFY(parse_span_id(text.toStdString(), IdStyle::otlp, id) == form);
    QCOMPARE(quint64{id}, value);
}

void TestTraceIds::hashed_ids_are_stable_and_apart()
{
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::uint64_t again = 0;
    QVERIFY(parse_span_id("span-A", IdStyle::hex, a) == IdForm::hashed);
    QVERIFY(parse_span_id("span-B", IdStyle::hex, b) == IdForm::hashed);
    QVERIFY(parse_span_id("span-A", IdStyle::hex, again) == IdForm::hashed);
    QVERIFY(a != b && a != 0);
    QCOMPARE(a, again);
    TraceId bytes;
    QVERIFY(trace_id_from_bytes(std::string_view("abc"), bytes) == IdForm::hashed);
    QVERIFY(trace_id_from_bytes(std::string_view(), bytes) == IdForm::missing);
}

void TestTraceIds::base64_both_ways()
{
    for (const std::string plain : {"", "a", "ab", "abc", "abcd", "\xff\xfe\xfd"}) {
        std::string text = "prefix";
        append_base64(text, plain);
        QCOMPARE(QByteArray::fromStdString(text.substr(6)), QByteArray::fromStdString(plain).toBase64());
        std::string back;
        QVERIFY(decode_base64(text.substr(6), back));
        QCOMPARE(back, plain);
    }
    std::string none;
    QVERIFY(!decode_base64("ab!c", none));
    QVERIFY(!decode_base64("abcde", none));
}

QTEST_APPLESS_MAIN(TestTraceIds)
#include "tst_trace_ids.moc"
