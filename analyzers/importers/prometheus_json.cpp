// Answers of the Prometheus HTTP API (query, query_range; also Thanos, Mimir) and VictoriaMetrics' export lines:
//   {"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"app"},"values":[[1795392970,"1"]]}]}}
//   {"metric":{"__name__":"up","job":"app"},"values":[1,1],"timestamps":[1795392970000,1795392975000]}

#include "analyzers/core/importer.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/importers/support/json_objects.h"
#include "analyzers/importers/support/metric_labels.h"
#include "analyzers/importers/support/source.h"

#include <cmath>
#include <simdjson.h>

namespace casebook::importers {

extern const Importer prometheus_json;

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t envelope_bytes = 1u << 20;  // before the list of series: status, warnings

/// Where the value of `"result"` begins in an answer, npos without.
std::size_t find_result(std::string_view text)
{
    for (std::size_t at = text.find("\"result\""); at != std::string_view::npos; at = text.find("\"result\"", at + 1)) {
        const std::size_t colon = text.find_first_not_of(" \t\r\n", at + 8);
        if (colon != std::string_view::npos && text[colon] == ':') return text.find_first_not_of(" \t\r\n", colon + 1);
    }
    return std::string_view::npos;
}

std::optional<double> number_in(dom::element value)
{
    double number = 0;
    if (!value.get(number)) return number;
    std::string_view text;
    if (value.get(text)) return {};
    if (equals_ignoring_case(text, "nan")) return NAN;
    if (equals_ignoring_case(text, "+inf") || equals_ignoring_case(text, "inf")) return INFINITY;
    if (equals_ignoring_case(text, "-inf")) return -INFINITY;
    return parse_double(text);
}

std::optional<std::int64_t> instant_in(dom::element value)
{
    std::int64_t whole = 0;
    if (!value.get(whole)) return instant_from_number(whole);
    double seconds = 0;
    if (!value.get(seconds) && std::fabs(seconds) < 9e9)
        return std::llround(seconds * 1e3) * 1'000'000;  // the API gives milliseconds
    std::string_view text;
    if (!value.get(text)) return parse_instant(text);
    return {};
}

/// A name for series that functions took theirs from: the file's, without its folder, extension and kind of query.
std::string name_from_path(std::string_view path)
{
    std::string_view name = path.substr(path.find_last_of('/') + 1);
    name = name.substr(0, name.find('.'));
    for (const std::string_view prefix :
         {"query_range-", "query_range_", "range-", "range_", "instant-", "instant_", "query-", "query_"})
        if (name.starts_with(prefix)) {
            name.remove_prefix(prefix.size());
            break;
        }
    std::string metric;
    for (const char c : name) metric += c == '-' || c == ' ' ? '_' : c;
    return metric.empty() ? "value" : metric;
}

class AnswerImport {
public:
    AnswerImport(Source& source, ImportContext& context) : source_(source), context_(context), objects_(source) {}

    Status read()
    {
        TRY_ASSIGN(const std::string_view window, source_.window(envelope_bytes));
        const std::string_view head = window.substr(0, envelope_bytes);
        TRY(check_status(head));
        const std::size_t result = find_result(head);
        const std::size_t series = head.find("\"metric\"");
        if (result != std::string_view::npos && result < series) {
            if (head[result] == '[' && (head.find_first_not_of(" \t\r\n", result + 1) == std::string_view::npos ||
                                        head[head.find_first_not_of(" \t\r\n", result + 1)] != '{'))
                return read_scalar(head.substr(result));
            source_.consume(result);
        }
        for (;;) {
            TRY_ASSIGN(const auto object, objects_.next());
            if (!object) return {};
            TRY(read_object(*object));
        }
    }

private:
    Status check_status(std::string_view head)
    {
        const std::size_t error = head.find("\"errorType\"");
        const std::size_t open = head.find('{');
        if (error == std::string_view::npos || error > find_result(head) || open == std::string_view::npos) return {};
        const std::size_t size = json_object_size(head.substr(open));
        if (size == std::string_view::npos) return {};
        const std::string text(head.substr(open, size));
        dom::element answer;
        std::string_view status, type, message;
        if (parser_.parse(text).get(answer) || answer["status"].get(status) || status != "error") return {};
        if (answer["errorType"].get(type)) type = "unknown";
        if (answer["error"].get(message)) message = "no message";
        return fail(Error::Code::notUnderstood,
                    "the file is Prometheus' answer to a failed query (" + clean_utf8(type) +
                        "): " + clean_utf8(message),
                    "Repeat the query; with curl, --data-urlencode keeps brackets whole");
    }

