#pragma once

#include <QTabWidget>

class QMenu;
class QToolButton;

namespace casebook {

/// Tabs that stay readable however many there are: they keep the width of their text and scroll, a list names all of
/// them, a middle click closes one.
class ReadableTabs : public QTabWidget {
    Q_OBJECT

public:
    explicit ReadableTabs(QWidget* parent = nullptr);

    /// Inserts a tab. `title` is shortened to what a tab shows; `full` is its tooltip and its line in the list.
    int insert(int place, QWidget* page, const QString& title, const QString& full);
    /// Goes `by` tabs on, round and round.
    void step(int by);

protected:
    void tabInserted(int index) override;
    void tabRemoved(int index) override;
    void changeEvent(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void list_tabs();
    void shorten(int index);
    void count_changed();

    QToolButton* list_;
    QMenu* menu_;
    int pressed_ = -1;  // the tab on which the middle button went down
};

}  // namespace casebook
