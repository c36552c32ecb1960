#include "analyzers/core/text.h"
#include "analyzers/plan/node_names.h"
#include "analyzers/plan/read_plans.h"
#include "analyzers/plan/text_lines.h"
#include "analyzers/plan/text_properties.h"
#include "analyzers/plan/text_scan.h"

#include <algorithm>
#include <map>
#include <utility>

namespace casebook::plan {

namespace {

// Whether the name behind " on " is that of a relation, and if not, which property takes it.
std::string_view name_property(std::string_view node_type)
{
    if (node_type == "CTE Scan" || node_type == "WorkTable Scan") return "CTE Name";
    if (node_type == "Function Scan") return "Function Name";
    if (node_type == "Table Function Scan") return "Table Function Name";
    if (node_type == "Named Tuplestore Scan") return "Tuplestore Name";
    if (node_type == "Subquery Scan" || node_type == "Values Scan") return "";
    if (node_type == "Bitmap Index Scan") return "Index Name";
    return "Relation Name";
}

// "public.orders o", "orders", "\"*VALUES*\"": schema, name and alias of what a node reads.
void set_target(Properties& properties, std::string_view property, std::string_view text)
{
    std::string name = take_identifier(text);
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        properties.set_text("Schema", name);
        name = take_identifier(text);
    }
    text = trim(text);
    if (!property.empty()) properties.set_text(property, name);
    if (property == "Index Name") return;
    properties.set_text("Alias", text.empty() ? name : take_identifier(text));
}

void set_figures(Properties& properties, const NodeFigures& figures)
{
    const auto set = [&](std::string_view key, std::string_view value) {
        if (!value.empty()) properties.set_number(key, value);
    };
    set("Startup Cost", figures.startup_cost);
    set("Total Cost", figures.total_cost);
    set("Plan Rows", figures.plan_rows);
    set("Plan Width", figures.plan_width);
    set("Actual Startup Time", figures.startup_time);
    set("Actual Total Time", figures.total_time);
    set("Actual Rows", figures.never_executed ? "0" : figures.actual_rows);
    set("Actual Loops", figures.never_executed ? "0" : figures.loops);
    if (!figures.slice.empty()) properties.set_text("Slice", figures.slice);
}

// The node's name and what stands behind "using" and "on".
void set_description(Node& node, std::string_view text)
{
    text = trim(text);
    const std::size_t on = find_outside_quotes(text, " on ");
    const std::size_t used = find_outside_quotes(text, " using ");
    std::string_view name = text.substr(0, std::min(on, used));
    // Old versions print "Subquery Scan s".
    constexpr std::string_view subquery = "Subquery Scan ";
    std::string_view target = on == std::string_view::npos ? std::string_view() : text.substr(on + 4);
    if (target.empty() && name.starts_with(subquery)) {
        target = name.substr(subquery.size());
        name = subquery.substr(0, subquery.size() - 1);
    }
    describe_node(node, name);
    if (used != std::string_view::npos) {
        std::string_view index = text.substr(used + 7);
        node.properties.set_text("Index Name", take_identifier(index));
    }
    if (!target.empty()) set_target(node.properties, name_property(node.node_type), trim(target));
}

bool is_parent_of_members(std::string_view type)
{
    return type == "Append" || type == "Merge Append" || type == "BitmapAnd" || type == "BitmapOr";
}

bool modifies_tables(std::string_view type)
{
    return type == "Insert" || type == "Update" || type == "Delete" || type == "Merge";
}

class Reader {
public:
    Reader(std::int64_t first_line, std::vector<Tree>& plans) : first_line_(first_line), plans_(plans) {}

    void line(const TextLine& line)
    {
        switch (line.kind) {
        case TextLine::Kind::blank: boundary_ = true; return;
        case TextLine::Kind::node: node(line); return;
        case TextLine::Kind::label: label(line); return;
        case TextLine::Kind::property: property(line); return;
        case TextLine::Kind::target: target(line); return;
        case TextLine::Kind::queryText:
            finish();
            tree_.properties.set_text("Query Text", line.text);
            boundary_ = false;
            return;
        case TextLine::Kind::other:
            // The next statement, echoed; and behind the times of the statement a plan is over.
            if (equals_ignoring_case(line.text.substr(0, 8), "explain ")) boundary_ = true;
            if (!tree_.nodes.empty() && !boundary_ && !tree_.properties.has("Execution Time")) ++not_understood_;
            return;
        }
    }

