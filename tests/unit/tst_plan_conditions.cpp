// Conditions as EXPLAIN prints them, taken apart into comparisons with columns.

#include "analyzers/plan/conditions.h"

#include <QtTest>

using namespace casebook::plan;

namespace {

std::string text_of(const ColumnTest& test)
{
    std::string text = (test.negated ? "not " : "") + std::string(test.in_or ? "or " : "");
    if (!test.qualifier.empty()) text += test.qualifier + ".";
    text += test.column;
    if (!test.function.empty()) text += " f:" + test.function;
    if (!test.cast.empty()) text += " ::" + test.cast;
    text += " " + test.op + " " + test.value;
    static const char* const against[] = {"constant", "parameter", "column", "expression"};
    return text + " [" + against[static_cast<int>(test.against)] + "]";
}

std::string texts_of(std::string_view condition)
{
    std::string all;
    for (const ColumnTest& test : column_tests(condition)) all += (all.empty() ? "" : "; ") + text_of(test);
    return all;
}

}  // namespace

class TestPlanConditions : public QObject {
    Q_OBJECT
private slots:
    void comparisons_data()
    {
        QTest::addColumn<QString>("condition");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* condition, const char* expected) { QTest::newRow(condition) << condition << expected; };
        row("(customer_id = 41)", "customer_id = 41 [constant]");
        row("(o.customer_id = 41)", "o.customer_id = 41 [constant]");
        row("((status)::text = 'paid'::text)", "status ::text = 'paid'::text [constant]");
        row("(customer_id = $1)", "customer_id = $1 [parameter]");
        row("(b.author_id = a.id)", "b.author_id = a.id [column]; a.id = b.author_id [column]");  // either side may be the scan's own
        row("((a > 5) AND (b <= 7))", "a > 5 [constant]; b <= 7 [constant]");
        row("((a = 1) OR (b = 2))", "or a = 1 [constant]; or b = 2 [constant]");
        row("(lower(email) = 'x'::text)", "email f:lower = 'x'::text [constant]");
        row("(deleted_at IS NULL)", "deleted_at IS NULL  [constant]");
        row("(deleted_at IS NOT NULL)", "deleted_at IS NOT NULL  [constant]");
        row("(id = ANY ('{1,2,3}'::integer[]))", "id = ANY '{1,2,3}'::integer[] [constant]");
        row("(title ~~ '%glass%'::text)", "title ~~ '%glass%'::text [constant]");
        row("active", "active   [constant]");
        row("(\"Order\".\"Customer Id\" = 4)", "Order.Customer Id = 4 [constant]");
        row("(note = 'a = b AND (c = 1)'::text)", "note = 'a = b AND (c = 1)'::text [constant]");
        row("((amount)::numeric > 10.5)", "amount ::numeric > 10.5 [constant]");
        row("", "");
    }

    void comparisons()
    {
        QFETCH(QString, condition);
        QFETCH(QString, expected);
        QCOMPARE(QString::fromStdString(texts_of(condition.toStdString())), expected);
    }

    void what_an_index_can_serve()
    {
        const auto first = [](const char* condition) {
            const auto tests = column_tests(condition);
            return tests.empty() ? ColumnTest{} : tests.front();
        };
        QVERIFY(first("(id = 4)").is_equality() && first("(id = 4)").is_sargable());
        QVERIFY(first("((name)::text = 'x'::text)").is_sargable());  // of a varchar: costs nothing
        QVERIFY(!first("((code)::numeric = 4)").is_sargable());
        QVERIFY(!first("(lower(name) = 'x'::text)").is_sargable());
        QVERIFY(!first("(id > 4)").is_equality());
        QVERIFY(first("(gone IS NULL)").is_equality());
        QVERIFY(first("(id = ANY ('{1,2}'::integer[]))").is_equality());
        QVERIFY(!first("((id = 4) OR (id = 5))").is_equality());
    }

    void negation_reaches_inside()
    {
        const auto tests = column_tests("(NOT ((a = 1) AND (b = 2)))");
        QVERIFY(!tests.empty());
        for (const ColumnTest& test : tests) QVERIFY(test.negated && !test.is_equality());
    }

    void constants_without_cast_and_quotes()
    {
        QCOMPARE(constant_text("'paid'::text"), std::string("paid"));
        QCOMPARE(constant_text("41"), std::string("41"));
        QCOMPARE(constant_text("'it''s'::text"), std::string("it's"));
        QCOMPARE(constant_text("$1"), std::string("$1"));
    }

    void hostile_conditions_end()
    {
        std::string deep(100'000, '(');
        deep += "a = 1";
        QVERIFY(column_tests(deep).size() <= 1);
        std::string wide;
        for (int i = 0; i < 20'000; ++i) wide += "(a = 1) AND ";
        QVERIFY(column_tests(wide).size() <= 20'000);
        for (const char* garbled : {"(", ")", "(((", "'", "(a = '", "(a =", "= 4", "(a AND)", "\"", "(\"a = 1)", "\xff\xfe = 1"}) column_tests(garbled);
        QVERIFY(column_tests("((a = 1) AND (b = '").size() <= 2);
    }
};

QTEST_APPLESS_MAIN(TestPlanConditions)
#include "tst_plan_conditions.moc"
