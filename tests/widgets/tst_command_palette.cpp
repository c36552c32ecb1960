// The palette by keys: what is found, in which order, and where it leads.
#include "analyzers/store/finding_decisions.h"
#include "app/gui/main_window.h"
#include "tests/support/places.h"
#include "tests/support/widget_fixture.h"
#include "widgets/models/case_index.h"
#include "widgets/models/fuzzy_match.h"
#include "widgets/models/search_model.h"
#include "widgets/panels/command_palette.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/style/theme.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QStackedWidget>
#include <QTableView>

#include <memory>

using namespace casebook;
using namespace casebook::tests;
using Kind = SearchItem::Kind;

class TestCommandPalette : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { set_theme(Theme::Id::light); }
    void init();
    void cleanup();
    void pattern_ranks();
    void pattern_ranks_data();
    void pattern_takes_hostile_text();
    void search_orders_hits();
    void index_of_a_million_spans_is_searched_fast();
    void commands_are_found_without_a_case();
    void command_is_run_by_keys();
    void escape_gives_the_focus_back();
    void finding_is_opened();
    void view_is_found_by_other_words();
    void operation_is_selected_in_its_view();
    void class_is_selected_in_the_heap();
    void trace_is_opened_by_its_id();
    void note_is_shown_in_the_ledger();
    void search_leaves_commands_out();
    void remarks_on_findings_are_found();

private:
    template <class T>
    T* child(const char* name) const
    {
        T* found = window_->findChild<T*>(QLatin1String(name));
        if (!found) qFatal("no widget %s", name);
        return found;
    }
    QLineEdit* line() const { return child<QLineEdit>("paletteLine"); }
    const SearchModel& hits() const { return *static_cast<SearchModel*>(child<QListView>("paletteList")->model()); }
    void open_demo();
    void type(const QString& text, Qt::KeyboardModifiers shift = {});
    void go_to(const QString& text, Kind kind);

    WidgetFixture fixture_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<MainWindow> window_;
};

void TestCommandPalette::init()
{
    QSettings().clear();
    session_ = std::make_unique<Session>();
    window_ = std::make_unique<MainWindow>(*session_, QString::fromStdString((source_folder() / "resources/samples").string()));
    window_->resize(1280, 800);
    window_->show();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
}

void TestCommandPalette::cleanup()
{
    window_.reset();
    session_.reset();
}

