// Accepting, dismissing, noting, pinning and copying findings, and editing thresholds where they stand: by clicks and
// keys through the panels, kept in the case, taken back by undo.
#include "app/gui/main_window.h"
#include "tests/support/widget_fixture.h"
#include "widgets/models/finding_model.h"
#include "widgets/models/threshold_model.h"
#include "widgets/panels/findings.h"
#include "widgets/panels/inspector.h"
#include "widgets/session/unsaved_cases.h"

#include <QAbstractButton>
#include <QAbstractItemModelTester>
#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QDockWidget>
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QTableView>
#include <QTextBlock>
#include <QTextBrowser>
#include <QTreeView>

#include <memory>

using namespace casebook;
using namespace casebook::tests;

namespace {

QByteArray growing_heap(int n)
{
    const QByteArray sessions = QByteArray::number(10'000 + 40'000 * n), bytes = QByteArray::number(480 * (10'000 + 40'000 * n));
    return " num     #instances         #bytes  class name (module)\n"
           "-------------------------------------------------------\n"
           "   1:        250000       12000000  [B (java.base@17.0.9)\n"
           "   2:  " + sessions + "  " + bytes + "  com.example.depot.Session\n"
           "   3:         41000         984000  java.lang.String (java.base@17.0.9)\n";
}

const QByteArray statements = "queryid,query,calls,total_exec_time,rows,shared_blks_hit,shared_blks_read\n"
                              "1,SELECT * FROM parcels WHERE depot = $1,900,90000,9000,4000,10\n"
                              "2,SELECT 1,5000,100,5000,1,0\n";

}  // namespace

class TestWorkWithFindings : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { set_theme(Theme::Id::light); }
    void init();
    void cleanup();
    void accept_and_undo();
    void dismiss_takes_a_reason_and_is_filtered();
    void note_is_written_in_place_and_copied();
    void pinned_comes_first();
    void keys_of_the_list();
    void decisions_are_kept_with_the_case();
    void read_only_case_says_so();
    void decision_during_an_import_is_not_lost();
    void why_it_is_not_confirmed();
    void threshold_is_edited_in_place();
    void thresholds_are_listed_and_edited();
    void history_is_told();

private:
    template <class T>
    T* child(const char* name) const
    {
        T* found = window_->findChild<T*>(QLatin1String(name));
        if (!found) qFatal("no widget %s", name);
        return found;
    }
    void click(const char* name) const
    {
        auto* button = child<QAbstractButton>(name);
        QVERIFY2(button->isVisible() && button->isEnabled(), name);
        QTest::mouseClick(button, Qt::LeftButton);
    }
    QTreeView* tree() const { return child<QTreeView>("findingTree"); }
    QModelIndex row_of(const char* analyzer) const
    {
        const auto* model = tree()->model();
        for (int g = 0; g < model->rowCount(); ++g)
            for (int i = 0; i < model->rowCount(model->index(g, 0)); ++i)
                if (const QModelIndex index = model->index(i, 0, model->index(g, 0));
                    index.data(FindingModel::AnalyzerId).toByteArray() == analyzer)
                    return index;
        return {};
    }
    void pick(const char* analyzer) const
    {
        const QModelIndex index = row_of(analyzer);
        QVERIFY2(index.isValid(), analyzer);
        tree()->scrollTo(index);
        QTest::mouseClick(tree()->viewport(), Qt::LeftButton, {}, tree()->visualRect(index).center());
        QCOMPARE(session_->selection().analyzer, std::string(analyzer));
    }
    QString group_of(const char* analyzer) const { return row_of(analyzer).parent().data().toString(); }
    FindingDecision decision() const
    {
        return session_->decision(session_->selection().analyzer, session_->selection().finding_key);
    }
    QTextBrowser* text() const { return child<QTextBrowser>("findingText"); }
    /// Where a link is, in the viewport; scrolls it into view.
    QPoint link(const QString& href) const
    {
        for (QTextBlock block = text()->document()->begin(); block.isValid(); block = block.next())
            for (auto it = block.begin(); !it.atEnd(); ++it) {
                if (it.fragment().charFormat().anchorHref() != href) continue;
                QTextCursor cursor(text()->document());
                cursor.setPosition(it.fragment().position() + 1);
                text()->setTextCursor(cursor);
                text()->ensureCursorVisible();
                return text()->cursorRect(cursor).center() + QPoint(-2, 0);
            }
        return {};
    }

    WidgetFixture fixture_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<MainWindow> window_;
    QStringList messages_;
};

