// Every panel and every kind of view as it looks, light and dark, against the pictures in tests/widgets/baselines.
#include "app/gui/main_window.h"
#include "tests/support/picture.h"
#include "tests/support/widget_fixture.h"
#include "tests/widgets/fake_server.h"
#include "tests/widgets/plan_texts.h"
#include "widgets/charts/chart.h"
#include "widgets/models/ledger_model.h"
#include "widgets/panels/capture/capture_window.h"
#include "widgets/panels/command_palette.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/panels/handbook_window.h"
#include "widgets/panels/import_dialog.h"
#include "widgets/panels/message_bar.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/plan_diff_view.h"
#include "widgets/panels/window_dialog.h"
#include "widgets/style/theme.h"

#include <QAbstractButton>
#include <QApplication>
#include <QDialog>
#include <QDockWidget>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QLoggingCategory>
#include <QPainter>
#include <QProgressBar>
#include <QTableView>

#include <memory>

using namespace casebook;
using namespace casebook::tests;

namespace {

const QString baselines = QStringLiteral(CASEBOOK_SOURCE_DIR "/tests/widgets/baselines/");
const char* const accept_variable = "CASEBOOK_ACCEPT_SCREENSHOTS";
constexpr QSize view_size(900, 560), side_size(360, 600), wide_size(1000, 240), top_size(1000, 150), window_size(1280, 800);
constexpr int settle_ms = 5000;

struct NamedTheme {
    const char* name;
    Theme::Id id;
};
constexpr NamedTheme themes[] = {{"light", Theme::Id::light}, {"dark", Theme::Id::dark}};

/// Evidence for a kind that no menu opens and no finding of the demo asks for, or that the menu opens with nothing chosen.
std::optional<Evidence> evidence_by_hand(const QString& kind)
{
    if (kind == QLatin1String("trace_diff"))
        return Evidence{"A fast checkout against a slow one", "trace_diff", "span",
                        "WITH request AS (SELECT trace_id, duration_ns FROM span WHERE parent_id IS NULL AND operation = 'POST /checkout' ORDER BY duration_ns, trace_id) "
                        "SELECT * FROM (SELECT 'A' AS side, trace_id FROM request LIMIT 1) UNION ALL "
                        "SELECT * FROM (SELECT 'B', trace_id FROM request ORDER BY duration_ns DESC, trace_id LIMIT 1)", {}};
    if (kind == QLatin1String("plan_diff")) return plan_comparison(1, 2);
    if (kind == QLatin1String("plan"))
        return Evidence{"The plan of the slow statement", "plan", "plan",
                        "SELECT node_id, parent_id, depth, node_type, relation, index_name, plan_rows, actual_rows, loops, total_ms, self_ms, rows_removed, "
                        "shared_hit, shared_read, detail FROM plan_node WHERE plan_id = ?1 ORDER BY node_id", {std::int64_t{1}}};
    if (kind == QLatin1String("text")) return Evidence{"A plan as it was imported", "text", "plan", "SELECT 'Seq Scan on member_price (rows=1)'", {}};
    return {};
}

/// The widget as it looks once nothing in it moves any more.
QImage settled(QWidget& widget, Session& session)
{
    QImage last;
    QElapsedTimer clock;
    for (clock.start(); clock.elapsed() < settle_ms;) {
        if (!wait_idle(session)) return {};
        QTest::qWait(30);
        if (QWidget* focused = QApplication::focusWidget()) focused->clearFocus();  // which window is in front is the desktop's say
        const QImage now = widget.grab().toImage();
        if (now == last) return now;
        last = now;
    }
    return last;
}

}  // namespace

class TestScreenshots : public QObject {
    Q_OBJECT

private:
    WidgetFixture fixture_;
    std::unique_ptr<Session> demo_, runtime_;  // the bundled demo; heap, collections, profile, sessions, threads and two plans of one query
    std::unique_ptr<MainWindow> window_;
    QStringList names_;

