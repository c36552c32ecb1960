// The part of the session that keeps what the user made of the findings: decisions, thresholds, and taking them back.
#include "analyzers/playbook/thresholds.h"
#include "widgets/qt_text.h"
#include "widgets/session/case_access.h"
#include "widgets/session/session.h"

#include <cmath>

namespace casebook {

FindingDecision Session::decision(const std::string& analyzer, const std::string& key) const
{
    const auto found = decisions_.find({analyzer, key});
    return found == decisions_.end() ? FindingDecision{} : found->second;
}

void Session::decide(const std::string& analyzer, const std::string& key, const FindingDecision& decision)
{
    if (!access_ || key.empty()) return;
    const FindingDecision before = this->decision(analyzer, key);
    if (before.says_the_same(decision) || refuse_read_only()) return;
    if (decision.state == FindingState::dismissed && decision.reason.empty()) {
        tell({Message::Kind::error, tr("A finding is dismissed with a reason"),
              tr("Say why, for those who read the case later")});
        return;
    }
    make(DecisionChange{analyzer, key, before, decision});
}

std::vector<VerdictChange> Session::verdictHistory(const std::string& analyzer, const std::string& key) const
{
    std::vector<VerdictChange> changes;
    for (const VerdictChange& change : verdict_history_)
        if (change.analyzer == analyzer && change.key == key) changes.push_back(change);
    return changes;
}

void Session::setThreshold(const std::string& name, std::optional<double> value)
{
    const auto usual = default_threshold(name);
    if (!access_ || !usual) return;
    if (value && !std::isfinite(*value)) return tell({Message::Kind::error, tr("A threshold is a number"), {}});
    if (value == usual) value.reset();
    const auto found = thresholds_.find(name);
    const std::optional<double> before =
        found == thresholds_.end() ? std::nullopt : std::optional<double>(found->second);
    if (before == value || refuse_read_only()) return;
    make(ThresholdChange{name, before, value});
}

bool Session::refusesChanges()
{
    return !access_ || refuse_read_only();
}

void Session::make(CaseChange change)
{
    moving_.invalidate();
    history_.push_change(change);
    apply(change, true);
}

void Session::apply(const CaseChange& change, bool forward)
{
    if (const auto* decision = std::get_if<DecisionChange>(&change))
        apply_decision(*decision, forward ? decision->after : decision->before);
    else if (const auto* threshold = std::get_if<ThresholdChange>(&change))
        apply_threshold(*threshold, forward ? threshold->after : threshold->before);
}

void Session::apply_decision(const DecisionChange& change, const FindingDecision& value)
{
    if (value.is_empty()) decisions_.erase({change.analyzer, change.key});
    else decisions_[{change.analyzer, change.key}] = value;
    emit decisionsChanged();
    write(tr("Keep what was decided"), [analyzer = change.analyzer, key = change.key, value](CaseFile& file) {
        return store_decision(file, analyzer, key, value);
    });
}

void Session::apply_threshold(const ThresholdChange& change, std::optional<double> value)
{
    if (value) thresholds_[change.name] = *value;
    else thresholds_.erase(change.name);
    emit thresholdsChanged();
    write(tr("Set a threshold"),
          [name = change.name, value](CaseFile& file) { return store_threshold(file, name, value); });
    if (!report_ && !isAnalyzing()) return;
    AnalyzeOptions options;
    options.reuse = true;
    analyze(options);
}

void Session::write(const QString& title, std::function<Status(CaseFile&)> change)
{
    ++unwritten_;
    jobs_.run<bool>(
        {title, JobRunner::Lane::write, false, false, true},
        [access = access_, change = std::move(change)](const Control&) -> Result<bool> {
            TRY(access->use_writer(change));
            return true;
        },
        this, [this, access = access_](Result<bool> written) {
            if (access != access_) return;
            --unwritten_;
            if (written) return;
            tell(written.error());
            history_.forget_changes();
            reload();
        });
}

}  // namespace casebook
