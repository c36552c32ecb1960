#include "app/gui/screenshot.h"

#include "app/gui/main_window.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/session/session.h"

#include <QApplication>
#include <QDockWidget>
#include <QTimer>

#include <cstdio>

namespace casebook {
namespace {

constexpr int look_ms = 300;
constexpr int idle_looks = 3;  // in a row, so that work which starts other work is done

/// Empty, or what is not there.
QString show_wanted(MainWindow& window, Session& session, const Screenshot& wanted)
{
    if (!wanted.finding.isEmpty()) {
        const auto report = session.report();
        const Finding* found = nullptr;
        for (std::size_t i = 0; report && !found && i < report->findings.size(); ++i) {
            const Finding& one = report->findings[i];
            if (wanted.finding == QLatin1String(one.key.c_str()) || wanted.finding == QLatin1String(one.analyzer.c_str())) found = &one;
        }
        if (!found) return QStringLiteral("no finding %1").arg(wanted.finding);
        session.selectFinding(found->analyzer, found->key);
    }
    if (!wanted.view.isEmpty()) {
        const EvidenceViewKind* kind = kind_named(wanted.view.toStdString());
        if (!kind || !kind->explore || !kind->explore()) return QStringLiteral("no view %1 that opens without a finding").arg(wanted.view);
        window.evidence()->explore(*kind);
    }
    if (!wanted.panel.isEmpty()) {
        auto* dock = window.findChild<QDockWidget*>(wanted.panel);
        if (!dock) return QStringLiteral("no panel %1").arg(wanted.panel);
        dock->show();
        dock->raise();
    }
    return {};
}

}  // namespace

void take_screenshot(MainWindow& window, Session& session, const Screenshot& wanted)
{
    auto* timer = new QTimer(&window);
    timer->setInterval(look_ms);
    QObject::connect(timer, &QTimer::timeout, &window, [&window, &session, wanted, idle = 0, shown = false]() mutable {
        idle = session.jobs().isIdle() ? idle + 1 : 0;
        if (idle < idle_looks) return;
        idle = 0;
        if (!std::exchange(shown, true)) {
            const QString missing = show_wanted(window, session, wanted);
            if (missing.isEmpty()) return;
            std::fprintf(stderr, "casebook: %s\n", qPrintable(missing));
            return QApplication::exit(2);
        }
        const bool saved = window.grab().save(wanted.path);
        if (!saved) std::fprintf(stderr, "casebook: cannot write %s\n", qPrintable(wanted.path));
        QApplication::exit(saved ? 0 : 4);
    });
    timer->start();
}

}  // namespace casebook
