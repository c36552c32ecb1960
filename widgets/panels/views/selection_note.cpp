#include "widgets/panels/views/selection_note.h"

#include "widgets/charts/line_text.h"
#include "widgets/session/session.h"

#include <QCoreApplication>

namespace casebook {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("SelectionNote", text); }

}  // namespace

QString limits_note(const Selection& selection, const QString& what, bool with_range)
{
    const bool range = with_range && selection.range.has_value();
    if (selection.service.empty() && selection.operation.empty() && !range) return {};
    const auto name = [](const std::string& text) { return QStringLiteral("<b>%1</b>").arg(to_qt_line(text, 120).toHtmlEscaped()); };
    QString text = what;
    if (!selection.service.empty() && !selection.operation.empty()) text = tr("%1 of %2 %3").arg(what, name(selection.service), name(selection.operation));
    else if (!selection.service.empty()) text = tr("%1 of %2").arg(what, name(selection.service));
    else if (!selection.operation.empty()) text = tr("%1 of %2").arg(what, name(selection.operation));
    if (range) text += QLatin1Char(' ') + tr("in the marked time");
    return text + QStringLiteral(" &middot; <a href='all'>%1</a>").arg(tr("show all"));
}

void show_everything(Session& session)
{
    Selection selection = session.selection();
    selection.service.clear();
    selection.operation.clear();
    selection.range.reset();
    session.select(selection);
}

}  // namespace casebook