    Session& session_for(const QString& kind) const
    {
        for (const char* of_runtime : {"heap", "gc", "profile", "sessions", "threads", "plan_diff"})
            if (kind == QLatin1String(of_runtime)) return *runtime_;
        return *demo_;
    }

    struct Shown {
        std::optional<Evidence> evidence;
        const Finding* finding = nullptr;
    };
    Shown evidence_for(const EvidenceViewKind& kind) const
    {
        if (const auto made = evidence_by_hand(QString::fromLatin1(kind.id))) return {made, nullptr};
        if (auto explored = kind.explore()) return {explored, nullptr};
        for (const Finding& finding : demo_->report()->findings)
            for (const Evidence& evidence : finding.evidence)
                if (kind_for(evidence) == &kind) return {evidence, &finding};
        return {};
    }

    std::unique_ptr<EvidenceView> view_of(const EvidenceViewKind& kind) const
    {
        const Shown shown = evidence_for(kind);
        if (!shown.evidence) return nullptr;
        std::unique_ptr<EvidenceView> view(kind.make(session_for(QString::fromLatin1(kind.id)), nullptr));
        view->resize(view_size);
        view->show();
        view->showEvidence(*shown.evidence, shown.finding);
        return view;
    }

    QImage picture_of_view(const EvidenceViewKind& kind) const
    {
        const auto view = view_of(kind);
        return view ? settled(*view, session_for(QString::fromLatin1(kind.id))) : QImage();
    }

    /// The panel alone, at the size it has on a small screen.
    QImage picture_of_dock(QDockWidget& dock) const
    {
        const Qt::DockWidgetArea area = window_->dockWidgetArea(&dock);
        const QSize size = area == Qt::TopDockWidgetArea ? top_size : area == Qt::BottomDockWidgetArea ? wide_size : side_size;
        dock.show();
        dock.setFloating(true);
        dock.resize(size);
        QTest::qWait(1);
        dock.widget()->setFixedSize(size);
        const QImage image = settled(*dock.widget(), *demo_);
        dock.widget()->setMinimumSize(0, 0);
        dock.widget()->setMaximumSize(QWIDGETSIZE_MAX, QWIDGETSIZE_MAX);
        dock.setFloating(false);
        return image;
    }

    template <class Dialog>
    QImage picture_of_dialog(Dialog&& dialog, QSize size = view_size) const
    {
        dialog.resize(size);
        dialog.show();
        return settled(dialog, *demo_);
    }

    QImage picture_of_message(const Message& message) const
    {
        MessageBar bar(*demo_);
        bar.showMessage(message);
        bar.resize(view_size.width(), bar.heightForWidth(view_size.width()));
        return settled(bar, *demo_);
    }

    /// As it stands over the window when something was typed.
    QImage picture_of_palette() const
    {
        window_->openPalette(false);
        auto* palette = window_->findChild<CommandPalette*>();
        palette->findChild<QLineEdit*>()->setText(QStringLiteral("price"));
        const QImage image = settled(*palette, *demo_);
        palette->hide();
        return image;
    }

    QImage picture_of_guide() const
    {
        window_->showEvidenceGuide();
        auto* guide = window_->findChild<QDialog*>(QStringLiteral("evidenceGuideWindow"));
        const QImage image = settled(*guide, *demo_);
        delete guide;
        return image;
    }

