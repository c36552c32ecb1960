#include "app/cli/requests.h"

#include "analyzers/core/analyzer.h"
#include "analyzers/core/importer.h"
#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/playbook/symptoms.h"
#include "analyzers/playbook/thresholds.h"

namespace casebook::cli {

std::vector<Option> operator+(std::vector<Option> first, const std::vector<Option>& second)
{
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

std::vector<Option> import_options()
{
    return {
        {"--as", "IMPORTER", "read as this format instead of recognising it (casebook-cli list importers)"},
        {"--service", "NAME", "the service of rows that name none"},
        {"--at", "TIME", "when the evidence was taken, for files that do not say"},
    };
}

std::vector<Option> analyze_options()
{
    return {
        {"--from", "TIME", "analyse from here (ISO 8601, or epoch s, ms, us, ns) ..."},
        {"--to", "TIME", "... to here, not included"},
        {"--window", "NAME", "analyse this window; default: 'incident' if there is one, else the whole case"},
        {"--baseline", "NAME", "compare with this window; default: 'baseline' if there is one"},
        {"--symptom", "ID", "what users see: listed first, and walked from (casebook-cli list symptoms)"},
        {"--only", "ID,..", "ask these analyzers only (casebook-cli list analyzers)", true},
        {"--set", "NAME=VALUE", "another threshold for this run (casebook-cli list thresholds)", true},
        {"--json", "", "print JSON"},
        {"--exit-code", "", "exit with 1 when something of severity warning or critical is confirmed"},
    };
}

Result<std::int64_t> instant_request(std::string_view given_for, const std::string& text)
{
    if (const auto at = parse_instant(text)) return *at;
    return fail(Error::Code::usage, std::string(given_for) + ": '" + text + "' is not a time",
                "write 2026-11-23T01:41:12Z, or seconds, milliseconds, microseconds or nanoseconds since 1970");
}

Result<ImportOptions> import_request(const Arguments& arguments)
{
    ImportOptions options;
    options.importer = arguments.value("--as");
    options.service = arguments.value("--service");
    if (arguments.has("--at")) {
        TRY_ASSIGN(options.at_ns, instant_request("--at", arguments.value("--at")));
    }
    if (!arguments.has("--as")) return options;
    for (const Importer* importer : all_importers())
        if (importer->id == options.importer) return options;
    return fail(Error::Code::usage, "there is no importer '" + options.importer + "'",
                "casebook-cli list importers names them");
}

namespace {

Result<std::pair<std::string, double>> threshold_request(const std::string& text)
{
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const auto value = equals == std::string::npos ? std::nullopt : parse_double(trim(std::string_view(text).substr(equals + 1)));
    if (!value)
        return fail(Error::Code::usage, "--set '" + text + "': expected NAME=NUMBER",
                    "for example --set database.n_plus_one.repeats=5");
    if (default_threshold(name)) return std::pair(name, *value);
    return fail(Error::Code::usage, "there is no threshold '" + name + "'", "casebook-cli list thresholds names them");
}

}  // namespace

Result<AnalyzeOptions> analyze_request(const Arguments& arguments)
{
    AnalyzeOptions options;
    if (arguments.has("--from") != arguments.has("--to"))
        return fail(Error::Code::usage, "--from and --to go together", "give both ends of the range");
    if (arguments.has("--from") && arguments.has("--window"))
        return fail(Error::Code::usage, "--from/--to and --window exclude each other", "give the range or the window");
    if (arguments.has("--from")) {
        TRY_ASSIGN(const std::int64_t from, instant_request("--from", arguments.value("--from")));
        TRY_ASSIGN(const std::int64_t to, instant_request("--to", arguments.value("--to")));
        if (to <= from) return fail(Error::Code::usage, "--to is not after --from", "the range is [from, to)");
        options.range = TimeRange{from, to};
    }
    options.window = arguments.value("--window");
    options.baseline = arguments.value("--baseline");
    options.symptom = arguments.value("--symptom");
    if (!options.symptom.empty() && !is_symptom(options.symptom))
        return fail(Error::Code::usage, "there is no symptom '" + options.symptom + "'", "casebook-cli list symptoms names them");
    for (const std::string& list : arguments.values("--only"))
        for (const std::string_view id : split(list, ',')) {
            if (trim(id).empty()) continue;
            bool known = false;
            for (const Analyzer* analyzer : all_analyzers()) known = known || analyzer->id == trim(id);
            if (!known)
                return fail(Error::Code::usage, "there is no analyzer '" + std::string(trim(id)) + "'",
                            "casebook-cli list analyzers names them");
            options.only.emplace_back(trim(id));
        }
    for (const std::string& text : arguments.values("--set")) {
        TRY_ASSIGN(auto threshold, threshold_request(text));
        options.thresholds[threshold.first] = threshold.second;
    }
    return options;
}

}  // namespace casebook::cli
