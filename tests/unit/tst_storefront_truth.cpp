// The storefront recordings say what happened (truth.json); the analysis must say the same and nothing else.

#include "analyzers/core/analyzer.h"
#include "analyzers/core/instant.h"
#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/runner.h"
#include "analyzers/store/case_file.h"
#include "tests/support/places.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include <set>

using namespace casebook;

namespace {

using Names = std::set<std::string>;

struct Truth {
    Names expected, acceptable, forbidden;
    std::vector<std::pair<std::string, std::string>> subjects;
    std::int64_t from_ns = 0, start_ns = 0, to_ns = 0;
};

Names names(const QJsonValue& list)
{
    Names result;
    for (const QJsonValue& name : list.toArray())
        result.insert(name.toString().toStdString());
    return result;
}

std::int64_t instant(const QJsonValue& value) { return parse_instant(value.toString().toStdString()).value_or(0); }

Truth read_truth(const std::filesystem::path& path)
{
    QFile file(QString::fromStdString(path.string()));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const QJsonObject object = QJsonDocument::fromJson(file.readAll()).object();
    Truth truth{names(object["expected_confirmed"]), names(object["also_acceptable"]), names(object["must_not_confirm"]), {}, 0, 0, 0};
    for (const QJsonValue& subject : object["expected_subjects"].toArray())
        truth.subjects.emplace_back(subject["kind"].toString().toStdString(), subject["name"].toString().toStdString());
    truth.from_ns = instant(object["recorded"]["from"]);
    truth.start_ns = instant(object["start"]);
    truth.to_ns = instant(object["recorded"]["to"]);
    return truth;
}

QByteArray text(const Names& names)
{
    QByteArray result;
    for (const std::string& name : names)
        result += " " + QByteArray::fromStdString(name);
    return result;
}

}  // namespace

class tst_storefront_truth : public QObject {
    Q_OBJECT

private slots:
    void initTestCase()
    {
        const auto shared = tests::shared_folder();
        if (!shared)
            QSKIP("the folder of shared samples is absent (set CASEBOOK_SHARED)");
        folder_ = *shared / "samples/storefront";
        for (const Analyzer* analyzer : all_analyzers())
            built_.insert(std::string(analyzer->id));
    }

    void says_what_happened_data()
    {
        QTest::addColumn<QString>("run");
        QTest::addColumn<bool>("windows");  // the user said when it was normal, or nobody did
        std::set<std::filesystem::path> runs;
        for (const auto& entry : std::filesystem::directory_iterator(folder_))
            if (std::filesystem::exists(entry.path() / "truth.json"))
                runs.insert(entry.path());
        QVERIFY(runs.size() >= 8);
        for (const auto& run : runs)
            for (const bool windows : {false, true})
                QTest::addRow("%s%s", run.filename().c_str(), windows ? ", windows named" : "") << QString::fromStdString(run.string()) << windows;
    }

    void says_what_happened()
    {
        QFETCH(QString, run);
        QFETCH(bool, windows);
        const std::filesystem::path folder = run.toStdString();
        const Truth truth = read_truth(folder / "truth.json");
        QVERIFY(truth.start_ns > truth.from_ns && truth.to_ns > truth.start_ns);
        QVERIFY(!truth.forbidden.empty());

        const Control control;
        const auto file = CaseFile::temporary();
        QVERIFY(file.has_value());
        const auto imported = import_paths(**file, {folder.string()}, {}, control);
        QVERIFY(imported.has_value());
        if (windows)
        {
            QVERIFY(set_window(**file, "baseline", {truth.from_ns, truth.start_ns}));
            QVERIFY(set_window(**file, "incident", {truth.start_ns, truth.to_ns}));
        }
        const auto report = analyze(**file, {}, control);
        QVERIFY2(report.has_value(), report ? "" : report.error().what.c_str());

        Names confirmed;
        std::set<std::pair<std::string, std::string>> subjects;
        for (const AnalyzerVerdict& verdict : report->verdicts)
            if (verdict.answer.verdict == Verdict::confirmed)
                confirmed.insert(verdict.analyzer);
        for (const Finding& finding : report->findings)
            if (finding.verdict == Verdict::confirmed && truth.expected.contains(finding.analyzer))
                for (const Subject& subject : finding.subjects)
                    subjects.emplace(subject.kind, subject.name);

        Names missed, wrong, beyond;
        for (const std::string& id : truth.expected)
            if (built_.contains(id) && !confirmed.contains(id))
                missed.insert(id);
        for (const std::string& id : confirmed)
        {
            if (truth.forbidden.contains(id))
                wrong.insert(id);
            else if (!truth.expected.contains(id) && !truth.acceptable.contains(id))
                beyond.insert(id);
        }
        QVERIFY2(missed.empty(), "not confirmed:" + text(missed));
        QVERIFY2(wrong.empty(), "must not be confirmed:" + text(wrong));
        QVERIFY2(beyond.empty(), "confirmed beyond what happened:" + text(beyond));
        for (const auto& subject : truth.subjects)
            QVERIFY2(subjects.contains(subject), ("no confirmed finding names " + subject.first + " " + subject.second).c_str());
    }

private:
    std::filesystem::path folder_;
    Names built_;
};

QTEST_APPLESS_MAIN(tst_storefront_truth)
#include "tst_storefront_truth.moc"
