// What capture makes of texts before any server sees them: connection strings, statements, its own SQL.
#include "analyzers/capture/conninfo.h"
#include "analyzers/capture/secrets.h"
#include "analyzers/capture/statement_look.h"
#include "tests/support/places.h"
#include "tests/support/recorded_columns.h"

#include <QRegularExpression>
#include <QtTest>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace casebook;
using namespace casebook::capture_detail;

class TestTexts : public QObject {
    Q_OBJECT

private slots:
    void no_part_of_a_password_is_taken_for_a_host_data();
    void no_part_of_a_password_is_taken_for_a_host();
    void ordinary_strings_are_read_data();
    void ordinary_strings_are_read();
    void what_may_be_explained_and_run_data();
    void what_may_be_explained_and_run();
    void passwords_in_statements_are_masked();
    void own_questions_only_read();
    void own_questions_ask_for_columns_there_are();
};

void TestTexts::no_part_of_a_password_is_taken_for_a_host_data()
{
    QTest::addColumn<QString>("conninfo");
    QTest::newRow("two @") << QStringLiteral("postgresql://app:p@ss@127.0.0.1/shop");
    QTest::newRow("@ and /") << QStringLiteral("postgresql://app:p@ss/wo:rd@127.0.0.1/shop");
    QTest::newRow("/") << QStringLiteral("postgres://app:pa/ss@db/shop");
    QTest::newRow("with parameters") << QStringLiteral("postgres://app:p@ss@db/shop?sslmode=require");
}

void TestTexts::no_part_of_a_password_is_taken_for_a_host()
{
    QFETCH(QString, conninfo);
    const auto look = look_at_conninfo(conninfo.toStdString());
    QVERIFY(!look);
    QCOMPARE(look.error().code, Error::Code::usage);
    QCOMPARE(QString::fromStdString(look.error().what), QStringLiteral("the connection string has an @ or / that may belong to a password"));
    QVERIFY(QString::fromStdString(look.error().hint).contains(QStringLiteral("%40")));
}

void TestTexts::ordinary_strings_are_read_data()
{
    QTest::addColumn<QString>("conninfo");
    QTest::addColumn<bool>("password");
    QTest::newRow("words") << QStringLiteral("host=db dbname=shop user=app password='a b@c/d'") << true;
    QTest::newRow("URI") << QStringLiteral("postgresql://app@db:5432/shop") << false;
    QTest::newRow("URI with an encoded password") << QStringLiteral("postgresql://app:p%40ss%2Fword@db/shop?connect_timeout=3&application_name=a@b") << true;
    QTest::newRow("several hosts") << QStringLiteral("postgresql://app@one:5432,two:5433/shop") << false;
    QTest::newRow("socket") << QStringLiteral("postgresql:///shop?host=/run/postgresql") << false;
    QTest::newRow("name") << QStringLiteral("shop") << false;
    QTest::newRow("nothing") << QString() << false;
}

void TestTexts::ordinary_strings_are_read()
{
    QFETCH(QString, conninfo);
    QFETCH(bool, password);
    const auto look = look_at_conninfo(conninfo.toStdString());
    QVERIFY2(look, look ? "" : look.error().what.c_str());
    QCOMPARE(look->has_password, password);
    if (conninfo.contains(QStringLiteral("connect_timeout"))) QCOMPARE(look->connect_timeout_ms.value_or(0), 3000);
}

void TestTexts::what_may_be_explained_and_run_data()
{
    QTest::addColumn<QString>("sql");
    QTest::addColumn<bool>("explainable");
    QTest::addColumn<bool>("runnable");
    QTest::addColumn<int>("parameters");
    QTest::newRow("select") << QStringLiteral("SELECT a FROM t WHERE b = $2 AND c = $1") << true << true << 2;
    QTest::newRow("update") << QStringLiteral("UPDATE t SET a = $1") << true << false << 1;
    QTest::newRow("modifying with") << QStringLiteral("WITH gone AS (DELETE FROM t RETURNING *) SELECT count(*) FROM gone") << true << false << 0;
    QTest::newRow("select into") << QStringLiteral("SELECT * INTO copy FROM t") << true << false << 0;
    QTest::newRow("for update") << QStringLiteral("SELECT * FROM t WHERE id = $1 FOR UPDATE") << true << false << 1;
    QTest::newRow("two statements") << QStringLiteral("SELECT 1; DROP TABLE t") << false << false << 0;
    QTest::newRow("word in a text") << QStringLiteral("SELECT 'for update into; delete' FROM t") << true << true << 0;
    QTest::newRow("vacuum") << QStringLiteral("VACUUM t") << false << false << 0;
    QTest::newRow("kills others") << QStringLiteral("SELECT pg_terminate_backend(pid) FROM pg_stat_activity") << true << false << 0;
}

