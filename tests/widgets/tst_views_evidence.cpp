// The views as the centre uses them: made from their kind, fed through a session with the bundled demo evidence.
#include "tests/support/places.h"
#include "tests/support/widget_fixture.h"
#include "widgets/charts/latency_chart.h"
#include "widgets/charts/time_chart.h"
#include "widgets/models/views/data_dictionary.h"
#include "widgets/panels/views/console_view.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/models/display_zone.h"
#include "widgets/panels/views/flame_graph.h"
#include "widgets/panels/views/flame_view.h"
#include "widgets/panels/views/heap_view.h"
#include "widgets/panels/views/latency_pane.h"
#include "widgets/panels/views/latency_view.h"
#include "widgets/panels/views/metric_view.h"
#include "widgets/panels/views/plan_pane.h"
#include "widgets/panels/views/plan_view.h"
#include "widgets/panels/views/series_view.h"
#include "widgets/panels/views/service_map.h"
#include "widgets/panels/views/service_map_view.h"
#include "widgets/panels/views/snapshot_picker.h"
#include "widgets/panels/views/span_table_view.h"
#include "widgets/panels/views/sql_editor.h"
#include "widgets/panels/views/statement_view.h"
#include "widgets/panels/views/table_view.h"
#include "widgets/panels/views/trace_pane.h"
#include "widgets/panels/views/waterfall_view.h"

#include <QAbstractItemView>
#include <QCompleter>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QTableView>
#include <QTreeWidget>

#include <memory>

using namespace casebook;
using namespace casebook::tests;

class TestViewsEvidence : public QObject {
    Q_OBJECT

private:
    template <class View>
    View* open(const Evidence& evidence, const Finding* finding = nullptr)
    {
        const EvidenceViewKind* kind = kind_for(evidence);
        if (kind == nullptr) return nullptr;
        view_.reset(kind->make(*session_, nullptr));
        view_->resize(1000, 600);
        view_->show();
        view_->showEvidence(evidence_shown(*kind, evidence), finding);
        if (finding) view_->pointAt(evidence, *finding);
        if (!QTest::qWaitForWindowExposed(view_.get()) || !wait_idle(*session_)) return nullptr;
        QTest::qWait(20);
        return qobject_cast<View*>(view_.get());
    }
    template <class View>
    View* explore(const char* id)
    {
        for (const EvidenceViewKind& kind : evidence_view_kinds())
            if (qstrcmp(kind.id, id) == 0 && kind.explore())
                if (const auto evidence = kind.explore()) return open<View>(*evidence);
        return nullptr;
    }
    Evidence evidence_of(const char* analyzer, const char* view) const
    {
        for (const Finding& finding : session_->report()->findings)
            if (finding.analyzer == analyzer)
                for (const Evidence& evidence : finding.evidence)
                    if (evidence.view == view) return evidence;
        return {};
    }
    const Finding* finding_of(const char* analyzer) const
    {
        for (const Finding& finding : session_->report()->findings)
            if (finding.analyzer == analyzer) return &finding;
        return nullptr;
    }

