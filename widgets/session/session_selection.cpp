// The selection part of the session: what the user looks at, with its history.
#include "widgets/session/case_access.h"
#include "widgets/session/session.h"
#include "widgets/session/time_extent.h"

#include <algorithm>

namespace casebook {
namespace {

constexpr qint64 gesture_ms = 1'000;            // moves closer together are one gesture
constexpr std::int64_t least_visible_ns = 1'000;  // less than the clocks of traces tell apart

}  // namespace

void Session::select(const Selection& selection)
{
    const bool moved = selection.visible != history_.current().visible;
    if (!history_.push(selection)) return;
    moving_.invalidate();
    emit selectionChanged();
    if (moved) emit visibleRangeChanged();
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

void Session::showRange(std::optional<TimeRange> range)
{
    if (range && range->to_ns - range->from_ns < least_visible_ns) {
        const std::int64_t middle = range->from_ns + (range->to_ns - range->from_ns) / 2;
        range = TimeRange{middle - least_visible_ns / 2, middle + least_visible_ns / 2};
    }
    if (range && extent_.to_ns > extent_.from_ns && range->from_ns <= extent_.from_ns && range->to_ns >= extent_.to_ns) range.reset();
    Selection selection = history_.current();
    if (selection.visible == range) return;
    selection.visible = range;
    if (moving_.isValid() && moving_.elapsed() < gesture_ms) history_.replace(selection);
    else history_.push(selection);
    moving_.start();
    emit visibleRangeChanged();
}

void Session::back()
{
    walk(&SelectionHistory::back);
}

void Session::forward()
{
    walk(&SelectionHistory::forward);
}

void Session::walk(bool (SelectionHistory::*step)())
{
    Selection before = history_.current();
    const SelectionHistory::Windows windows_before = history_.windows();
    const bool backward = step == &SelectionHistory::back;
    const auto left = history_.change();
    if (!(history_.*step)()) return;
    moving_.invalidate();
    const bool moved = before.visible != history_.current().visible;
    emit selectionChanged();
    if (moved) emit visibleRangeChanged();
    if (history_.windows() != windows_before) restore_windows(history_.windows());
    if (const auto change = backward ? left : history_.change()) apply(*change, !backward);
}

/// Windows or evidence came or went, so the time they cover may be another one.
void Session::find_extent()
{
    if (extent_job_ != 0) jobs_.abandon(extent_job_);
    extent_job_ = 0;
    const auto take = [this](TimeRange extent) {
        if (extent == extent_) return;
        extent_ = extent;
        emit extentChanged();
    };
    if (!access_) return take({});
    extent_job_ = jobs_.run<TimeRange>(
        {tr("Time of the case"), JobRunner::Lane::read, false},
        [access = access_](const Control& control) -> Result<TimeRange> {
            TRY_ASSIGN(const auto spans, access->spans(control));
            Result<TimeRange> extent = fail(Error::Code::cancelled, "cancelled");
            TRY(access->use_reader([&](CaseFile& file) { extent = read_time_extent(file, spans.get(), control); }));
            return extent;
        },
        this, [this, take](Result<TimeRange> extent) {
            extent_job_ = 0;
            if (extent) take(*extent);
        });
}

void Session::openEvidence(const Evidence& evidence, std::shared_ptr<const Finding> finding)
{
    emit evidenceRequested({evidence, std::move(finding)});
}

}  // namespace casebook
