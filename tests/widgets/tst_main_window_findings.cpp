// The window as a user drives it: from the start page to findings, their evidence, the playbook and the export.
#include "tests/widgets/main_window_test.h"
#include "widgets/models/finding_model.h"
#include "widgets/models/walk_model.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDockWidget>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <QTableView>
#include <QTextBrowser>
#include <QTreeView>

using namespace casebook;
using namespace casebook::tests;

/// Counts windows other than the main window and dialogs that pop up: widgets shown before they have a parent.
class StrayWindows : public QObject {
public:
    int count = 0;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override
    {
        auto* widget = qobject_cast<QWidget*>(watched);
        if (event->type() == QEvent::Show && widget && widget->isWindow() && widget->windowType() == Qt::Window &&
            !qobject_cast<MainWindow*>(widget))
            ++count;
        return false;
    }
};

class TestMainWindowFindings : public MainWindowTest {
    Q_OBJECT

private slots:
    void initTestCase() { set_theme(Theme::Id::light); }
    void init() { open_window(); }
    void cleanup() { close_window(); }
    void start_page_opens_the_demo_and_a_finding();
    void symptoms_stand_under_their_cause();
    void inspector_links_and_copies();
    void playbook_is_walked();
    void keyboard_walks_findings_and_panels();
    void findings_are_exported();
};

void TestMainWindowFindings::start_page_opens_the_demo_and_a_finding()
{
    StrayWindows stray;
    qApp->installEventFilter(&stray);
    QVERIFY(child<QWidget>("startPage")->isVisible());
    for (QDockWidget* dock : window_->docks()) QVERIFY(!dock->isVisible());
    QVERIFY(!child<QTextBrowser>("evidenceGuide")->toPlainText().isEmpty());

    open_demo();
    QVERIFY(session_->isDemo());
    QVERIFY(!child<QWidget>("startPage")->isVisible());
    for (const char* dock : {"timelineDock", "findingsDock", "inspectorDock", "ledgerDock"})
        QVERIFY2(child<QDockWidget>(dock)->isVisible(), dock);
    QCOMPARE(child<QTableView>("ledgerTable")->model()->rowCount(), static_cast<int>(session_->ledger().size()));

    // The first cause is selected by itself; a click selects another, and its evidence opens.
    QCOMPARE(QByteArray::fromStdString(session_->selection().finding_key), finding(0).data(FindingModel::FindingKey).toByteArray());
    QCOMPARE(session_->selection().analyzer, std::string("cache.miss_cohort"));
    const QModelIndex second = finding(1);
    QVERIFY(second.isValid());
    click_index(tree(), second);
    QCOMPARE(QByteArray::fromStdString(session_->selection().finding_key),
             second.data(FindingModel::FindingKey).toByteArray());
    QVERIFY(child<QTextBrowser>("findingText")->toPlainText().contains(second.data().toString().left(20)));
    QVERIFY(!child<QTextBrowser>("handbookText")->toPlainText().isEmpty());
    QVERIFY(window_->evidence()->count() >= 1);
    QVERIFY(window_->evidence()->currentView());
    QVERIFY(wait_idle(*session_));
    const int tabs = window_->evidence()->count();
    QTest::keyClick(window_->focusWidget(), Qt::Key_W, Qt::ControlModifier);
    QCOMPARE(window_->evidence()->count(), tabs - 1);
    // Enter opens it again.
    tree()->setFocus();
    QTest::keyClick(tree(), Qt::Key_Return);
    QCOMPARE(window_->evidence()->count(), tabs);
    // Every view of the menu opens without a window flashing up.
    const QList<QAction*> views = window_->findChildren<QAction*>(QRegularExpression(QStringLiteral("^explore_")));
    QVERIFY(!views.isEmpty());
    for (QAction* view : views) {
        view->trigger();
        QVERIFY(wait_idle(*session_));
        QCOMPARE(QStringLiteral("explore_") + window_->evidence()->currentView()->objectName(), view->objectName());
    }
    QCOMPARE(stray.count, 0);
}

