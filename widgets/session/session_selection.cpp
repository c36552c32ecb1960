// The selection part of the session: what the user looks at, with its history.
#include "widgets/session/session.h"

namespace casebook {

void Session::select(const Selection& selection)
{
    if (history_.push(selection)) emit selectionChanged();
}

void Session::selectFinding(const std::string& analyzer, const std::string& key)
{
    Selection selection = history_.current();
    selection.analyzer = analyzer;
    selection.finding_key = key;
    select(selection);
}

void Session::selectTrace(const std::string& trace_id)
{
    Selection selection = history_.current();
    selection.trace_id = trace_id;
    select(selection);
}

void Session::selectService(const std::string& service, const std::string& operation)
{
    Selection selection = history_.current();
    selection.service = service;
    selection.operation = operation;
    select(selection);
}

void Session::selectStatement(const std::string& fingerprint)
{
    Selection selection = history_.current();
    selection.fingerprint = fingerprint;
    select(selection);
}

void Session::selectRange(std::optional<TimeRange> range)
{
    Selection selection = history_.current();
    selection.range = range;
    select(selection);
}

void Session::back()
{
    if (history_.back()) emit selectionChanged();
}

void Session::forward()
{
    if (history_.forward()) emit selectionChanged();
}

void Session::openEvidence(const Evidence& evidence, std::shared_ptr<const Finding> finding)
{
    emit evidenceRequested({evidence, std::move(finding)});
}

}  // namespace casebook
