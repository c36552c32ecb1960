#include "analyzers/importers/support/event_kind.h"

#include "analyzers/core/text.h"

namespace casebook {

std::string_view event_kind_in(std::string_view text)
{
    struct Word {
        std::string_view word, kind;
    };
    constexpr Word words[] = {
        {"oomkill", "oom"},
        {"oom-kill", "oom"},
        {"oom killed", "oom"},
        {"out of memory", "oom"},
        {"deploy", "deploy"},
        {"rollout", "deploy"},
        {"rolled out", "deploy"},
        {"rollback", "deploy"},
        {"rolled back", "deploy"},
        {"release", "deploy"},
        {"scalingreplicaset", "scale"},
        {"autoscal", "scale"},
        {"scaled", "scale"},
        {"failover", "failover"},
        {"switchover", "failover"},
        {"migration", "migration"},
        {"crashloop", "restart"},
        {"restart", "restart"},
        {"reboot", "restart"},
        {"backoff", "restart"},
        {"feature flag", "config"},
        {"config", "config"},
        {"cron", "cron"},
        {"scheduled job", "cron"},
        {"batch job", "cron"},
        {"incident", "incident"},
        {"alert", "alert"},
    };
    for (const Word& word : words)
        if (contains_ignoring_case(text, word.word)) return word.kind;
    return {};
}

}  // namespace casebook
