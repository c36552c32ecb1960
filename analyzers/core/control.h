#pragma once

#include "analyzers/core/result.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

namespace casebook {

/// How far a long operation has come. `total` 0 means unknown.
struct Progress {
    std::string what;          ///< what is being worked on: a file name, an analyzer id
    std::uint64_t done = 0;    ///< bytes for an import, steps otherwise
    std::uint64_t total = 0;
    std::uint64_t records = 0; ///< records stored so far
};

/// Handed to every long operation: carries cancellation in and progress out. The operation does not know which
/// thread it runs on; `report` is called on that thread, at most some tens of times a second.
class Control {
public:
    Control() = default;
    explicit Control(std::stop_token stop, std::function<void(const Progress&)> report = {})
        : stop_(std::move(stop)), report_(std::move(report)) {}

    bool cancelled() const { return stop_.stop_requested(); }
    const std::stop_token& stop_token() const { return stop_; }
    void report(const Progress& progress) const { if (report_) report_(progress); }

    /// Error `cancelled` once a stop was requested. Cheap enough for once per few thousand rows.
    Status check() const
    {
        if (cancelled()) return fail(Error::Code::cancelled, "cancelled");
        return {};
    }

private:
    std::stop_token stop_;
    std::function<void(const Progress&)> report_;
};

}  // namespace casebook
