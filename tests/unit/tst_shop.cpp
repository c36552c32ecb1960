// The system of the demo: one release with three mistakes. They are found whatever the seed, and nothing else is called
// their cause; the same release without them gives no finding.

#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/runner.h"
#include "tests/simulate/shop.h"
#include "tests/support/places.h"

#include <QtTest>

#include <set>

using namespace casebook;

namespace {

AnalysisReport diagnosed(const std::filesystem::path& folder)
{
    auto file = CaseFile::temporary();
    if (!file) qFatal("%s", file.error().what.c_str());
    const Control control;
    const auto imported = import_paths(**file, {folder.string()}, {}, control);
    if (!imported) qFatal("%s", imported.error().what.c_str());
    for (const ImportedFile& one : imported->files)
        if (one.status != ImportedFile::Status::imported || one.dropped != 0) qFatal("%s was not imported whole", one.path.c_str());
    auto report = analyze(**file, {}, control);
    if (!report) qFatal("%s", report.error().what.c_str());
    return std::move(*report);
}

/// Causes that a report calls confirmed or suspected.
std::set<std::string> accused(const AnalysisReport& report)
{
    std::set<std::string> ids;
    for (const Finding& finding : report.findings)
        if (!finding.analyzer.starts_with("latency.") && (finding.verdict == Verdict::confirmed || finding.verdict == Verdict::suspected)) ids.insert(finding.analyzer);
    return ids;
}

/// And the statements that they make dominate, which is a symptom.
const std::set<std::string> causes{"cache.miss_cohort", "database.dominant_statement", "database.n_plus_one", "pool.exhaustion"};

}  // namespace

class TestShop : public QObject {
    Q_OBJECT
private slots:
    void the_three_mistakes_are_found_data()
    {
        QTest::addColumn<qulonglong>("seed");
        for (const qulonglong seed : {4u, 11u, 16u}) QTest::addRow("seed %d", static_cast<int>(seed)) << seed;
    }

    void the_three_mistakes_are_found()
    {
        QFETCH(const qulonglong, seed);
        const tests::TemporaryFolder folder;
        simulate::simulate_shop({.seed = seed}, folder.path());
        const AnalysisReport report = diagnosed(folder.path());
        QCOMPARE(accused(report), causes);
        std::set<std::string> keys;
        for (const Finding& finding : report.findings)
            if (causes.contains(finding.analyzer) && finding.analyzer != "database.dominant_statement" && finding.verdict == Verdict::confirmed) keys.insert(finding.key.substr(0, finding.key.rfind('|')));
        QCOMPARE(keys, (std::set<std::string>{"catalog-api", "checkout-api", "orders-api|GET /orders"}));
    }

    void without_them_nothing_is_found_data() { the_three_mistakes_are_found_data(); }

    void without_them_nothing_is_found()
    {
        QFETCH(const qulonglong, seed);
        const tests::TemporaryFolder folder;
        simulate::simulate_shop({.seed = seed, .healthy = true}, folder.path());
        const AnalysisReport report = diagnosed(folder.path());
        for (const Finding& finding : report.findings)
            QVERIFY2(finding.verdict != Verdict::confirmed, finding.headline.c_str());
    }

    void the_bundled_demo_is_this_simulation()
    {
        const tests::TemporaryFolder folder;
        simulate::simulate_shop({.seed = 33}, folder.path());
        const std::filesystem::path demo = tests::source_folder() / "resources/samples/demo";
        for (const char* name : {"events.csv", "database.csv", "statements_1.csv", "statements_2.csv", "statements_3.csv", "plan_shipments.json", "plan_member_price.txt"}) {
            QFile made(QString::fromStdString((folder.path() / name).string())), bundled(QString::fromStdString((demo / name).string()));
            QVERIFY2(made.open(QIODevice::ReadOnly) && bundled.open(QIODevice::ReadOnly), name);
            QVERIFY2(made.readAll() == bundled.readAll(), name);
        }
        qint64 bytes = 0;
        for (const auto& entry : std::filesystem::directory_iterator(demo)) bytes += static_cast<qint64>(entry.file_size());
        QVERIFY2(bytes < 400'000, qPrintable(QString::number(bytes)));
    }
};

QTEST_APPLESS_MAIN(TestShop)
#include "tst_shop.moc"
