#pragma once

#include "analyzers/capture/capture.h"

#include <string>

namespace casebook::capture_detail {

/// What the bundle's manifest says, beside the summary.
struct ManifestFacts {
    const CaptureOptions& options;
    const ServerDescription& server;
    bool running = true;  ///< the capture goes on, or was killed without a chance to say so
};

/// manifest.json: who was asked, when, what came of it. It has no connection string, only where it led.
std::string manifest_of(const CaptureSummary& summary, const ManifestFacts& facts);

}  // namespace casebook::capture_detail