    /// Before a start with the server tested, or while snapshots come. What differs from run to run is left out.
    QImage picture_of_capture(bool runs) const
    {
        FakeServer server;
        Session session;
        CaptureWindow capture(session, server.engine());
        capture.show();
        const auto click = [&](const char* name) { QTest::mouseClick(capture.findChild<QAbstractButton*>(QLatin1String(name)), Qt::LeftButton); };
        auto* folder = capture.findChild<QLineEdit*>(QStringLiteral("captureFolder"));
        if (!runs) {
            folder->setText(QStringLiteral("/srv/incident/capture"));
            click("captureTest");
            return wait_idle(session) ? settled(capture, session) : QImage();
        }
        folder->setText(fixture_.path(QStringLiteral("capture-") + QString::number(qHash(theme().palette.color(QPalette::Window).name()))));
        click("captureStart");
        auto* sessions = capture.findChild<DataTable*>(QStringLiteral("captureSessions"));
        if (!QTest::qWaitFor([&] { return sessions->model().rowCount() > 0; })) return {};
        capture.findChild<QLabel*>(QStringLiteral("captureStatus"))->hide();
        capture.findChild<QProgressBar*>()->hide();
        const QImage image = settled(capture, *demo_);
        click("captureCancel");
        return wait_idle(session) ? image : QImage();
    }

    QImage picture(const QString& name)
    {
        for (const EvidenceViewKind& kind : evidence_view_kinds())
            if (name == QLatin1String("view_") + QLatin1String(kind.id)) return picture_of_view(kind);
        for (QDockWidget* dock : window_->docks())
            if (name == dock->objectName()) return picture_of_dock(*dock);
        if (name == QLatin1String("handbook")) return picture_of_dialog(HandbookWindow());
        if (name == QLatin1String("windows")) return picture_of_dialog(WindowDialog(*demo_), {620, 420});
        if (name == QLatin1String("import")) return picture_of_dialog(ImportDialog(*demo_), {620, 420});
        if (name == QLatin1String("message_error"))
            return picture_of_message({Message::Kind::error, QStringLiteral("holiday.png is in no format that Casebook reads"), QStringLiteral("Help, \"What Casebook reads\" lists formats and how to get them")});
        if (name == QLatin1String("message_information")) return picture_of_message({Message::Kind::information, QStringLiteral("The command is on the clipboard"), {}});
        if (name == QLatin1String("palette")) return picture_of_palette();
        if (name == QLatin1String("evidence_guide")) return picture_of_guide();
        if (name == QLatin1String("capture_setup") || name == QLatin1String("capture_runs")) return picture_of_capture(name == QLatin1String("capture_runs"));
        Session nothing;
        MainWindow window(nothing, {});
        window.resize(window_size);
        window.show();
        if (name == QLatin1String("window_new_case")) nothing.newCase();
        return settled(window, nothing);
    }

    QString baseline_file(const QString& theme, const QString& name) const { return baselines + theme + QLatin1Char('/') + name + QLatin1String(".png"); }

