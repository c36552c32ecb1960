#pragma once

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/attribute_list.h"
#include "analyzers/importers/support/span_builder.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace casebook {

enum class MetricKind : std::uint8_t { gauge, sum, histogram, exponential_histogram, summary };

/// A data point as either encoding gives it, of any kind: each kind uses its own members.
struct OtlpPoint {
    std::uint64_t time_ns = 0;
    bool no_value = false;               ///< flag "no recorded value"
    std::optional<double> value;         ///< gauge, sum
    std::optional<std::uint64_t> count;  ///< the others
    std::optional<double> sum, min, max;
    std::vector<std::uint64_t> buckets;  ///< histogram: one more than bounds
    std::vector<double> bounds;
    std::int64_t scale = 0;              ///< exponential histogram
    std::uint64_t zero_count = 0;
    double zero_threshold = 0;
    std::int64_t positive_offset = 0, negative_offset = 0;
    std::vector<std::uint64_t> positive, negative;
    std::vector<std::pair<double, double>> quantiles;  ///< summary: quantile, value
    bool malformed = false;              ///< a number that is none
    std::int64_t line = 0;

    void clear();
};

/// Turns data points into metric rows (MetricPoint in core/rows.h): names, labels as sorted JSON with service and
/// instance, histograms as count, sum, min, max and cumulative buckets, deltas added up per series. A point's own
/// label named service or instance is kept as exported_service or exported_instance, as Prometheus does.
class OtlpMetrics {
public:
    explicit OtlpMetrics(ImportContext& context) : context_(context) {}

    enum class Temporality : std::uint8_t { unspecified = 0, delta = 1, cumulative = 2 };

    void begin_metric(std::string_view name, std::string_view unit, MetricKind kind, std::int64_t temporality);
    /// Labels of the next point; cleared by point().
    AttributeList& labels() { return labels_; }
    OtlpPoint& draft() { return point_; }
    /// Adds the rows of draft() and clears it. Counts one record, stored or dropped.
    Status point(const SpanResource& resource);

    void set_text(SpanBuilder::Text text) { text_ = text; }

private:
    /// What a delta series has added up to so far.
    struct Total {
        double value = 0;
        std::uint64_t count = 0;
        std::vector<double> bounds;
        std::vector<std::uint64_t> buckets;
        std::int64_t scale = 0;
        std::map<std::int64_t, std::uint64_t> positive, negative;
        std::uint64_t zero_count = 0;
        std::uint64_t last_ns = 0;
    };
    struct Bucket {
        double bound;
        std::uint64_t count;  // up to and including this bucket
    };

    bool settle(std::int64_t& at_ns);
    void write_labels(const SpanResource& resource);
    std::string& labels_with(std::string_view key, std::string_view value);
    Total* find_total();
    Status emit(std::string_view suffix, std::string_view labels, std::string_view unit, std::int64_t at_ns,
                double value);
    Status number_rows(std::int64_t at_ns);
    Status histogram_rows(std::int64_t at_ns);
    Status summary_rows(std::int64_t at_ns);
    void explicit_buckets();
    void exponential_buckets();

    ImportContext& context_;
    AttributeList labels_;
    OtlpPoint point_;
    MetricKind kind_ = MetricKind::gauge;
    Temporality temporality_ = Temporality::unspecified;
    std::string name_, unit_;
    std::string full_name_, labels_json_, labels_variant_;
    std::vector<AttributeView> sorted_;
    std::vector<Bucket> buckets_;
    std::unordered_map<std::string, Total> totals_;
    bool mended_ = false;  // text of the point at hand
    Total* total_ = nullptr;  // of the point's series, while a delta is added
    SpanBuilder::Text text_ = SpanBuilder::Text::clean;
};

}  // namespace casebook
