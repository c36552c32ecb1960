#pragma once

#include "widgets/jobs/job_runner.h"
#include "widgets/models/case_index.h"

#include <QFrame>
#include <QPointer>

#include <functional>
#include <memory>
#include <vector>

class QLabel;
class QLineEdit;
class QListView;

namespace casebook {

class SearchModel;
class Session;

/// One line to type in and the list of what fits: commands, views, findings and everything in the case that has a name.
/// Lies over the window that is its parent. Arrows, Page Up and Page Down move in the list while the line keeps the
/// focus, Enter chooses, Escape or a click elsewhere closes and gives the focus back.
class CommandPalette : public QFrame {
    Q_OBJECT

public:
    enum class Scope { everything, caseOnly };

    /// `commands` is asked for commands and views each time the palette opens.
    CommandPalette(Session& session, std::function<std::vector<SearchItem>()> commands, QWidget* window);

    void open(Scope scope);
    bool isSearching() const { return searching_; }

signals:
    void chosen(const casebook::SearchItem& item);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void close_palette();
    void place();
    void load_index();
    void load_remarks();
    void search();
    void show_hits(std::vector<SearchHit> hits);
    void move(int rows);
    void choose();
    std::vector<SearchItem> findings() const;

    Session& session_;
    std::function<std::vector<SearchItem>()> commands_;
    std::vector<SearchItem> others_;
    std::shared_ptr<const CaseIndex> index_;
    bool loading_ = false, searching_ = false, choose_when_found_ = false;
    Scope scope_ = Scope::everything;
    QLineEdit* line_;
    QListView* list_;
    QLabel* hint_;
    SearchModel* model_;
    QPointer<QWidget> focus_before_;
    JobSlot index_job_, remarks_job_, search_job_;
};

}  // namespace casebook
