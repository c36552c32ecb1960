// The Prometheus text exposition format, OpenMetrics, and federated series:
//   # TYPE hikaricp_connections_active gauge
//   hikaricp_connections_active{pool="HikariPool-1",} 10.0 1795393076520
//   hikaricp_connections_active{job="app"} =>                      (promtool query instant, promtool query range)
//   3 @[1795392974]
// Series of a TYPE histogram become name.bucket, name.count and name.sum; everything else keeps its name.

#include "analyzers/core/importer.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/importers/support/columns.h"
#include "analyzers/importers/support/metric_labels.h"
#include "analyzers/importers/support/plain_text.h"
#include "analyzers/importers/support/source.h"

#include <array>
#include <charconv>
#include <cmath>
#include <tsl/robin_map.h>

namespace casebook::importers {

extern const Importer prometheus_text;

namespace {

constexpr int lines_sniffed = 60;

bool is_name_character(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
           (!first && ((c >= '0' && c <= '9') || c == '.'));
}

/// One sample line taken apart. Views point into the line or, for labels with escapes, into `unescaped`.
struct Sample {
    std::string_view name;
    std::vector<std::pair<std::string, std::string>> labels;
    std::string_view value, time;
};

void skip_blanks(std::string_view& text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

std::string_view take_word(std::string_view& text)
{
    skip_blanks(text);
    const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end);
    return word;
}

/// A quoted string with the escapes \\ \" \n; false when it does not close.
bool take_quoted(std::string_view& text, std::string& out)
{
    out.clear();
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            text.remove_prefix(i + 1);
            return true;
        }
        if (text[i] == '\\' && i + 1 < text.size()) {
            ++i;
            if (text[i] == 'n') out += '\n';
            else if (text[i] == '\\' || text[i] == '"') out += text[i];
            else (out += '\\') += text[i];
        } else {
            out += text[i];
        }
    }
    return false;
}

/// `{a="b",c="d",}`; a quoted string without '=' is the metric's name (UTF-8 names of Prometheus 3).
bool take_labels(std::string_view& text, Sample& sample, std::string& quoted_name)
{
    text.remove_prefix(1);
    for (;;) {
        skip_blanks(text);
        if (text.empty()) return false;
        if (text.front() == '}') {
            text.remove_prefix(1);
            return true;
        }
        std::string name, value;
        if (text.front() == '"') {
            if (!take_quoted(text, name)) return false;
        } else {
            const std::size_t end = text.find_first_of("= \t,}");
            if (end == std::string_view::npos || end == 0) return false;
            name = text.substr(0, end);
            text.remove_prefix(end);
        }
        skip_blanks(text);
        if (text.starts_with('=')) {
            text.remove_prefix(1);
            skip_blanks(text);
            if (!text.starts_with('"') || !take_quoted(text, value)) return false;
            sample.labels.emplace_back(std::move(name), std::move(value));
        } else if (sample.name.empty()) {
            quoted_name = std::move(name);
            sample.name = quoted_name;
        } else {
            return false;
        }
        skip_blanks(text);
        if (text.starts_with(',')) text.remove_prefix(1);
    }
}

bool parse_sample(std::string_view line, Sample& sample, std::string& quoted_name)
{
    sample = {};
    skip_blanks(line);
    std::size_t end = 0;
    while (end < line.size() && is_name_character(line[end], end == 0)) ++end;
    sample.name = line.substr(0, end);
    line.remove_prefix(end);
    skip_blanks(line);
    if (line.starts_with('{') && !take_labels(line, sample, quoted_name)) return false;
    if (sample.name.empty()) return false;
    const std::size_t exemplar = line.find(" # ");
    if (exemplar != std::string_view::npos) line = line.substr(0, exemplar);
    sample.value = take_word(line);
    sample.time = take_word(line);
    return !sample.value.empty() && trim(line).empty();
}

