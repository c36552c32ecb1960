#include "app/gui/main_window.h"
#include "app/gui/screenshot.h"
#include "app/gui/translations.h"
#include "widgets/session/session.h"

#include <QApplication>
#include <QCommandLineParser>

using namespace casebook;

int main(int argc, char** argv)
{
    QApplication::setOrganizationName(QStringLiteral("Casebook"));
    QApplication::setApplicationName(QStringLiteral("casebook"));
    QApplication::setApplicationDisplayName(QStringLiteral("Casebook"));
    QApplication::setApplicationVersion(QStringLiteral(CASEBOOK_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("org.casebook.Casebook"));
    QApplication application(argc, argv);

    install_translations(QLocale());
    QCommandLineParser parser;
    parser.setApplicationDescription(QApplication::translate("main", "Workbench for performance incidents"));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(
        QStringLiteral("FILE"),
        QApplication::translate("main", "A .casebook to open, or evidence files and folders to make a case of"),
        QStringLiteral("[FILE...]"));
    const QCommandLineOption demo(QStringLiteral("demo"),
                                  QApplication::translate("main", "Open the bundled demo case"));
    const QCommandLineOption theme_name(QStringLiteral("theme"),
                                        QApplication::translate("main", "light, dark or contrast, for this run"),
                                        QStringLiteral("NAME"));
    QCommandLineOption screenshot(QStringLiteral("screenshot"), QStringLiteral("Save a picture of the window and quit"),
                                  QStringLiteral("FILE"));
    QCommandLineOption size(QStringLiteral("size"), QStringLiteral("Size of the window"), QStringLiteral("WxH"));
    QCommandLineOption view(QStringLiteral("view"), QStringLiteral("View that the picture shows"), QStringLiteral("NAME"));
    QCommandLineOption finding(QStringLiteral("finding"), QStringLiteral("Finding that the picture shows: its key or analyzer"), QStringLiteral("KEY"));
    QCommandLineOption panel(QStringLiteral("panel"), QStringLiteral("Panel that the picture shows in front"), QStringLiteral("NAME"));
    for (QCommandLineOption* option : {&screenshot, &size, &view, &finding, &panel}) option->setFlags(QCommandLineOption::HiddenFromHelp);
    parser.addOptions({demo, theme_name, screenshot, size, view, finding, panel});
    parser.process(application);

    MainWindow::applyLook();
    if (parser.isSet(theme_name)) {
        const QString name = parser.value(theme_name);
        set_theme(name == QLatin1String("dark")       ? Theme::Id::dark
                  : name == QLatin1String("contrast") ? Theme::Id::highContrast
                                                      : Theme::Id::light);
    }

    Session session;
    MainWindow window(session, QStringLiteral(CASEBOOK_SAMPLES_DIR));
    const QStringList wanted = parser.value(size).split(QLatin1Char('x'));
    if (wanted.size() == 2) window.resize(wanted[0].toInt(), wanted[1].toInt());
    window.show();
    if (parser.isSet(demo)) window.openDemo();
    else if (!parser.positionalArguments().isEmpty()) session.openPaths(parser.positionalArguments());
    if (parser.isSet(screenshot)) take_screenshot(window, session, {parser.value(screenshot), parser.value(view), parser.value(finding), parser.value(panel)});
    return QApplication::exec();
}
