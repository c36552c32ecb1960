#pragma once

#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/runner.h"
#include "tests/support/span_table_builder.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace casebook::tests {

/// A case made of spans written by hand and of files, to ask analyzers about. Spans go the way of every file: as OTLP JSON
/// through the importer. Traces and span ids are those of the spans; times are since 2026-04-14T10:00:00Z.
class CaseBuilder {
public:
    static constexpr std::int64_t begin_ns = 1776160800000000000;

    CaseBuilder& add(const TestSpan& span)
    {
        static constexpr const char* hex = "0123456789abcdef";
        const auto id = [](std::uint64_t value) {
            std::string text(16, '0');
            for (std::size_t i = 16; i-- > 0; value >>= 4) text[i] = hex[value & 15];
            return text;
        };
        const auto attribute = [](const std::string& key, const std::string& value) { return R"({"key":")" + key + R"(","value":{"stringValue":")" + value + R"("}})"; };
        std::string resource = attribute("service.name", span.service), attributes;
        if (!span.instance.empty()) resource += "," + attribute("service.instance.id", span.instance);
        if (!span.version.empty()) resource += "," + attribute("service.version", span.version);
        for (const auto& [key, value] : span.attributes) attributes += (attributes.empty() ? "" : ",") + attribute(key, value);
        if (!span.statement.empty()) attributes += (attributes.empty() ? "" : ",") + attribute("db.query.text", span.statement) + "," + attribute("db.system.name", "postgresql");
        static constexpr int kinds[]{1, 2, 3, 4, 5};
        spans_ += R"({"resourceSpans":[{"resource":{"attributes":[)" + resource + R"(]},"scopeSpans":[{"spans":[{"traceId":"0000000000000001)" + id(span.trace) + R"(","spanId":")" + id(span.id) + "\"" +
                  (span.parent ? R"(,"parentSpanId":")" + id(span.parent) + "\"" : std::string()) + R"(,"name":")" + span.name + R"(","kind":)" + std::to_string(kinds[static_cast<int>(span.kind)]) +
                  R"(,"startTimeUnixNano":")" + std::to_string(begin_ns + span.start_ns) + R"(","endTimeUnixNano":")" + std::to_string(begin_ns + span.start_ns + span.duration_ns) + R"(","attributes":[)" + attributes +
                  R"(],"status":{"code":)" + std::to_string(span.status == SpanStatus::error ? 2 : 0) + "}}]}]}]}\n";
        return *this;
    }

    CaseBuilder& file(std::string name, std::string bytes)
    {
        files_.emplace_back(std::move(name), std::move(bytes));
        return *this;
    }

    /// A named window, times as those of the spans.
    CaseBuilder& window(std::string name, std::int64_t from_ns, std::int64_t to_ns)
    {
        windows_.emplace_back(std::move(name), TimeRange{begin_ns + from_ns, begin_ns + to_ns});
        return *this;
    }

    /// The report of these questions; `qFatal`-like abort when something does not import.
    AnalysisReport ask(std::vector<std::string> only) const
    {
        AnalyzeOptions options;
        options.only = std::move(only);
        return analyzed(options);
    }

    AnalysisReport analyzed(const AnalyzeOptions& options) const
    {
        auto made = CaseFile::temporary();
        if (!made) std::abort();
        auto files = files_;
        if (!spans_.empty()) files.emplace_back("spans.ndjson", spans_);
        for (const auto& [name, bytes] : files) {
            const auto done = import_bytes(**made, name, bytes, {}, Control{});
            if (!done) {
                std::fprintf(stderr, "%s: %s\n", name.c_str(), done.error().what.c_str());
                std::abort();
            }
        }
        for (const auto& [name, range] : windows_)
            if (!set_window(**made, name, range)) std::abort();
        auto report = analyze(**made, options, Control{});
        if (!report) {
            std::fprintf(stderr, "%s\n", report.error().what.c_str());
            std::abort();
        }
        return std::move(*report);
    }

    /// "confirmed: reason" of one question.
    std::string answer(const std::string& analyzer) const
    {
        const AnalysisReport report = ask({analyzer});
        return std::string(name_of(report.verdicts.front().answer.verdict)) + ": " + report.verdicts.front().answer.reason;
    }

private:
    std::string spans_;
    std::vector<std::pair<std::string, std::string>> files_;
    std::vector<std::pair<std::string, TimeRange>> windows_;
};

}  // namespace casebook::tests