void TestCommandPalette::open_demo()
{
    window_->openDemo();
    QTRY_VERIFY(session_->hasCase());
    QVERIFY(wait_idle(*session_, 60'000));
    QVERIFY(session_->report());
}

void TestCommandPalette::type(const QString& text, Qt::KeyboardModifiers shift)
{
    if (shift & Qt::ShiftModifier) QTest::keyClick(window_.get(), Qt::Key_F, Qt::ControlModifier | Qt::ShiftModifier);
    else QTest::keyClick(window_.get(), Qt::Key_K, Qt::ControlModifier);
    QVERIFY(child<QWidget>("commandPalette")->isVisible());
    QCOMPARE(QApplication::focusWidget(), line());
    QTest::keyClicks(line(), text);
    QVERIFY(wait_idle(*session_));
}

/// Types, moves down to the first hit of a kind, and chooses it.
void TestCommandPalette::go_to(const QString& text, Kind kind)
{
    type(text);
    int row = 0;
    while (row < hits().rowCount() && hits().hit(row).item.kind != kind) ++row;
    QVERIFY2(row < hits().rowCount(), qPrintable(text));
    for (int i = 0; i < row; ++i) QTest::keyClick(line(), Qt::Key_Down);
    QTest::keyClick(line(), Qt::Key_Return);
    QVERIFY(!child<QWidget>("commandPalette")->isVisible());
    QVERIFY(wait_idle(*session_));
}

void TestCommandPalette::pattern_ranks_data()
{
    QTest::addColumn<QString>("typed");
    QTest::addColumn<QString>("better");
    QTest::addColumn<QString>("worse");
    QTest::newRow("start before middle") << "import" << "Import files" << "Re-import files";
    QTest::newRow("word start before inside") << "order" << "GET /orders" << "GET /reorder";
    QTest::newRow("whole word") << "map" << "Service map" << "Mapper of pages";
    QTest::newRow("words in any order") << "case open" << "Open case" << "Open case in a folder";
    QTest::newRow("together before scattered") << "oc" << "Locks" << "Open case";
    QTest::newRow("initials before letters inside") << "sm" << "Service map" << "Resume";
    QTest::newRow("not at all") << "xyz" << "xyz" << "Export";
}

void TestCommandPalette::pattern_ranks()
{
    QFETCH(QString, typed);
    QFETCH(QString, better);
    QFETCH(QString, worse);
    const FuzzyPattern pattern(typed);
    const auto good = pattern.match(better);
    QVERIFY(good);
    const auto bad = pattern.match(worse);
    if (bad) QVERIFY2(good->score > bad->score, qPrintable(QStringLiteral("%1 against %2").arg(good->score).arg(bad->score)));
    for (const auto& [start, length] : good->ranges) QVERIFY(start >= 0 && length > 0 && start + length <= better.size());
}

void TestCommandPalette::pattern_takes_hostile_text()
{
    QVERIFY(FuzzyPattern(QString()).match(QStringLiteral("anything")));
    QVERIFY(FuzzyPattern(QStringLiteral("   ")).empty());
    QVERIFY(!FuzzyPattern(QStringLiteral("a")).match(QString()));
    QVERIFY(!FuzzyPattern(QString(500, QLatin1Char('a'))).match(QString(400, QLatin1Char('a'))));
    QVERIFY(FuzzyPattern(QStringLiteral("needle")).match(QString(100'000, QLatin1Char('x')) + QStringLiteral(" needle")));
    const QString odd = QString(QChar(0xd800)) + QChar(0) + QStringLiteral("ß");
    QVERIFY(FuzzyPattern(odd).match(odd));
    QVERIFY(!FuzzyPattern(QStringLiteral("rnd")).match(QStringLiteral("a long line of words where letters stand far apart and nowhere at a start")));
}

void TestCommandPalette::search_orders_hits()
{
    CaseIndex index;
    index.items = {{Kind::operation, "GET /orders/:id", "orders-api", {}, "orders-api", "GET /orders/:id", 1},
                   {Kind::service, "orders-api", "5 spans", {}, "orders-api", {}, 0},
                   {Kind::statement, "SELECT * FROM order_items WHERE order_id = $1", "orders-api", {}, "f1", {}, 0},
                   {Kind::heapClass, "com.example.Border", {}, {}, "com.example.Border", {}, 0}};
    const auto found = search_case(QStringLiteral("orders"), {}, &index, 10, Control{});
    QVERIFY(found);
    QVERIFY(found->size() >= 3);
    QCOMPARE(found->front().item.kind, Kind::service);  // begins with it
    const auto limited = search_case(QStringLiteral("orders"), {}, &index, 2, Control{});
    QCOMPARE(limited->size(), std::size_t{2});
    QCOMPARE(limited->front().item, found->front().item);
    // The detail counts, less than the title: the class has neither word.
    const auto detail = search_case(QStringLiteral("orders-api items"), {}, &index, 10, Control{});
    QCOMPARE(detail->size(), std::size_t{1});
    QCOMPARE(detail->front().item.kind, Kind::statement);
    std::stop_source stop;
    stop.request_stop();
    const auto cancelled = search_case(QStringLiteral("orders"), {}, &index, 10, Control(stop.get_token()));
    QVERIFY(!cancelled);
    QCOMPARE(cancelled.error().code, Error::Code::cancelled);
    SearchModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setHits(*found);
    QCOMPARE(model.index(0, 0).data().toString(), QStringLiteral("orders-api"));
    QVERIFY(model.index(0, 0).data(Qt::AccessibleTextRole).toString().startsWith(QStringLiteral("service, orders-api")));
}

void TestCommandPalette::index_of_a_million_spans_is_searched_fast()
{
    // A million spans in 20,000 traces; names as many as a large system has.
    auto spans = std::make_shared<SpanTable>();
    const std::size_t size = 1'000'000, per_trace = 50;
    std::vector<SpanTable::Id> services, operations;
    for (int i = 0; i < 60; ++i) services.push_back(spans->strings.intern("service-" + std::to_string(i)));
    for (int i = 0; i < 3'000; ++i) operations.push_back(spans->strings.intern("GET /area" + std::to_string(i) + "/:id"));
    spans->start_ns.assign(size, 1);
    spans->parent.assign(size, SpanTable::no_row);
    spans->kind.assign(size, SpanKind::server);
    spans->fingerprint.assign(size, 0);
    spans->statement.assign(size, 0);
    for (std::size_t row = 0; row < size; ++row) {
        spans->service.push_back(services[row % services.size()]);
        spans->operation.push_back(operations[row % operations.size()]);
    }
    for (std::size_t first = 0; first < size; first += per_trace) {
        SpanTable::Trace trace;
        trace.high = 0x1000'0000'0000'0000ull + first * 0x10'0000'0000ull;
        trace.low = first;
        trace.first = static_cast<SpanTable::Row>(first);
        trace.count = per_trace;
        spans->traces.push_back(trace);
    }
    auto file = CaseFile::temporary();
    QVERIFY(file);
    QElapsedTimer clock;
    clock.start();
    const auto index = read_case_index(**file, spans, Control{});
    QVERIFY(index);
    QCOMPARE(index->items.size(), services.size() + operations.size());
    qInfo("names of a million spans gathered in %lld ms", static_cast<long long>(clock.restart()));
    const auto found = search_case(QStringLiteral("area2999"), {}, &*index, 50, Control{});
    QVERIFY(found && !found->empty());
    QCOMPARE(found->front().item.second, std::string("GET /area2999/:id"));
    qInfo("searched in %lld ms", static_cast<long long>(clock.restart()));
    const SpanTable::Trace& wanted = spans->traces[12'345];
    const auto traces = search_case(QString::number(wanted.high, 16), {}, &*index, 50, Control{});
    QVERIFY(traces && traces->size() == 1);
    QCOMPARE(traces->front().item.kind, Kind::trace);
    QVERIFY(traces->front().item.first.ends_with(QString::number(wanted.low, 16).toStdString()));
}

void TestCommandPalette::commands_are_found_without_a_case()
{
    type(QStringLiteral("dark"));
    QVERIFY(hits().rowCount() >= 1);
    QCOMPARE(hits().hit(0).item.first, std::string("themeDark"));
    QCOMPARE(hits().hit(0).item.detail, QStringLiteral("View > Theme"));
    line()->clear();
    QTest::keyClicks(line(), QStringLiteral("import files"));
    QVERIFY(wait_idle(*session_));
    QCOMPARE(hits().hit(0).item.shortcut, QStringLiteral("Ctrl+I"));
    line()->clear();
    QTest::keyClicks(line(), QStringLiteral("save case"));  // needs a case, so it is not offered
    QVERIFY(wait_idle(*session_));
    for (int row = 0; row < hits().rowCount(); ++row) QVERIFY(hits().hit(row).item.first != "saveAs");
    line()->clear();
    QTest::keyClicks(line(), QStringLiteral("qqqqqq"));
    QVERIFY(wait_idle(*session_));
    QCOMPARE(hits().rowCount(), 0);
    QVERIFY(child<QLabel>("paletteHint")->text().contains(QStringLiteral("No such command")));
    QTest::keyClick(line(), Qt::Key_Return);  // nothing to choose: nothing happens
    QVERIFY(child<QWidget>("commandPalette")->isVisible());
}

void TestCommandPalette::command_is_run_by_keys()
{
    QTest::keyClick(window_.get(), Qt::Key_K, Qt::ControlModifier);
    QTest::keyClicks(line(), QStringLiteral("theme dark"));
    QTest::keyClick(line(), Qt::Key_Return);  // before the answer came
    QTRY_COMPARE(theme().id, Theme::Id::dark);
    QVERIFY(!child<QWidget>("commandPalette")->isVisible());
    window_->setTheme(Theme::Id::light);
}

void TestCommandPalette::escape_gives_the_focus_back()
{
    open_demo();
    auto* tree = child<QWidget>("findingTree");
    tree->setFocus();
    type(QStringLiteral("order"));
    const int first = child<QListView>("paletteList")->currentIndex().row();
    QCOMPARE(first, 0);
    QTest::keyClick(line(), Qt::Key_Up);  // comes round
    QCOMPARE(child<QListView>("paletteList")->currentIndex().row(), hits().rowCount() - 1);
    QTest::keyClick(line(), Qt::Key_Down);
    QCOMPARE(child<QListView>("paletteList")->currentIndex().row(), 0);
    QTest::keyClick(line(), Qt::Key_PageDown);
    QVERIFY(child<QListView>("paletteList")->currentIndex().row() > 0 || hits().rowCount() == 1);
    QTest::keyClick(line(), Qt::Key_Escape);
    QVERIFY(!child<QWidget>("commandPalette")->isVisible());
    QCOMPARE(QApplication::focusWidget(), tree);
    // A click elsewhere closes it as well.
    type(QStringLiteral("order"));
    QTest::mouseClick(child<QTableView>("ledgerTable")->viewport(), Qt::LeftButton);
    child<QTableView>("ledgerTable")->setFocus(Qt::MouseFocusReason);
    QVERIFY(!child<QWidget>("commandPalette")->isVisible());
}

void TestCommandPalette::finding_is_opened()
{
    open_demo();
    const Finding& last = session_->report()->findings.back();
    go_to(QString::fromStdString(last.headline).left(40), Kind::finding);
    QCOMPARE(session_->selection().finding_key, last.key);
    QVERIFY(window_->evidence()->currentView());
    QTest::keyClick(window_.get(), Qt::Key_Left, Qt::AltModifier);
    QVERIFY(session_->selection().finding_key != last.key);
}

void TestCommandPalette::view_is_found_by_other_words()
{
    open_demo();
    for (const auto& [words, view] : {std::pair("all traces", "traces"), {"waterfall", "traces"}, {"jstack", "threads"}, {"explain analyze", "plans"}, {"pg_stat_activity", "sessions"}, {"pprof", "profile"},
                                      {"explain", "plans"}, {"locks", "sessions"}, {"histogram", "heap"}, {"gc", "gc"}, {"sql", "console"}, {"spans", "traces"}}) {
        go_to(QLatin1String(words), Kind::view);
        QCOMPARE(window_->evidence()->currentView()->objectName(), QLatin1String(view));
    }
}

void TestCommandPalette::operation_is_selected_in_its_view()
{
    open_demo();
    // Any operation that serves requests, by the name the case itself gives it.
    std::shared_ptr<const SpanTable> spans;
    session_->spans(window_.get(), [&](auto loaded) { spans = *loaded; });
    QVERIFY(wait_idle(*session_));
    QVERIFY(spans && !spans->traces.empty());
    const SpanTable::Row root = spans->traces[0].root;
    const std::string service(spans->text(spans->service[root])), operation(spans->text(spans->operation[root]));
    go_to(QString::fromStdString(operation + ' ' + service), Kind::operation);
    QCOMPARE(session_->selection().operation, operation);
    QCOMPARE(window_->evidence()->currentView()->objectName(), QStringLiteral("operations"));
    auto* table = window_->evidence()->currentView()->findChild<DataTable*>();
    QTRY_VERIFY(table->current_table_row());
    const auto row = *table->current_table_row();
    QTRY_COMPARE(std::string(table->model().table()->columns[1].texts[*table->current_table_row()]), operation);
    QCOMPARE(std::string(table->model().table()->columns[0].texts[*table->current_table_row()]), service);
    Q_UNUSED(row);
    go_to(QString::fromStdString(service), Kind::service);
    QCOMPARE(session_->selection().service, service);
    QVERIFY(session_->selection().operation.empty());
}

void TestCommandPalette::class_is_selected_in_the_heap()
{
    session_->importPaths({fixture_.write(QStringLiteral("h1.txt"), heap_histogram(1)), fixture_.write(QStringLiteral("h2.txt"), heap_histogram(3))});
    QTRY_VERIFY(session_->hasCase());
    QVERIFY(wait_idle(*session_));
    go_to(QStringLiteral("shop session"), Kind::heapClass);
    QCOMPARE(window_->evidence()->currentView()->objectName(), QStringLiteral("heap"));
    auto* table = window_->evidence()->currentView()->findChild<DataTable*>();
    QTRY_VERIFY(table->current_table_row() &&
                table->model().table()->columns.front().texts[*table->current_table_row()].find("com.example.shop.Session") != std::string_view::npos);
    // The names are read anew when evidence comes.
    session_->importPaths({fixture_.write(QStringLiteral("s.csv"), statements_csv(20))});
    QVERIFY(wait_idle(*session_));
    go_to(QStringLiteral("table_17"), Kind::statement);
    QCOMPARE(window_->evidence()->currentView()->objectName(), QStringLiteral("statements"));
    auto* statements = window_->evidence()->currentView()->findChild<DataTable*>();
    QTRY_VERIFY(statements->current_table_row() &&
                std::string(statements->model().table()->columns.back().texts[*statements->current_table_row()]) == session_->selection().fingerprint);
}

void TestCommandPalette::trace_is_opened_by_its_id()
{
    open_demo();
    std::shared_ptr<const SpanTable> spans;
    session_->spans(window_.get(), [&](auto loaded) { spans = *loaded; });
    QVERIFY(wait_idle(*session_));
    const SpanTable::Trace& trace = spans->traces.back();
    const QString id = QStringLiteral("%1%2").arg(trace.high, 16, 16, QLatin1Char('0')).arg(trace.low, 16, 16, QLatin1Char('0'));
    go_to(id.toUpper().left(20), Kind::trace);
    QCOMPARE(QString::fromStdString(session_->selection().trace_id), id);
    QCOMPARE(window_->evidence()->currentView()->objectName(), QStringLiteral("waterfall"));
}

void TestCommandPalette::note_is_shown_in_the_ledger()
{
    QByteArray broken = statements_csv(5);
    broken += "1099,\"SELECT cut\",not-a-number,1,2,3,4\n";
    session_->importPaths({fixture_.write(QStringLiteral("broken.csv"), broken)});
    QTRY_VERIFY(session_->hasCase());
    QVERIFY(wait_idle(*session_));
    QVERIFY(!session_->ledger().front().notes.empty());
    go_to(QString::fromStdString(session_->ledger().front().notes.front().detail).left(30), Kind::note);
    QCOMPARE(child<QTableView>("ledgerTable")->currentIndex().row(), 0);
    QVERIFY(child<QTableView>("noteTable")->model()->rowCount() >= 1);
}

void TestCommandPalette::search_leaves_commands_out()
{
    open_demo();
    type(QStringLiteral("o"), Qt::ShiftModifier);
    QVERIFY(hits().rowCount() > 0);
    for (int row = 0; row < hits().rowCount(); ++row) {
        QVERIFY(hits().hit(row).item.kind != Kind::command);
        QVERIFY(hits().hit(row).item.kind != Kind::view);
    }
}

void TestCommandPalette::remarks_on_findings_are_found()
{
    auto file = CaseFile::temporary();
    QVERIFY(file);
    FindingDecision noted, dismissed;
    noted.note = "asked Ines about the\nwarehouse job";
    dismissed.state = FindingState::dismissed;
    dismissed.reason = "load test of Tuesday";
    QVERIFY(store_decision(**file, "pool.exhaustion", "aaaa", noted));
    QVERIFY(store_decision(**file, "database.n_plus_one", "bbbb", dismissed));
    const auto remarks = read_remarks(**file, Control{});
    QVERIFY(remarks);
    QCOMPARE(remarks->size(), std::size_t{2});
    const auto found = search_case(QStringLiteral("warehouse"), *remarks, nullptr, 10, Control{});
    QVERIFY(found && found->size() == 1);
    QCOMPARE(found->front().item.kind, Kind::remark);
    QCOMPARE(found->front().item.first, std::string("pool.exhaustion"));
    QCOMPARE(found->front().item.second, std::string("aaaa"));
    const auto reason = search_case(QStringLiteral("load tuesday"), *remarks, nullptr, 10, Control{});
    QVERIFY(reason && reason->size() == 1);
    QCOMPARE(reason->front().item.second, std::string("bbbb"));
}

QTEST_MAIN(TestCommandPalette)
#include "tst_command_palette.moc"
