#include "analyzers/importers/support/otlp_metrics.h"

#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace casebook {
namespace {

/// Exponential histograms are brought to this scale at most: bounds grow by 2^(1/4), 19 %, a bucket. Coarser than
/// clients send (scale 20 at best), so that points of one series mostly share bounds.
constexpr std::int64_t finest_scale = 2;
constexpr std::int64_t coarsest_scale_in_use = -10, finest_scale_in_use = 20;  // OpenTelemetry data model

double to_double(std::uint64_t count)
{
    return static_cast<double>(count);
}

/// Adds buckets at `offset` to `into`, coarser by `shift` steps: index >> shift (data model, "perfect subsetting").
void add_buckets(std::map<std::int64_t, std::uint64_t>& into, std::int64_t offset,
                 const std::vector<std::uint64_t>& counts, std::int64_t shift)
{
    for (std::size_t i = 0; i < counts.size(); ++i)
        if (counts[i] != 0) into[(offset + static_cast<std::int64_t>(i)) >> shift] += counts[i];
}

void make_coarser(std::map<std::int64_t, std::uint64_t>& buckets, std::int64_t shift)
{
    if (shift == 0 || buckets.empty()) return;
    std::map<std::int64_t, std::uint64_t> coarser;
    for (const auto& [index, count] : buckets) coarser[index >> shift] += count;
    buckets = std::move(coarser);
}

}  // namespace

void OtlpPoint::clear()
{
    time_ns = 0;
    no_value = malformed = false;
    value.reset();
    count.reset();
    sum.reset();
    min.reset();
    max.reset();
    buckets.clear();
    bounds.clear();
    scale = positive_offset = negative_offset = 0;
    zero_count = 0;
    zero_threshold = 0;
    positive.clear();
    negative.clear();
    quantiles.clear();
    line = 0;
}

void OtlpMetrics::begin_metric(std::string_view name, std::string_view unit, MetricKind kind, std::int64_t temporality)
{
    name_ = text_ == SpanBuilder::Text::clean ? std::string(name) : clean_utf8(name);
    unit_ = text_ == SpanBuilder::Text::clean ? std::string(unit) : clean_utf8(unit);
    kind_ = kind;
    temporality_ = temporality == 1 ? Temporality::delta
                   : temporality == 2 ? Temporality::cumulative : Temporality::unspecified;
}

void OtlpMetrics::write_labels(const SpanResource& resource)
{
    sorted_.clear();
    mended_ = false;
    for (AttributeView label : labels_.views()) {
        if (label.key == "service") label.key = "exported_service";
        if (label.key == "instance") label.key = "exported_instance";
        sorted_.push_back(label);
    }
    if (resource.named || resource.service != "unknown_service") sorted_.push_back({"service", resource.service});
    if (!resource.instance.empty()) sorted_.push_back({"instance", resource.instance});
    if (text_ != SpanBuilder::Text::clean) {
        for (AttributeView& label : sorted_) {
            for (std::string_view* part : {&label.key, &label.value}) {
                if (!is_clean_utf8(*part)) {
                    *part = labels_.text().store(clean_utf8(*part));
                    mended_ = true;
                } else if (text_ == SpanBuilder::Text::mended && part->find("\xef\xbf\xbd") != std::string_view::npos) {
                    mended_ = true;
                }
            }
        }
    }
    std::stable_sort(sorted_.begin(), sorted_.end(),
                     [](const AttributeView& a, const AttributeView& b) { return a.key < b.key; });
    sorted_.erase(std::unique(sorted_.begin(), sorted_.end(),
                              [](const AttributeView& a, const AttributeView& b) { return a.key == b.key; }),
                  sorted_.end());
    labels_json_ = labels_with({}, {});
}

/// The labels with one more, put where it belongs; without one when the key is empty.
std::string& OtlpMetrics::labels_with(std::string_view key, std::string_view value)
{
    std::string& out = labels_variant_;
    out.assign(1, '{');
    const auto put = [&](std::string_view k, std::string_view v) {
        if (out.size() > 1) out += ',';
        append_json_string(out, k);
        out += ':';
        append_json_string(out, v);
    };
    bool placed = key.empty();
    for (const AttributeView& label : sorted_) {
        if (!placed && key <= label.key) {
            put(key, value);
            placed = true;
        }
        if (label.key != key) put(label.key, label.value);
    }
    if (!placed) put(key, value);
    out += '}';
    return out;
}

