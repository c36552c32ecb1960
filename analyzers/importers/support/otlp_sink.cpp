#include "analyzers/importers/support/otlp_sink.h"

#include "analyzers/core/text.h"

#include <limits>
#include <optional>

namespace casebook {
namespace {

/// Severity numbers come in groups of four (OpenTelemetry log data model).
std::string_view level_of(std::int64_t severity)
{
    static constexpr std::string_view names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
    if (severity < 1 || severity > 24) return {};
    return names[(severity - 1) / 4];
}

std::optional<std::int64_t> time_of(const OtlpLog& log)
{
    for (const std::uint64_t ns : {log.time_ns, log.observed_ns})
        if (ns != 0 && ns <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            return static_cast<std::int64_t>(ns);
    return std::nullopt;
}

}  // namespace

void OtlpSink::end_resource(std::uint64_t dropped_attributes, std::int64_t line)
{
    for (const AttributeView& attribute : resource_attributes.views()) resource.add(attribute.key, attribute.value);
    resource.finish(default_service_);
    if (!resource.named && default_service_.empty())
        context_.note(line, "no_service", "a resource names no service; --service gives it one");
    if (dropped_attributes > 0) context_.note(line, "dropped_attributes", "the client left some out of a resource");
}

Status OtlpSink::log(const OtlpLog& log)
{
    LogLineRow row;
    row.at_ns = time_of(log);
    if (!row.at_ns) row.at_ns = context_.at_ns();
    if (resource.named || !default_service_.empty()) row.service = resource.service;
    row.level = log.severity_text.empty() ? level_of(log.severity_number) : log.severity_text;
    row.source_line = log.line;

    text_.assign(log.body.empty() ? log.event_name : log.body);
    const auto add = [&](std::string_view text) {
        if (text.empty() || text_.find(text) != std::string::npos) return;
        if (!text_.empty()) text_ += ": ";
        text_ += text;
    };
    // What went wrong stands in attributes when the logger was given an exception.
    for (const std::string_view key : {"exception.type", "exception.message"})
        if (const AttributeView* found = log_attributes.find(key)) add(found->value);
    bool mended = !is_clean_utf8(text_);
    if (mended) text_ = clean_utf8(text_);
    else mended = text_state_ == SpanBuilder::Text::mended && text_.find("\xef\xbf\xbd") != std::string::npos;
    row.text = text_;
    const std::string service = is_clean_utf8(row.service) ? std::string() : clean_utf8(row.service);
    if (!service.empty()) row.service = service;
    const std::string level = is_clean_utf8(row.level) ? std::string() : clean_utf8(row.level);
    if (!level.empty()) row.level = level;
    TRY(context_.add(row));
    context_.stored();
    if (mended) context_.repair(log.line, "bad_text", "bytes that are not UTF-8, or NUL, became U+FFFD");
    log_attributes.clear();
    return {};
}

}  // namespace casebook
