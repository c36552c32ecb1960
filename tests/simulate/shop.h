#pragma once

#include <cstdint>
#include <filesystem>

namespace casebook::simulate {

/// The demo: a shop in which one release, rolled out to three services within seconds, goes wrong in three ways, each in
/// an operation of its own. Order history reads its shipments one by one, checkout keeps its connection while it waits
/// for the payment provider, and the price of a product depends on the session for members of one tier, so that the
/// cache misses for them. The healthy twin has the same release without the three mistakes.
struct ShopScenario {
    std::uint64_t seed = 1;
    bool healthy = false;
    double baseline_s = 120, incident_s = 120;
};

/// Simulates and writes traces.ndjson, metrics.ndjson, database.csv, events.csv, statements_N.csv and two plans into an
/// existing folder. Same scenario, same bytes. Throws std::runtime_error when a file cannot be written.
void simulate_shop(const ShopScenario& scenario, const std::filesystem::path& folder);

}  // namespace casebook::simulate