void TestMainWindowFindings::symptoms_stand_under_their_cause()
{
    open_demo();
    auto* filter = child<QWidget>("findings")->findChild<QLineEdit*>();
    const QModelIndex group = tree()->model()->index(0, 0);
    QCOMPARE(group.data().toString(), QStringLiteral("Confirmed (3)"));
    QStringList causes;
    for (int i = 0; i < tree()->model()->rowCount(group); ++i) causes << QString::fromUtf8(finding(i).data(FindingModel::AnalyzerId).toByteArray());
    QCOMPARE(causes, (QStringList{"cache.miss_cohort", "pool.exhaustion", "database.n_plus_one"}));

    // What a cause explains is indented under it, and selected like everything else.
    const QModelIndex cause = finding(2);
    QVERIFY(tree()->model()->rowCount(cause) >= 2);
    const QModelIndex effect = tree()->model()->index(0, 0, cause);
    tree()->scrollTo(effect);
    QVERIFY(tree()->visualRect(effect).left() > tree()->visualRect(cause).left());
    QVERIFY(tree()->visualRect(effect).top() > tree()->visualRect(cause).top());
    QCOMPARE(tree()->visualRect(effect).right(), tree()->viewport()->width() - 1);  // wraps inside the panel
    click_index(tree(), effect);
    QCOMPARE(QByteArray::fromStdString(session_->selection().finding_key), effect.data(FindingModel::FindingKey).toByteArray());
    QVERIFY(child<QTextBrowser>("findingText")->toPlainText().contains(effect.data().toString().left(20)));

    // Rows are as tall as their text is at this width, whether the scroll bar is there or comes.
    const auto wrong_heights = [this] {
        QStringList wrong;
        std::vector<QModelIndex> open{QModelIndex()};
        while (!open.empty()) {
            const QModelIndex parent = open.back();
            open.pop_back();
            for (int i = 0; i < tree()->model()->rowCount(parent); ++i) {
                const QModelIndex index = tree()->model()->index(i, 0, parent);
                QStyleOptionViewItem option;
                option.initFrom(tree());
                option.widget = tree();
                if (tree()->isExpanded(parent) || !parent.isValid())
                    if (tree()->visualRect(index).height() != tree()->itemDelegate()->sizeHint(option, index).height()) wrong << index.data().toString();
                open.push_back(index);
            }
        }
        return wrong;
    };
    for (const QSize& size : {QSize(1600, 1000), QSize(1600, 2400), QSize(1280, 800)}) {
        window_->resize(size);
        QTest::qWait(50);
        QCOMPARE(wrong_heights(), QStringList());
    }

    // The arrow folds the family; what is selected elsewhere unfolds it.
    tree()->scrollTo(cause);
    const QRect row = tree()->visualRect(cause);
    QTest::mouseClick(tree()->viewport(), Qt::LeftButton, {}, QPoint(row.left() - tree()->indentation() / 2, row.center().y()));
    QVERIFY(!tree()->isExpanded(cause));
    session_->selectFinding("pool.exhaustion", "");
    const std::string key = effect.data(FindingModel::FindingKey).toByteArray().toStdString();
    session_->selectFinding(effect.data(FindingModel::AnalyzerId).toByteArray().toStdString(), key);
    QVERIFY(tree()->isExpanded(cause));
    QCOMPARE(tree()->currentIndex(), effect);

    // The filter keeps the cause of what matches, and the selection.
    filter->setFocus();
    QTest::keyClicks(filter, QStringLiteral("regression"));
    const QModelIndex kept = tree()->currentIndex();
    QCOMPARE(kept.data(FindingModel::FindingKey).toByteArray().toStdString(), key);
    QCOMPARE(kept.parent().data(FindingModel::AnalyzerId).toByteArray(), QByteArray("database.n_plus_one"));
    QVERIFY(tree()->isExpanded(kept.parent()));
    QTest::keyClick(filter, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClick(filter, Qt::Key_Delete);
    // By keyboard: left goes to the cause, down into the family.
    QVERIFY(filter->text().isEmpty());
    tree()->setFocus();
    QTest::keyClick(tree(), Qt::Key_Left);
    QCOMPARE(session_->selection().analyzer, std::string("database.n_plus_one"));
    QTest::keyClick(tree(), Qt::Key_Down);
    QCOMPARE(session_->selection().finding_key, key);
}

void TestMainWindowFindings::inspector_links_and_copies()
{
    open_demo();
    const auto front = session_->finding(session_->selection().analyzer, session_->selection().finding_key);
    QVERIFY(front);
    QSignalSpy requested(session_.get(), &Session::evidenceRequested);
    auto* text = child<QTextBrowser>("findingText");
    emit text->anchorClicked(QUrl(QStringLiteral("evidence:0")));
    QCOMPARE(requested.size(), 1);
    emit text->anchorClicked(QUrl(QStringLiteral("evidence:99")));
    emit text->anchorClicked(QUrl(QStringLiteral("nonsense")));
    QCOMPARE(requested.size(), 1);
    click("copyFinding");
    const QString copied = QApplication::clipboard()->text();
    QVERIFY(copied.startsWith(QStringLiteral("## ")));
    QVERIFY(copied.contains(QString::fromStdString(front->headline).left(20)));
    QTest::keyClick(window_.get(), Qt::Key_C, Qt::ControlModifier | Qt::AltModifier);
    QCOMPARE(QApplication::clipboard()->text(), copied);
}

void TestMainWindowFindings::playbook_is_walked()
{
    open_demo();
    child<QDockWidget>("walkDock")->raise();
    auto* walk = child<QTreeView>("walkTree");
    QTRY_VERIFY(walk->model()->rowCount() >= 7);
    QVERIFY(!child<QLabel>("nextStep")->text().isEmpty());
    // However much is concluded, the steps have most of the panel.
    window_->resize(1024, 640);
    QTest::qWait(20);
    QVERIFY(child<QWidget>("conclusionArea")->height() <= 6 * walk->fontMetrics().lineSpacing() + 2);
    QVERIFY2(walk->height() > 140, qPrintable(QString::number(walk->height())));
    // Every confirmed cause of the report is a question of some step; a click on one selects its finding.
    QModelIndex question;
    for (int step = 0; step < walk->model()->rowCount(); ++step)
        for (int i = 0; i < walk->model()->rowCount(walk->model()->index(step, 0)); ++i) {
            const QModelIndex index = walk->model()->index(i, 0, walk->model()->index(step, 0));
            if (!index.data(WalkModel::FindingKey).toByteArray().isEmpty() &&
                index.data(WalkModel::AnalyzerId).toByteArray().toStdString() != session_->selection().analyzer)
                question = index;
        }
    QVERIFY(question.isValid());
    click_index(walk, question);
    QCOMPARE(QByteArray::fromStdString(session_->selection().finding_key),
             question.data(WalkModel::FindingKey).toByteArray());
    // Another symptom, another order of questions.
    auto* symptom = child<QComboBox>("symptomChoice");
    QVERIFY(symptom->count() >= 9);
    symptom->setCurrentIndex(3);
    emit symptom->activated(3);
    QVERIFY(wait_idle(*session_));
    QVERIFY(walk->model()->rowCount() >= 7);
}

void TestMainWindowFindings::keyboard_walks_findings_and_panels()
{
    open_demo();
    tree()->setFocus();
    const std::string first = session_->selection().finding_key;
    QTest::keyClick(tree(), Qt::Key_Down);
    QVERIFY(session_->selection().finding_key != first);
    QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(session_->selection().finding_key, first);
    QCOMPARE(tree()->currentIndex().data(FindingModel::FindingKey).toByteArray(), QByteArray::fromStdString(first));
    QTest::keyClick(window_.get(), Qt::Key_Right, Qt::AltModifier);
    QVERIFY(session_->selection().finding_key != first);

    // F6 visits every panel in sight and comes round again.
    QSet<QWidget*> visited;
    for (int i = 0; i < 8; ++i) {
        QTest::keyClick(window_.get(), Qt::Key_F6);
        QWidget* focus = QApplication::focusWidget();
        QVERIFY(focus);
        for (QDockWidget* dock : window_->docks())
            if (dock->isAncestorOf(focus)) visited << dock;
    }
    QVERIFY2(visited.size() >= 4, qPrintable(QString::number(visited.size())));

    // The timeline marks time by keys.
    auto* timeline = child<QWidget>("timeline");
    QTest::keyClick(timeline, Qt::Key_Right);
    QVERIFY(session_->selection().range.has_value());
    const TimeRange before = *session_->selection().range;
    QTest::keyClick(timeline, Qt::Key_Right, Qt::ShiftModifier);
    QVERIFY(session_->selection().range->to_ns > before.to_ns);
    QTest::keyClick(timeline, Qt::Key_Escape);
    QVERIFY(!session_->selection().range.has_value());
    QTest::mousePress(timeline, Qt::LeftButton, {}, QPoint(100, 40));
    QTest::mouseMove(timeline, QPoint(300, 40));
    QTest::mouseRelease(timeline, Qt::LeftButton, {}, QPoint(300, 40));
    QVERIFY(session_->selection().range.has_value());
}

void TestMainWindowFindings::findings_are_exported()
{
    open_demo();
    const QString path = fixture_.path("export.md");
    action("exportMarkdown")->trigger();
    auto* dialog = window_->findChild<QFileDialog*>();
    QVERIFY(dialog);
    emit dialog->fileSelected(path);
    dialog->reject();
    QTRY_VERIFY(QFile::exists(path));
    QVERIFY(wait_idle(*session_));
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QString text = QString::fromUtf8(file.readAll());
    for (const Finding& finding : session_->report()->findings)
        QVERIFY(text.contains(QString::fromStdString(finding.key)));
}

QTEST_MAIN(TestMainWindowFindings)
#include "tst_main_window_findings.moc"
