// Redis (also Valkey, KeyDB) INFO, one or several answers per file:
//   # Stats
//   keyspace_hits:4711
// Numbers become metrics redis.<field>; the rows of Keyspace, Commandstats, Latencystats and Errorstats carry a label.
// Policies, limits and the version become settings.

#include "analyzers/core/importer.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/importers/support/columns.h"
#include "analyzers/importers/support/metric_labels.h"
#include "analyzers/importers/support/plain_text.h"
#include "analyzers/importers/support/source.h"

#include <cstdlib>

namespace casebook::importers {

extern const Importer redis_info;

namespace {

constexpr std::int64_t clock_tolerance_ns = std::int64_t{5} * 60 * 1'000'000'000;

/// One "key:value" line, told from prose by its key.
bool split_field(std::string_view line, std::string_view& key, std::string_view& value)
{
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    key = line.substr(0, colon);
    value = trim(line.substr(colon + 1));
    for (const char c : key)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
              c == '.' || c == '|'))
            return false;
    return true;
}

/// A family of rows "prefixNAME:field=number,...": the metric's prefix and the label NAME is given under.
struct Family {
    std::string_view prefix, metric, label;
};
constexpr Family families[] = {
    {"cmdstat_", "redis.cmdstat.", "cmd"},       {"latency_percentiles_usec_", "redis.latency_usec.", "cmd"},
    {"errorstat_", "redis.errorstat.", "error"}, {"db", "redis.keyspace.", "db"},
    {"slave", "redis.slave.", "slave"},          {"sentinel_", "redis.sentinel.", "master"},
};

bool is_text_field(std::string_view key)
{
    return key.ends_with("_human") || key.ends_with("_version") || key.ends_with("_sha1") ||
           key.ends_with("_build_id") || key == "run_id" || key == "lru_clock";
}

bool is_setting(std::string_view key)
{
    for (const std::string_view known :
         {"redis_version", "valkey_version", "redis_mode", "server_mode", "role", "maxmemory", "maxmemory_policy",
          "maxclients", "aof_enabled", "cluster_enabled", "hz", "io_threads_active", "mem_allocator"})
        if (key == known) return true;
    return false;
}

std::string_view unit_of(std::string_view key)
{
    if (key.ends_with("_perc")) return "%";
    if (key.ends_with("_usec") || key.ends_with("_us")) return "us";
    if (key.ends_with("_ms") || key.ends_with("avg_ttl")) return "ms";
    if (key.ends_with("_seconds") || key.ends_with("_sec") || key.starts_with("used_cpu_"))
        return key == "instantaneous_ops_per_sec" ? "1/s" : "s";
    if (key.ends_with("_kbps")) return "kBy/s";
    if (key.ends_with("_bytes") || key.starts_with("used_memory") || key.starts_with("mem_") || key == "maxmemory" ||
        key.starts_with("allocator_allocated") || key.starts_with("allocator_active") ||
        key.starts_with("allocator_resident") || key == "total_system_memory")
        return "By";
    return {};
}

class InfoImport {
public:
    InfoImport(Source& source, ImportContext& context) : source_(source), context_(context) {}

    Status read()
    {
        for (;;) {
            TRY_ASSIGN(const auto line, source_.line());
            if (!line) break;
            take_line(*line);
            if (answer_complete_) TRY(write_answer());
        }
        return write_answer();
    }

private:
    struct Field {
        std::string key, value;
        std::int64_t line;
    };

    void take_line(std::string_view line)
    {
        line = trim(line);
        answer_complete_ = false;
        if (line.empty()) return;
        if (line.starts_with('#')) {
            const std::string section(trim(line.substr(1)));
            // The first section again: the next answer begins here.
            if (!fields_.empty() && section == first_section_) {
                answer_complete_ = true;
                next_clock_ = {};
            }
            if (fields_.empty() || answer_complete_) first_section_ = section;
            else if (first_section_.empty()) first_section_ = section;
            return;
        }
        std::string_view key, value;
        if (split_field(line, key, value) && key.find_first_not_of("0123456789") != std::string_view::npos) {
            if (key == "run_id") run_id_ = value;
            else if (key == "tcp_port") port_ = value;
            else if (key == "server_time_usec") server_time_ = parse_int(value);
            fields_.push_back({std::string(key), std::string(value), source_.line_number()});
            return;
        }
        // `date` between two answers.
        if (const auto at = cell_instant(line); at && line.size() >= 10) {
            if (fields_.empty()) clock_ = at;
            else next_clock_ = at;
            return;
        }
        context_.note(source_.line_number(), "other_line", line.substr(0, 80));
    }

