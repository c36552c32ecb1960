// How long from opening a large case to the first paint that shows it? Makes a case of so many spans, analyses it, and opens it
// in the real window, offscreen, three times. Prints; asserts nothing.
//   gui_open [spans]        default: 1,000,000

#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/runner.h"
#include "app/gui/main_window.h"
#include "tests/bench/spans_file.h"
#include "tests/support/places.h"
#include "widgets/session/session.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QImage>
#include <QStandardPaths>
#include <QTimer>
#include <cstdio>

using namespace casebook;

namespace {

/// A case with its report, as somebody left it. Seconds of the analysis; negative when something failed.
double make_case(const std::string& path, const std::string& input)
{
    const Control control;
    auto file = CaseFile::open_or_create(path);
    if (!file || !import_paths(**file, {input}, {}, control)) return -1;
    QElapsedTimer time;
    time.start();
    return analyze(**file, {}, control) ? static_cast<double>(time.nsecsElapsed()) / 1e9 : -1;
}

}  // namespace

int main(int argc, char** argv)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QStandardPaths::setTestModeEnabled(true);
    QApplication app(argc, argv);
    const tests::TemporaryFolder folder;
    const std::string input = (folder.path() / "spans.ndjson").string(), path = (folder.path() / "large.casebook").string();
    const std::uint64_t spans = bench::write_lines(input, argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000, 0, false);
    const double analysis_s = make_case(path, input);
    if (analysis_s < 0) {
        std::fputs("the case could not be made\n", stderr);
        return 1;
    }
    std::printf("%llu spans, %.0f MB case, analysis %.2f s (the first, with reading the spans)\n", static_cast<unsigned long long>(spans), static_cast<double>(std::filesystem::file_size(path)) / 1e6, analysis_s);
    for (int round = 0; round < 3; ++round) {
        Session session;
        MainWindow window(session, {});
        window.resize(1280, 800);
        window.show();
        QImage image(window.size(), QImage::Format_ARGB32_Premultiplied);
        QApplication::sendPostedEvents();
        double case_ms = 0, report_ms = 0, idle_ms = 0, worst_ms = 0;
        QElapsedTimer since, last;
        QTimer heartbeat;
        const auto paint = [&] {
            window.render(&image);
            return static_cast<double>(since.nsecsElapsed()) / 1e6;
        };
        QObject::connect(&heartbeat, &QTimer::timeout, [&] {
            worst_ms = std::max(worst_ms, static_cast<double>(last.nsecsElapsed()) / 1e6);
            if (case_ms == 0 && session.hasCase() && !session.ledger().empty()) case_ms = paint();
            if (report_ms == 0 && case_ms > 0 && session.report()) report_ms = paint();
            if (report_ms > 0 && session.jobs().isIdle()) {
                idle_ms = paint();
                app.quit();
            }
            last.restart();
        });
        since.start();
        last.start();
        session.openCase(QString::fromStdString(path));
        heartbeat.start(1);
        QTimer::singleShot(60'000, &app, &QApplication::quit);
        app.exec();
        std::printf("opening to the first paint with the case %6.0f ms, with its findings %6.0f ms, with everything that loads later %6.0f ms; the event loop stood still for %.0f ms at most\n", case_ms, report_ms, idle_ms,
                    worst_ms);
    }
    return 0;
}