    void finish()
    {
        close_section();
        if (!triggers_.empty()) tree_.properties.set("Triggers", "[" + std::exchange(triggers_, {}) + "]");
        if (!tree_.nodes.empty()) {
            complete();
            plans_.push_back(std::move(tree_));
        }
        tree_ = Tree();
        open_.clear();
        keys_.clear();
        worker_ = nullptr;
        has_pseudo_node_ = false;
    }

    int not_understood() const { return not_understood_; }

private:
    struct Open {
        int indent = 0;
        int node = 0;
        std::string label;  // "SubPlan 1": children below it belong to `node` under this name
    };
    enum class Section { none, planning, serialization, jit };

    Node& last() { return tree_.nodes.back(); }

    void node(const TextLine& line)
    {
        // Only the root stands without an arrow.
        if (!line.arrow && !tree_.nodes.empty()) finish();
        close_section();
        worker_ = nullptr;
        boundary_ = false;
        const int indent = line.arrow ? line.indent : -1;
        while (open_.size() > 1 && open_.back().indent >= indent) open_.pop_back();
        Node node;
        if (!open_.empty()) {
            node.parent = open_.back().node;
            if (!open_.back().label.empty()) node.properties.set_text("Subplan Name", open_.back().label);
        } else {
            tree_.source_line = first_line_ - 1 + line.number;
            root_indent_ = line.indent;
        }
        std::string_view text = line.text;
        const NodeFigures figures = take_figures(text);
        set_description(node, text);
        set_figures(node.properties, figures);
        if (node.node_type == "Task" || node.node_type.starts_with("Distributed Subplan ")) has_pseudo_node_ = true;
        open_.push_back({open_.empty() ? -1 : line.indent, static_cast<int>(tree_.nodes.size()), {}});
        tree_.nodes.push_back(std::move(node));
        keys_.emplace_back();
    }

    void label(const TextLine& line)
    {
        if (open_.empty()) return;
        close_section();
        while (open_.size() > 1 && open_.back().indent >= line.indent) open_.pop_back();
        open_.push_back({line.indent, open_.back().node, std::string(line.text)});
    }

    void target(const TextLine& line)
    {
        if (tree_.nodes.empty()) return;
        const std::size_t on = line.text.find(" on ");
        Properties properties;
        set_target(properties, "Relation Name", line.text.substr(on + 4));
        std::string json = "{";
        for (const Property& property : properties.all()) {
            if (json.size() > 1) json += ',';
            json += '"' + property.key + "\":" + property.value;
        }
        std::string& list = targets_[tree_.nodes.size() - 1];
        list += (list.empty() ? "" : ",") + json + "}";
    }

    void property(const TextLine& line)
    {
        if (line.text.starts_with("Worker ") && worker_line(line)) return;
        if (line.text.starts_with("JIT for worker ") && !tree_.nodes.empty()) {
            close_section();
            worker_ = worker_numbered(parse_int(trim(line.text.substr(15, line.text.size() - 16))).value_or(0));
            section_ = Section::jit;
            return;
        }
        if (line.text.starts_with("Trigger ")) {
            close_section();
            const std::string json = trigger_json(line.text);
            if (!json.empty()) triggers_ += (triggers_.empty() ? "" : ",") + json;
            return;
        }
        const std::size_t colon = line.text.find(':');
        const std::string_view key = line.text.substr(0, colon);
        const std::string_view value = trim(line.text.substr(colon + 1));
        if (in_section(key, value) || of_statement(line, key, value)) return;
        close_section();
        if (!tree_.nodes.empty()) of_node(line, key, value);
    }

    // Lines of the block that "Planning:", "Serialization:" or "JIT:" opened.
    bool in_section(std::string_view key, std::string_view value)
    {
        switch (section_) {
        case Section::none: return false;
        case Section::jit: return jit_.add(key, value);
        case Section::planning:
        case Section::serialization:
            if (key != "Buffers" && key != "I/O Timings" && key != "Memory") return false;
            set_text_property(group_, "", key, value);
            if (key == "Buffers") tree_.has_buffers = true;
            return true;
        }
        return false;
    }

