#pragma once

#include "analyzers/importers/support/json_values.h"
#include "analyzers/importers/support/span_builder.h"
#include "analyzers/importers/support/trace_tags.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace casebook {

/// Makes span rows of parsed Jaeger JSON. One per import run.
class JaegerReader {
public:
    explicit JaegerReader(ImportContext& context)
        : context_(context), default_service_(context.default_service()), spans_(context)
    {
    }

    /// What follows stands on `line`, and its text can be trusted so far.
    void place(std::int64_t line, SpanBuilder::Text text)
    {
        line_ = line;
        spans_.set_text(text);
    }
    /// The id and the processes of a trace; spans are not looked at. Views must live while its spans are read.
    void begin_trace(simdjson::dom::object fields);
    /// For a trace whose own fields cannot be read.
    void begin_unknown_trace() { forget_processes(); }
    bool has_processes() const { return !processes_.empty(); }
    /// One span of the trace begun last, or with a process inside.
    Status span(simdjson::dom::object fields);

private:
    /// A service as spans refer to it.
    struct Process {
        std::string_view id;
        AttributeList text;
        SpanResource resource;
    };
    struct LogPart {
        std::string_view key, value;
        bool bare;
    };
    struct Reference {
        TraceId trace;
        std::uint64_t span = 0;
        IdForm form = IdForm::missing;
        bool follows = false;
    };

    void forget_processes();
    void warnings(simdjson::dom::object fields);
    void read_process(const JsonValue& value, Process& process);
    template <class Take>
    void each_tag(const JsonValue& tags, AttributeList& text, Take take);
    const SpanResource& process_of(std::string_view id, const JsonValue* inside);
    void read_references(const JsonValue& list, SpanDraft& draft);
    void read_logs(const JsonValue& list);
    void read_log(const JsonValue& parts, std::optional<std::int64_t> at_ns);

    ImportContext& context_;
    std::string default_service_;
    SpanBuilder spans_;
    TraceTags tags_;
    std::deque<Process> processes_;  // of the trace at hand
    std::unordered_map<std::string_view, const Process*> process_index_;
    Process own_;                    // of a span that carries its own
    TraceId trace_;
    IdForm trace_form_ = IdForm::missing;
    std::vector<Reference> references_;
    std::vector<LogPart> log_;
    std::int64_t line_ = 0;
};

}  // namespace casebook