void TestTexts::what_may_be_explained_and_run()
{
    QFETCH(QString, sql);
    QFETCH(bool, explainable);
    QFETCH(bool, runnable);
    QFETCH(int, parameters);
    const StatementLook look = look_at_statement(sql.toStdString());
    QVERIFY2(look.not_explainable.empty() == explainable, look.not_explainable.c_str());
    if (explainable) {
        QVERIFY2(look.not_runnable.empty() == runnable, look.not_runnable.c_str());
        QCOMPARE(look.parameters, parameters);
    }
}

void TestTexts::passwords_in_statements_are_masked()
{
    for (const char* sql : {"ALTER ROLE app PASSWORD 'hidden-one'", "create user app with encrypted password 'hidden-one' valid until 'infinity'",
                            "SELECT * FROM dblink('host=db password=hidden-one dbname=x', 'select 1') AS t(a int)"})
        QVERIFY2(mask_passwords(sql).find("hidden-one") == std::string::npos, sql);
    QCOMPARE(mask_passwords("SELECT password FROM users WHERE id = $1"), std::string("SELECT password FROM users WHERE id = $1"));
    Secrets secrets;
    secrets.add("p@ss word");
    QVERIFY(secrets.scrub("failed for p%40ss%20word and p@ss word").find("ss") == std::string::npos);
}

/// Every question is one statement that reads, says in a comment what it reads, and has no empty column in its list.
void TestTexts::own_questions_only_read()
{
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(tests::source_folder() / "resources/capture")) {
        std::ifstream in(entry.path());
        std::ostringstream text;
        text << in.rdbuf();
        const std::string name = entry.path().filename().string();
        QString sql = QString::fromStdString(text.str());
        QVERIFY2(sql.startsWith(QStringLiteral("-- ")), name.c_str());
        QVERIFY2(sql.contains(QStringLiteral("/* casebook capture */")), name.c_str());
        sql.replace(QStringLiteral("@query_ids@"), QStringLiteral("1"));
        QVERIFY2(look_at_statement(sql.toStdString()).not_explainable.empty(), name.c_str());  // a single statement
        sql.remove(QRegularExpression(QStringLiteral("--[^\n]*\n")));
        sql.remove(QRegularExpression(QStringLiteral("/\\*.*?\\*/"), QRegularExpression::DotMatchesEverythingOption));
        QVERIFY2(sql.trimmed().startsWith(QStringLiteral("select"), Qt::CaseInsensitive) || sql.trimmed().startsWith(QStringLiteral("with"), Qt::CaseInsensitive), name.c_str());
        static const QRegularExpression empty_column(QStringLiteral(",\\s*,|,\\s*from\\b|\\bselect\\s*,"), QRegularExpression::CaseInsensitiveOption);
        QVERIFY2(!empty_column.match(sql).hasMatch(), name.c_str());
        ++files;
    }
    QVERIFY(files > 20);
}

/// The file for a version asks for nothing that the version lacks, and for statements for all that it has.
void TestTexts::own_questions_ask_for_columns_there_are()
{
    const QMap<QString, QPair<QString, QString>> aliases{{QStringLiteral("statements"), {QStringLiteral("s"), QStringLiteral("pg_stat_statements")}}, {QStringLiteral("sessions"), {QStringLiteral("a"), QStringLiteral("pg_stat_activity")}},
                                                         {QStringLiteral("locks"), {QStringLiteral("l"), QStringLiteral("pg_locks")}},                {QStringLiteral("tables"), {QStringLiteral("t"), QStringLiteral("pg_stat_user_tables")}},
                                                         {QStringLiteral("indexes"), {QStringLiteral("s"), QStringLiteral("pg_stat_user_indexes")}},  {QStringLiteral("databases"), {QStringLiteral("d"), QStringLiteral("pg_stat_database")}}};
    int looked_at = 0;
    for (const QFileInfo& file : QDir(QString::fromStdString((tests::source_folder() / "resources/capture").string())).entryInfoList(QDir::Files)) {
        const QString question = file.baseName().section(QLatin1Char('_'), 0, -2);
        if (!aliases.contains(question)) continue;
        const auto [alias, view] = aliases[question];
        const int version = file.baseName().section(QLatin1Char('_'), -1).toInt();
        QFile in(file.filePath());
        QVERIFY(in.open(QIODevice::ReadOnly));
        const QSet<QString> there = tests::recorded_columns(version)[view];
        QVERIFY2(there.size() > 5, qPrintable(file.fileName()));
        QSet<QString> asked;
        auto found = QRegularExpression(QStringLiteral("\\b%1\\.([a-z_]+)").arg(alias)).globalMatch(QString::fromUtf8(in.readAll()));
        while (found.hasNext()) asked.insert(found.next().captured(1));
        for (const QString& column : asked) QVERIFY2(there.contains(column), qPrintable(file.fileName() + QStringLiteral(": ") + column));
        if (question == QStringLiteral("statements"))
            for (const QString& column : there) QVERIFY2(asked.contains(column), qPrintable(file.fileName() + QStringLiteral(" leaves out ") + column));
        ++looked_at;
    }
    QVERIFY(looked_at >= 15);
}

QTEST_APPLESS_MAIN(TestTexts)
#include "tst_texts.moc"
