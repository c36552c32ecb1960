// Does the window stay alive while spans come in? Imports a file through the real window, offscreen, and measures how long
// the event loop ever kept a timer waiting, and how long the window took to paint. Prints; asserts nothing.
//   gui_import [spans]        default: 1,000,000

#include "app/gui/main_window.h"
#include "tests/bench/spans_file.h"
#include "tests/support/places.h"
#include "widgets/session/session.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QImage>
#include <QStandardPaths>
#include <QTimer>
#include <algorithm>
#include <cstdio>
#include <vector>

using namespace casebook;

int main(int argc, char** argv)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QStandardPaths::setTestModeEnabled(true);
    QApplication app(argc, argv);
    const tests::TemporaryFolder folder;
    const std::string input = (folder.path() / "spans.ndjson").string();
    const std::uint64_t spans = bench::write_lines(input, argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000, 0, false);

    Session session;
    MainWindow window(session, {});
    window.resize(1280, 800);
    window.show();
    QImage image(window.size(), QImage::Format_ARGB32_Premultiplied);

    std::vector<double> waits, frames;
    QElapsedTimer since_last, whole;
    bool imported = false;
    double import_seconds = 0;
    QTimer heartbeat;
    QObject::connect(&heartbeat, &QTimer::timeout, [&] {
        waits.push_back(static_cast<double>(since_last.nsecsElapsed()) / 1e6);
        QElapsedTimer frame;
        frame.start();
        window.render(&image);
        frames.push_back(static_cast<double>(frame.nsecsElapsed()) / 1e6);
        if (!imported && !session.isImporting() && !session.ledger().empty()) {
            imported = true;
            import_seconds = static_cast<double>(whole.nsecsElapsed()) / 1e9;
        }
        // Past the import: the analysis, the timeline and the first views are part of it too.
        if (imported && !session.isAnalyzing() && session.report()) app.quit();
        since_last.restart();
    });
    session.importPaths({QString::fromStdString(input)});
    whole.start();
    since_last.start();
    heartbeat.start(8);
    QTimer::singleShot(120'000, &app, &QApplication::quit);
    app.exec();

    std::sort(waits.begin(), waits.end());
    std::sort(frames.begin(), frames.end());
    std::printf("%llu spans: import %.2f s, with analysis %.2f s\n", static_cast<unsigned long long>(spans), import_seconds, static_cast<double>(whole.nsecsElapsed()) / 1e9);
    std::printf("event loop, 8 ms timer came after  median %6.1f ms   99 %% %6.1f ms   worst %6.1f ms\n", waits[waits.size() / 2], waits[waits.size() * 99 / 100], waits.back());
    std::printf("painting the whole window          median %6.1f ms   99 %% %6.1f ms   worst %6.1f ms   (%zu frames)\n", frames[frames.size() / 2], frames[frames.size() * 99 / 100], frames.back(), frames.size());
    return 0;
}