/// The sums of the point's series, when it is a delta; nullptr else.
OtlpMetrics::Total* OtlpMetrics::find_total()
{
    if (temporality_ != Temporality::delta || kind_ == MetricKind::gauge || kind_ == MetricKind::summary)
        return nullptr;
    std::string key = name_;
    key += '\0';
    key += unit_;
    key += '\0';
    key += labels_json_;
    Total& total = totals_[std::move(key)];
    if (point_.time_ns < total.last_ns)
        context_.note(point_.line, "out_of_order", "a delta older than the one before it was added all the same");
    total.last_ns = std::max(total.last_ns, point_.time_ns);
    return &total;
}

Status OtlpMetrics::emit(std::string_view suffix, std::string_view labels, std::string_view unit, std::int64_t at_ns,
                         double value)
{
    full_name_ = name_;
    full_name_ += suffix;
    MetricPoint row;
    row.name = full_name_;
    row.labels = labels;
    row.unit = unit;
    row.at_ns = at_ns;
    row.value = value;
    return context_.add(row);
}

/// False, and counted as dropped, when the point cannot become rows.
bool OtlpMetrics::settle(std::int64_t& at_ns)
{
    const auto drop = [&](std::string_view code, std::string_view detail) {
        context_.drop(point_.line, code, detail);
        return false;
    };
    if (name_.empty()) return drop("missing_name", "a metric without a name");
    if (point_.no_value) return drop("no_recorded_value", "the point says that the series has no value here");
    if (point_.malformed) return drop("bad_value", "a value of the point is no number");
    if (point_.time_ns > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return drop("time_out_of_range", "the time lies beyond the year 2262");
    if (point_.time_ns == 0) {
        const auto file_time = context_.at_ns();
        if (!file_time) return drop("missing_time", "a point without a time");
        at_ns = *file_time;
    } else {
        at_ns = static_cast<std::int64_t>(point_.time_ns);
    }
    if (kind_ == MetricKind::gauge || kind_ == MetricKind::sum) {
        if (!point_.value) return drop("missing_value", "a point without a value");
        if (!std::isfinite(*point_.value)) return drop("not_finite", "the value is infinite or not a number");
    } else {
        if (point_.sum && !std::isfinite(*point_.sum)) point_.sum.reset();
        if (point_.min && !std::isfinite(*point_.min)) point_.min.reset();
        if (point_.max && !std::isfinite(*point_.max)) point_.max.reset();
    }
    if (kind_ == MetricKind::exponential_histogram &&
        (point_.scale < coarsest_scale_in_use || point_.scale > finest_scale_in_use))
        return drop("bad_value", "the scale of an exponential histogram is out of range");
    return true;
}

Status OtlpMetrics::number_rows(std::int64_t at_ns)
{
    double value = *point_.value;
    if (kind_ == MetricKind::sum && total_ != nullptr) value = total_->value += value;
    return emit({}, labels_json_, unit_, at_ns, value);
}

void OtlpMetrics::explicit_buckets()
{
    std::vector<double>& bounds = point_.bounds;
    const bool ascending = std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()) == bounds.end();
    const bool finite = std::all_of(bounds.begin(), bounds.end(), [](double bound) { return std::isfinite(bound); });
    if (!bounds.empty() && std::isinf(bounds.back()) && bounds.size() == point_.buckets.size()) {
        // Some writers list +Inf as the last bound.
        bounds.pop_back();
        return explicit_buckets();
    }
    if (point_.buckets.empty() && bounds.empty()) return;
    if (point_.buckets.size() != bounds.size() + 1 || !ascending || !finite) {
        context_.note(point_.line, "bad_buckets", "buckets and bounds do not fit; count and sum are kept");
        return;
    }
    if (total_ != nullptr) {
        Total& sum = *total_;
        if (sum.bounds != bounds || sum.buckets.size() != point_.buckets.size()) {
            sum.bounds = bounds;
            sum.buckets.assign(point_.buckets.size(), 0);
        }
        for (std::size_t i = 0; i < sum.buckets.size(); ++i) sum.buckets[i] += point_.buckets[i];
        point_.buckets = sum.buckets;
    }
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        below += point_.buckets[i];
        buckets_.push_back({bounds[i], below});
    }
    buckets_.push_back({std::numeric_limits<double>::infinity(), below + point_.buckets.back()});
}

