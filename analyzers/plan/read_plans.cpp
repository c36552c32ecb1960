#include "analyzers/plan/read_plans.h"

namespace casebook::plan {

Format format_of(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return Format::text;
    text.remove_prefix(first);
    if (text.front() == '[' || text.front() == '{') return Format::json;
    if (text.front() == '<') return Format::xml;
    if (text.starts_with("- ")) text.remove_prefix(2);
    // In text EXPLAIN only a query text may stand at the beginning; YAML quotes it.
    for (const std::string_view key : {"Plan: \n", "Plan:\n", "Plan: \r\n", "Query Text: \"", "Query Identifier: "}) {
        if (text.starts_with(key)) return Format::yaml;
    }
    return Format::text;
}

Result<Plans> read(Format format, std::string_view text, std::int64_t first_line)
{
    switch (format) {
    case Format::json: return read_json(text);
    case Format::yaml: return read_yaml(text);
    case Format::xml: return read_xml(text);
    case Format::text: break;
    }
    return read_text(text, first_line);
}

}  // namespace casebook::plan
