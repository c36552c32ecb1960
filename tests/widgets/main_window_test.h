#pragma once

// What tests of the main window share: the window on an empty session, the demo opened by a click, and drops.

#include "app/gui/main_window.h"
#include "tests/support/places.h"
#include "tests/support/widget_fixture.h"
#include "widgets/session/unsaved_cases.h"

#include <QAbstractButton>
#include <QApplication>
#include <QMimeData>
#include <QTreeView>

#include <memory>

namespace casebook::tests {

class MainWindowTest : public QObject {
protected:
    /// Before each test: the start page, with nothing remembered from the one before.
    void open_window()
    {
        QSettings().clear();
        QDir(unsaved_cases_folder()).removeRecursively();
        session_ = std::make_unique<Session>();
        window_ = std::make_unique<MainWindow>(*session_, QString::fromStdString((source_folder() / "resources/samples").string()));
        window_->resize(1280, 800);
        window_->show();
        QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    }

    void close_window()
    {
        window_.reset();
        session_.reset();
    }

    void open_demo()
    {
        click("startDemo");
        QTRY_VERIFY(session_->hasCase());
        QVERIFY(wait_idle(*session_, 60'000));
        QVERIFY(session_->report());
        QVERIFY(session_->report()->findings.size() >= 2);
    }

    void drop(QMimeData* data)
    {
        QDragEnterEvent enter(QPoint(200, 200), Qt::CopyAction | Qt::MoveAction, data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(window_.get(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent dropped(QPointF(200, 200), Qt::CopyAction | Qt::MoveAction, data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(window_.get(), &dropped);
        QVERIFY(dropped.isAccepted());
        QCOMPARE(dropped.dropAction(), Qt::CopyAction);
    }

    void drop_files(const QStringList& paths)
    {
        QMimeData data;
        QList<QUrl> urls;
        for (const QString& path : paths) urls << QUrl::fromLocalFile(path);
        data.setUrls(urls);
        drop(&data);
    }

    template <class T>
    T* child(const char* name) const
    {
        T* found = window_->findChild<T*>(QLatin1String(name));
        if (!found) qFatal("no widget %s", name);
        return found;
    }
    QAction* action(const char* name) const { return child<QAction>(name); }
    void click(const char* name) const { QTest::mouseClick(child<QAbstractButton>(name), Qt::LeftButton); }

    QTreeView* tree() const { return child<QTreeView>("findingTree"); }
    QModelIndex finding(int row) const { return tree()->model()->index(row, 0, tree()->model()->index(0, 0)); }
    void click_index(QAbstractItemView* view, const QModelIndex& index) const
    {
        view->scrollTo(index);
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, view->visualRect(index).center());
    }

    WidgetFixture fixture_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<MainWindow> window_;
};

}  // namespace casebook::tests