    /// "scalar": [1795392970, "3"]; "vector" and "matrix" without series: [].
    Status read_scalar(std::string_view result)
    {
        const std::size_t close = result.find(']');
        const std::string text(result.substr(0, close == std::string_view::npos ? result.size() : close + 1));
        dom::array pair;
        if (parser_.parse(text).get(pair) || pair.size() != 2) {
            if (text == "[]" || trim(std::string_view(text).substr(1)) == "]")
                context_.note(1, "no_series", "the query matched no series at that time");
            return {};
        }
        MetricLabels labels;
        labels.name_service(context_.default_service());
        MetricPoint point;
        const std::string name = name_from_path(context_.path());
        point.name = name;
        point.labels = labels.json();
        return take_pair(point, pair.at(0).value_unsafe(), pair.at(1).value_unsafe());
    }

    Status read_object(std::string_view bytes)
    {
        padded_.assign(bytes);
        padded_.reserve(padded_.size() + simdjson::SIMDJSON_PADDING);
        dom::element object;
        if (parser_.parse(padded_.data(), padded_.size(), false).get(object)) {
            context_.drop(objects_.line(), objects_.cut() ? "truncated" : "bad_json", "a series that is no valid JSON");
            return {};
        }
        dom::array nested;
        if (!object["data"]["result"].get(nested)) {  // a further answer in the same file
            for (const dom::element series : nested) TRY(read_series(series));
            return {};
        }
        return read_series(object);
    }

    Status read_series(dom::element series)
    {
        dom::object metric;
        if (series["metric"].get(metric)) return {};  // part of the envelope: warnings, statistics
        MetricLabels labels;
        std::string_view name;
        for (const auto label : metric) {
            std::string_view value;
            if (label.value.get(value)) continue;
            if (label.key == "__name__") name = value;
            else labels.set(label.key, value);
        }
        labels.name_service(context_.default_service());
        std::string from_path;
        if (name.empty()) {
            from_path = name_from_path(context_.path());
            name = from_path;
            context_.note(objects_.line(), "no_name",
                          "a function took the series' name; they are named after the file: " + from_path);
        }
        MetricPoint point;
        point.name = name;
        point.labels = labels.json();
        point.unit = prometheus_unit(name);

        dom::array values, times;
        const bool has_values = !series["values"].get(values);
        if (has_values && !series["timestamps"].get(times)) return read_columns(point, values, times);
        if (has_values)
            for (const dom::element sample : values) TRY(take_sample(point, sample));
        dom::element value;
        if (!series["value"].get(value)) TRY(take_sample(point, value));
        dom::array histograms;
        if (!series["histograms"].get(histograms))
            for (const dom::element sample : histograms) TRY(take_histogram(point, labels, sample));
        if (!series["histogram"].get(value)) TRY(take_histogram(point, labels, value));
        return context_.control().check();
    }

    Status read_columns(MetricPoint& point, const dom::array& values, const dom::array& times)
    {
        auto time = times.begin();
        for (const dom::element value : values) {
            if (!(time != times.end())) {
                context_.drop(objects_.line(), "bad_sample", "a value without time");
                continue;
            }
            TRY(take_pair(point, *time, value));
            ++time;
        }
        return {};
    }

