// Frame times while the shared time of a large case is panned and zoomed in the real window, with the timeline, the latency
// chart and the panels in sight, offscreen. Prints; asserts nothing.
//   gui_pan [spans]        default: 1,000,000

#include "analyzers/importers/support/import_run.h"
#include "app/gui/main_window.h"
#include "tests/bench/frames.h"
#include "tests/bench/spans_file.h"
#include "tests/support/places.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/session/session.h"

#include <QApplication>
#include <QEventLoop>
#include <QStandardPaths>
#include <QTimer>
#include <cmath>
#include <cstdio>

using namespace casebook;

namespace {

constexpr int frames = 240;

void wait_idle(Session& session)
{
    QEventLoop loop;
    QTimer look;
    int idle = 0;
    QObject::connect(&look, &QTimer::timeout, &loop, [&] {
        idle = session.jobs().isIdle() ? idle + 1 : 0;
        if (idle > 5) loop.quit();
    });
    look.start(20);
    loop.exec();
}

}  // namespace

int main(int argc, char** argv)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QStandardPaths::setTestModeEnabled(true);
    QApplication app(argc, argv);
    const tests::TemporaryFolder folder;
    const std::string input = (folder.path() / "spans.ndjson").string();
    bench::write_lines(input, argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000, 0, false);
    Session session;
    session.setAnalyzesAfterImport(false);
    MainWindow window(session, {});
    window.resize(1280, 800);
    window.show();
    session.importPaths({QString::fromStdString(input)});
    wait_idle(session);
    if (session.ledger().empty()) {
        std::fputs("nothing was imported\n", stderr);
        return 1;
    }
    window.evidence()->explore(*kind_named("latency"));
    wait_idle(session);
    const TimeRange whole = session.extent();
    const std::int64_t length = whole.to_ns - whole.from_ns;
    for (const int parts : {2, 10, 100}) {
        char name[64];
        std::snprintf(name, sizeof name, "panning, 1/%d of the case in sight", parts);
        const std::int64_t seen = length / parts, room = length - seen;
        bench::measure(name, window, frames, [&](int frame) {
            const std::int64_t from = whole.from_ns + room / frames * frame;
            session.showRange(TimeRange{from, from + seen});
        });
        wait_idle(session);
    }
    bench::measure("zooming in", window, frames, [&](int frame) {
        const auto half = static_cast<std::int64_t>(static_cast<double>(length) / 2 * std::pow(0.96, frame));
        session.showRange(TimeRange{whole.from_ns + length / 2 - half, whole.from_ns + length / 2 + half});
    });
    return 0;
}
