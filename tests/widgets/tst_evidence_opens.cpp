// Every piece of evidence of every finding, on the inputs that confirm each analyzer and on the demo: it opens the view
// that shows its kind of rows best, and what proves the finding is selected there and in sight.
#include "tests/support/places.h"
#include "tests/widgets/view_opener.h"
#include "widgets/charts/chart.h"
#include "widgets/models/views/proof_row.h"
#include "widgets/panels/hint.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/plan_pane.h"
#include "widgets/panels/views/plan_view.h"
#include "widgets/panels/views/query_view.h"
#include "widgets/panels/views/trace_pane.h"
#include "widgets/panels/views/waterfall_view.h"

#include <QAbstractItemView>
#include <QTableView>

#include <filesystem>
#include <map>
#include <set>

using namespace casebook;
using namespace casebook::tests;

namespace {

namespace fs = std::filesystem;

/// What a confirming case imports: files per case file, in the case test's own words.
std::map<QString, QStringList> inputs_of(const fs::path& case_test, const QString& folder)
{
    std::map<QString, QStringList> inputs;
    QFile file(QString::fromStdString(case_test.string()));
    if (!file.open(QIODevice::ReadOnly)) return inputs;
    const QList<QByteArray> lines = file.readAll().split('\n');
    QDir().mkpath(folder);
    QStringList other;  // cases that are not made by dropping files on the window
    QHash<QString, QString> written;  // name in the case test -> path; a name may be written again
    const auto begins = [](const QByteArray& line) { return line.startsWith("> ") || line.startsWith("< "); };
    for (qsizetype i = 0; i < lines.size(); ++i) {
        if (lines[i].startsWith("< ")) {
            const QString name = QString::fromUtf8(lines[i].mid(2).trimmed());
            QByteArray bytes;
            for (++i; i < lines.size(); ++i) {
                if (lines[i].isEmpty() && (i + 1 == lines.size() || begins(lines[i + 1]))) break;
                bytes += lines[i] + '\n';
            }
            QString path = folder + QStringLiteral("/%1/%2").arg(i).arg(name);
            QDir().mkpath(QFileInfo(path).absolutePath());
            QFile made(path);
            if (!made.open(QIODevice::WriteOnly) || made.write(bytes) != bytes.size()) qFatal("cannot write %s", qPrintable(path));
            written[name] = path;
        } else if (lines[i].startsWith("> import CASE")) {
            const QStringList words = QString::fromUtf8(lines[i].mid(9)).split(QLatin1Char(' '), Qt::SkipEmptyParts);
            if (words.contains(QStringLiteral("--window")) || words.contains(QStringLiteral("--at"))) other << words.front();
            for (const QString& word : words.mid(1)) {
                if (word.startsWith(QLatin1String("@tmp/"))) inputs[words.front()] << written.value(word.mid(5));
                else if (word.startsWith(QLatin1String("@samples/")))
                    inputs[words.front()] << QString::fromStdString((source_folder() / "tests/samples").string()) + word.mid(8);
            }
        }
    }
    for (const QString& label : other) inputs.erase(label);
    return inputs;
}

/// The kinds that may open a piece of evidence: those made for it. A plain table only where nothing else shows such rows.
QStringList kinds_made_for(const Evidence& evidence)
{
    static const std::map<std::string, const char*> by_view{
        {"span_tree", "waterfall"}, {"series", "series"}, {"distribution", "latency"}, {"plan", "plan"}, {"text", "text"}};
    static const std::map<std::string, const char*> tables{
        {"statement", "statements"}, {"heap", "heap"}, {"event", "events"}, {"profile", "profile"}};
    if (const auto view = by_view.find(evidence.view); view != by_view.end()) return {QLatin1String(view->second)};
    if (evidence.source == "session" && evidence.sql.find("s.pid") != std::string::npos) return {QStringLiteral("sessions")};
    if (const auto table = tables.find(evidence.source); table != tables.end()) return {QLatin1String(table->second)};
    return {QStringLiteral("table")};
}

}  // namespace

