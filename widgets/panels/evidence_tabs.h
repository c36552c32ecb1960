#pragma once

#include "analyzers/core/finding.h"

#include <QWidget>

#include <memory>

class QStackedWidget;

namespace casebook {

class EvidenceView;
class ReadableTabs;
class Session;
struct EvidenceRequest;
struct EvidenceViewKind;

/// The centre: one tab per piece of evidence that was opened. Selecting a finding shows its first piece in a tab that
/// the next selected finding takes over; evidence opened by name keeps its tab.
class EvidenceTabs : public QWidget {
    Q_OBJECT

public:
    explicit EvidenceTabs(Session& session, QWidget* parent = nullptr);

    /// Opens a kind of view without a finding (View menu).
    void explore(const EvidenceViewKind& kind);
    /// Whether evidence that is asked for, and that of a selected finding, opens here: of several windows on one case
    /// only the one in front does.
    void setAnswering(bool on) { answering_ = on; }
    bool isAnswering() const { return answering_; }
    /// Opens the evidence of the selected finding, as a click on it would.
    void followSelection();
    EvidenceView* currentView() const;
    int count() const;
    void closeAll();
    void closeCurrent();
    /// Goes to the next (1) or previous (-1) tab, round and round.
    void step(int by);

    static constexpr int max_tabs = 16;

private:
    class Page;
    void open(const EvidenceRequest& request, const EvidenceViewKind* kind, bool preview);
    void close(int index);
    void update_hint();
    void drop_stale_pages();

    Session& session_;
    QStackedWidget* stack_;
    ReadableTabs* tabs_;
    class Hint* hint_;
    std::string followed_analyzer_, followed_key_;
    bool answering_ = true;
};

}  // namespace casebook
