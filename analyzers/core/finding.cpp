#include "analyzers/core/finding.h"

namespace casebook {

std::string_view name_of(Verdict verdict)
{
    switch (verdict) {
    case Verdict::confirmed: return "confirmed";
    case Verdict::suspected: return "suspected";
    case Verdict::inconclusive: return "inconclusive";
    case Verdict::ruledOut: return "ruled_out";
    case Verdict::notEnoughEvidence: return "not_enough_evidence";
    }
    return "inconclusive";
}

std::string_view name_of(Severity severity)
{
    switch (severity) {
    case Severity::critical: return "critical";
    case Severity::warning: return "warning";
    case Severity::note: return "note";
    }
    return "note";
}

std::string finding_key(std::initializer_list<std::string_view> facts)
{
    std::string key;
    for (bool first = true; std::string_view fact : facts) {
        if (!first) key += '|';
        first = false;
        for (char c : fact) key += (c == '|' || static_cast<unsigned char>(c) < 0x20) ? ' ' : c;
    }
    return key;
}

Severity severity_of(const Felt& felt)
{
    // The shares are the contract's: 20 % of slow time or 5 % failed is critical, 5 % or 1 % a warning.
    if (felt.exhausted || felt.failed_share >= 0.05) return Severity::critical;
    if (felt.slow_time_share >= 0.20) return felt.database_time_only ? Severity::warning : Severity::critical;
    if (felt.over_alert_line || felt.failed_share >= 0.01 || felt.slow_time_share >= 0.05) return Severity::warning;
    return Severity::note;
}

}  // namespace casebook
