#pragma once

#include <QString>

namespace casebook {

class MainWindow;
class Session;

/// What a picture of a build is to show beside the window as it opens.
struct Screenshot {
    QString path;     ///< PNG or whatever Qt writes by that ending
    QString view;     ///< id of an evidence view, as in its menu entry: "latency"; empty = what opens by itself
    QString finding;  ///< key of a finding, or its analyzer; empty = the first
    QString panel;    ///< object name of a dock to bring to the front: "walkDock"
};

/// Once no job has run for a moment, selects and opens what is wanted, waits again, saves the window and ends the program:
/// 0, 2 when there is no such view or finding, 4 when the file cannot be written.
void take_screenshot(MainWindow& window, Session& session, const Screenshot& wanted);

}  // namespace casebook