    void close_section()
    {
        if (section_ == Section::jit && !jit_.empty()) {
            if (worker_) worker_->properties.set("JIT", jit_.json());
            else tree_.properties.set("JIT", jit_.json());
        }
        if ((section_ == Section::planning || section_ == Section::serialization) && !group_.empty()) {
            std::string json = "{";
            for (const Property& property : group_.all()) {
                if (json.size() > 1) json += ',';
                json += '"' + property.key + "\":" + property.value;
            }
            tree_.properties.set(section_ == Section::planning ? "Planning" : "Serialization", json + "}");
        }
        section_ = Section::none;
        jit_ = JitBlock();
        group_ = Properties();
    }

    void open_section(Section section)
    {
        close_section();
        section_ = section;
        worker_ = nullptr;
    }

    bool of_statement(const TextLine& line, std::string_view key, std::string_view value)
    {
        if (key == "JIT" && value.empty() && worker_ && line.indent > worker_indent_) {
            close_section();
            section_ = Section::jit;
            return true;
        }
        // Citus prints times of remote plans below its tasks.
        const bool is_inner = !open_.empty() && open_.back().node > 0 && line.indent > root_indent_ + 4 &&
                              has_pseudo_node_;
        Properties& properties = is_inner ? last().properties : tree_.properties;
        if (key == "Planning" && value.empty()) open_section(Section::planning);
        else if (key == "JIT" && value.empty()) open_section(Section::jit);
        else if (key == "Serialization") serialization(value);
        else if (key == "Planning Time" || key == "Planning time") set_ms(properties, "Planning Time", value);
        else if (key == "Execution Time" || key == "Execution time") set_ms(properties, "Execution Time", value);
        else if (key == "Total runtime") set_ms(properties, "Execution Time", value);
        else if (key == "Query Identifier") tree_.properties.set_number(key, value);
        else if (key == "Query Parameters") tree_.properties.set_text(key, value);
        else if (key == "Settings" && !value.empty()) tree_.properties.set(key, settings_json(value));
        else if (key == "Optimizer") tree_.properties.set_text(key, value);
        else if (key != "Time") return false;  // psql's \timing
        if (section_ == Section::none) worker_ = nullptr;
        return true;
    }

    void set_ms(Properties& properties, std::string_view key, std::string_view value)
    {
        close_section();
        if (value.ends_with("ms")) value = trim(value.substr(0, value.size() - 2));
        if (parse_double(value)) properties.set_number(key, value);
        else ++not_understood_;
    }

    // "time=4.690 ms  output=31251kB  format=text"
    void serialization(std::string_view value)
    {
        open_section(Section::serialization);
        for (const Counter& counter : split_counters(value)) {
            std::string_view figure = counter.value;
            if (figure.ends_with("kB")) figure.remove_suffix(2);
            if (counter.name == "time") group_.set_number("Time", figure);
            else if (counter.name == "output") group_.set_number("Output Volume", figure);
            else if (counter.name == "format") group_.set_text("Format", figure);
        }
    }

    void of_node(const TextLine& line, std::string_view key, std::string_view value)
    {
        Node& node = last();
        if (key == "Buffers") tree_.has_buffers = true;
        // What stands deeper than "Worker 0:" is the worker's.
        if (worker_ && line.indent > worker_indent_) {
            set_text_property(worker_->properties, node.node_type, key, value);
            return;
        }
        worker_ = nullptr;
        const bool aggregates = node.node_type.ends_with("Aggregate");
        if (key == "Hash Key" || key == "Group Key" || (key == "Sort Key" && aggregates)) {
            keys_.back().add(key, value);
            return;
        }
        set_text_property(node.properties, node.node_type, key, value);
    }

