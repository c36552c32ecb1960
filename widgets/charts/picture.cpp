#include "widgets/charts/picture.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QCoreApplication>
#include <QFileDialog>
#include <QPainter>
#include <QPixmap>
#include <QSaveFile>
#include <QSvgGenerator>
#include <QWidget>

namespace casebook {
namespace {

constexpr double sharpness = 2;  // pixels per pixel of the screen

QString tr(const char* text) { return QCoreApplication::translate("Picture", text); }

QPixmap picture_of(QWidget& shown)
{
    QPixmap picture(shown.size() * sharpness);
    picture.setDevicePixelRatio(sharpness);
    picture.fill(shown.palette().color(QPalette::Base));
    shown.render(&picture);
    return picture;
}

}  // namespace

QString export_picture(QWidget& shown, const QString& path)
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly)) return tr("%1 could not be written: %2").arg(path, file.errorString());
    bool written = true;
    if (path.endsWith(QLatin1String(".svg"), Qt::CaseInsensitive)) {
        QSvgGenerator generator;
        generator.setOutputDevice(&file);
        generator.setSize(shown.size());
        generator.setViewBox(shown.rect());
        QPainter painter(&generator);
        shown.render(&painter);
    } else {
        written = picture_of(shown).save(&file, "PNG");
    }
    return written && file.commit() ? QString() : tr("%1 could not be written: %2").arg(path, file.errorString());
}

void add_picture_actions(QWidget& owner, QWidget& shown, std::function<void(const QString&)> failed)
{
    owner.setContextMenuPolicy(Qt::ActionsContextMenu);
    auto* copy = new QAction(tr("Copy Image"), &owner);
    QObject::connect(copy, &QAction::triggered, &shown, [&shown] { QApplication::clipboard()->setPixmap(picture_of(shown)); });
    auto* save = new QAction(tr("Export as PNG or SVG…"), &owner);
    QObject::connect(save, &QAction::triggered, &shown, [&shown, failed = std::move(failed)] {
        const QString path = QFileDialog::getSaveFileName(&shown, tr("Export picture"), QStringLiteral("picture.png"), tr("Images (*.png *.svg)"));
        if (path.isEmpty()) return;
        if (const QString problem = export_picture(shown, path); !problem.isEmpty()) failed(problem);
    });
    owner.addAction(copy);
    owner.addAction(save);
}

}  // namespace casebook