    Status take_sample(MetricPoint& point, dom::element sample)
    {
        dom::array pair;
        if (sample.get(pair) || pair.size() != 2) {
            context_.drop(objects_.line(), "bad_sample", "a sample that is no pair of time and value");
            return {};
        }
        return take_pair(point, pair.at(0).value_unsafe(), pair.at(1).value_unsafe());
    }

    Status take_pair(MetricPoint& point, dom::element time, dom::element value)
    {
        const auto at = instant_in(time);
        const auto number = number_in(value);
        if (!at || !number) {
            context_.drop(objects_.line(), "bad_sample", "a time or value that is none");
        } else if (!std::isfinite(*number)) {
            context_.drop(objects_.line(), "not_finite", "NaN or infinite, as a division by zero gives");
        } else {
            point.at_ns = *at;
            point.value = *number;
            TRY(context_.add(point));
            context_.stored();
        }
        return {};
    }

    /// A native histogram: [time, {"count":"3","sum":"0.7","buckets":[[boundary rule, left, right, count], ...]}].
    /// Buckets become cumulative, as those of classic histograms are.
    Status take_histogram(const MetricPoint& series, MetricLabels& labels, dom::element sample)
    {
        dom::array pair;
        dom::element value;
        std::optional<std::int64_t> at;
        if (!sample.get(pair) && pair.size() == 2) at = instant_in(pair.at(0).value_unsafe());
        if (!at || pair.at(1).get(value)) {
            context_.drop(objects_.line(), "bad_sample", "a histogram that is no pair of time and value");
            return {};
        }
        MetricPoint point = series;
        point.at_ns = *at;
        const std::string base(series.name);
        for (const std::string_view part : {"count", "sum"}) {
            dom::element number;
            if (value[part].get(number)) continue;
            const auto parsed = number_in(number);
            if (!parsed || !std::isfinite(*parsed)) continue;
            const std::string name = base + "." + std::string(part);
            point.name = name;
            point.unit = part == "count" ? std::string_view() : series.unit;
            point.value = *parsed;
            TRY(context_.add(point));
        }
        dom::array buckets;
        double cumulative = 0;
        const std::string name = base + ".bucket";
        if (!value["buckets"].get(buckets))
            for (const dom::element bucket : buckets) {
                dom::array parts;
                std::string_view right;
                if (bucket.get(parts) || parts.size() != 4 || parts.at(2).get(right)) continue;
                cumulative += number_in(parts.at(3).value_unsafe()).value_or(0);
                MetricLabels with_bound = labels;
                with_bound.set("le", right);
                point.name = name;
                point.unit = {};
                point.labels = with_bound.json();
                point.value = cumulative;
                TRY(context_.add(point));
            }
        context_.stored();
        return {};
    }

    Source& source_;
    ImportContext& context_;
    JsonObjects objects_;
    dom::parser parser_;
    std::string padded_;
};

int sniff(const Probe& probe)
{
    const std::size_t first = probe.head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (first == std::string_view::npos || probe.head[first] != '{') return 0;
    const std::string_view head = probe.head.substr(first, 4096);
    if (head.find("\"status\"") != std::string_view::npos &&
        (head.find("\"resultType\"") != std::string_view::npos || head.find("\"errorType\"") != std::string_view::npos))
        return 95;
    if (head.find("\"metric\"") < 4 && head.find("\"values\"") != std::string_view::npos &&
        head.find("\"timestamps\"") != std::string_view::npos)
        return 90;
    return head.starts_with("{\"metric\":{") && head.find("__name__") != std::string_view::npos ? 85 : 0;
}

Status read(Source& source, ImportContext& context) { return AnswerImport(source, context).read(); }

}  // namespace

const Importer prometheus_json{
    .id = "prometheus_json",
    .title = "Prometheus API answer (JSON)",
    .brings = "metric_point",
    .how = "curl -G http://prometheus:9090/api/v1/query_range --data-urlencode 'query=...' -d start=... -d end=... -d "
           "step=5 > metrics.json",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
