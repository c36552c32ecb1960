// The session on real case files: import, analyze, forget, save, recover, selection history, reading beside writing.
#include "tests/support/widget_fixture.h"
#include "widgets/session/unsaved_cases.h"

#include <QSignalSpy>

using namespace casebook;
using namespace casebook::tests;

class TestSession : public QObject {
    Q_OBJECT

private slots:
    void init();
    void import_makes_a_case_and_analyzes();
    void unknown_file_is_an_error_with_a_hint();
    void pasted_text_is_imported();
    void same_content_twice_is_told();
    void forget_takes_a_file_out();
    void save_as_moves_the_case();
    void second_writer_opens_for_reading();
    void damaged_file_keeps_the_open_case();
    void queries_and_spans_answer_on_the_gui_thread();
    void cancelled_import_leaves_nothing_of_its_file();
    void windows_are_stored();
    void selection_has_a_history();
    void two_cases_of_one_second_have_files_of_their_own();
    void unsaved_cases_are_found_again();
    void import_does_not_hold_up_the_event_loop();

private:
    WidgetFixture fixture_;
    QList<Message> messages_;
    void listen(Session& session)
    {
        messages_.clear();
        connect(&session, &Session::message, this, [this](const Message& message) { messages_ << message; });
    }
};

void TestSession::init()
{
    QSettings().clear();
    QDir(unsaved_cases_folder()).removeRecursively();
}

void TestSession::import_makes_a_case_and_analyzes()
{
    Session session;
    listen(session);
    QSignalSpy opened(&session, &Session::caseOpened), ledger(&session, &Session::ledgerChanged),
        report(&session, &Session::reportChanged);
    QVERIFY(!session.hasCase());
    session.importPaths({fixture_.write("a/h1.txt", heap_histogram(1)), fixture_.write("a/h2.txt", heap_histogram(3))});
    QVERIFY(wait_idle(session));
    QCOMPARE(opened.size(), 1);
    QVERIFY(session.hasCase());
    QVERIFY(session.isUnsaved());
    QVERIFY(session.casePath().startsWith(unsaved_cases_folder()));
    QCOMPARE(session.ledger().size(), std::size_t{2});
    for (const LedgerEntry& entry : session.ledger()) {
        QCOMPARE(entry.importer, std::string("jvm_class_histogram"));
        QCOMPARE(entry.records, entry.stored + entry.dropped);
        QCOMPARE(entry.stored, 3);
    }
    QVERIFY(session.report());
    QVERIFY(!session.isReportStale());
    QVERIFY(!session.report()->verdicts.empty());
    QVERIFY(messages_.isEmpty());
}

void TestSession::unknown_file_is_an_error_with_a_hint()
{
    Session session;
    listen(session);
    session.importPaths({fixture_.write("b/noise.bin", QByteArray("\x01\x02\x03 nothing in particular \xff\xfe"))});
    QVERIFY(wait_idle(session));
    QCOMPARE(messages_.size(), 1);
    QCOMPARE(messages_[0].kind, Message::Kind::error);
    QVERIFY(messages_[0].what.contains("noise.bin"));
    QVERIFY(!messages_[0].hint.isEmpty());
    QCOMPARE(session.ledger().size(), std::size_t{1});
    QCOMPARE(session.ledger()[0].id, 0);
    QCOMPARE(session.ledger()[0].status, ImportedFile::Status::failed);
    QVERIFY(!session.report());

    session.importPaths({fixture_.path("b/not there.csv"), fixture_.path("b/neither.csv")});
    QVERIFY(wait_idle(session));
    QCOMPARE(messages_.size(), 2);
    QVERIFY2(messages_[1].what.startsWith("2 files"), qPrintable(messages_[1].what));
}

void TestSession::pasted_text_is_imported()
{
    Session session;
    listen(session);
    session.importText(QString::fromUtf8(heap_histogram(2)));
    QVERIFY(wait_idle(session));
    QCOMPARE(session.ledger().size(), std::size_t{1});
    QCOMPARE(session.ledger()[0].stored, 3);
    session.importText(QStringLiteral("  \n "));
    QVERIFY(wait_idle(session));
    QCOMPARE(messages_.size(), 1);
    QCOMPARE(messages_[0].kind, Message::Kind::error);
}