    WidgetFixture fixture_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<EvidenceView> view_;

private slots:
    void initTestCase()
    {
        session_ = std::make_unique<Session>();
        session_->setAnalyzesAfterImport(true);
        session_->importPaths({QStringLiteral(CASEBOOK_SOURCE_DIR "/resources/samples/demo"), fixture_.write(QStringLiteral("heap-1.txt"), heap_histogram(1)),
                               fixture_.write(QStringLiteral("heap-2.txt"), heap_histogram(5))});
        QTRY_VERIFY_WITH_TIMEOUT(session_->report() && session_->jobs().isIdle(), 60'000);
        QVERIFY(!session_->report()->findings.empty());
    }

    void cleanupTestCase()
    {
        view_.reset();
        session_.reset();
    }

    void every_kind_has_its_own_name_and_the_table_takes_the_rest()
    {
        QStringList ids;
        for (const EvidenceViewKind& kind : evidence_view_kinds()) {
            QVERIFY(!ids.contains(QLatin1String(kind.id)));
            ids += QLatin1String(kind.id);
        }
        QCOMPARE(QLatin1String(kind_for({"", "table", "span", "SELECT 1", {}})->id), QLatin1String("table"));
        QCOMPARE(QLatin1String(kind_for({"", "unheard of", "span", "SELECT 1", {}})->id), QLatin1String("table"));
        QCOMPARE(QLatin1String(kind_for({"", "span_tree", "span", "SELECT 1", {}})->id), QLatin1String("waterfall"));
        QCOMPARE(QLatin1String(kind_for({"", "table", "profile", "SELECT stack, value FROM profile", {}})->id), QLatin1String("profile"));
    }

    void every_evidence_of_the_report_shows_rows()
    {
        int shown = 0;
        for (const Finding& finding : session_->report()->findings)
            for (const Evidence& evidence : finding.evidence) {
                auto* view = open<QueryView>(evidence, &finding);
                QVERIFY(view != nullptr);
                QVERIFY(!view->is_loading());
                QVERIFY2(!view->copyText().isEmpty() || evidence.view == "table", evidence.caption.c_str());
                ++shown;
            }
        QVERIFY(shown > 5);
    }

    void every_view_of_the_menu_opens()
    {
        for (const EvidenceViewKind& kind : evidence_view_kinds()) {
            if (!kind.explore()) continue;
            QVERIFY2(open<EvidenceView>(*kind.explore()) != nullptr, kind.id);
            QVERIFY2(!view_->grab().isNull(), kind.id);
        }
    }

    void a_waterfall_marks_the_rows_of_the_finding()
    {
        const Finding* finding = finding_of("database.n_plus_one");
        QVERIFY(finding);
        auto* view = open<WaterfallView>(evidence_of("database.n_plus_one", "span_tree"), finding);
        QVERIFY(view);
        const Waterfall& waterfall = view->pane().waterfall();
        QVERIFY(waterfall.rows().size() > 10);
        const auto marked = rows_of_finding(waterfall.rows().spans(), waterfall.rows().trace_index(), *finding);
        QVERIFY(marked.size() >= 5);
        QCOMPARE(waterfall.current_row(), std::optional<SpanTable::Row>(marked.front()));
        QVERIFY(view->copyText().contains(QStringLiteral("GET /orders")));
        // Gone traces say so.
        auto* gone = open<WaterfallView>(trace_evidence("00000000000000000000000000000001"));
        QVERIFY(gone && gone->pane().waterfall().rows().empty());
    }

    void a_row_opens_its_trace()
    {
        auto* view = open<TableView>(evidence_of("database.n_plus_one", "table"));
        QVERIFY(view && view->table().model().rowCount() > 0);
        QSignalSpy opened(session_.get(), &Session::evidenceRequested);
        view->table().view().setFocus();
        view->table().go_to(0);
        QTest::keyClick(&view->table().view(), Qt::Key_Return);
        QTRY_COMPARE(opened.count(), 1);
        QCOMPARE(opened.first().first().value<EvidenceRequest>().evidence.view, std::string("span_tree"));
        QCOMPARE(session_->selection().trace_id.size(), std::size_t{32});
        session_->selectTrace({});
    }

    void a_box_of_slow_requests_is_compared_with_the_rest()
    {
        auto* view = explore<LatencyView>("latency");
        QVERIFY(view);
        LatencyChart& chart = view->pane().chart();
        QVERIFY(chart.points().size() > 100);
        chart.select_box(LatencyBox{chart.from_ns(), chart.to_ns(), 100'000'000, 10'000'000'000});
        QVERIFY(wait_idle(*session_));
        QTRY_VERIFY(view->pane().comparison().model().rowCount() > 0);
        QCOMPARE(view->pane().tabs().currentIndex(), 2);
        chart.select_box({});
        QTRY_COMPARE(view->pane().comparison().model().rowCount(), 0);
    }

    void series_are_drawn_and_a_stretch_is_selected()
    {
        auto* view = open<SeriesView>(evidence_of("pool.exhaustion", "series"), finding_of("pool.exhaustion"));
        QVERIFY(view && view->chart().line_count() >= 2);
        TimeChart& chart = view->chart();
        emit chart.stretch_selected(1000, 2000);
        QVERIFY(session_->selection().range);
        QCOMPARE(session_->selection().range->from_ns, 1000);
        session_->selectRange({});
    }

    void metrics_are_picked_from_a_table()
    {
        auto* view = explore<MetricView>("metrics");
        QVERIFY(view && view->table().model().rowCount() > 3);
        QTRY_COMPARE(view->chart().line_count(), 1);
        // Windows and deploys of the case are marked, whatever is picked.
        QTRY_VERIFY(!view->chart().data().events.empty());
        QVERIFY(!view->chart().data().windows.empty());
        // A click with Ctrl lays a second series over the first.
        QTableView& rows = view->table().view();
        const auto click = [&](int row, Qt::KeyboardModifiers keys) { QTest::mouseClick(rows.viewport(), Qt::LeftButton, keys, rows.visualRect(view->table().model().index(row, 0)).center()); };
        click(0, {});
        QTRY_COMPARE(view->chart().line_count(), 1);
        click(1, Qt::ControlModifier);
        QTRY_COMPARE(view->chart().line_count(), 2);
        QVERIFY(view->chart().data().series[0].name != view->chart().data().series[1].name);
        view->table().view().selectAll();
        QTRY_VERIFY(view->chart().line_count() > 3);
        QVERIFY(wait_idle(*session_));
    }

    void heap_classes_are_compared()
    {
        auto* view = explore<HeapView>("heap");
        QVERIFY(view);
        QCOMPARE(view->table().model().index(0, 0).data().toString(), QStringLiteral("com.example.shop.Session"));
        QCOMPARE(view->table().model().columnCount(), 6);
        view->picker().pick(1, 1);
        QCOMPARE(view->table().model().columnCount(), 4);
    }

    void statements_select_their_fingerprint()
    {
        auto* view = explore<StatementView>("statements");
        QVERIFY(view && view->table().model().rowCount() > 0);
        view->table().view().setFocus();
        QTest::keyClick(&view->table().view(), Qt::Key_Return);
        QTRY_VERIFY(!session_->selection().fingerprint.empty());
        session_->selectStatement({});
    }

    void plans_open_from_their_list()
    {
        auto* view = explore<TableView>("plans");
        QVERIFY(view && view->table().model().rowCount() > 0);
        const TableModel& plans = view->table().model();
        for (int row = 0; row < plans.rowCount(); ++row) {
            QVERIFY(!plans.index(row, 0).data().toString().isEmpty());
            for (int column = 0; column < plans.columnCount(); ++column) QVERIFY(!plans.index(row, column).data().toString().contains(QLatin1Char('/')));
        }
        QVERIFY(view->table().view().isColumnHidden(plans.columnCount() - 1));
        QSignalSpy opened(session_.get(), &Session::evidenceRequested);
        view->table().view().setFocus();
        view->table().go_to(0);
        QTest::keyClick(&view->table().view(), Qt::Key_Return);
        QTRY_COMPARE(opened.count(), 1);
        auto* plan = open<PlanEvidenceView>(opened.first().first().value<EvidenceRequest>().evidence);
        QVERIFY(plan);
        QTRY_VERIFY(plan->pane().model().rowCount() > 0);
    }

    void operations_traces_and_flame_follow_one_selection()
    {
        auto* operations = explore<OperationView>("operations");
        QVERIFY(operations && operations->table().model().rowCount() > 2);
        operations->table().set_filter(QStringLiteral("operation=\"GET /account/orders\""));
        QCOMPARE(operations->table().model().rowCount(), 1);
        operations->table().view().setFocus();
        operations->table().view().setCurrentIndex(operations->table().model().index(0, 0));
        QTest::keyClick(&operations->table().view(), Qt::Key_Return);
        QTRY_COMPARE(session_->selection().operation, std::string("GET /account/orders"));
        auto* traces = explore<TraceListView>("traces");
        QVERIFY(traces);
        const int some = traces->table().model().rowCount();
        QVERIFY(some > 0);
        session_->selectService({});
        QTRY_VERIFY(traces->table().model().rowCount() > some);
        auto* flame = explore<FlameView>("flame");
        QVERIFY(flame && flame->graph().data() != nullptr && flame->graph().data()->size() > 5);
        auto* map = explore<ServiceMapView>("service_map");
        QVERIFY(map && map->map().graph().nodes.size() >= 2);
        QSignalSpy changed(session_.get(), &Session::selectionChanged);
        emit map->map().service_chosen(QStringLiteral("orders-api"));
        QCOMPARE(session_->selection().service, std::string("orders-api"));
        session_->selectService({});
    }

    void the_console_completes_runs_and_remembers()
    {
        auto* view = explore<ConsoleView>("console");
        QVERIFY(view);
        SqlEditor& editor = view->editor();
        editor.setFocus();
        QTest::keyClicks(&editor, QStringLiteral("select count(*) as n from sp"));
        QVERIFY(editor.completer().popup()->isVisible());
        QCOMPARE(editor.completer().currentCompletion(), QStringLiteral("span"));
        QTest::keyClick(editor.completer().popup(), Qt::Key_Return);
        QCOMPARE(editor.toPlainText(), QStringLiteral("select count(*) as n from span"));
        QTest::keyClick(&editor, Qt::Key_Return, Qt::ControlModifier);
        QTRY_COMPARE(view->table().model().rowCount(), 1);
        QVERIFY(view->status().text().startsWith(QStringLiteral("1 row in ")));
        QVERIFY(view->table().model().index(0, 0).data().toString() != QStringLiteral("0"));

        editor.setPlainText(QStringLiteral("DELETE FROM windows"));
        QTest::keyClick(&editor, Qt::Key_Return, Qt::ControlModifier);
        QVERIFY(wait_idle(*session_));
        QTRY_VERIFY(!view->status().text().contains(QStringLiteral("Running")));
        QVERIFY2(!view->status().text().contains(QStringLiteral("row")), qPrintable(view->status().text()));

        QTest::keyClick(&editor, Qt::Key_Up, Qt::ControlModifier);
        QCOMPARE(editor.toPlainText(), QStringLiteral("DELETE FROM windows"));
        QTest::keyClick(&editor, Qt::Key_Up, Qt::ControlModifier);
        QCOMPARE(editor.toPlainText(), QStringLiteral("select count(*) as n from span"));
        editor.clear();
        QTreeWidgetItem* item = view->dictionary().topLevelItem(0);
        emit view->dictionary().itemDoubleClicked(item, 0);
        QCOMPARE(editor.toPlainText(), QStringLiteral("span"));
    }

    void the_console_marks_errors_cancels_and_charts()
    {
        auto* view = explore<ConsoleView>("console");
        QVERIFY(view);
        SqlEditor& editor = view->editor();
        editor.setFocus();
        editor.setPlainText(QStringLiteral("SELECT service,\n  absent FROM span"));
        QTest::keyClick(&editor, Qt::Key_Return, Qt::ControlModifier);
        QTRY_VERIFY(view->status().text().contains(QStringLiteral("line 2, column 3")));
        QCOMPARE(editor.extraSelections().size(), 1);
        QCOMPARE(editor.extraSelections().first().cursor.selectedText(), QStringLiteral("absent"));
        QTest::keyClicks(&editor, QStringLiteral(" "));
        QVERIFY(editor.extraSelections().isEmpty());
        // Of a marked part the place counts from where the part begins.
        editor.setPlainText(QStringLiteral("-- a note\nSELECT missing FROM span"));
        QTextCursor cursor = editor.textCursor();
        cursor.setPosition(10);
        cursor.movePosition(QTextCursor::End, QTextCursor::KeepAnchor);
        editor.setTextCursor(cursor);
        QTest::mouseClick(&view->run_button(), Qt::LeftButton);
        QTRY_COMPARE(editor.extraSelections().size(), 1);
        QCOMPARE(editor.extraSelections().first().cursor.selectedText(), QStringLiteral("missing"));

        // Endless until it is cancelled.
        editor.setPlainText(QStringLiteral("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"));
        QTest::keyClick(&editor, Qt::Key_Return, Qt::ControlModifier);
        QVERIFY(view->is_running());
        QCOMPARE(view->run_button().text(), QStringLiteral("Cancel"));
        QTest::qWait(50);
        QTest::keyClick(&editor, Qt::Key_Escape);
        QVERIFY(!view->is_running());
        QVERIFY(view->status().text().startsWith(QStringLiteral("Cancelled")));
        QTRY_VERIFY_WITH_TIMEOUT(session_->jobs().isIdle(), 5000);
        QCOMPARE(view->run_button().text(), QStringLiteral("Run"));
        QVERIFY(!view->chart_button().isEnabled());

        // Every example runs; rows with a time may be opened as a chart.
        emit view->history_menu().aboutToShow();
        int ran = 0;
        for (QAction* action : view->history_menu().actions()) {
            if (!action->text().startsWith(QStringLiteral("Example"))) continue;
            action->trigger();
            QTest::keyClick(&editor, Qt::Key_Return, Qt::ControlModifier);
            QTRY_VERIFY(!view->is_running());
            QVERIFY2(view->status().text().contains(QStringLiteral(" in ")), qPrintable(action->text() + view->status().text()));
            if (!action->text().contains(QStringLiteral("not imported"))) QVERIFY2(view->table().model().rowCount() > 0, qPrintable(action->text()));
            ++ran;
        }
        QVERIFY(ran >= 3);
        editor.setPlainText(QStringLiteral("SELECT at_ns, value FROM metric_point WHERE name LIKE '%connection.count' LIMIT 50"));
        QTest::keyClick(&editor, Qt::Key_Return, Qt::ControlModifier);
        QTRY_VERIFY(view->chart_button().isEnabled());
        QSignalSpy opened(session_.get(), &Session::evidenceRequested);
        QTest::mouseClick(&view->chart_button(), Qt::LeftButton);
        QTRY_COMPARE(opened.count(), 1);
        auto* chart = open<SeriesView>(opened.first().first().value<EvidenceRequest>().evidence);
        QVERIFY(chart);
        QTRY_COMPARE(chart->chart().line_count(), 1);
    }

    void the_dictionary_is_the_schema()
    {
        for (const DictionaryView& dictionary : data_dictionary()) {
            QStringList columns;
            for (const DictionaryColumn& column : dictionary.columns) columns += QLatin1Char('"') + column.name + QLatin1Char('"');
            const QString sql = QStringLiteral("SELECT %1 FROM \"%2\" LIMIT 1").arg(columns.join(QStringLiteral(", ")), dictionary.name);
            bool answered = false;
            QString problem;
            session_->query(sql.toStdString(), {}, this, [&](Result<QueryResult> result) {
                answered = true;
                if (!result) { problem = QString::fromStdString(result.error().what); return; }
                // SQLite takes an unknown quoted name for a text: its value would be the name itself.
                for (std::size_t i = 0; i < result->columns.size() && !result->rows.empty(); ++i)
                    if (to_text(result->rows[0][i]) == dictionary.columns[i].name.toStdString()) problem = dictionary.columns[i].name;
            });
            QTRY_VERIFY(answered);
            QVERIFY2(problem.isEmpty(), qPrintable(dictionary.name + QStringLiteral(": ") + problem));
        }
    }

    void the_zone_is_switched_in_open_views()
    {
        auto* view = explore<TraceListView>("traces");
        QVERIFY(view);
        QVERIFY(view->table().model().headerData(0, Qt::Horizontal, Qt::DisplayRole).toString().contains(QStringLiteral("UTC)")));
        DisplayZone::instance().set_mode(TimeZoneMode::local);
        QCOMPARE(view->table().model().time_zone(), TimeZoneMode::local);
        DisplayZone::instance().set_mode(TimeZoneMode::utc);
        QCOMPARE(view->table().model().time_zone(), TimeZoneMode::utc);
    }

    void without_evidence_every_view_says_what_to_bring()
    {
        view_.reset();
        Session empty;
        empty.newCase();
        QTRY_VERIFY(empty.hasCase() && empty.jobs().isIdle());
        for (const EvidenceViewKind& kind : evidence_view_kinds()) {
            const auto evidence = kind.explore();
            if (!evidence || qstrcmp(kind.id, "console") == 0) continue;
            std::unique_ptr<EvidenceView> view(kind.make(empty, nullptr));
            view->resize(600, 400);
            view->show();
            view->showEvidence(*evidence, nullptr);
            QVERIFY(wait_idle(empty));
            QTest::qWait(10);
            bool said = false;
            for (const QLabel* label : view->findChildren<QLabel*>()) said = said || (label->isVisible() && label->text().size() > 20);
            QVERIFY2(said, kind.id);
        }
        empty.closeCase();
    }
};

QTEST_MAIN(TestViewsEvidence)
#include "tst_views_evidence.moc"