void OtlpMetrics::exponential_buckets()
{
    Total fresh;
    Total& sum = total_ != nullptr ? *total_ : fresh;
    const bool first = sum.positive.empty() && sum.negative.empty() && sum.zero_count == 0;
    const std::int64_t scale = std::min({point_.scale, finest_scale, first ? finest_scale : sum.scale});
    if (!first) {
        make_coarser(sum.positive, sum.scale - scale);
        make_coarser(sum.negative, sum.scale - scale);
    }
    sum.scale = scale;
    add_buckets(sum.positive, point_.positive_offset, point_.positive, point_.scale - scale);
    add_buckets(sum.negative, point_.negative_offset, point_.negative, point_.scale - scale);
    sum.zero_count += point_.zero_count;

    // Bucket i holds (base^i, base^(i+1)] with base = 2^(2^-scale); negative ones mirror it.
    const auto power = [scale](std::int64_t i) {
        return std::exp2(std::ldexp(static_cast<double>(i), static_cast<int>(-scale)));
    };
    std::uint64_t below = 0;
    const auto put = [&](double bound) {
        if (!std::isfinite(bound)) return;
        if (!buckets_.empty() && buckets_.back().bound >= bound) buckets_.back().count = below;
        else buckets_.push_back({bound, below});
    };
    for (auto it = sum.negative.rbegin(); it != sum.negative.rend(); ++it) {
        below += it->second;
        put(-power(it->first));
    }
    if (sum.zero_count > 0) {
        below += sum.zero_count;
        put(std::isfinite(point_.zero_threshold) ? point_.zero_threshold : 0);
    }
    for (const auto& [index, count] : sum.positive) {
        below += count;
        put(power(index + 1));
    }
    buckets_.push_back({std::numeric_limits<double>::infinity(), below});
}

Status OtlpMetrics::histogram_rows(std::int64_t at_ns)
{
    buckets_.clear();
    if (!point_.count) {
        point_.count = std::accumulate(point_.buckets.begin(), point_.buckets.end(), point_.zero_count);
        for (const auto* side : {&point_.positive, &point_.negative})
            point_.count = std::accumulate(side->begin(), side->end(), *point_.count);
    }
    if (kind_ == MetricKind::histogram) explicit_buckets();
    if (kind_ == MetricKind::exponential_histogram) exponential_buckets();
    if (total_ != nullptr) {
        point_.count = total_->count += *point_.count;
        if (point_.sum) point_.sum = total_->value += *point_.sum;
    }
    TRY(emit(".count", labels_json_, "1", at_ns, to_double(*point_.count)));
    if (point_.sum) TRY(emit(".sum", labels_json_, unit_, at_ns, *point_.sum));
    if (point_.min) TRY(emit(".min", labels_json_, unit_, at_ns, *point_.min));
    if (point_.max) TRY(emit(".max", labels_json_, unit_, at_ns, *point_.max));
    for (const Bucket& bucket : buckets_) {
        const std::string_view le = std::isinf(bucket.bound) ? std::string_view("+Inf") : labels_.number(bucket.bound);
        TRY(emit(".bucket", labels_with("le", le), unit_, at_ns, to_double(bucket.count)));
    }
    return {};
}

Status OtlpMetrics::summary_rows(std::int64_t at_ns)
{
    if (point_.count) TRY(emit(".count", labels_json_, "1", at_ns, to_double(*point_.count)));
    if (point_.sum) TRY(emit(".sum", labels_json_, unit_, at_ns, *point_.sum));
    for (const auto& [quantile, value] : point_.quantiles) {
        if (!std::isfinite(value) || !std::isfinite(quantile)) continue;
        TRY(emit({}, labels_with("quantile", labels_.number(quantile)), unit_, at_ns, value));
    }
    return {};
}

Status OtlpMetrics::point(const SpanResource& resource)
{
    std::int64_t at_ns = 0;
    if (settle(at_ns)) {
        write_labels(resource);
        total_ = find_total();
        switch (kind_) {
        case MetricKind::gauge:
        case MetricKind::sum: TRY(number_rows(at_ns)); break;
        case MetricKind::histogram:
        case MetricKind::exponential_histogram: TRY(histogram_rows(at_ns)); break;
        case MetricKind::summary: TRY(summary_rows(at_ns)); break;
        }
        context_.stored();
        if (mended_) context_.repair(point_.line, "bad_text", "bytes that are not UTF-8, or NUL, became U+FFFD");
    }
    labels_.clear();
    point_.clear();
    return {};
}

}  // namespace casebook