    /// The server's own clock is exact; a file name or --at only says about when. Unless they are far apart: then the
    /// server's clock is wrong, or the answer is from another time than its sender says, and the sender is believed.
    std::optional<std::int64_t> time_of_answer() const
    {
        const auto said = clock_ ? clock_ : context_.at_ns();
        std::optional<std::int64_t> server;
        if (server_time_ && *server_time_ > 0 && *server_time_ < INT64_MAX / 1000) server = *server_time_ * 1000;
        if (said && server && std::llabs(*said - *server) > clock_tolerance_ns) return said;
        return server ? server : said;
    }

    Status write_answer()
    {
        if (fields_.empty()) return {};
        TRY(context_.control().check());
        const auto at = time_of_answer();
        if (!at)
            context_.note(fields_.front().line, "no_time",
                          "an answer without time is stored at 1970-01-01; --at TIME says when it was taken");
        at_ns_ = at.value_or(0);
        for (const Field& field : fields_) TRY(write_field(field));
        fields_.clear();
        clock_ = next_clock_;
        next_clock_.reset();
        server_time_.reset();
        return {};
    }

    Status write_field(const Field& field)
    {
        if (is_setting(field.key)) {
            const std::string_view unit = field.key == "maxmemory" ? "B" : "";
            TRY(context_.add(SettingRow{"redis", field.key, field.value, unit}));
        }
        if (field.value.find('=') != std::string::npos) return write_family(field);
        if (is_text_field(field.key)) return {};
        std::string_view number = field.value;
        if (number.ends_with('%')) number.remove_suffix(1);
        const auto value = parse_double(number);
        if (!value) return {};  // text: paths, states, policies
        labels_.clear();
        return write_number("redis." + field.key, unit_of(field.key), *value);
    }

    /// "db0:keys=12,expires=0,avg_ttl=0": one number per name.
    Status write_family(const Field& field)
    {
        std::string prefix = "redis." + field.key + ".";
        labels_.clear();
        for (const Family& family : families) {
            const std::string_view key = field.key;
            if (!key.starts_with(family.prefix) || key.size() == family.prefix.size()) continue;
            const std::string_view rest = key.substr(family.prefix.size());
            const bool numbered = family.label == "db" || family.label == "slave";
            if (numbered && !parse_int(rest)) continue;
            prefix = family.metric;
            labels_.set(family.label, numbered ? key : rest);
            break;
        }
        for (const std::string_view part : split(field.value, ',')) {
            const std::size_t equals = part.find('=');
            if (equals == std::string_view::npos) continue;
            const auto value = parse_double(part.substr(equals + 1));
            if (!value) continue;
            std::string name = prefix + std::string(part.substr(0, equals));
            std::string_view unit = unit_of(part.substr(0, equals));
            if (prefix == "redis.latency_usec." || part.starts_with("usec")) unit = "us";
            MetricLabels kept = labels_;
            TRY(write_number(name, unit, *value));
            labels_ = std::move(kept);
        }
        return {};
    }

    Status write_number(const std::string& name, std::string_view unit, double value)
    {
        labels_.set("service", context_.default_service().empty() ? "redis" : context_.default_service());
        if (const std::string& instance = run_id_.empty() ? port_ : run_id_; !instance.empty())
            labels_.set("instance", instance);
        MetricPoint point;
        point.name = name;
        point.labels = labels_.json();
        point.unit = unit;
        point.at_ns = at_ns_;
        point.value = value;
        TRY(context_.add(point));
        context_.stored();
        return {};
    }

    Source& source_;
    ImportContext& context_;
    std::vector<Field> fields_;  // of the current answer
    std::string first_section_, run_id_, port_;
    std::optional<std::int64_t> clock_, next_clock_, server_time_;
    MetricLabels labels_;
    std::int64_t at_ns_ = 0;
    bool answer_complete_ = false;
};

int sniff(const Probe& probe)
{
    if (!looks_like_text(probe.head)) return 0;
    int known = 0;
    std::string_view head = probe.head.substr(0, 16384);
    while (!head.empty()) {
        const std::size_t end = std::min(head.find('\n'), head.size());
        const std::string_view line = trim(head.substr(0, end));
        head.remove_prefix(std::min(end + 1, head.size()));
        for (const std::string_view mark :
             {"redis_version:", "valkey_version:", "keyspace_hits:", "keyspace_misses:", "used_memory:",
              "connected_clients:", "total_commands_processed:", "redis_mode:", "evicted_keys:", "expired_keys:",
              "maxmemory_policy:", "instantaneous_ops_per_sec:", "connected_slaves:"})
            known += line.starts_with(mark);
    }
    return known >= 2 ? 92 : 0;
}

Status read(Source& source, ImportContext& context) { return InfoImport(source, context).read(); }

}  // namespace

const Importer redis_info{
    .id = "redis_info",
    .title = "Redis INFO",
    .brings = "metric_point",
    .how = "redis-cli info all > redis_info_$(date -u +%Y%m%dT%H%M%SZ).txt, several times, some seconds apart",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
