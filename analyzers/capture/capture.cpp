#include "analyzers/capture/capture.h"

#include "analyzers/capture/bundle.h"
#include "analyzers/capture/manifest.h"
#include "analyzers/capture/questions.h"
#include "analyzers/capture/taker.h"
#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <chrono>

namespace casebook {

namespace {

using namespace capture_detail;
using Clock = Waiter::Clock;
namespace fs = std::filesystem;

/// At most this part of the time goes into asking: a server that answers slowly is asked less often.
constexpr int pause_per_work = 4;

std::int64_t now_ns()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Status check(const CaptureOptions& options)
{
    const auto usage = [](std::string what) { return fail(Error::Code::usage, std::move(what), {}); };
    if (options.snapshots < 1 || options.snapshots > 1'000'000) return usage("the number of snapshots must be 1 to 1,000,000");
    if (options.every_ms < 100 || options.every_ms > 86'400'000) return usage("the time between snapshots must be 100 ms to a day");
    if (options.statement_timeout_ms < 1 || options.statement_timeout_ms > 3'600'000 || options.lock_timeout_ms < 1 ||
        options.lock_timeout_ms > 3'600'000)
        return usage("timeouts must be 1 ms to an hour");
    if (options.explain_top < 0 || options.explain_top > 1000) return usage("0 to 1,000 statements can be explained");
    for (const std::string& question : options.questions)
        if (!find_question(question)) return usage("'" + question + "' is nothing that capture can take");
    return {};
}

std::string place(const ServerDescription& server)
{
    return server.version + " at " + server.host + ":" + server.port + ", database " + server.database + ", user " + server.user;
}

/// A capture under way: the bundle and what is known about it.
class Run {
public:
    Run(const CaptureOptions& options, Connection& connection, Taker& taker, Bundle& bundle, const Control& control,
        const std::function<void(const CaptureSample&)>& observer)
        : options_(options), connection_(connection), taker_(taker), bundle_(bundle), control_(control), observer_(observer)
    {
        summary_.directory = bundle.directory();
        summary_.snapshots_wanted = options.snapshots;
        summary_.started_ns = now_ns();
        summary_.server = place(taker.server());
        summary_.hidden = taker.server().hidden;
    }

    Result<CaptureSummary> run()
    {
        if (const auto failed = take_snapshots()) return *failed;
        if (!ended_ && options_.explain_top > 0) take_plans();
        if (!ended_) end(CaptureSummary::End::complete, "all snapshots were taken", {});
        return finish();
    }

private:
    /// An error only when it happens before the first snapshot is in the bundle.
    std::optional<tl::unexpected<Error>> take_snapshots()
    {
        for (int number = 1; number <= options_.snapshots && !ended_; ++number) {
            control_.report({"snapshot " + std::to_string(number) + " of " + std::to_string(options_.snapshots),
                             static_cast<std::uint64_t>(number - 1), static_cast<std::uint64_t>(options_.snapshots), 0});
            const auto began = Clock::now();
            Outcome<Snapshot> taken = taker_.take({number, options_.snapshots});
            const auto took = Clock::now() - began;
            if (!taken) {
                if (summary_.snapshots == 0) return tl::unexpected(error_of(taken.error()));
                end_by(taken.error());
                return {};
            }
            const Status written = bundle_.append(taken->tables);
            if (!written) {
                if (summary_.snapshots == 0) return tl::unexpected(written.error());
                end(CaptureSummary::End::diskFull, written.error().what, written.error().hint);
                return {};
            }
            ++summary_.snapshots;
            if (!write_manifest()) {
                if (number == 1) return tl::unexpected(manifest_error_);
                end(CaptureSummary::End::diskFull, manifest_error_.what, manifest_error_.hint);
                return {};
            }
            const auto interval = std::chrono::milliseconds(options_.every_ms);
            const auto wait = number == options_.snapshots ? Clock::duration(0)
                                                           : std::max<Clock::duration>(interval - took, took * pause_per_work);
            taken->sample.number = number;
            taken->sample.of = options_.snapshots;
            taken->sample.took_ms = std::chrono::duration<double, std::milli>(took).count();
            taken->sample.next_in_ms = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
            taken->sample.bytes = bundle_.bytes();
            if (took + wait > interval + std::chrono::milliseconds(1) && number < options_.snapshots) ++slowed_;
            if (observer_) observer_(taken->sample);
            if (number < options_.snapshots && !connection_.pause(began + took + wait)) {
                if (connection_.lost()) end_by({Failure::Kind::lost, {}, connection_.loss()});
                else end_by({Failure::Kind::cancelled, {}, "cancelled"});
            }
        }
        return {};
    }

