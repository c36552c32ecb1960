#pragma once

#include <QWidget>

class QPushButton;
class QStackedWidget;
class QTableView;

namespace casebook {

class LedgerModel;
class NoteModel;
class Session;

/// What was imported: counts per file, and the notes of the file that is selected. Forget takes a file out again.
class LedgerPanel : public QWidget {
    Q_OBJECT

public:
    explicit LedgerPanel(Session& session, QWidget* parent = nullptr);

    /// Selects an imported file and shows its notes.
    void showFile(qint64 file_id);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void show_ledger();
    void share_room();
    void show_notes();
    void forget_selected();

    Session& session_;
    LedgerModel* model_;
    NoteModel* notes_;
    QStackedWidget *stack_, *note_stack_;
    QTableView *table_, *note_table_;
    QPushButton* forget_;
};

}  // namespace casebook
