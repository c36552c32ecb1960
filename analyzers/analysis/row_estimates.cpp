#include "analyzers/analysis/row_estimates.h"

#include "analyzers/plan/conditions.h"
#include "analyzers/store/case_file.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

namespace casebook {
namespace {

constexpr double alike = 2;

/// Operators whose share of rows the planner takes from constants, not from statistics, at least for some types.
bool is_guessed_operator(std::string_view op)
{
    static constexpr std::array<std::string_view, 7> guessed{"@>", "<@", "?", "?|", "?&", "@@", "@?"};
    return std::find(guessed.begin(), guessed.end(), op) != guessed.end();
}

std::string spelled(const plan::ColumnTest& test)
{
    return test.function + "(" + test.column + ")::" + test.cast + " " + (test.negated ? "not " : "") +
           (test.in_or ? "or " : "") + test.op + " " + plan::constant_text(test.value);
}

void read_condition(const PlanNodeRow& node, const plan::Properties& detail, ScanEstimate& scan)
{
    std::set<std::string> tests, columns;
    // A bitmap says its index's condition again as the one to recheck; other scans recheck what they already have.
    for (const char* property : {"Index Cond", "Filter", "Recheck Cond"}) {
        if (std::string_view(property) == "Recheck Cond" && node.node_type != "Bitmap Heap Scan") continue;
        const std::string text(detail.text(property));
        std::size_t left_out = 0;
        for (const plan::ColumnTest& test : plan::column_tests(text, &left_out)) {
            tests.insert(spelled(test));
            scan.generic = scan.generic || test.against == plan::Against::parameter;
            scan.guessed = scan.guessed || !test.is_sargable() || is_guessed_operator(test.op) ||
                           test.value.find("SubPlan") != std::string::npos;
            if (test.against != plan::Against::column) columns.insert(test.column);
        }
        if (left_out == 0) continue;
        scan.guessed = true;
        tests.insert(std::string(text));
    }
    for (const std::string& test : tests) scan.condition += test + "\n";
    for (const std::string& column : columns) scan.columns += (scan.columns.empty() ? "" : ",") + column;
    scan.predicates = columns.size();
}

} // namespace

Result<RowEstimates> load_row_estimates(CaseFile& file, const Control& control)
{
    RowEstimates loaded;
    TRY_ASSIGN(loaded.plans, plan::load_plans(file.database()));
    for (std::size_t index = 0; index < loaded.plans.size(); ++index) {
        TRY(control.check());
        const plan::StoredPlan& stored = loaded.plans[index];
        if (!loaded.has_actuals(index)) continue;
        const double whole_ms = plan::execution_ms(stored.row).value_or(0);
        for (const plan::Misestimate& miss : plan::misestimates(stored.row, 1)) {
            const PlanNodeRow& node = stored.row.nodes[static_cast<std::size_t>(miss.node)];
            if (node.relation.empty() || !plan::is_scan(node.node_type)) continue;
            ScanEstimate scan;
            scan.plan = index;
            scan.miss = miss;
            scan.rows = *node.actual_rows * *node.loops;
            scan.share = whole_ms > 0 ? std::min(miss.fed_ms / whole_ms, 1.0) : 0;
            scan.relation = node.relation;
            const plan::Properties detail = plan::detail_of(node);
            scan.schema = detail.text("Schema");
            read_condition(node, detail, scan);
            loaded.scans.push_back(std::move(scan));
        }
    }
    return loaded;
}

bool RowEstimates::has_actuals(std::size_t plan) const
{
    return !plans[plan].row.nodes.empty() && plans[plan].row.nodes.front().loops.has_value();
}

bool RowEstimates::has_actuals() const
{
    for (std::size_t plan = 0; plan < plans.size(); ++plan)
        if (has_actuals(plan)) return true;
    return false;
}

void RightScans::add(const ScanEstimate& scan, std::optional<std::int64_t> at_ns)
{
    rows_.emplace_back(std::max(scan.rows, 1.0), at_ns.value_or(std::numeric_limits<std::int64_t>::max()));
    expected_.push_back(std::max(scan.miss.plan_rows, 1.0));
}

void RightScans::finish()
{
    std::sort(rows_.begin(), rows_.end());
    std::sort(expected_.begin(), expected_.end());
    latest_.assign(2 * rows_.size(), std::numeric_limits<std::int64_t>::min());
    for (std::size_t i = 0; i < rows_.size(); ++i) latest_[rows_.size() + i] = rows_[i].second;
    for (std::size_t i = rows_.size(); i-- > 1;) latest_[i] = std::max(latest_[2 * i], latest_[2 * i + 1]);
}

bool RightScans::has_alike(const ScanEstimate& wrong, std::optional<std::int64_t> at_ns) const
{
    const double rows = std::max(wrong.rows, 1.0);
    const auto less = [](const auto& one, double value) { return one.first < value; };
    const auto more = [](double value, const auto& one) { return value < one.first; };
    auto from =
        static_cast<std::size_t>(std::lower_bound(rows_.begin(), rows_.end(), rows / alike, less) - rows_.begin()) +
        rows_.size();
    auto to =
        static_cast<std::size_t>(std::upper_bound(rows_.begin(), rows_.end(), rows * alike, more) - rows_.begin()) +
        rows_.size();
    if (from >= to) return false;
    if (!at_ns) return true;
    std::int64_t latest = std::numeric_limits<std::int64_t>::min();
    for (; from < to; from /= 2, to /= 2) {
        if (from % 2 == 1) latest = std::max(latest, latest_[from++]);
        if (to % 2 == 1) latest = std::max(latest, latest_[--to]);
    }
    return latest >= *at_ns;
}

bool RightScans::has_estimate_alike(const ScanEstimate& wrong) const
{
    const double expected = std::max(wrong.miss.plan_rows, 1.0);
    const auto nearest = std::lower_bound(expected_.begin(), expected_.end(), expected / alike);
    return nearest != expected_.end() && *nearest <= expected * alike;
}

} // namespace casebook