void TestSession::same_content_twice_is_told()
{
    Session session;
    listen(session);
    const QString path = fixture_.write("c/h1.txt", heap_histogram(1));
    session.importPaths({path});
    QVERIFY(wait_idle(session));
    session.importPaths({path});
    QVERIFY(wait_idle(session));
    QCOMPARE(session.ledger().size(), std::size_t{1});
    QCOMPARE(messages_.size(), 1);
    QCOMPARE(messages_[0].kind, Message::Kind::information);
}

void TestSession::forget_takes_a_file_out()
{
    Session session;
    listen(session);
    session.setAnalyzesAfterImport(false);
    session.importPaths({fixture_.write("d/h1.txt", heap_histogram(1)), fixture_.write("d/h2.txt", heap_histogram(2))});
    QVERIFY(wait_idle(session));
    QVERIFY(!session.report());
    session.analyze();
    QVERIFY(wait_idle(session));
    QVERIFY(session.report());
    session.forget(session.ledger()[0].id);
    QVERIFY(wait_idle(session));
    QCOMPARE(session.ledger().size(), std::size_t{1});
    QVERIFY(session.isReportStale());
    session.forget(4711);
    QVERIFY(wait_idle(session));
    QCOMPARE(messages_.size(), 1);
    QCOMPARE(messages_[0].kind, Message::Kind::error);
    session.setAnalyzesAfterImport(true);
}

void TestSession::save_as_moves_the_case()
{
    Session session;
    listen(session);
    session.importPaths({fixture_.write("e/h1.txt", heap_histogram(1))});
    QVERIFY(wait_idle(session));
    const QString before = session.casePath();
    const QString target = fixture_.path("e/shop äö.casebook");
    session.saveAs(target);
    QVERIFY(wait_idle(session));
    QCOMPARE(session.casePath(), target);
    QVERIFY(!session.isUnsaved());
    QCOMPARE(session.caseTitle(), QStringLiteral("shop äö"));
    QVERIFY(QFile::exists(target));
    QVERIFY(!QFile::exists(before));
    QCOMPARE(session.recentCases().paths().value(0), target);
    QCOMPARE(session.ledger().size(), std::size_t{1});
    QVERIFY(session.report());

    // The copy goes on: what is imported now is in it.
    session.importPaths({fixture_.write("e/h2.txt", heap_histogram(2))});
    QVERIFY(wait_idle(session));
    session.closeCase();
    QVERIFY(wait_idle(session));
    QVERIFY(!session.hasCase());
    session.openCase(target);
    QVERIFY(wait_idle(session));
    QCOMPARE(session.ledger().size(), std::size_t{2});
    QVERIFY(session.report());
}

void TestSession::second_writer_opens_for_reading()
{
    Session first;
    first.importPaths({fixture_.write("f/h1.txt", heap_histogram(1))});
    QVERIFY(wait_idle(first));
    const QString target = fixture_.path("f/shared.casebook");
    first.saveAs(target);
    QVERIFY(wait_idle(first));

    Session second;
    listen(second);
    second.openCase(target);
    QVERIFY(wait_idle(second));
    QVERIFY(second.hasCase());
    QVERIFY(second.isReadOnly());
    QCOMPARE(second.ledger().size(), std::size_t{1});
    QCOMPARE(messages_.size(), 1);
    second.importPaths({fixture_.write("f/h2.txt", heap_histogram(2))});
    QVERIFY(wait_idle(second));
    QCOMPARE(messages_.size(), 2);
    QCOMPARE(messages_[1].kind, Message::Kind::error);
    QCOMPARE(second.ledger().size(), std::size_t{1});
}

void TestSession::damaged_file_keeps_the_open_case()
{
    Session session;
    listen(session);
    session.importPaths({fixture_.write("g/h1.txt", heap_histogram(1))});
    QVERIFY(wait_idle(session));
    const QString path = session.casePath();
    session.openCase(fixture_.write("g/broken.casebook", "this is no database"));
    QVERIFY(wait_idle(session));
    QCOMPARE(session.casePath(), path);
    QCOMPARE(session.ledger().size(), std::size_t{1});
    QCOMPARE(messages_.size(), 1);
    QCOMPARE(messages_[0].kind, Message::Kind::error);
    QVERIFY2(!messages_[0].hint.isEmpty(), qPrintable(messages_[0].what));
}

