#pragma once

#include <QString>
#include <functional>

class QWidget;

namespace casebook {

/// Writes what a widget shows: PNG at twice the screen's resolution, or SVG, by the ending of the name. Empty text, or what
/// went wrong.
QString export_picture(QWidget& shown, const QString& path);
/// Adds "Copy Image" and "Export as PNG or SVG…" to the context menu of `owner`; `failed` is told what went wrong. For what
/// paints itself; charts have these of their own.
void add_picture_actions(QWidget& owner, QWidget& shown, std::function<void(const QString&)> failed);

}  // namespace casebook