class TestEvidenceOpens : public QObject {
    Q_OBJECT

private:
    /// What is wrong with the view; empty when nothing is.
    QString wrong_with(EvidenceView* view, const Finding& finding) const
    {
        if (!view) return QStringLiteral("does not open");
        auto* hint = view->findChild<Hint*>();
        if (hint && hint->isVisible()) return QStringLiteral("says only: ") + hint->text();
        if (auto* waterfall = qobject_cast<WaterfallView*>(view)) return wrong_with_trace(*waterfall->findChild<TracePane*>());
        if (auto* plan = qobject_cast<PlanEvidenceView*>(view)) return wrong_with_plan(plan->pane(), finding);
        if (auto* table = view->findChild<DataTable*>(); table && table->isVisible()) return wrong_with_table(*table, finding);
        if (auto* chart = view->findChild<Chart*>()) return chart->isVisible() && !view->copyText().isEmpty() ? QString() : QStringLiteral("no data in the chart");
        return view->copyText().isEmpty() ? QStringLiteral("nothing to copy") : QString();
    }
    QString wrong_with_trace(const TracePane& pane) const
    {
        const Waterfall& waterfall = pane.waterfall();
        if (!waterfall.current_row()) return QStringLiteral("no span is selected");
        if (!waterfall.is_evidence(waterfall.current_node())) return QStringLiteral("the selected span is not marked as evidence");
        return waterfall.viewport()->rect().intersects(waterfall.row_rect(waterfall.current_node())) ? QString() : QStringLiteral("the selected span is out of sight");
    }
    QString wrong_with_plan(PlanPane& pane, const Finding& finding) const
    {
        const bool names_table = std::any_of(finding.subjects.begin(), finding.subjects.end(), [](const Subject& one) { return one.kind == "table"; });
        if (names_table && pane.model().evidence().empty()) return QStringLiteral("no node is marked");
        const QModelIndex current = pane.view().currentIndex();
        if (!current.isValid()) return QStringLiteral("no node is selected");
        if (names_table && !current.data(PlanModel::evidenceRole).toBool()) return QStringLiteral("the selected node is not marked");
        return pane.view().viewport()->rect().intersects(pane.view().visualRect(current)) ? QString() : QStringLiteral("the node is out of sight");
    }
    QString wrong_with_table(DataTable& table, const Finding& finding) const
    {
        const auto row = table.current_table_row();
        if (!row) return QStringLiteral("no row is selected");
        if (!table.view().selectionModel()->isRowSelected(table.view().currentIndex().row())) return QStringLiteral("the current row is not selected");
        if (!table.view().viewport()->rect().intersects(table.view().visualRect(table.view().currentIndex()))) return QStringLiteral("the selected row is out of sight");
        // Where rows differ in what they speak of, it is the one that speaks of the finding's first subject that has a row.
        const TableData& data = *table.model().table();
        const auto names = [&](std::size_t at, const std::string& name) {
            return std::any_of(data.columns.begin(), data.columns.end(), [&](const TableColumn& column) { return column.is_text() && !column.is_null(at) && column.texts[at] == name; });
        };
        for (const Subject& subject : finding.subjects) {
            if (subject.kind != "statement" && subject.kind != "class" && subject.kind != "instance" && subject.kind != "table") continue;
            bool there = false;
            for (std::size_t i = 0; i < data.rows && !there; ++i) there = names(i, subject.name);
            if (!there) continue;
            return names(*row, subject.name) ? QString() : QStringLiteral("another row than that of ") + QString::fromStdString(subject.name);
        }
        return {};
    }

    WidgetFixture fixture_;

private slots:
    void the_proof_is_selected_and_in_sight_data();
    void the_proof_is_selected_and_in_sight();
    void words_find_the_row();
};

void TestEvidenceOpens::the_proof_is_selected_and_in_sight_data()
{
    QTest::addColumn<QStringList>("paths");
    int cases = 0;
    for (const auto& one : fs::recursive_directory_iterator(source_folder() / "tests/cases")) {
        const std::string name = one.path().stem().string();
        if (one.path().extension() != ".case" || (!name.ends_with("_confirmed") && !name.ends_with("_suspected"))) continue;
        const QString test = QString::fromStdString(one.path().parent_path().filename().string() + "." + name);
        for (const auto& [label, paths] : inputs_of(one.path(), fixture_.path(test))) {
            QTest::newRow(qPrintable(test + QLatin1Char(' ') + label)) << paths;
            ++cases;
        }
    }
    QVERIFY2(cases >= 25, qPrintable(QString::number(cases)));
    QTest::newRow("demo") << QStringList{QString::fromStdString((source_folder() / "resources/samples/demo").string())};
}

void TestEvidenceOpens::the_proof_is_selected_and_in_sight()
{
    QFETCH(QStringList, paths);
    Session session;
    session.setAnalyzesAfterImport(true);
    session.importPaths(paths);
    QTRY_VERIFY_WITH_TIMEOUT(session.report() && session.jobs().isIdle(), 60'000);
    QVERIFY(!session.report()->findings.empty());
    ViewOpener opener(session);
    QStringList wrong;
    int opened = 0;
    for (const Finding& finding : session.report()->findings)
        for (const Evidence& evidence : finding.evidence) {
            const EvidenceViewKind* kind = kind_for(evidence);
            QVERIFY(kind);
            QString problem;
            if (!kinds_made_for(evidence).contains(QLatin1String(kind->id))) problem = QStringLiteral("opens as ") + QLatin1String(kind->id);
            else problem = wrong_with(opener.open<EvidenceView>(evidence, &finding), finding);
            ++opened;
            if (!problem.isEmpty())
                wrong << QString::fromStdString(finding.analyzer + ", " + evidence.caption + " (" + evidence.view + " of " + evidence.source + "): ") + problem;
        }
    QVERIFY(opened > 0);
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join(QLatin1Char('\n'))));
}

void TestEvidenceOpens::words_find_the_row()
{
    TableData table;
    TableColumn name, text;
    name.texts = {"orders", "carts", "carts", "pay"};
    text.texts = {"1.0 -> 1.1", "1.0 -> 2.5", "5.6.2 -> 5.7.0", ""};
    text.null = {0, 0, 0, 1};
    table.columns = {name, text};
    table.rows = 4;
    QCOMPARE(*proof_row(table, {}), 0u);
    QCOMPARE(*proof_row(table, {"carts"}), 1u);
    QCOMPARE(*proof_row(table, {"carts", "5.7.0"}), 2u);
    QCOMPARE(*proof_row(table, {"pay", "carts", "orders"}), 3u);  // the culprit comes first
    QCOMPARE(*proof_row(table, {"pay"}), 3u);
    QCOMPARE(*proof_row(table, {"1"}), 0u);  // too short to be looked for inside a text
    QVERIFY(!proof_row(TableData(), {"carts"}));
    Finding finding;
    finding.key = "shop||carts";
    finding.subjects = {{"service", "shop"}, {"version", "5.7.0"}};
    QCOMPARE(proof_words({"", "", "", "", {std::int64_t{7}, std::string("abc")}}, finding), (std::vector<std::string>{"shop", "5.7.0", "carts", "abc"}));
}

QTEST_MAIN(TestEvidenceOpens)
#include "tst_evidence_opens.moc"