void TestSession::queries_and_spans_answer_on_the_gui_thread()
{
    Session session;
    std::optional<Result<QueryResult>> answer;
    const auto take = [&](Result<QueryResult> result) {
        QCOMPARE(QThread::currentThread(), qApp->thread());
        answer = std::move(result);
    };
    session.query("SELECT 1", {}, this, take);
    QTRY_VERIFY(answer.has_value());
    QVERIFY(!*answer);  // no case yet
    QCOMPARE(answer->error().code, Error::Code::usage);

    session.importPaths({fixture_.write("h/s.csv", statements_csv(20))});
    QVERIFY(wait_idle(session));
    answer.reset();
    session.query("SELECT count(*) AS n FROM statement WHERE calls >= ?1", {Value(std::int64_t{110})}, this, take);
    QTRY_VERIFY(answer.has_value());
    QVERIFY2(*answer, answer->has_value() ? "" : answer->error().what.c_str());
    QCOMPARE((*answer)->columns, std::vector<std::string>{"n"});
    QCOMPARE(std::get<std::int64_t>((*answer)->rows.at(0).at(0)), 10);

    answer.reset();
    session.query("DELETE FROM statements", {}, this, take);
    QTRY_VERIFY(answer.has_value());
    QVERIFY(!*answer);

    std::vector<std::shared_ptr<const SpanTable>> tables;
    for (int i = 0; i < 3; ++i)
        session.spans(
            this, [&](Result<std::shared_ptr<const SpanTable>> spans) { tables.push_back(spans.value_or(nullptr)); });
    QTRY_COMPARE(tables.size(), std::size_t{3});
    QVERIFY(tables[0]);
    QCOMPARE(tables[0].get(), tables[1].get());
    QCOMPARE(tables[0].get(), tables[2].get());
    QVERIFY(tables[0]->empty());
}