void TestWorkWithFindings::init()
{
    QSettings().clear();
    QDir(unsaved_cases_folder()).removeRecursively();
    session_ = std::make_unique<Session>();
    window_ = std::make_unique<MainWindow>(*session_, QString());
    messages_.clear();
    connect(session_.get(), &Session::message, this, [this](const Message& message) { messages_ << message.what; });
    window_->resize(1280, 900);
    window_->show();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    QStringList paths{fixture_.write("statements.csv", statements)};
    for (int i = 0; i < 6; ++i)
        paths << fixture_.write(QStringLiteral("histogram_%1.txt").arg(i + 1), growing_heap(i));
    session_->importPaths(paths);
    QVERIFY(wait_idle(*session_));
    QVERIFY(row_of("memory.leak").isValid());
    QVERIFY(row_of("database.dominant_statement").isValid());
    pick("memory.leak");
}

void TestWorkWithFindings::cleanup()
{
    window_.reset();
    session_.reset();
}

void TestWorkWithFindings::accept_and_undo()
{
    click("acceptButton");
    QCOMPARE(decision().state, FindingState::accepted);
    QVERIFY(child<QAbstractButton>("acceptButton")->isChecked());
    QCOMPARE(row_of("memory.leak").data(FindingModel::Badges).toStringList(), QStringList{QStringLiteral("accept")});
    QVERIFY(child<QLabel>("findingState")->text().startsWith(QStringLiteral("Accepted")));

    // Undo goes back through selections and decisions in the order they were made.
    pick("database.dominant_statement");
    QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(session_->selection().analyzer, std::string("memory.leak"));
    QCOMPARE(decision().state, FindingState::accepted);
    QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(decision().state, FindingState::open);
    QVERIFY(!child<QAbstractButton>("acceptButton")->isChecked());
    QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(decision().state, FindingState::accepted);
    QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(session_->selection().analyzer, std::string("database.dominant_statement"));
}

void TestWorkWithFindings::dismiss_takes_a_reason_and_is_filtered()
{
    click("dismissButton");
    auto* reason = child<QLineEdit>("dismissReason");
    QVERIFY(reason->isVisible());
    QTRY_VERIFY(reason->hasFocus());
    QTest::keyClick(reason, Qt::Key_Return);
    QCOMPARE(decision().state, FindingState::open);  // not without a reason
    QTest::keyClick(reason, Qt::Key_Escape);
    QVERIFY(!reason->isVisible());
    QVERIFY(!child<QAbstractButton>("dismissButton")->isChecked());

    click("dismissButton");
    QTest::keyClicks(reason, QStringLiteral("the nightly batch"));
    QTest::keyClick(reason, Qt::Key_Return);
    QCOMPARE(decision().state, FindingState::dismissed);
    QCOMPARE(decision().reason, std::string("the nightly batch"));
    QVERIFY(group_of("memory.leak").startsWith(QStringLiteral("Dismissed")));
    QVERIFY(row_of("memory.leak").data(FindingModel::Subtitle).toString().contains(QStringLiteral("the nightly batch")));

    auto* hide = child<QCheckBox>("hideDismissed");
    QVERIFY(hide->isVisible());
    QVERIFY(hide->text().contains(QStringLiteral("(1)")));
    QTest::mouseClick(hide, Qt::LeftButton, {}, QPoint(8, hide->height() / 2));
    QVERIFY(!row_of("memory.leak").isValid());
    QVERIFY(hide->isVisible());
    QTest::mouseClick(hide, Qt::LeftButton, {}, QPoint(8, hide->height() / 2));
    QVERIFY(row_of("memory.leak").isValid());

    QVERIFY(window_->inspector()->markdown().contains(QStringLiteral("**Dismissed: the nightly batch**")));
    click("dismissButton");
    QCOMPARE(decision().state, FindingState::open);
    QVERIFY(!hide->isVisible());
}