    void compare(const QString& theme, const QString& name, const QImage& seen)
    {
        const QString file = baseline_file(theme, name);
        if (qEnvironmentVariableIsSet(accept_variable)) {
            QDir().mkpath(baselines + theme);
            const QImage kept(file);
            if (!kept.isNull() && compare_pictures(seen, kept).blocks == 0) return;  // no needless change
            QVERIFY2(baseline_of(seen).save(file, "PNG", 0), qPrintable(file));
            return;
        }
        const QString folder = QCoreApplication::applicationDirPath() + QLatin1String("/screenshots/");
        QDir().mkpath(folder);
        const QString stem = folder + theme + QLatin1Char('-') + name;
        const QString how = QStringLiteral("When it is as it should be: %1=1 QT_QPA_PLATFORM=offscreen %2 pictures:%3/%4").arg(QLatin1String(accept_variable), QCoreApplication::applicationFilePath(), theme, name);
        const QImage wanted(file);
        if (wanted.isNull()) {
            QVERIFY(seen.save(stem + QLatin1String(".actual.png")));
            QFAIL(qPrintable(QStringLiteral("%1 has no baseline yet in %2. Look at %3.actual.png. %4").arg(name, file, stem, how)));
        }
        const PictureDifference difference = compare_pictures(seen, wanted);
        if (difference.passes()) return;
        QVERIFY(seen.save(stem + QLatin1String(".actual.png")));
        QVERIFY(difference.marked.save(stem + QLatin1String(".difference.png")));
        QFAIL(qPrintable(QStringLiteral("%1 looks different in %2 squares (%3 may). Look at %4.actual.png and %4.difference.png. %5")
                             .arg(name).arg(difference.blocks).arg(picture_blocks_allowed).arg(stem, how)));
    }

private slots:
    void initTestCase()
    {
        QLoggingCategory::setFilterRules(QStringLiteral("qt.qpa.*=false"));  // one line per window otherwise
        qputenv("TZ", "UTC");
        QLocale::setDefault(QLocale::c());
        QApplication::setCursorFlashTime(0);
        for (const Qt::UIEffect effect : {Qt::UI_AnimateMenu, Qt::UI_AnimateCombo, Qt::UI_AnimateTooltip, Qt::UI_FadeMenu}) QApplication::setEffectEnabled(effect, false);
        set_theme(Theme::Id::light);
        set_text_points(normal_text_points);
        const QString samples = QStringLiteral(CASEBOOK_SOURCE_DIR "/tests/samples/");
        for (auto* session : {&demo_, &runtime_}) {
            *session = std::make_unique<Session>();
            (*session)->setAnalyzesAfterImport(true);
        }
        demo_->importPaths({QStringLiteral(CASEBOOK_SOURCE_DIR "/resources/samples/demo")});
        QTRY_VERIFY_WITH_TIMEOUT(demo_->report() && demo_->jobs().isIdle(), 30'000);
        runtime_->importPaths({fixture_.write(QStringLiteral("heap-1.txt"), heap_histogram(1)), fixture_.write(QStringLiteral("heap-2.txt"), heap_histogram(5)),
                               samples + QLatin1String("jvm/gc_g1.log"), samples + QLatin1String("jvm/cpu.collapsed"), samples + QLatin1String("jvm/threads.txt"), samples + QLatin1String("tables/sessions_blocked.csv"),
                               fixture_.write(QStringLiteral("plan-1.txt"), plan_without_index), fixture_.write(QStringLiteral("plan-2.txt"), plan_with_index)});
        QTRY_VERIFY_WITH_TIMEOUT(runtime_->report() && runtime_->jobs().isIdle(), 30'000);
        QVERIFY(!demo_->report()->findings.empty());
        window_ = std::make_unique<MainWindow>(*demo_, QString());
        window_->resize(window_size);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
        auto* ledger = window_->findChild<QTableView*>(QStringLiteral("ledgerTable"));
        QVERIFY(ledger != nullptr);
        ledger->hideColumn(LedgerModel::Seconds);  // how long reading took differs from run to run
        const Finding& first = demo_->report()->findings.front();
        demo_->selectFinding(first.analyzer, first.key);

        for (const EvidenceViewKind& kind : evidence_view_kinds()) names_ << QLatin1String("view_") + QLatin1String(kind.id);
        for (const QDockWidget* dock : window_->docks()) names_ << dock->objectName();
        names_ << QStringLiteral("handbook") << QStringLiteral("windows") << QStringLiteral("import") << QStringLiteral("start_page") << QStringLiteral("window_new_case");
        for (const char* name : {"message_error", "message_information", "palette", "evidence_guide", "capture_setup", "capture_runs"}) names_ << QLatin1String(name);
    }

    void cleanupTestCase()
    {
        window_.reset();
        demo_.reset();
        runtime_.reset();
    }

    void pictures_data()
    {
        QTest::addColumn<QString>("theme");
        QTest::addColumn<QString>("name");
        for (const NamedTheme& theme : themes)
            for (const QString& name : names_) QTest::newRow(qPrintable(QLatin1String(theme.name) + QLatin1Char('/') + name)) << QString::fromLatin1(theme.name) << name;
    }

    void pictures()
    {
        QFETCH(QString, theme);
        QFETCH(QString, name);
        for (const NamedTheme& one : themes)
            if (theme == QLatin1String(one.name)) set_theme(one.id);
        const QImage seen = picture(name);
        QVERIFY2(!seen.isNull(), qPrintable(name + QLatin1String(" shows nothing: give it evidence in evidence_by_hand()")));
        compare(theme, name, seen);
    }

    void every_baseline_has_its_panel_and_all_are_small()
    {
        qint64 bytes = 0;
        for (const NamedTheme& theme : themes) {
            const QDir folder(baselines + QLatin1String(theme.name));
            for (const QFileInfo& file : folder.entryInfoList({QStringLiteral("*.png")}, QDir::Files)) {
                QVERIFY2(names_.contains(file.completeBaseName()), qPrintable(QLatin1String("nothing is called so any more, delete ") + file.filePath()));
                bytes += file.size();
            }
        }
        QVERIFY(bytes > 0 && bytes < 2'500'000);
    }

    void fonts_drawn_a_little_differently_pass_data() { broken_panels_fail_rows(); }
    void fonts_drawn_a_little_differently_pass();
    void broken_panels_fail_data() { broken_panels_fail_rows(); }
    void broken_panels_fail();

private:
    void broken_panels_fail_rows()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"statements", "latency", "metrics"}) QTest::newRow(name) << QString::fromLatin1(name);
    }
};

