#pragma once

#include "analyzers/capture/capture.h"

#include <functional>
#include <span>

namespace casebook {

/// What the capture window asks of the engine. The functions block and are called on the threads of jobs. Tests put
/// answers of their own here.
struct CaptureEngine {
    std::span<const CaptureQuestion> questions;
    std::function<Result<ServerDescription>(const std::string& conninfo, const Control& control)> test;
    std::function<Result<CaptureSummary>(const CaptureOptions& options, const std::filesystem::path& directory,
                                         const Control& control,
                                         const std::function<void(const CaptureSample&)>& observer)>
        capture;
};

/// The real one: analyzers/capture.
CaptureEngine real_capture_engine();

}  // namespace casebook