void TestWorkWithFindings::note_is_written_in_place_and_copied()
{
    click("noteButton");
    auto* note = child<QPlainTextEdit>("findingNote");
    QVERIFY(note->isVisible());
    QTRY_VERIFY(note->hasFocus());
    QTest::keyClicks(note, QStringLiteral("asked the team, "));
    QTest::keyClicks(note, QStringLiteral("fix is on its way"));
    QTest::keyClick(window_.get(), Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    pick("database.dominant_statement");  // leaving keeps it
    QVERIFY(!note->isVisible());
    pick("memory.leak");
    QVERIFY(note->isVisible());
    QCOMPARE(note->toPlainText(), QStringLiteral("asked the team, fix is on its way"));
    QCOMPARE(decision().note, std::string("asked the team, fix is on its way"));
    QCOMPARE(row_of("memory.leak").data(FindingModel::Badges).toStringList(), QStringList{QStringLiteral("note")});

    QApplication::clipboard()->clear();
    QTest::keyClick(window_.get(), Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    const QString copied = QApplication::clipboard()->text();
    const auto finding = session_->finding("memory.leak", session_->selection().finding_key);
    for (const QString& part :
         {QStringLiteral("## ") + QString::fromStdString(finding->headline), QStringLiteral("**Confirmed"),
          QStringLiteral("> asked the team, fix is on its way"), QStringLiteral("| Figure | Value | Threshold |"),
          QString::fromStdString(finding->evidence[0].caption), QString::fromStdString(finding->fixes[0].title)})
        QVERIFY2(copied.contains(part), qPrintable(part + QStringLiteral(" is not in ") + copied));

    // Escape gives up what was typed last.
    QTest::mouseClick(note->viewport(), Qt::LeftButton);
    QTest::keyClicks(note, QStringLiteral("xyz"));
    QTest::keyClick(note, Qt::Key_Escape);
    QCOMPARE(note->toPlainText(), QStringLiteral("asked the team, fix is on its way"));
}

void TestWorkWithFindings::pinned_comes_first()
{
    QVERIFY(!tree()->model()->index(0, 0).data().toString().startsWith(QStringLiteral("Pinned")));
    pick("database.dominant_statement");
    click("pinButton");
    QCOMPARE(row_of("database.dominant_statement").parent().row(), 0);
    QCOMPARE(group_of("database.dominant_statement"), QStringLiteral("Pinned (1)"));
    QCOMPARE(tree()->currentIndex(), row_of("database.dominant_statement"));
    click("pinButton");
    QVERIFY(!group_of("database.dominant_statement").startsWith(QStringLiteral("Pinned")));
}

void TestWorkWithFindings::keys_of_the_list()
{
    tree()->setFocus();
    QTest::keyClick(tree(), Qt::Key_P);
    QVERIFY(decision().pinned);
    QTest::keyClick(tree(), Qt::Key_A);
    QCOMPARE(decision().state, FindingState::accepted);
    QTest::keyClick(tree(), Qt::Key_D);
    auto* dialog = window_->findChild<QInputDialog*>(QStringLiteral("dismissDialog"));
    QVERIFY(dialog);
    QTest::keyClicks(dialog->findChild<QLineEdit*>(), QStringLiteral("known"));
    QTest::keyClick(dialog->findChild<QLineEdit*>(), Qt::Key_Return);
    QCOMPARE(decision().state, FindingState::dismissed);
    QCOMPARE(decision().reason, std::string("known"));
    tree()->setFocus();
    QTest::keyClick(tree(), Qt::Key_N);
    auto* note = window_->findChild<QInputDialog*>(QStringLiteral("noteDialog"));
    QVERIFY(note);
    QTest::keyClicks(note->findChild<QPlainTextEdit*>(), QStringLiteral("hello"));
    note->accept();
    QCOMPARE(decision().note, std::string("hello"));
    QCOMPARE(row_of("memory.leak").data(FindingModel::Badges).toStringList().size(), 3);
    QVERIFY(row_of("memory.leak").data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("hello")));
    QCOMPARE(tree()->contextMenuPolicy(), Qt::ActionsContextMenu);
    QCOMPARE(tree()->actions().size(), 5);
    const QAbstractItemModelTester tester(tree()->model(), QAbstractItemModelTester::FailureReportingMode::Fatal);
    QTest::keyClick(tree(), Qt::Key_P);
    QVERIFY(!decision().pinned);
}

void TestWorkWithFindings::decisions_are_kept_with_the_case()
{
    click("acceptButton");
    click("pinButton");
    QVERIFY(wait_idle(*session_));
    const std::string key = session_->selection().finding_key;
    for (const LedgerEntry& entry : std::vector<LedgerEntry>(session_->ledger()))
        if (entry.importer == "jvm_class_histogram") session_->forget(entry.id);
    QVERIFY(wait_idle(*session_));
    QVERIFY(!session_->finding("memory.leak", key));
    QStringList paths;
    for (int i = 0; i < 6; ++i)
        paths << fixture_.write(QStringLiteral("again/histogram_%1.txt").arg(i + 1), growing_heap(i));
    session_->importPaths(paths);
    QVERIFY(wait_idle(*session_));
    QVERIFY(session_->finding("memory.leak", key));
    QCOMPARE(group_of("memory.leak"), QStringLiteral("Pinned (1)"));

    const QString path = fixture_.path(QStringLiteral("kept.casebook"));
    session_->saveAs(path);
    QVERIFY(wait_idle(*session_));
    session_->closeCase();
    QVERIFY(wait_idle(*session_));
    session_->openCase(path);
    QVERIFY(wait_idle(*session_));
    QCOMPARE(session_->decision("memory.leak", key).state, FindingState::accepted);
    QVERIFY(session_->decision("memory.leak", key).pinned);
}

void TestWorkWithFindings::read_only_case_says_so()
{
    const QString path = fixture_.path(QStringLiteral("shared.casebook"));
    session_->saveAs(path);
    QVERIFY(wait_idle(*session_));
    const std::string key = session_->selection().finding_key;
    Session second;
    QStringList told;
    connect(&second, &Session::message, this, [&](const Message& message) { told << message.what; });
    second.openCase(path);
    QVERIFY(wait_idle(second));
    QVERIFY(second.isReadOnly());
    told.clear();
    second.decide("memory.leak", key, {FindingState::accepted, {}, {}, false, 0});
    QCOMPARE(told.size(), 1);
    QVERIFY2(told[0].contains(QStringLiteral("reading only")), qPrintable(told[0]));
    QCOMPARE(second.decision("memory.leak", key).state, FindingState::open);
    second.setThreshold("memory.leak.snapshots", 9);
    QCOMPARE(told.size(), 2);
    QVERIFY(second.thresholds().empty());
}

void TestWorkWithFindings::decision_during_an_import_is_not_lost()
{
    const std::string key = session_->selection().finding_key;
    const QString path = fixture_.path(QStringLiteral("busy.casebook"));
    session_->saveAs(path);
    QVERIFY(wait_idle(*session_));
    session_->importPaths({fixture_.write("many.csv", statements_csv(20'000))});
    click("acceptButton");
    QCOMPARE(session_->decision("memory.leak", key).state, FindingState::accepted);
    session_->closeCase();  // stops the import, not what was decided
    QVERIFY(wait_idle(*session_));
    session_->openCase(path);
    QVERIFY(wait_idle(*session_));
    QCOMPARE(session_->decision("memory.leak", key).state, FindingState::accepted);
}

void TestWorkWithFindings::why_it_is_not_confirmed()
{
    pick("database.dominant_statement");
    const QString words = text()->toPlainText();
    QVERIFY2(words.contains(QStringLiteral("Why not confirmed")), qPrintable(words));
    QVERIFY(words.contains(QStringLiteral("one snapshot counts since the last reset")));
    QVERIFY(words.contains(QStringLiteral("Would make it surer")));
    pick("memory.leak");
    QVERIFY(!text()->toPlainText().contains(QStringLiteral("Why not confirmed")));
    QVERIFY(text()->toPlainText().contains(QStringLiteral("q value")));
}

void TestWorkWithFindings::threshold_is_edited_in_place()
{
    pick("database.dominant_statement");
    const QString name = QStringLiteral("threshold:database.dominant_statement.share");
    QTest::mouseClick(text()->viewport(), Qt::LeftButton, {}, link(name));
    auto* field = child<QLineEdit>("thresholdField");
    QVERIFY(field->isVisible());
    QCOMPARE(field->text(), QStringLiteral("25"));
    QTest::keyClicks(field, QStringLiteral("99.95"));
    QTest::keyClick(field, Qt::Key_Escape);
    QVERIFY(!field->isVisible());
    QVERIFY(session_->thresholds().empty());

    QTest::mouseClick(text()->viewport(), Qt::LeftButton, {}, link(name));
    QTest::keyClicks(field, QStringLiteral("99.95"));
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(session_->thresholds().size(), std::size_t{1});
    QVERIFY(wait_idle(*session_));
    QCOMPARE(session_->report()->asked, std::vector<std::string>{"database.dominant_statement"});
    QCOMPARE(session_->report()->thresholds.size(), std::size_t{1});
    QVERIFY(!session_->isReportStale());
    // The finding is gone; its question stays selected and shows what it was held against, marked, with the way back.
    QVERIFY(!session_->finding("database.dominant_statement", session_->selection().finding_key));
    QVERIFY(text()->toPlainText().contains(QStringLiteral("99.95")));
    QVERIFY(text()->toPlainText().contains(QStringLiteral("How the verdict changed")));
    const QString reset = QStringLiteral("reset:database.dominant_statement.share");
    QTest::mouseClick(text()->viewport(), Qt::LeftButton, {}, link(reset));
    QVERIFY(session_->thresholds().empty());
    QVERIFY(wait_idle(*session_));
    QVERIFY(row_of("database.dominant_statement").data(FindingModel::FindingKey).toByteArray().size() > 0);

    QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(session_->thresholds().at("database.dominant_statement.share"), 99.95);
    QVERIFY(wait_idle(*session_));
}

void TestWorkWithFindings::thresholds_are_listed_and_edited()
{
    auto* table = child<QTableView>("thresholdTable");
    for (QDockWidget* dock : window_->docks())
        if (dock->objectName() == QStringLiteral("thresholdsDock")) dock->raise();
    QTRY_VERIFY(table->isVisible());
    const QAbstractItemModelTester tester(table->model(), QAbstractItemModelTester::FailureReportingMode::Fatal);
    QVERIFY(table->model()->rowCount() > 100);
    QTest::keyClicks(child<QLineEdit>("thresholdFilter"), QStringLiteral("dominant_statement.share"));
    QCOMPARE(table->model()->rowCount(), 1);
    const QModelIndex cell = table->model()->index(0, ThresholdModel::ValueColumn);
    QCOMPARE(cell.data().toString(), QStringLiteral("25"));
    QCOMPARE(cell.siblingAtColumn(ThresholdModel::Unit).data().toString(), QStringLiteral("%"));
    QVERIFY(!cell.siblingAtColumn(ThresholdModel::Source).data().toString().isEmpty());

    QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(cell).center());
    QTest::mouseDClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(cell).center());
    auto* editor = table->findChild<QLineEdit*>(QStringLiteral("thresholdCell"));
    QVERIFY(editor);
    editor->selectAll();
    QTest::keyClicks(editor, QStringLiteral("99.95"));
    QTest::keyClick(editor, Qt::Key_Return);
    // A delegate hands the value over when the key has been dealt with.
    QTRY_COMPARE(session_->thresholds().size(), std::size_t{1});
    QVERIFY(cell.data(ThresholdModel::IsChanged).toBool());
    QVERIFY(cell.data(Qt::FontRole).value<QFont>().bold());
    QVERIFY(child<QLabel>("thresholdCount")->text().contains(QStringLiteral("1 changed")));
    QVERIFY(wait_idle(*session_));
    QCOMPARE(session_->report()->asked, std::vector<std::string>{"database.dominant_statement"});

    child<QLineEdit>("thresholdFilter")->clear();
    click("thresholdsChangedOnly");
    QCOMPARE(table->model()->rowCount(), 1);
    table->selectRow(0);
    click("thresholdReset");
    QVERIFY(session_->thresholds().empty());
    QCOMPARE(table->model()->rowCount(), 0);
    click("thresholdsChangedOnly");
    pick("memory.leak");
    click("thresholdsOfSelection");
    QCOMPARE(table->model()->rowCount(), 8);
    QVERIFY(wait_idle(*session_));
}

void TestWorkWithFindings::history_is_told()
{
    for (int id : {1, 2, 3, 4, 5, 6, 7}) {
        const auto& ledger = session_->ledger();
        for (const LedgerEntry& entry : ledger)
            if (entry.id == id && entry.importer == "jvm_class_histogram" && id > 4) {
                session_->forget(id);
                break;
            }
    }
    QVERIFY(wait_idle(*session_));
    QVERIFY(row_of("memory.leak").isValid());
    pick("memory.leak");
    const QString words = text()->toPlainText();
    QVERIFY2(words.contains(QStringLiteral("was confirmed")), qPrintable(words));
    QVERIFY2(words.contains(QStringLiteral("histogram_4.txt")), qPrintable(words));
    QVERIFY(words.contains(QStringLiteral("taken out")));
}

QTEST_MAIN(TestWorkWithFindings)
#include "tst_work_with_findings.moc"