    Worker* worker_numbered(std::int64_t number)
    {
        auto& workers = last().workers;
        // Workers come in order, so one that is known already is near the end.
        constexpr std::size_t most_looked_at = 1000;
        for (std::size_t i = workers.size(); i-- > 0 && workers.size() - i <= most_looked_at;) {
            if (workers[i].number == number) return &workers[i];
        }
        workers.push_back({number, {}});
        return &workers.back();
    }

    // "Worker 0:  actual time=1.2..3.4 rows=5 loops=1", "Worker 1:  Sort Method: quicksort  Memory: 25kB"
    bool worker_line(const TextLine& line)
    {
        const std::size_t colon = line.text.find(':');
        const auto number = parse_int(line.text.substr(7, colon - 7));
        if (!number || tree_.nodes.empty()) return false;
        close_section();
        worker_ = worker_numbered(*number);
        worker_indent_ = line.indent;
        const std::string_view rest = trim(line.text.substr(colon + 1));
        if (rest.starts_with("actual ")) {
            std::string bracketed = "(" + std::string(rest) + ")";
            std::string_view view = bracketed;
            set_figures(worker_->properties, take_figures(view));
        } else if (rest == "JIT:") {
            section_ = Section::jit;
        } else if (const std::size_t inner = rest.find(':'); inner != std::string_view::npos) {
            set_text_property(worker_->properties, last().node_type, rest.substr(0, inner), trim(rest.substr(inner + 1)));
        }
        return true;
    }

    // What JSON states and text leaves to the reader.
    void complete()
    {
        const bool timed = tree_.timed();
        std::vector<int> children(tree_.nodes.size(), 0);
        std::vector<int> ordinary(tree_.nodes.size(), 0);
        for (std::size_t i = 0; i < tree_.nodes.size(); ++i) {
            Node& node = tree_.nodes[i];
            keys_[i].store(node.properties);
            if (timed && node.properties.number("Actual Loops") == 0.0) {
                node.properties.set_number("Actual Startup Time", "0");
                node.properties.set_number("Actual Total Time", "0");
            }
            if (!node.properties.has("Subplan Name") && node.parent >= 0) ++ordinary[static_cast<std::size_t>(node.parent)];
        }
        for (auto& [index, list] : std::exchange(targets_, {})) {
            if (index < tree_.nodes.size()) tree_.nodes[index].properties.set("Target Tables", "[" + list + "]");
        }
        for (Node& node : tree_.nodes) {
            if (node.parent < 0) continue;
            const auto parent = static_cast<std::size_t>(node.parent);
            const std::string& type = tree_.nodes[parent].node_type;
            const std::string subplan = node.properties.text("Subplan Name");
            std::string_view relationship;
            if (subplan.starts_with("SubPlan")) relationship = "SubPlan";
            else if (!subplan.empty()) relationship = "InitPlan";
            else if (is_parent_of_members(type) || (modifies_tables(type) && ordinary[parent] > 1)) relationship = "Member";
            else if (type == "Subquery Scan") relationship = "Subquery";
            else relationship = children[parent] == 0 ? "Outer" : "Inner";
            if (subplan.empty()) ++children[parent];
            node.properties.set_text("Parent Relationship", relationship);
        }
    }

    std::int64_t first_line_;
    std::vector<Tree>& plans_;
    Tree tree_;
    std::vector<Open> open_;
    std::vector<GroupingSets> keys_;  // one per node
    std::string triggers_;
    JitBlock jit_;
    Properties group_;
    Section section_ = Section::none;
    Worker* worker_ = nullptr;
    int worker_indent_ = 0;
    int root_indent_ = 0;
    bool boundary_ = false;
    bool has_pseudo_node_ = false;
    int not_understood_ = 0;
    std::map<std::size_t, std::string> targets_;
};

}  // namespace

Result<Plans> read_text(std::string_view text, std::int64_t first_line)
{
    Plans plans;
    const TextLines lines(text);
    Reader reader(first_line, plans.trees);
    for (const TextLine& line : lines.all()) reader.line(line);
    reader.finish();
    if (plans.trees.empty()) return fail(Error::Code::notUnderstood, "no plan in this text");
    if (reader.not_understood() > 0)
        plans.note = std::to_string(reader.not_understood()) + " lines inside a plan were not understood";
    return plans;
}

}  // namespace casebook::plan
