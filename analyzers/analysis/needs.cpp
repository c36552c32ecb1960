#include "analyzers/analysis/needs.h"

#include "analyzers/core/text.h"

#include <map>
#include <set>

namespace casebook {
namespace {

/// Splits at a separator outside of parentheses.
std::vector<std::string> split_outside(std::string_view text, std::string_view separator)
{
    std::vector<std::string> parts{""};
    int depth = 0;
    for (std::size_t i = 0; i < text.size();) {
        if (depth == 0 && text.substr(i, separator.size()) == separator) {
            parts.emplace_back();
            i += separator.size();
            continue;
        }
        depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
        parts.back() += text[i++];
    }
    for (std::string& part : parts) part = trim(part);
    return parts;
}

}  // namespace

NeedGroups parse_needs(std::string_view needs)
{
    NeedGroups groups;
    if (trim(needs).empty()) return groups;
    for (const std::string& group : split_outside(needs, "+")) {
        auto& alternatives = groups.emplace_back();
        for (const std::string& alternative : split_outside(group, " or ")) alternatives.push_back(split_outside(alternative, "&"));
    }
    return groups;
}

Result<std::vector<Missing>> missing_for(std::string_view needs, CaseEvidence& evidence)
{
    std::vector<Missing> missing;
    for (const auto& group : parse_needs(needs)) {
        std::vector<std::string> least;
        bool holds = false;
        for (const auto& alternative : group) {
            std::vector<std::string> lacking;
            for (const std::string& atom : alternative) {
                TRY_ASSIGN(const std::int64_t amount, evidence.amount(atom));
                if (amount == 0) lacking.push_back(atom);
            }
            if (lacking.empty()) holds = true;
            else if (least.empty() || lacking.size() < least.size()) least = lacking;
        }
        if (!holds)
            for (const std::string& atom : least) missing.push_back(missing_evidence(atom, "the question cannot be answered without it"));
    }
    return missing;
}

Result<std::vector<Missing>> improvements_for(std::string_view improves, CaseEvidence& evidence)
{
    std::vector<Missing> missing;
    for (const std::string& atom : split_outside(improves, ",")) {
        if (atom.empty()) continue;
        TRY_ASSIGN(const std::int64_t amount, evidence.amount(atom));
        if (amount == 0) missing.push_back(missing_evidence(atom, "it would make the answer surer"));
    }
    return missing;
}

Result<std::string> undated_evidence(std::string_view needs, std::string_view improves, CaseEvidence& evidence)
{
    static const std::map<std::string_view, std::string_view> moments{
        {"statement", "snapshot_at_ns FROM statements"}, {"plan", "at_ns FROM plans"},       {"heap_class", "at_ns FROM heap_classes"}, {"gc_pause", "at_ns FROM gc_pauses"},
        {"thread", "at_ns FROM threads"},                {"session", "at_ns FROM sessions"}, {"table_stat", "at_ns FROM table_stats"}};
    std::vector<std::string> atoms = split_outside(improves, ",");
    for (const auto& group : parse_needs(needs))
        for (const auto& alternative : group) atoms.insert(atoms.begin(), alternative.begin(), alternative.end());
    std::set<std::string> seen;
    std::string text;
    for (std::string atom : atoms) {
        if (atom == "plan_node") atom = "plan";
        atom.resize(std::min(atom.find('*'), atom.size()));
        const auto moment = moments.find(atom);
        if (moment == moments.end() || !seen.insert(atom).second) continue;
        TRY_ASSIGN(Statement count, evidence.file().database().prepare("SELECT count(DISTINCT file_id) FROM (SELECT file_id, " + std::string(moment->second) + ") WHERE " +
                                                                       std::string(moment->second.substr(0, moment->second.find(' '))) + " IS NULL"));
        TRY_ASSIGN(const bool row, count.step());
        const std::int64_t files = row ? count.integer(0) : 0;
        if (files > 0) text += (text.empty() ? "" : ", ") + atom + " (" + std::to_string(files) + (files == 1 ? " file)" : " files)");
    }
    return text;
}

}  // namespace casebook