/// Another smoothing of letters and edges moves no line of text.
void TestScreenshots::fonts_drawn_a_little_differently_pass()
{
    QFETCH(QString, name);
    set_theme(Theme::Id::light);
    const QImage wanted = baseline_of(picture_of_view(*kind_named(name.toStdString())));
    const QFont font = QApplication::font();
    QFont other = font;
    other.setStyleStrategy(QFont::NoSubpixelAntialias);
    other.setHintingPreference(QFont::PreferVerticalHinting);
    QApplication::setFont(other);
    const QImage seen = picture_of_view(*kind_named(name.toStdString()));
    QApplication::setFont(font);
    const PictureDifference difference = compare_pictures(seen, wanted);
    QVERIFY2(difference.passes(), qPrintable(QString::number(difference.blocks)));
}

void TestScreenshots::broken_panels_fail()
{
    QFETCH(QString, name);
    set_theme(Theme::Id::light);
    const EvidenceViewKind& kind = *kind_named(name.toStdString());
    const auto view = view_of(kind);
    const QImage whole = settled(*view, *demo_), wanted = baseline_of(whole);
    QVERIFY(compare_pictures(whole, wanted).blocks == 0);

    QImage empty(whole.size(), QImage::Format_RGB32);
    empty.fill(theme().palette.color(QPalette::Base));
    QVERIFY(!compare_pictures(empty, wanted).passes());
    QVERIFY(!compare_pictures(whole.copy(0, 0, whole.width(), whole.height() - 60), wanted).passes());
    for (auto* table : view->findChildren<QTableView*>())
        if (table->isVisible() && table->model() && table->model()->rowCount() > 0) {
            table->hideColumn(table->horizontalHeader()->logicalIndex(1));
            QVERIFY(!compare_pictures(settled(*view, *demo_), wanted).passes());
            break;
        }
    for (auto* chart : view->findChildren<Chart*>())
        if (chart->isVisible()) {  // the name and unit of its vertical axis, which stand at its left edge
            QImage unnamed = whole;
            const QRect at(chart->mapTo(view.get(), QPoint(0, 0)), QSize(16, chart->height()));
            QPainter(&unnamed).fillRect(at, theme().palette.color(QPalette::Base));
            QVERIFY(!compare_pictures(unnamed, wanted).passes());
            break;
        }
    set_theme(Theme::Id::dark);
    QVERIFY(!compare_pictures(settled(*view, *demo_), wanted).passes());
    set_theme(Theme::Id::light);
}

QTEST_MAIN(TestScreenshots)
#include "tst_screenshots.moc"