void TestSession::cancelled_import_leaves_nothing_of_its_file()
{
    Session session;
    listen(session);
    const QString small = fixture_.write("i/1-small.csv", statements_csv(5));
    const QString large = fixture_.write("i/2-large.csv", statements_csv(400'000, 7));
    bool cancelled = false;
    connect(&session, &Session::jobProgress, this, [&](JobId id) {
        const JobInfo info = session.jobs().info(id);
        if (!cancelled && info.progress.what.find("2-large") != std::string::npos) {
            cancelled = true;
            session.jobs().cancel(id);
        }
    });
    session.importPaths({small, large});
    QVERIFY(wait_idle(session, 60'000));
    QVERIFY(cancelled);
    QVERIFY(messages_.isEmpty());  // a cancelled job is no error
    QCOMPARE(session.ledger().size(), std::size_t{1});
    QCOMPARE(session.ledger()[0].stored, 5);
}

void TestSession::windows_are_stored()
{
    Session session;
    session.importPaths({fixture_.write("j/s.csv", statements_csv(3))});
    QVERIFY(wait_idle(session));
    QSignalSpy changed(&session, &Session::windowsChanged);
    session.setWindow("incident", {1'700'000'000'000'000'000, 1'700'000'600'000'000'000});
    QVERIFY(wait_idle(session));
    QCOMPARE(changed.size(), 1);
    QCOMPARE(session.windows().size(), std::size_t{1});
    QCOMPARE(session.windows()[0].role, std::string("incident"));
    session.removeWindow("incident");
    QVERIFY(wait_idle(session));
    QVERIFY(session.windows().empty());
}

void TestSession::selection_has_a_history()
{
    Session session;
    QSignalSpy changed(&session, &Session::selectionChanged);
    QVERIFY(!session.canGoBack());
    session.selectService("orders", "GET /orders");
    session.selectTrace("00ff");
    session.selectTrace("00ff");  // no change, no entry
    session.selectFinding("database.n_plus_one", "orders|GET /orders");
    QCOMPARE(changed.size(), 3);
    QCOMPARE(session.selection().service, std::string("orders"));
    QCOMPARE(session.selection().trace_id, std::string("00ff"));
    session.back();
    QVERIFY(session.selection().analyzer.empty());
    QCOMPARE(session.selection().trace_id, std::string("00ff"));
    session.back();
    QVERIFY(session.selection().trace_id.empty());
    session.forward();
    QCOMPARE(session.selection().trace_id, std::string("00ff"));
    session.selectStatement("abc");  // cuts what lay ahead
    QVERIFY(!session.canGoForward());
    session.back();
    session.back();
    session.back();
    QCOMPARE(session.selection(), Selection{});
    session.back();
    QCOMPARE(session.selection(), Selection{});
    for (int i = 0; i < 2000; ++i) session.selectTrace(std::to_string(i));
    int steps = 0;
    for (; session.canGoBack(); ++steps) session.back();
    QCOMPARE(steps, static_cast<int>(SelectionHistory::max_entries) - 1);
}

void TestSession::two_cases_of_one_second_have_files_of_their_own()
{
    Session one, other;
    one.importPaths({fixture_.write("twins/h1.txt", heap_histogram(1))});
    other.importPaths({fixture_.write("twins/h2.txt", heap_histogram(2))});
    QVERIFY(wait_idle(one));
    QVERIFY(wait_idle(other));
    QVERIFY(one.hasCase() && other.hasCase());
    QVERIFY(one.casePath() != other.casePath());
    QCOMPARE(one.ledger().size(), std::size_t{1});
    QCOMPARE(other.ledger().size(), std::size_t{1});
}

void TestSession::unsaved_cases_are_found_again()
{
    QString kept;
    {
        Session session;
        session.importPaths({fixture_.write("k/h1.txt", heap_histogram(1))});
        QVERIFY(wait_idle(session));
        kept = session.casePath();
        QVERIFY(find_unsaved_cases().empty());  // open: not offered to anybody else
    }
    QVERIFY(QFile::exists(kept));
    {
        Session empty;  // nothing in it, so nothing is kept
        empty.newCase();
        QVERIFY(wait_idle(empty));
        Session demo;
        demo.openDemo(QFileInfo(fixture_.write("k/demo/h1.txt", heap_histogram(1))).absolutePath());
        QVERIFY(wait_idle(demo));
        QVERIFY(demo.isDemo());
        QCOMPARE(demo.ledger().size(), std::size_t{1});
    }
    const auto found = find_unsaved_cases();
    QCOMPARE(found.size(), std::size_t{1});
    QCOMPARE(found[0].path, kept);
    QCOMPARE(found[0].files, 1);
    QCOMPARE(found[0].records, 3);
    QCOMPARE(QDir(unsaved_cases_folder()).entryList({"*.casebook"}, QDir::Files).size(), 1);

    Session session;
    session.openCase(kept);
    QVERIFY(wait_idle(session));
    QVERIFY(session.isUnsaved());
    QCOMPARE(session.ledger().size(), std::size_t{1});
    QVERIFY(session.recentCases().paths().isEmpty());
    session.closeCase();
    QVERIFY(wait_idle(session));
    QVERIFY(!discard_unsaved_case(fixture_.write("k/elsewhere.casebook", "x")));
    QVERIFY(discard_unsaved_case(kept));
    QVERIFY(find_unsaved_cases().empty());
}

void TestSession::import_does_not_hold_up_the_event_loop()
{
    Session session;
    const QString path = fixture_.write("l/large.csv", statements_csv(150'000));
    qint64 longest = 0;
    QElapsedTimer since;
    QTimer timer;
    timer.setInterval(5);
    connect(&timer, &QTimer::timeout, this, [&] { longest = std::max(longest, since.restart()); });
    since.start();
    timer.start();
    session.importPaths({path});
    QVERIFY(wait_idle(session, 60'000));
    QCOMPARE(session.ledger().at(0).stored, 150'000);
    qInfo("longest pause of the event loop: %lld ms", static_cast<long long>(longest));
    QVERIFY2(longest < 500, qPrintable(QString::number(longest)));  // generous: test machines are busy
}

QTEST_MAIN(TestSession)
#include "tst_session.moc"
