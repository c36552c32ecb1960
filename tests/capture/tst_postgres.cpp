// Capture from a real PostgreSQL: in trouble, healthy, and in all the ways in which it can go wrong. Everything goes through
// casebook-cli, as a person runs it.
#include "analyzers/capture/connection.h"
#include "tests/support/places.h"
#include "tests/support/real_postgres.h"
#include "tests/support/recorded_columns.h"

#include <QDirIterator>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <sys/resource.h>

using namespace casebook::tests;

namespace {

const QString password = QStringLiteral("Zq7-not-to-be-seen");

struct Outcome {
    int status = -1;
    QString out, err;
    qint64 ms = 0;
};

class TestPostgres : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void columns_are_as_recorded();
    void blockers_and_a_missing_index();
    void healthy_load_confirms_nothing();
    void role_without_privileges();
    void wrong_password();
    void refused_connection();
    void right_password_is_nowhere();
    void password_file_service_and_environment();
    void disk_full();
    void interrupted();
    void transactions_end_without_warnings();
    void killed_server();  // the last: there is no server after it

private:
    QProcess* begin(const QString& program, const QStringList& arguments, const std::function<void()>& in_child = {});
    Outcome end(QProcess& process);
    Outcome cli(const QStringList& arguments) { return end(*begin(QStringLiteral(CASEBOOK_CLI), arguments)); }
    QProcess* pgbench(int rate, int seconds);
    QJsonObject manifest(const QString& folder);
    QJsonObject analyze(const QString& bundle, const QString& name);
    static QString verdict(const QJsonObject& report, const QString& analyzer);
    static QStringList confirmed(const QJsonObject& report);
    QString path(const QString& name) const { return folder_.filePath(name); }

    QTemporaryDir folder_;
    RealPostgres server_;
    std::vector<std::unique_ptr<QProcess>> processes_;
};

