// Whether a statement takes more than it used to, beside the others and per call.

#include "analyzers/analysis/statement_growth.h"

#include <QtTest>

using casebook::statement_growth;
using casebook::StatementGrowth;
using casebook::StatementUse;

class TestStatementGrowth : public QObject {
    Q_OBJECT
private slots:
    void more_traffic_for_all_is_no_growth()
    {
        const StatementGrowth growth = statement_growth({30'000, 300}, {50'000, 1'000}, {3'000, 30}, {5'000, 100}, 1.5);
        QVERIFY(growth.comparable);
        QCOMPARE(growth.beside_others, 1.0);
        QCOMPARE(growth.mean, 1.0);
        QVERIFY(!growth.grown);
    }

    void longer_calls_are()
    {
        const StatementGrowth growth = statement_growth({60'000, 300}, {80'000, 1'000}, {3'000, 300}, {23'000, 1'000}, 1.5);
        QCOMPARE(growth.mean, 20.0);
        QCOMPARE(growth.beside_others, 20.0);
        QVERIFY(growth.grown);
    }

    void more_calls_than_the_others_are()
    {
        const StatementGrowth growth = statement_growth({20'000, 2'000}, {30'000, 3'000}, {1'000, 100}, {11'000, 1'100}, 1.5);
        QCOMPARE(growth.mean, 1.0);
        QCOMPARE(growth.beside_others, 20.0);
        QVERIFY(growth.grown);
    }

    void a_new_statement_is()
    {
        const StatementGrowth growth = statement_growth({20'000, 200}, {30'000, 1'200}, {0, 0}, {10'000, 1'000}, 1.5);
        QCOMPARE(growth.mean, 0.0);
        QVERIFY(growth.grown);
    }

    void few_calls_may_be_chance()
    {
        // Twice as long, but six calls against five.
        QVERIFY(!statement_growth({1'200, 6}, {2'000, 100}, {500, 5}, {1'300, 100}, 1.5).grown);
        // Ten calls where seven were to be expected.
        QVERIFY(!statement_growth({1'000, 10}, {1'400, 50}, {700, 7}, {1'250, 50}, 1.5).grown);
    }

    void without_a_past_nothing_is_known()
    {
        const StatementGrowth growth = statement_growth({60'000, 300}, {80'000, 1'000}, {100, 2}, {300, 8}, 1.5);
        QVERIFY(!growth.comparable);
        QVERIFY(!growth.grown);
        QVERIFY(!statement_growth({0, 0}, {0, 0}, {0, 0}, {0, 0}, 1.5).comparable);
    }

    void one_statement_alone_is_compared_with_itself()
    {
        QVERIFY(statement_growth({60'000, 300}, {60'000, 300}, {3'000, 300}, {3'000, 300}, 1.5).grown);
        QVERIFY(!statement_growth({3'100, 300}, {3'100, 300}, {3'000, 300}, {3'000, 300}, 1.5).grown);
    }
};

QTEST_APPLESS_MAIN(TestStatementGrowth)
#include "tst_statement_growth.moc"
