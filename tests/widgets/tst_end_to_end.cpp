// The tour of the demo case as README describes it, by a real pointer and real keys: an X server of its own, a window
// manager, the program. Every click goes through the server to where the thing stands on the screen. Skipped, with the word
// why, where the tools are not installed.
#include "app/gui/main_window.h"
#include "tests/support/places.h"
#include "tests/support/widget_fixture.h"
#include "widgets/models/finding_model.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/panels/hint.h"
#include "widgets/panels/views/query_view.h"
#include "widgets/style/theme.h"

#include <QAbstractTextDocumentLayout>
#include <QApplication>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QProcess>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollBar>
#include <QTabBar>
#include <QTextBlock>
#include <QTextBrowser>
#include <QThread>
#include <QTreeView>

#include <cstdio>
#include <memory>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr int longest_tour_s = 180;  // issue: under three minutes

/// Starts the X server on a free display, and says which.
QString start_server(QProcess& server)
{
    server.start(QStringLiteral("Xvfb"), {QStringLiteral("-displayfd"), QStringLiteral("1"), QStringLiteral("-screen"), QStringLiteral("0"), QStringLiteral("1400x900x24"),
                                          QStringLiteral("-nolisten"), QStringLiteral("tcp")});
    if (!server.waitForStarted(10'000)) return {};
    QByteArray number;
    while (!number.contains('\n') && server.waitForReadyRead(20'000)) number += server.readAllStandardOutput();
    return number.trimmed().isEmpty() ? QString() : QLatin1Char(':') + QString::fromLatin1(number.trimmed());
}

void xdotool(const QStringList& arguments)
{
    QProcess tool;
    tool.start(QStringLiteral("xdotool"), arguments);
    QVERIFY2(tool.waitForFinished(20'000) && tool.exitCode() == 0, qPrintable(arguments.join(QLatin1Char(' ')) + QString::fromLocal8Bit(tool.readAllStandardError())));
}

QString xdotool_says(const QStringList& arguments)
{
    QProcess tool;
    tool.start(QStringLiteral("xdotool"), arguments);
    tool.waitForFinished(20'000);
    return QString::fromLocal8Bit(tool.readAllStandardOutput()).trimmed();
}

void click(QWidget* widget, const QPoint& place)
{
    const QPoint at = widget->mapToGlobal(place);
    xdotool({QStringLiteral("mousemove"), QString::number(at.x()), QString::number(at.y()), QStringLiteral("click"), QStringLiteral("1")});
    QTest::qWait(60);
}

/// What README tells to click, in order: the bold headline, and the names in italics of the same step.
struct Step {
    QRegularExpression headline;
    QStringList names;
};

std::vector<Step> tour()
{
    QFile readme(QString::fromStdString((source_folder() / "README.md").string()));
    if (!readme.open(QIODevice::ReadOnly)) return {};
    QString text = QString::fromUtf8(readme.readAll());
    text = text.mid(text.indexOf(QStringLiteral("## A tour")));
    text = text.left(text.indexOf(QStringLiteral("\n## "), 5));
    std::vector<Step> steps;
    for (const QString& part : text.split(QRegularExpression(QStringLiteral("\n[0-9]+\\. ")))) {
        const QString step = QString(part).simplified();
        const auto bold = QRegularExpression(QStringLiteral("Click \\*\\*(.+?)\\*\\*")).match(step);
        if (!bold.hasMatch()) continue;
        QString headline = QRegularExpression::escape(bold.captured(1));
        headline.replace(QStringLiteral("\\.\\.\\."), QStringLiteral(".*"));
        Step made{QRegularExpression(headline), {}};
        auto italic = QRegularExpression(QStringLiteral("(?<!\\*)\\*([^*]+)\\*(?!\\*)")).globalMatch(step);
        while (italic.hasNext()) made.names << italic.next().captured(1);
        steps.push_back(std::move(made));
    }
    return steps;
}

}  // namespace

class TestEndToEnd : public QObject {
    Q_OBJECT

private slots:
    void tour_by_clicks();
    void program_starts_opens_the_demo_and_quits();

private:
    WidgetFixture fixture_;
};

void TestEndToEnd::tour_by_clicks()
{
    const std::vector<Step> steps = tour();
    QCOMPARE(steps.size(), std::size_t{3});
    set_theme(Theme::Id::light);
    Session session;
    MainWindow window(session, QString::fromStdString((source_folder() / "resources/samples").string()));
    window.resize(1280, 800);
    window.move(20, 30);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window, 15'000));
    // A busy window manager may map the window and forget to focus it; a person would click on it.
    for (int again = 0; again < 5 && !QTest::qWaitForWindowActive(&window, 3'000); ++again) xdotool_says({QStringLiteral("windowactivate"), QString::number(window.winId())});
    QVERIFY(window.isActiveWindow());
    QTest::qWait(300);  // the window manager has put it where it stays
    QElapsedTimer clock;
    clock.start();

    auto* demo = window.findChild<QPushButton*>(QStringLiteral("startDemo"));
    QVERIFY(demo && demo->isVisible());
    click(demo, demo->rect().center());
    QTRY_VERIFY_WITH_TIMEOUT(session.hasCase(), 10'000);
    QVERIFY(wait_idle(session, 120'000));
    QVERIFY(session.report());

    auto* tree = window.findChild<QTreeView*>(QStringLiteral("findingTree"));
    auto* text = window.findChild<QTextBrowser*>(QStringLiteral("findingText"));
    for (const Step& step : steps) {
        // The finding as the case words it.
        const Finding* wanted = nullptr;
        for (const Finding& finding : session.report()->findings)
            if (!wanted && finding.verdict == Verdict::confirmed && step.headline.match(QString::fromStdString(finding.headline)).hasMatch()) wanted = &finding;
        QVERIFY2(wanted, qPrintable(QStringLiteral("no confirmed finding says ") + step.headline.pattern()));
        QModelIndex row;
        const QAbstractItemModel& model = *tree->model();
        for (int group = 0; group < model.rowCount() && !row.isValid(); ++group)
            for (int i = 0; i < model.rowCount(model.index(group, 0)); ++i) {
                const QModelIndex index = model.index(i, 0, model.index(group, 0));
                if (index.data(FindingModel::FindingKey).toByteArray().toStdString() == wanted->key && index.data(FindingModel::AnalyzerId).toByteArray().toStdString() == wanted->analyzer) row = index;
            }
        QVERIFY(row.isValid());
        // A person scrolls until it is in sight.
        for (int turn = 0; turn < 60 && !tree->viewport()->rect().contains(tree->visualRect(row).center()); ++turn) {
            const QPoint over = tree->viewport()->mapToGlobal(tree->viewport()->rect().center());
            xdotool({QStringLiteral("mousemove"), QString::number(over.x()), QString::number(over.y()), QStringLiteral("click"), tree->visualRect(row).top() > 0 ? QStringLiteral("5") : QStringLiteral("4")});
            QTest::qWait(30);
        }
        click(tree->viewport(), tree->visualRect(row).center());
        QTRY_COMPARE(session.selection().finding_key, wanted->key);
        QVERIFY(wait_idle(session, 60'000));
        QVERIFY(text->toPlainText().contains(QString::fromStdString(wanted->headline).simplified().left(20)));
        auto* view = window.evidence()->currentView();
        QVERIFY(view && view->isVisible());
        if (auto* query = qobject_cast<QueryView*>(view)) QTRY_VERIFY(!query->is_loading());
        auto* hint = view->findChild<Hint*>();
        QVERIFY2(!hint || !hint->isVisible(), hint ? qPrintable(hint->text()) : "");

        // Evidence that the step names stands in the inspector as a link.
        for (const QString& name : step.names) {
            int place = -1;
            for (QTextBlock block = text->document()->begin(); block.isValid() && place < 0; block = block.next())
                for (auto part = block.begin(); !part.atEnd() && place < 0; ++part) {
                    const QTextFragment fragment = part.fragment();
                    if (fragment.charFormat().anchorHref().startsWith(QLatin1String("evidence:")) && fragment.text().contains(name, Qt::CaseInsensitive)) place = fragment.position() + 2;
                }
            if (place < 0) continue;  // a panel's name, or a section of the inspector
            QTextCursor cursor(text->document());
            cursor.setPosition(place);
            text->verticalScrollBar()->setValue(text->verticalScrollBar()->value() + text->cursorRect(cursor).top() - 60);
            QTest::qWait(50);
            const int tabs = window.evidence()->count();
            click(text->viewport(), text->cursorRect(cursor).center() + QPoint(3, 0));
            QVERIFY(wait_idle(session, 60'000));
            QVERIFY2(window.evidence()->count() > tabs || window.evidence()->currentView() != view, qPrintable(name));
            hint = window.evidence()->currentView()->findChild<Hint*>();
            QVERIFY2(!hint || !hint->isVisible(), hint ? qPrintable(name + QStringLiteral(": ") + hint->text()) : "");
        }
    }
    QVERIFY2(clock.elapsed() < longest_tour_s * 1'000, qPrintable(QString::number(clock.elapsed())));
    qInfo("the three causes were found in %.1f s", static_cast<double>(clock.elapsed()) / 1e3);

    // Playbook and handbook, one click each.
    const auto click_tab = [](QWidget& inside, const QString& name) {
        for (QTabBar* bar : inside.findChildren<QTabBar*>())
            for (int i = 0; bar->isVisible() && i < bar->count(); ++i)
                if (bar->tabText(i) == name) {
                    click(bar, bar->tabRect(i).center());
                    return true;
                }
        return false;
    };
    QVERIFY(click_tab(window, QStringLiteral("Playbook")));
    auto* walk = window.findChild<QTreeView*>(QStringLiteral("walkTree"));
    QTRY_VERIFY(walk->isVisible() && walk->viewport()->isVisible() && walk->model()->rowCount() > 0);
    QVERIFY(click_tab(window, QStringLiteral("Handbook")));
    auto* handbook = window.findChild<QTextBrowser*>(QStringLiteral("handbookText"));
    QTRY_VERIFY(handbook->isVisible() && handbook->toPlainText().size() > 200);

    xdotool({QStringLiteral("key"), QStringLiteral("ctrl+q")});
    QTRY_VERIFY_WITH_TIMEOUT(!window.isVisible(), 10'000);
}

void TestEndToEnd::program_starts_opens_the_demo_and_quits()
{
    QProcess program;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("XDG_CONFIG_HOME"), fixture_.path(QStringLiteral("config")));
    environment.insert(QStringLiteral("XDG_DATA_HOME"), fixture_.path(QStringLiteral("data2")));
    program.setProcessEnvironment(environment);
    program.start(QStringLiteral(CASEBOOK_PROGRAM), {});
    QVERIFY(program.waitForStarted(10'000));
    const auto window = [] { return xdotool_says({QStringLiteral("search"), QStringLiteral("--onlyvisible"), QStringLiteral("--name"), QStringLiteral("Casebook$")}).section(QLatin1Char('\n'), 0, 0); };
    QTRY_VERIFY_WITH_TIMEOUT(!window().isEmpty(), 20'000);
    const QString id = window();
    xdotool({QStringLiteral("windowactivate"), id});
    QTest::qWait(500);
    xdotool({QStringLiteral("key"), QStringLiteral("ctrl+k")});
    QTest::qWait(300);
    xdotool({QStringLiteral("type"), QStringLiteral("--delay"), QStringLiteral("30"), QStringLiteral("open the demo")});
    xdotool({QStringLiteral("key"), QStringLiteral("Return")});
    const auto title = [&id] { return xdotool_says({QStringLiteral("getwindowname"), id}); };
    QTRY_VERIFY2_WITH_TIMEOUT(title().startsWith(QStringLiteral("Demo case")), qPrintable(title()), 30'000);
    // Quitting while it works asks first: no, and once more a little later.
    for (int look = 0; look < 15 && program.state() != QProcess::NotRunning; ++look) {
        xdotool_says({QStringLiteral("key"), QStringLiteral("ctrl+q")});
        if (program.waitForFinished(2'000)) break;
        xdotool_says({QStringLiteral("key"), QStringLiteral("Escape")});
    }
    if (program.state() != QProcess::NotRunning) {
        program.kill();
        program.waitForFinished(5'000);
        QFAIL("the program did not quit");
    }
    QCOMPARE(program.exitStatus(), QProcess::NormalExit);
    QCOMPARE(program.exitCode(), 0);
}

int main(int argc, char** argv)
{
    for (const char* tool : {"Xvfb", "openbox", "xdotool"}) {
        if (!QStandardPaths::findExecutable(QLatin1String(tool)).isEmpty()) continue;
        std::printf("SKIP: %s is not installed\n", tool);
        return skipped;
    }
    QProcess server, manager;
    const QString display = start_server(server);
    if (display.isEmpty()) {
        std::printf("SKIP: Xvfb did not start: %s\n", server.readAllStandardError().constData());
        return skipped;
    }
    qputenv("DISPLAY", display.toLatin1());
    qputenv("QT_QPA_PLATFORM", "xcb");
    qunsetenv("WAYLAND_DISPLAY");
    manager.start(QStringLiteral("openbox"), {QStringLiteral("--sm-disable")});
    manager.waitForStarted(10'000);
    // The manager is there when it answers for the desktop.
    for (int look = 0; look < 40; ++look) {
        QProcess asked;
        asked.start(QStringLiteral("xdotool"), {QStringLiteral("get_desktop")});
        if (asked.waitForFinished(5'000) && asked.exitCode() == 0) break;
        QThread::msleep(250);
    }
    int failed = 0;
    {
        QApplication application(argc, argv);
        QApplication::setQuitOnLastWindowClosed(false);
        TestEndToEnd test;
        failed = QTest::qExec(&test, argc, argv);
    }
    for (QProcess* process : {&manager, &server}) {
        process->terminate();
        if (!process->waitForFinished(5'000)) process->kill();
        process->waitForFinished(2'000);
    }
    return failed;
}

#include "tst_end_to_end.moc"