/// A sample value; hexadecimal and grouped numbers are none, NaN and infinities are.
std::optional<double> sample_value(std::string_view text)
{
    if (equals_ignoring_case(text, "nan")) return NAN;
    if (equals_ignoring_case(text, "+inf") || equals_ignoring_case(text, "inf")) return INFINITY;
    if (equals_ignoring_case(text, "-inf")) return -INFINITY;
    if (text.starts_with('+')) text.remove_prefix(1);
    return parse_double(text);
}

/// "0.50" and "0.5" are one bound.
std::string canonical_bound(std::string_view text)
{
    const auto value = sample_value(text);
    if (!value || std::isnan(*value)) return std::string(text);
    if (std::isinf(*value)) return *value > 0 ? "+Inf" : "-Inf";
    std::array<char, 32> buffer{};
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *value);
    return error == std::errc() ? std::string(buffer.data(), end) : std::string(text);
}

class ExpositionImport {
public:
    ExpositionImport(Source& source, ImportContext& context)
        : source_(source), context_(context), clock_(context.at_ns())
    {}

    Status read()
    {
        for (;;) {
            TRY_ASSIGN(const auto line, source_.line());
            if (!line) return {};
            TRY(take_line(*line));
        }
    }

private:
    Status take_line(std::string_view line)
    {
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
        skip_blanks(line);
        if (line.empty()) return {};
        if (line.starts_with('#')) {
            take_comment(line.substr(1));
            return {};
        }
        if (const std::size_t at = line.find("@["); at != std::string_view::npos && line.ends_with(']')) {
            TRY_ASSIGN(const bool taken, take_promtool(line, at));
            if (taken) return {};
        }
        promtool_series_ = line.ends_with("=>") && parse_sample(line, sample_, quoted_name_);
        if (promtool_series_) {  // its samples follow; the text of this line will be gone by then
            series_name_.assign(sample_.name);
            sample_.name = series_name_;
            return {};
        }
        if (!parse_sample(line, sample_, quoted_name_)) {
            // `date` between two scrapes says when the next one was taken.
            if (const auto at = cell_instant(line); at && line.size() >= 10) clock_ = at;
            else context_.drop(source_.line_number(), "bad_line", line.substr(0, 80));
            return {};
        }
        return take_sample();
    }

    /// "3 @[1795392974]" of the series named last, or "series => 3 @[1795392974]".
    Result<bool> take_promtool(std::string_view line, std::size_t at)
    {
        std::string_view value = trim(line.substr(0, at));
        if (const std::size_t arrow = value.rfind("=>"); arrow != std::string_view::npos) {
            promtool_series_ = parse_sample(value.substr(0, arrow + 2), sample_, quoted_name_);
            value = trim(value.substr(arrow + 2));
            if (promtool_series_) {
                series_name_.assign(sample_.name);
                sample_.name = series_name_;
            }
        }
        if (!promtool_series_ || !sample_value(value)) return false;
        sample_.value = value;
        sample_.time = line.substr(at + 2, line.size() - at - 3);
        TRY(take_sample());
        return true;
    }

    void take_comment(std::string_view line)
    {
        const std::string_view word = take_word(line);
        if (word == "TYPE") {
            const std::string_view name = take_word(line);
            types_[std::string(name)] = std::string(take_word(line));
        } else if (word == "UNIT") {
            const std::string_view name = take_word(line);
            units_[std::string(name)] = std::string(take_word(line));
        } else if (word != "HELP" && word != "EOF") {
            std::string_view rest = trim(line);
            if (const auto at = cell_instant(rest); at && rest.size() >= 10) clock_ = at;
        }
    }