QProcess* TestPostgres::begin(const QString& program, const QStringList& arguments, const std::function<void()>& in_child)
{
    processes_.push_back(std::make_unique<QProcess>());
    QProcess* process = processes_.back().get();
    if (in_child) process->setChildProcessModifier(in_child);
    process->setProperty("began", QDateTime::currentMSecsSinceEpoch());
    process->start(program, arguments);
    return process->waitForStarted(10'000) ? process : nullptr;
}

Outcome TestPostgres::end(QProcess& process)
{
    process.waitForFinished(120'000);
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1, QString::fromUtf8(process.readAllStandardOutput()), QString::fromUtf8(process.readAllStandardError()),
            QDateTime::currentMSecsSinceEpoch() - process.property("began").toLongLong()};
}

QProcess* TestPostgres::pgbench(int rate, int seconds)
{
    return begin(RealPostgres::programs() + QStringLiteral("/pgbench"), {QStringLiteral("-h"), server_.folder(), QStringLiteral("-U"), QStringLiteral("postgres"), QStringLiteral("-n"), QStringLiteral("-c"), QStringLiteral("2"),
                                                                           QStringLiteral("-R"), QString::number(rate), QStringLiteral("-T"), QString::number(seconds), QStringLiteral("bench")});
}

QJsonObject TestPostgres::manifest(const QString& folder)
{
    QFile file(folder + QStringLiteral("/manifest.json"));
    return file.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(file.readAll()).object() : QJsonObject();
}

QJsonObject TestPostgres::analyze(const QString& bundle, const QString& name)
{
    const QString file = path(name + QStringLiteral(".casebook"));
    const Outcome imported = cli({QStringLiteral("import"), file, bundle, QStringLiteral("--quiet")});
    if (imported.status != 0) qWarning("%s", qPrintable(imported.err));
    const Outcome analyzed = cli({QStringLiteral("analyze"), file, QStringLiteral("--json"), QStringLiteral("--quiet")});
    return QJsonDocument::fromJson(analyzed.out.toUtf8()).object();
}

QString TestPostgres::verdict(const QJsonObject& report, const QString& analyzer)
{
    for (const QJsonValue& row : report[QStringLiteral("verdicts")].toArray())
        if (row[QStringLiteral("analyzer")].toString() == analyzer) return row[QStringLiteral("verdict")].toString();
    return {};
}

QStringList TestPostgres::confirmed(const QJsonObject& report)
{
    QStringList ids;
    for (const QJsonValue& row : report[QStringLiteral("verdicts")].toArray())
        if (row[QStringLiteral("verdict")].toString() == QStringLiteral("confirmed")) ids << row[QStringLiteral("analyzer")].toString();
    return ids;
}

void TestPostgres::initTestCase()
{
    QVERIFY2(server_.start(), qPrintable(server_.error()));
    QVERIFY(!server_.sql(QStringLiteral("create database bench"), QStringLiteral("postgres")).isNull());
    QVERIFY(!server_.sql(QStringLiteral("create extension pg_stat_statements")).isNull());
    QVERIFY(!server_.sql(QStringLiteral("create role secretive login password '%1'; grant pg_monitor to secretive; create role nobody_special login").arg(password)).isNull());
    QVERIFY2(server_.run(RealPostgres::programs() + QStringLiteral("/pgbench"), {QStringLiteral("-h"), server_.folder(), QStringLiteral("-U"), QStringLiteral("postgres"), QStringLiteral("-i"), QStringLiteral("-q"), QStringLiteral("bench")}),
             qPrintable(server_.error()));
    QVERIFY(!server_.sql(QStringLiteral("create table parcels as select g as id, g % 20000 as courier_id, repeat('x', 100) as label from generate_series(1, 200000) g; create table stock (id int primary key, amount int); "
                                        "insert into stock values (7, 10)")).isNull());
    QVERIFY(!server_.sql(QStringLiteral("vacuum analyze")).isNull());
}

void TestPostgres::columns_are_as_recorded()
{
    const int version = server_.sql(QStringLiteral("select current_setting('server_version_num')::int / 10000")).toInt();
    if (version > 18) QSKIP("newer than what is recorded");
    const auto recorded = recorded_columns(version);
    QVERIFY(recorded.size() >= 7);
    for (auto view = recorded.begin(); view != recorded.end(); ++view) {
        const QStringList there = server_.sql(QStringLiteral("select attname from pg_attribute where attrelid = '%1'::regclass and attnum > 0 and not attisdropped").arg(view.key())).split(QLatin1Char('\n'));
        QCOMPARE(QSet<QString>(there.begin(), there.end()), view.value());
    }
}

void TestPostgres::blockers_and_a_missing_index()
{
    QProcess* load = pgbench(50, 20);
    // One session changes a row and then idles; three want the row, one behind the other.
    const QStringList psql{QStringLiteral("-X"), QStringLiteral("-q"), QStringLiteral("-d")};
    QProcess* blocker = begin(QStringLiteral("psql"), psql + QStringList{server_.conninfo(QStringLiteral("bench")) + QStringLiteral(" application_name=nightly-report")});
    blocker->write("begin; update stock set amount = amount - 1 where id = 7;\n");
    QVERIFY(blocker->waitForBytesWritten(5'000));
    QTRY_VERIFY_WITH_TIMEOUT(server_.sql(QStringLiteral("select count(*) from pg_stat_activity where state = 'idle in transaction' and application_name = 'nightly-report'")) == QStringLiteral("1"), 20'000);  // the load has such moments, too
    std::vector<QProcess*> waiters;
    for (int i = 1; i <= 3; ++i) {
        waiters.push_back(begin(QStringLiteral("psql"), psql + QStringList{server_.conninfo(QStringLiteral("bench")) + QStringLiteral(" application_name=orders-%1").arg(i), QStringLiteral("-c"), QStringLiteral("update stock set amount = amount - 1 where id = 7")}));
        QTRY_VERIFY_WITH_TIMEOUT(server_.sql(QStringLiteral("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and application_name like 'orders-%'")) == QString::number(i), 20'000);
    }
    QString lookups;
    for (int i = 0; i < 400; ++i) lookups += QStringLiteral("select label from parcels where courier_id = %1 limit 1000;\nselect pg_sleep(0.02);\n").arg(i);
    QProcess* reader = begin(QStringLiteral("psql"), psql + QStringList{server_.conninfo(QStringLiteral("bench")), QStringLiteral("-o"), QStringLiteral("/dev/null")});
    reader->write(lookups.toUtf8());
    while (reader->bytesToWrite() > 0) QVERIFY(reader->waitForBytesWritten(10'000));
    reader->closeWriteChannel();

    const Outcome taken = cli({QStringLiteral("capture"), server_.conninfo(QStringLiteral("bench")), QStringLiteral("-o"), path(QStringLiteral("trouble")), QStringLiteral("--snapshots"), QStringLiteral("5"), QStringLiteral("--every"), QStringLiteral("1s")});
    QVERIFY2(taken.status == 0, qPrintable(taken.err));
    for (QProcess* process : waiters) process->kill();
    blocker->kill();
    reader->kill();
    load->terminate();
    for (QProcess* process : waiters) process->waitForFinished(5'000);
    blocker->waitForFinished(5'000);
    reader->waitForFinished(5'000);
    load->waitForFinished(10'000);

    const QJsonObject said = manifest(path(QStringLiteral("trouble")));
    QCOMPARE(said[QStringLiteral("state")].toString(), QStringLiteral("complete"));
    const QJsonObject report = analyze(path(QStringLiteral("trouble")), QStringLiteral("trouble"));
    QCOMPARE(verdict(report, QStringLiteral("database.lock_contention")), QStringLiteral("confirmed"));
    QCOMPARE(verdict(report, QStringLiteral("database.long_transactions")), QStringLiteral("confirmed"));
    const QString index = verdict(report, QStringLiteral("database.missing_index"));
    const Outcome seen = cli({QStringLiteral("query"), path(QStringLiteral("trouble.casebook")), QStringLiteral("SELECT snapshot_at_ns, query, calls, rows, shared_hit, shared_read FROM statement WHERE query LIKE '%parcels%'")});
    QVERIFY2(index == QStringLiteral("suspected") || index == QStringLiteral("confirmed"), qPrintable(index + QLatin1Char('\n') + seen.out));
    bool head_named = false;
    for (const QJsonValue& finding : report[QStringLiteral("findings")].toArray())
        if (finding[QStringLiteral("analyzer")].toString() == QStringLiteral("database.lock_contention")) {
            QVERIFY2(finding[QStringLiteral("headline")].toString().contains(QStringLiteral("nightly-report")), qPrintable(finding[QStringLiteral("headline")].toString()));
            QVERIFY(!finding[QStringLiteral("headline")].toString().contains(QStringLiteral("behind orders")));
            head_named = true;
        }
    QVERIFY(head_named);
    bool parcels = false;
    for (const QJsonValue& finding : report[QStringLiteral("findings")].toArray())
        parcels = parcels || (finding[QStringLiteral("analyzer")].toString() == QStringLiteral("database.missing_index") && finding[QStringLiteral("key")].toString() == QStringLiteral("parcels|courier_id"));
    QVERIFY(parcels);
}

void TestPostgres::healthy_load_confirms_nothing()
{
    QVERIFY(!server_.sql(QStringLiteral("select pg_stat_statements_reset()")).isNull());
    QProcess* load = pgbench(50, 20);
    QTest::qWait(3'000);
    const Outcome taken = cli({QStringLiteral("capture"), server_.conninfo(QStringLiteral("bench")), QStringLiteral("-o"), path(QStringLiteral("healthy")), QStringLiteral("--snapshots"), QStringLiteral("5"), QStringLiteral("--every"), QStringLiteral("1s")});
    load->terminate();
    load->waitForFinished(10'000);
    QVERIFY2(taken.status == 0, qPrintable(taken.err));
    const QJsonObject report = analyze(path(QStringLiteral("healthy")), QStringLiteral("healthy"));
    QCOMPARE(verdict(report, QStringLiteral("database.lock_contention")), QStringLiteral("ruled_out"));
    QVERIFY2(confirmed(report).isEmpty(), qPrintable(confirmed(report).join(QLatin1Char(' '))));
}

void TestPostgres::role_without_privileges()
{
    const Outcome taken = cli({QStringLiteral("capture"), server_.conninfo(QStringLiteral("bench"), QStringLiteral("nobody_special")), QStringLiteral("-o"), path(QStringLiteral("humble")), QStringLiteral("--snapshots"), QStringLiteral("1")});
    QVERIFY2(taken.status == 0, qPrintable(taken.err));
    QVERIFY2(!manifest(path(QStringLiteral("humble"))).isEmpty(), "a bundle says what it is");
    const QString all = taken.out + taken.err;
    QVERIFY2(all.contains(QStringLiteral("pg_monitor")) || all.contains(QStringLiteral("pg_read_all_stats")), qPrintable(all));
}

void TestPostgres::wrong_password()
{
    const Outcome taken = cli({QStringLiteral("capture"), server_.conninfo(QStringLiteral("bench"), QStringLiteral("secretive")) + QStringLiteral(" password=") + password + QStringLiteral("x"), QStringLiteral("-o"), path(QStringLiteral("refused"))});
    QCOMPARE(taken.status, 4);
    QVERIFY2(taken.err.contains(QStringLiteral("password")) && taken.err.contains(QStringLiteral("hint:")), qPrintable(taken.err));
    QVERIFY(!taken.err.contains(password));
    QVERIFY(!QFile::exists(path(QStringLiteral("refused"))));
}

void TestPostgres::refused_connection()
{
    const Outcome taken = cli({QStringLiteral("capture"), QStringLiteral("host=%1 port=6543 dbname=bench").arg(folder_.path()), QStringLiteral("-o"), path(QStringLiteral("nowhere"))});
    QCOMPARE(taken.status, 4);
    QVERIFY2(taken.err.contains(QStringLiteral("cannot connect")) && taken.err.contains(QStringLiteral("hint: is the server running")), qPrintable(taken.err));
    QVERIFY(!QFile::exists(path(QStringLiteral("nowhere"))));
}

void TestPostgres::right_password_is_nowhere()
{
    const Outcome taken = cli({QStringLiteral("capture"), server_.conninfo(QStringLiteral("bench"), QStringLiteral("secretive")) + QStringLiteral(" password=") + password, QStringLiteral("-o"), path(QStringLiteral("secret")), QStringLiteral("--snapshots"),
                               QStringLiteral("2"), QStringLiteral("--every"), QStringLiteral("1s"), QStringLiteral("--json")});
    QVERIFY2(taken.status == 0, qPrintable(taken.err));
    QVERIFY(!(taken.out + taken.err).contains(password));
    int files = 0;
    for (QDirIterator it(path(QStringLiteral("secret")), QDir::Files | QDir::Hidden); it.hasNext(); ++files) {
        QFile file(it.next());
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY2(!file.readAll().contains(password.toUtf8()), qPrintable(file.fileName()));
        QCOMPARE(file.permissions() & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
    }
    QVERIFY(files > 5);
}

/// As for psql: .pgpass, a service file, PG* variables.
void TestPostgres::password_file_service_and_environment()
{
    QFile passwords(path(QStringLiteral("pgpass"))), services(path(QStringLiteral("services")));
    QVERIFY(passwords.open(QIODevice::WriteOnly) && services.open(QIODevice::WriteOnly));
    passwords.write("*:*:*:secretive:" + password.toUtf8() + "\n");
    services.write("[bench]\nhost=" + server_.folder().toUtf8() + "\ndbname=bench\nuser=secretive\n");
    passwords.close();
    services.close();
    passwords.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    int number = 0;
    for (const QString& conninfo : {QStringLiteral("service=bench"), QString()}) {
        QProcess process;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("PGPASSFILE"), passwords.fileName());
        if (conninfo.isEmpty()) {
            environment.insert(QStringLiteral("PGHOST"), server_.folder());
            environment.insert(QStringLiteral("PGDATABASE"), QStringLiteral("bench"));
            environment.insert(QStringLiteral("PGUSER"), QStringLiteral("secretive"));
        } else {
            environment.insert(QStringLiteral("PGSERVICEFILE"), services.fileName());
        }
        process.setProcessEnvironment(environment);
        const QString bundle = path(QStringLiteral("way_%1").arg(++number));
        process.start(QStringLiteral(CASEBOOK_CLI), {QStringLiteral("capture"), conninfo, QStringLiteral("-o"), bundle, QStringLiteral("--snapshots"), QStringLiteral("1"), QStringLiteral("--explain-top"), QStringLiteral("0")});
        QVERIFY(process.waitForFinished(60'000));
        QVERIFY2(process.exitCode() == 0, process.readAllStandardError().constData());
        QCOMPARE(manifest(bundle)[QStringLiteral("server")][QStringLiteral("user")].toString(), QStringLiteral("secretive"));
    }
}

/// A limit on the size of files stands for a full disk: writes fail in the middle, at another errno.
void TestPostgres::disk_full()
{
    QString statements;  // so that a snapshot has something to write
    for (int i = 0; i < 300; ++i) statements += QStringLiteral("select 1 as a_rather_long_name_%1;").arg(i);
    QVERIFY(!server_.sql(statements).isNull());
    QProcess* process = begin(QStringLiteral(CASEBOOK_CLI), {QStringLiteral("capture"), server_.conninfo(QStringLiteral("bench")), QStringLiteral("-o"), path(QStringLiteral("full")), QStringLiteral("--snapshots"), QStringLiteral("20"), QStringLiteral("--every"), QStringLiteral("200ms")}, [] {
        signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{80 << 10, 80 << 10};
        setrlimit(RLIMIT_FSIZE, &limit);
    });
    QVERIFY(process);
    const Outcome taken = end(*process);
    QCOMPARE(taken.status, 4);
    QVERIFY2(taken.err.contains(QStringLiteral("cannot write")), qPrintable(taken.err));
    if (QFile::exists(path(QStringLiteral("full")))) {
        QCOMPARE(manifest(path(QStringLiteral("full")))[QStringLiteral("state")].toString(), QStringLiteral("disk full"));
        const Outcome imported = cli({QStringLiteral("import"), path(QStringLiteral("full.casebook")), path(QStringLiteral("full")), QStringLiteral("--quiet")});
        QVERIFY2(imported.status == 0, qPrintable(imported.err));
    }
}

void TestPostgres::interrupted()
{
    QProcess* process = begin(QStringLiteral(CASEBOOK_CLI), {QStringLiteral("capture"), server_.conninfo(QStringLiteral("bench")), QStringLiteral("-o"), path(QStringLiteral("stopped")), QStringLiteral("--snapshots"), QStringLiteral("100"), QStringLiteral("--every"), QStringLiteral("1s")});
    QVERIFY(process);
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path(QStringLiteral("stopped/manifest.json"))), 30'000);
    QElapsedTimer clock;
    clock.start();
    ::kill(static_cast<pid_t>(process->processId()), SIGINT);
    const Outcome taken = end(*process);
    std::printf("interrupt to exit: %lld ms\n", static_cast<long long>(clock.elapsed()));
    QCOMPARE(taken.status, 130);
    QVERIFY(clock.elapsed() < 5'000);  // 200 ms are promised to a person; a loaded machine is given more
    QCOMPARE(manifest(path(QStringLiteral("stopped")))[QStringLiteral("state")].toString(), QStringLiteral("cancelled"));
    QCOMPARE(cli({QStringLiteral("import"), path(QStringLiteral("stopped.casebook")), path(QStringLiteral("stopped")), QStringLiteral("--quiet")}).status, 0);
}

/// What a question leaves open is known, so that it is rolled back, and only then: the server's log would fill with warnings.
void TestPostgres::transactions_end_without_warnings()
{
    using casebook::capture_detail::Connection;
    const casebook::Control control;
    const auto connection = Connection::open(server_.conninfo(QStringLiteral("bench")).toStdString(), 10'000, control);
    QVERIFY2(connection, connection ? "" : connection.error().what.c_str());
    QVERIFY(!(*connection)->in_transaction());
    QVERIFY(!(*connection)->run("begin; selec 1; commit", 60'000));  // not parsed: BEGIN was not run either
    QVERIFY(!(*connection)->in_transaction());
    QVERIFY(!(*connection)->run("begin; select 1/0; commit", 60'000));
    QVERIFY((*connection)->in_transaction());
    QVERIFY((*connection)->run("rollback", 60'000));
    QVERIFY(!(*connection)->in_transaction());

    QFile log(server_.folder() + QStringLiteral("/log"));  // of all captures so far
    QVERIFY2(log.open(QIODevice::ReadOnly), qPrintable(log.errorString()));
    const QByteArray text = log.readAll();
    QVERIFY(text.contains("division by zero"));
    QVERIFY(!text.contains("transaction in progress"));
}

void TestPostgres::killed_server()
{
    QProcess* process = begin(QStringLiteral(CASEBOOK_CLI), {QStringLiteral("capture"), server_.conninfo(QStringLiteral("bench")), QStringLiteral("-o"), path(QStringLiteral("killed")), QStringLiteral("--snapshots"), QStringLiteral("100"), QStringLiteral("--every"), QStringLiteral("500ms")});
    QVERIFY(process);
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path(QStringLiteral("killed/manifest.json"))), 30'000);
    server_.kill();
    const Outcome taken = end(*process);
    QCOMPARE(taken.status, 4);
    QVERIFY2(taken.err.contains(QStringLiteral("closed the connection")) || taken.err.contains(QStringLiteral("hint:")), qPrintable(taken.err));
    QCOMPARE(manifest(path(QStringLiteral("killed")))[QStringLiteral("state")].toString(), QStringLiteral("server closed the connection"));
    QCOMPARE(cli({QStringLiteral("import"), path(QStringLiteral("killed.casebook")), path(QStringLiteral("killed")), QStringLiteral("--quiet")}).status, 0);
}

}  // namespace

int main(int argc, char** argv)
{
    if (RealPostgres::programs().isEmpty()) {
        std::printf("SKIP: no PostgreSQL server is installed (Debian: postgresql)\n");
        return skipped;
    }
    QCoreApplication application(argc, argv);
    TestPostgres test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_postgres.moc"
