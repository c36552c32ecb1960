#pragma once

#include "analyzers/core/finding.h"

#include <QStringList>
#include <QWidget>

#include <optional>
#include <span>
#include <string_view>

namespace casebook {

class Session;

/// A way to look at the rows of a piece of evidence: a table, a trace waterfall, a plan tree, a chart. Sits in a tab of
/// the centre. Asks the session for the rows, shows a hint while it has none, and follows and makes selections
/// through the session only.
class EvidenceView : public QWidget {
    Q_OBJECT

public:
    explicit EvidenceView(QWidget* parent = nullptr) : QWidget(parent) {}

    /// Shows this evidence instead of what was shown before. `finding` is null when evidence is looked at on its own;
    /// neither is kept beyond the call.
    virtual void showEvidence(const Evidence& evidence, const Finding* finding) = 0;
    /// What "Copy" puts on the clipboard (rows as text); empty when there is nothing to copy.
    virtual QString copyText() const { return {}; }
    /// Goes to the first row of the view's table that has all these texts, each a cell of its own; when the rows are still
    /// being read, as soon as they are there. Views without a table do nothing.
    void reveal(const QStringList& texts);
    /// Keeps the row of the view's table selected that proves the finding. Views without a table show the proof by
    /// themselves, with what showEvidence() told them.
    virtual void pointAt(const Evidence& evidence, const Finding& finding);
};

/// One kind of view. The list of all is written in widgets/panels/views/kinds.cpp.
struct EvidenceViewKind {
    const char* id;     ///< stable name, also the object name of the widget: "waterfall"
    const char* title;  ///< QT_TRANSLATE_NOOP("EvidenceViewKind", "Trace waterfall")
    /// How well it suits the evidence (its view, source and SQL): 0 = not at all, the highest wins.
    int (*score)(const Evidence& evidence);
    EvidenceView* (*make)(Session& session, QWidget* parent);
    /// The evidence to show when the user opens the view from the View menu, without any finding; null when the view
    /// makes no sense without one.
    std::optional<Evidence> (*explore)();
    /// It needs more than the rows of a finding's table to show what they mean (shares of all, what was before): it
    /// then shows what explore() brings, with the proof selected.
    bool shows_all = false;
    const char* also = "";  ///< other words that people look for it by; QT_TRANSLATE_NOOP, commas between
};

/// The evidence that a view of this kind is given for `evidence`: that itself, or everything it is a part of.
Evidence evidence_shown(const EvidenceViewKind& kind, const Evidence& evidence);

std::span<const EvidenceViewKind> evidence_view_kinds();

/// The kind that suits best; null only when there is no kind at all.
const EvidenceViewKind* kind_for(const Evidence& evidence);
/// The kind of that id; null when there is none.
const EvidenceViewKind* kind_named(std::string_view id);

}  // namespace casebook