    Status take_sample()
    {
        const auto value = sample_value(sample_.value);
        if (!value) {
            context_.drop(source_.line_number(), "bad_number",
                          "\"" + std::string(sample_.value.substr(0, 40)) + "\" is no value");
            return {};
        }
        if (!std::isfinite(*value)) {
            context_.drop(source_.line_number(), "not_finite", "NaN or infinite");
            return {};
        }
        MetricPoint point;
        point.value = *value;
        const std::string name = stored_name();
        point.name = name;
        labels_.clear();
        for (const auto& [key, text] : sample_.labels)
            labels_.set(key, key == "le" || key == "quantile" ? canonical_bound(text) : text);
        labels_.name_service(context_.default_service());
        point.labels = labels_.json();
        point.unit = unit_of(name);
        if (!sample_.time.empty()) {
            // Milliseconds in the text format, seconds in OpenMetrics and where there is a fraction; told by magnitude.
            const auto at = parse_instant(sample_.time);
            if (!at) {
                context_.drop(source_.line_number(), "bad_time",
                              "\"" + std::string(sample_.time.substr(0, 40)) + "\" is no time");
                return {};
            }
            point.at_ns = *at;
        } else {
            if (!clock_ && !time_noted_) {
                time_noted_ = true;
                context_.note(source_.line_number(), "no_time",
                              "samples without time are stored at 1970-01-01; --at TIME says when they were taken");
            }
            point.at_ns = clock_.value_or(0);
        }
        TRY(context_.add(point));
        context_.stored();
        return {};
    }

    /// name_bucket, name_count and name_sum of a histogram as name.bucket, name.count, name.sum.
    std::string stored_name() const
    {
        for (const std::string_view suffix : {"_bucket", "_count", "_sum"}) {
            if (!sample_.name.ends_with(suffix)) continue;
            const std::string base(sample_.name.substr(0, sample_.name.size() - suffix.size()));
            const auto type = types_.find(base);
            if (type != types_.end() && (type->second == "histogram" || type->second == "gaugehistogram"))
                return base + "." + std::string(suffix.substr(1));
        }
        return std::string(sample_.name);
    }

    std::string_view unit_of(std::string_view name) const
    {
        const std::size_t dot = name.rfind('.');
        if (name.ends_with(".count") || name.ends_with(".bucket")) return {};
        const std::string base(name.substr(0, name.ends_with(".sum") ? dot : name.size()));
        if (const auto unit = units_.find(base); unit != units_.end()) {
            if (unit->second == "seconds") return "s";
            if (unit->second == "bytes") return "By";
            return unit->second;
        }
        return prometheus_unit(base);
    }

    Source& source_;
    ImportContext& context_;
    std::optional<std::int64_t> clock_;
    tsl::robin_map<std::string, std::string> types_, units_;
    Sample sample_;
    std::string quoted_name_, series_name_;
    MetricLabels labels_;
    bool time_noted_ = false;
    bool promtool_series_ = false;  // sample_ names a series whose samples follow
};

int sniff(const Probe& probe)
{
    if (!looks_like_text(probe.head)) return 0;
    std::string_view head = probe.head;
    bool typed = false;
    int samples = 0, labelled = 0, others = 0;
    Sample sample;
    std::string name;
    for (int i = 0; i < lines_sniffed && !head.empty(); ++i) {
        const std::size_t end = head.find('\n');
        if (end == std::string_view::npos && !probe.whole) break;
        const std::string_view line = trim(head.substr(0, end));
        head.remove_prefix(end == std::string_view::npos ? head.size() : end + 1);
        if (line.empty()) continue;
        if (line.starts_with("# TYPE ") || line.starts_with("# HELP ")) typed = true;
        if (line.starts_with('#')) continue;
        const bool promtool =
            line.ends_with("=>") || (line.ends_with(']') && line.find(" @[") != std::string_view::npos);
        if (promtool) {
            ++samples;
            ++labelled;
            continue;
        }
        if (!parse_sample(line, sample, name) || !sample_value(sample.value)) {
            ++others;
            continue;
        }
        ++samples;
        labelled += !sample.labels.empty();
    }
    if (typed && samples > others) return 95;
    return samples >= 1 && labelled * 2 >= samples && samples > 4 * others ? 70 : 0;
}

Status read(Source& source, ImportContext& context) { return ExpositionImport(source, context).read(); }

}  // namespace

const Importer prometheus_text{
    .id = "prometheus_text",
    .title = "Prometheus text exposition, OpenMetrics",
    .brings = "metric_point",
    .how =
        "curl http://service:8080/metrics > metrics_$(date -u +%Y%m%dT%H%M%SZ).prom, several times, some seconds apart",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