    void take_plans()
    {
        control_.report({"plans", static_cast<std::uint64_t>(options_.snapshots), static_cast<std::uint64_t>(options_.snapshots), 0});
        const Outcome<std::vector<WholeFile>> files = taker_.explain();
        if (!files) {
            end_by(files.error());
            return;
        }
        for (const WholeFile& file : *files) {
            if (const Status written = bundle_.write(file.name, file.bytes, 1); !written) {
                end(CaptureSummary::End::diskFull, written.error().what, written.error().hint);
                return;
            }
        }
    }

    void end(CaptureSummary::End how, std::string why, std::string hint)
    {
        ended_ = true;
        summary_.end = how;
        summary_.why = std::move(why);
        summary_.hint = std::move(hint);
    }

    void end_by(const Failure& failure)
    {
        if (failure.kind == Failure::Kind::cancelled)
            end(CaptureSummary::End::cancelled, "it was cancelled", "what was taken until then is in the bundle");
        else
            end(CaptureSummary::End::connectionLost, "the server closed the connection: " + failure.message,
                "look at the server's log; what was taken until then is in the bundle");
    }

    bool write_manifest(bool last = false)
    {
        summary_.refused = taker_.refused();
        summary_.plans = taker_.plans();
        // What is not there is not named: a plan's file that found no room.
        summary_.files = bundle_.files();
        for (CaptureSummary::Plan& plan : summary_.plans) {
            const bool there = std::any_of(summary_.files.begin(), summary_.files.end(),
                                           [&](const CaptureSummary::File& file) { return file.name == plan.file; });
            if (!plan.file.empty() && !there) plan.file.clear();
        }
        if (slowed_ > 0)
            summary_.refused.push_back({"pace", std::to_string(slowed_) + " snapshots came later than asked for: the server "
                                                "answers slowly, and capture takes at most a fifth of the time", {}});
        const Status written =
            bundle_.write("manifest.json", manifest_of(summary_, {options_, taker_.server(), !last}), 0, last);
        if (!written) manifest_error_ = written.error();
        else summary_.files = bundle_.files();
        return written.has_value();
    }

    Result<CaptureSummary> finish()
    {
        summary_.ended_ns = now_ns();
        bundle_.release_reserve();
        // Even the room set aside may be too little by now; then the manifest of the last snapshot stays, which says that the
        // capture was going on.
        if (!write_manifest(true) && summary_.end != CaptureSummary::End::diskFull)
            end(CaptureSummary::End::diskFull, manifest_error_.what, manifest_error_.hint);
        return std::move(summary_);
    }

    const CaptureOptions& options_;
    Connection& connection_;
    Taker& taker_;
    Bundle& bundle_;
    const Control& control_;
    const std::function<void(const CaptureSample&)>& observer_;
    CaptureSummary summary_;
    Error manifest_error_;
    int slowed_ = 0;
    bool ended_ = false;
};

}  // namespace

const char* name_of(CaptureSummary::End end)
{
    switch (end) {
    case CaptureSummary::End::complete: return "complete";
    case CaptureSummary::End::cancelled: return "cancelled";
    case CaptureSummary::End::connectionLost: return "server closed the connection";
    case CaptureSummary::End::diskFull: return "disk full";
    }
    return "complete";
}

Result<CaptureSummary> capture(const CaptureOptions& options, const fs::path& directory, const Control& control,
                               const std::function<void(const CaptureSample&)>& observer)
{
    TRY(check(options));
    TRY(Bundle::check(directory));
    TRY_ASSIGN(const auto connection, Connection::open(options.conninfo, options.connect_timeout_ms, control));
    TRY_ASSIGN(const auto taker, is_pgbouncer(*connection) ? pgbouncer_taker(*connection, options)
                                                           : postgres_taker(*connection, options));
    TRY_ASSIGN(const auto bundle, Bundle::create(directory));
    Result<CaptureSummary> summary = Run(options, *connection, *taker, *bundle, control, observer).run();
    if (!summary) bundle->remove();
    return summary;
}

}  // namespace casebook
