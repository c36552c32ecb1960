// Figures with their units, as a person writes them.

#include "analyzers/core/quantity.h"

#include <QtTest>

using namespace casebook;

class TestQuantity : public QObject {
    Q_OBJECT
private slots:
    void numbers_have_a_scale_and_a_unit_that_fit_data()
    {
        QTest::addColumn<double>("value");
        QTest::addColumn<QString>("unit");
        QTest::addColumn<QString>("text");
        QTest::newRow("part of a minute") << 0.001 << "min" << "60 ms";
        QTest::newRow("half an hour") << 1800.0 << "s" << "30 min";
        QTest::newRow("microseconds") << 1500.0 << "us" << "1.5 ms";
        QTest::newRow("bytes") << 1e6 << "bytes" << "1 MB";
        QTest::newRow("plain") << 41.0 << "1" << "41";
        QTest::newRow("several") << 2.0 << "requests" << "2 requests";
        QTest::newRow("one") << 1.0 << "requests" << "1 request";
        QTest::newRow("one query") << 1.0 << "queries" << "1 query";
        QTest::newRow("one class") << 1.0 << "classes" << "1 class";
        QTest::newRow("words") << 1.0 << "% per 60 s" << "1 % per 60 s";
        QTest::newRow("factor") << 1.0 << "x" << "1 x";
    }

    void numbers_have_a_scale_and_a_unit_that_fit()
    {
        QFETCH(double, value);
        QFETCH(QString, unit);
        QFETCH(QString, text);
        QCOMPARE(QString::fromStdString(format_quantity(value, unit.toStdString())), text);
    }
};

QTEST_APPLESS_MAIN(TestQuantity)
#include "tst_quantity.moc"
