#pragma once

// Opens evidence views as the centre does: made from their kind, fed through a session.

#include "tests/support/widget_fixture.h"
#include "widgets/panels/evidence_view.h"

#include <memory>

namespace casebook::tests {

class ViewOpener {
public:
    explicit ViewOpener(Session& session) : session_(session) {}

    /// The view of the best kind, shown and loaded; null when it is of another class.
    template <class View>
    View* open(const Evidence& evidence, const Finding* finding = nullptr)
    {
        const EvidenceViewKind* kind = kind_for(evidence);
        if (kind == nullptr) return nullptr;
        view_.reset(kind->make(session_, nullptr));
        view_->resize(1000, 640);
        view_->show();
        view_->showEvidence(evidence_shown(*kind, evidence), finding);
        if (finding) view_->pointAt(evidence, *finding);
        if (!QTest::qWaitForWindowExposed(view_.get()) || !wait_idle(session_)) return nullptr;
        QTest::qWait(20);
        return qobject_cast<View*>(view_.get());
    }

    /// The view of that id as the View menu opens it.
    template <class View>
    View* explore(const char* id)
    {
        const EvidenceViewKind* kind = kind_named(id);
        if (kind == nullptr || !kind->explore()) return nullptr;
        return open<View>(*kind->explore());
    }

    void close() { view_.reset(); }

private:
    Session& session_;
    std::unique_ptr<EvidenceView> view_;
};

}  // namespace casebook::tests
