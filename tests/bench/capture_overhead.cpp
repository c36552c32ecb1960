// What a capture costs the server: pgbench's throughput with a capture at 1 s intervals and without, in turns, on a private
// PostgreSQL. Prints every pair and the ratio of the medians.
//   capture_overhead [PAIRS [SECONDS]]

#include "tests/support/real_postgres.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include <algorithm>
#include <cstdio>
#include <vector>

using namespace casebook::tests;

namespace {

double transactions_per_second(RealPostgres& server, int seconds)
{
    QProcess bench;
    bench.start(RealPostgres::programs() + QStringLiteral("/pgbench"), {QStringLiteral("-h"), server.folder(), QStringLiteral("-U"), QStringLiteral("postgres"), QStringLiteral("-n"), QStringLiteral("-c"), QStringLiteral("4"), QStringLiteral("-T"), QString::number(seconds), QStringLiteral("bench")});
    bench.waitForFinished(-1);
    const auto found = QRegularExpression(QStringLiteral("tps = ([0-9.]+)")).match(QString::fromUtf8(bench.readAllStandardOutput()));
    return found.hasMatch() ? found.captured(1).toDouble() : 0;
}

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

}  // namespace

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    const int pairs = argc > 1 ? std::atoi(argv[1]) : 7, seconds = argc > 2 ? std::atoi(argv[2]) : 8;
    RealPostgres server;
    if (RealPostgres::programs().isEmpty() || !server.start()) {
        std::printf("no PostgreSQL: %s\n", qPrintable(server.error()));
        return 1;
    }
    server.sql(QStringLiteral("create database bench"), QStringLiteral("postgres"));
    server.sql(QStringLiteral("create extension pg_stat_statements"));
    server.run(RealPostgres::programs() + QStringLiteral("/pgbench"), {QStringLiteral("-h"), server.folder(), QStringLiteral("-U"), QStringLiteral("postgres"), QStringLiteral("-i"), QStringLiteral("-q"), QStringLiteral("-s"), QStringLiteral("10"), QStringLiteral("bench")});
    transactions_per_second(server, 3);
    std::vector<double> without, with;
    for (int i = 0; i < 2 * pairs; ++i) {
        const bool captured = (i % 4 == 1) || (i % 4 == 2);  // a b b a: drift hits both alike
        QProcess capture;
        QTemporaryDir folder;
        if (captured) {
            capture.setStandardErrorFile(QProcess::nullDevice());
            capture.setStandardOutputFile(QProcess::nullDevice());
            capture.start(QStringLiteral(CASEBOOK_CLI), {QStringLiteral("capture"), server.conninfo(QStringLiteral("bench")), QStringLiteral("-o"), folder.filePath(QStringLiteral("bundle")), QStringLiteral("--snapshots"), QStringLiteral("1000"), QStringLiteral("--every"), QStringLiteral("1s"), QStringLiteral("--explain-top"), QStringLiteral("0")});
            capture.waitForStarted();
        }
        const double tps = transactions_per_second(server, seconds);
        (captured ? with : without).push_back(tps);
        std::printf("%s  %.0f transactions/s\n", captured ? "with capture   " : "without capture", tps);
        std::fflush(stdout);
        if (captured) {
            capture.terminate();
            capture.waitForFinished(10'000);
        }
    }
    std::printf("median without %.0f, with %.0f: %.2f %% less\n", median(without), median(with), 100 * (1 - median(with) / median(without)));
    return 0;
}
