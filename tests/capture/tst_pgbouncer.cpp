// PgBouncer's admin console, from a real one in front of a real PostgreSQL, as casebook-cli captures and imports it.
#include "tests/support/places.h"
#include "tests/support/real_postgres.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include <cstdio>

using namespace casebook::tests;

namespace {

class TestPgbouncer : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void pools_become_metrics();
    void cleanupTestCase();

private:
    QString cli(const QStringList& arguments, int wanted = 0);
    QString conninfo(const QString& database) const { return QStringLiteral("host=%1 port=6432 dbname=%2 user=postgres").arg(server_.folder(), database); }

    QTemporaryDir folder_;
    RealPostgres server_;
    bool running_ = false;
};

QString TestPgbouncer::cli(const QStringList& arguments, int wanted)
{
    QProcess process;
    process.start(QStringLiteral(CASEBOOK_CLI), arguments);
    if (!process.waitForFinished(60'000) || process.exitCode() != wanted) qWarning("%d: %s", process.exitCode(), process.readAllStandardError().constData());
    return QString::fromUtf8(process.readAllStandardOutput());
}

void TestPgbouncer::initTestCase()
{
    QVERIFY2(server_.start(), qPrintable(server_.error()));
    const QString folder = server_.folder();
    QFile file(folder + QStringLiteral("/pgbouncer.ini"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QStringLiteral("[databases]\nshop = host=%1 dbname=postgres user=postgres pool_size=2\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = %1\nauth_type = any\npool_mode = transaction\n"
                              "logfile = %1/pgbouncer.log\npidfile = %1/pgbouncer.pid\nadmin_users = postgres\nignore_startup_parameters = extra_float_digits\n")
                   .arg(folder)
                   .toUtf8());
    file.close();
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup | QFile::ReadOther);
    QVERIFY2(server_.run(QStandardPaths::findExecutable(QStringLiteral("pgbouncer"), {QStringLiteral("/usr/sbin"), QStringLiteral("/usr/bin")}), {QStringLiteral("-d"), QStringLiteral("-q"), file.fileName()}), qPrintable(server_.error()));
    running_ = true;
}

void TestPgbouncer::pools_become_metrics()
{
    // Two connections, held; a third client waits for one.
    std::vector<std::unique_ptr<QProcess>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<QProcess>());
        clients.back()->start(QStringLiteral("psql"), {QStringLiteral("-X"), QStringLiteral("-q"), QStringLiteral("-d"), conninfo(QStringLiteral("shop")), QStringLiteral("-c"), QStringLiteral("select pg_sleep(15)")});
        QVERIFY(clients.back()->waitForStarted(10'000));
    }
    QTest::qWait(1'000);
    cli({QStringLiteral("capture"), conninfo(QStringLiteral("pgbouncer")), QStringLiteral("-o"), folder_.filePath(QStringLiteral("bundle")), QStringLiteral("--snapshots"), QStringLiteral("3"), QStringLiteral("--every"), QStringLiteral("1s")});
    for (const auto& client : clients) client->kill();
    for (const auto& client : clients) client->waitForFinished(5'000);
    const QString file = folder_.filePath(QStringLiteral("case.casebook"));
    cli({QStringLiteral("import"), file, folder_.filePath(QStringLiteral("bundle")), QStringLiteral("--quiet")});
    const QString rows = cli({QStringLiteral("query"), file, QStringLiteral("SELECT name, max(value) FROM metric_point WHERE labels LIKE '%shop%' GROUP BY name ORDER BY name"), QStringLiteral("--csv")});
    QVERIFY2(rows.contains(QStringLiteral("pgbouncer_databases_pool_size,2")) && rows.contains(QStringLiteral("pgbouncer_pools_server_active_connections,2")), qPrintable(rows));
    QFile manifest(folder_.filePath(QStringLiteral("bundle/manifest.json")));
    QVERIFY(manifest.open(QIODevice::ReadOnly));
    const QJsonObject said = QJsonDocument::fromJson(manifest.readAll()).object();
    QCOMPARE(said[QStringLiteral("state")].toString(), QStringLiteral("complete"));
    QVERIFY(said[QStringLiteral("server")][QStringLiteral("version")].toString().startsWith(QStringLiteral("PgBouncer")));
    // All connections taken, somebody waiting, at every one of the three looks: that is an exhausted pool.
    const QJsonObject report = QJsonDocument::fromJson(cli({QStringLiteral("analyze"), file, QStringLiteral("--json"), QStringLiteral("--quiet")}).toUtf8()).object();
    QString verdict;
    for (const QJsonValue& row : report[QStringLiteral("verdicts")].toArray())
        if (row[QStringLiteral("analyzer")].toString() == QStringLiteral("pool.exhaustion")) verdict = row[QStringLiteral("verdict")].toString();
    QVERIFY2(verdict == QStringLiteral("suspected") || verdict == QStringLiteral("confirmed"), qPrintable(verdict));
}

void TestPgbouncer::cleanupTestCase()
{
    if (!running_) return;
    QFile file(server_.folder() + QStringLiteral("/pgbouncer.pid"));
    if (file.open(QIODevice::ReadOnly))
        if (const pid_t pid = file.readAll().trimmed().toInt(); pid > 1) ::kill(pid, SIGTERM);
}

}  // namespace

int main(int argc, char** argv)
{
    if (RealPostgres::programs().isEmpty() || QStandardPaths::findExecutable(QStringLiteral("pgbouncer"), {QStringLiteral("/usr/sbin"), QStringLiteral("/usr/bin")}).isEmpty()) {
        std::printf("SKIP: PostgreSQL or PgBouncer is not installed (Debian: postgresql pgbouncer)\n");
        return skipped;
    }
    QCoreApplication application(argc, argv);
    TestPgbouncer test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_pgbouncer.moc"
