#pragma once

#include "analyzers/analysis/evidence.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// A duration in milliseconds: "30s", "1,500 ms" or a number whose unit stands beside it or at the end of the name
/// ("timeoutMs", "read_timeout_seconds"). Nothing without a unit: 30 may be seconds or milliseconds.
std::optional<double> duration_ms(const Setting& setting);

/// How long one service may wait for another, as the settings say.
struct CallLimit {
    std::optional<double> timeout_ms;   ///< of one attempt
    std::optional<double> budget_ms;    ///< what the call is meant to take at most
    bool unlimited = false;             ///< the timeout is set to none
    double attempts = 1;                ///< the first and the retries
    double waits_ms = 0;                ///< between two attempts
    const Setting* timeout = nullptr;   ///< where the timeout comes from
    std::vector<const Setting*> said;   ///< where all of it comes from
    /// All attempts with the waits between them; nothing without a timeout.
    std::optional<double> longest_ms() const;
};

/// How long a service may take for a request of its own.
struct Deadline {
    double ms = 0;
    std::string of;                 ///< who sets it: the service itself, or the caller that waits no longer
    const Setting* said = nullptr;
    bool certain = true;            ///< false: a bare "timeout", which may as well be meant for the service's own calls
};

/// Timeouts, attempts, waits and budgets among the settings, told by the words of their names: source,name,value as in
/// "orders,stock.timeout,2,s", "orders,http.client.stock.max-attempts,3", "gateway,request_timeout,5s". Limits on connecting,
/// pools, sessions, locks and statements are other things. The settings must outlive this.
class TimeoutSettings {
public:
    explicit TimeoutSettings(const std::vector<Setting>& settings);
    bool empty() const { return entries_.empty(); }
    /// What `service` has set for calls to `peer`, else for all its calls, else what `peer` has set for itself.
    CallLimit call(std::string_view service, std::string_view peer) const;
    /// The deadline that `service` has set for what it is asked, the shortest one.
    std::optional<Deadline> own_deadline(std::string_view service) const;

private:
    enum class Kind : std::uint8_t { timeout, attempts, retries, wait, budget };
    struct Entry {
        const Setting* setting = nullptr;
        Kind kind = Kind::timeout;
        std::vector<std::string> words;  ///< of the name, without those that say what kind it is
        bool of_calls = false, of_requests = false;  ///< says that it is about calls made, or requests served
    };
    bool belongs_to(const Entry& entry, std::string_view service) const;

    std::vector<Entry> entries_;
};

/// Both services say it of themselves in the same words ("orders,timeout,2,s" and "stock,timeout,5,s"): whatever exactly it
/// limits, it limits the same.
bool said_alike(const Setting& of_one, std::string_view one, const Setting& of_other, std::string_view other);

}  // namespace casebook
