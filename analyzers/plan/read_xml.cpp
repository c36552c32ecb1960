#include "analyzers/core/text.h"
#include "analyzers/plan/plan_sink.h"
#include "analyzers/plan/property_names.h"
#include "analyzers/plan/read_plans.h"

#include <algorithm>
#include <pugixml.hpp>
#include <string>

namespace casebook::plan {

namespace {

bool is_element(const pugi::xml_node& node)
{
    return node.type() == pugi::node_element;
}

pugi::xml_node first_element(const pugi::xml_node& parent)
{
    pugi::xml_node child = parent.first_child();
    while (child && !is_element(child)) child = child.next_sibling();
    return child;
}

pugi::xml_node next_element(pugi::xml_node node)
{
    do {
        node = node.next_sibling();
    } while (node && !is_element(node));
    return node;
}

// XML does not say which groups are lists: those whose elements are called "Item", or by the list's name in the
// singular (Plans/Plan, Workers/Worker, Hash-Keys/Hash-Key), and those that EXPLAIN may write without any element.
bool is_list(std::string_view name, const pugi::xml_node& element)
{
    const std::string_view child = first_element(element).name();
    if (child == "Item") return true;
    if (!child.empty()) return name.size() == child.size() + 1 && name.starts_with(child) && name.ends_with('s');
    return name == "Triggers" || name == "Plans" || name == "Workers" || name.ends_with("-Key") || name.ends_with("-Keys");
}

bool is_group(std::string_view name)
{
    return name == "Settings" || name == "Triggers" || name == "Plans" || name == "Workers" || name == "Planning";
}

// Hands an element and what is below it to the sink, without recursion: the tree itself knows the way back.
class Walk {
public:
    explicit Walk(Sink& sink) : sink_(sink) {}

    void run(const pugi::xml_node& root)
    {
        pugi::xml_node at = root;
        lists_.clear();
        while (at) {
            if (enter(at)) {
                at = first_element(at);
                continue;
            }
            while (at && at != root && !next_element(at)) {
                at = at.parent();
                leave();
                settings_ = settings_ && at.name() != std::string_view("Settings");
            }
            if (!at || at == root) break;
            at = next_element(at);
        }
        while (!lists_.empty()) leave();
    }

private:
    // True when the element was opened and has elements to go through.
    bool enter(const pugi::xml_node& element)
    {
        const std::string_view name = element.name();
        sink_.key(settings_ ? std::string(name) : key_of_tag(name));
        const bool has_children = static_cast<bool>(first_element(element));
        const bool empty_list_item = name.ends_with("-Key") && element.text().empty() && !has_children;
        if (!has_children && !empty_list_item && !is_group(name)) {
            scalar(name, element.child_value());
            return false;
        }
        const bool list = is_list(name, element);
        list ? sink_.begin_array() : sink_.begin_object();
        lists_.push_back(list);
        if (name == "Settings") settings_ = true;
        if (has_children) return true;
        leave();
        settings_ = false;
        return false;
    }

    void leave()
    {
        if (lists_.empty()) return;
        lists_.back() ? sink_.end_array() : sink_.end_object();
        lists_.pop_back();
    }

    void scalar(std::string_view name, std::string_view value)
    {
        if (settings_ || name == "Item" || is_text_property(key_of_tag(name))) sink_.text(value);
        else if (value == "true" || value == "false") sink_.flag(value == "true");
        else if (parse_double(trim(value))) sink_.number(value);
        else sink_.text(value);
    }

    Sink& sink_;
    std::vector<bool> lists_;
    bool settings_ = false;
};

bool last_is_closed(std::string_view text)
{
    const auto last = [text](std::string_view tag) {
        const std::size_t at = text.rfind(tag);
        return at == std::string_view::npos ? std::ptrdiff_t{-1} : static_cast<std::ptrdiff_t>(at);
    };
    return std::max(last("</Query>"), last("</explain>")) > std::max(last("<Query>"), last("<explain"));
}

}  // namespace

Result<Plans> read_xml(std::string_view text)
{
    pugi::xml_document document;
    // Whitespace matters in conditions that span lines, so nothing is trimmed.
    const pugi::xml_parse_result parsed =
        document.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_fragment, pugi::encoding_utf8);
    Plans plans;
    if (!parsed) plans.note = std::string("the XML is broken: ") + parsed.description();
    Sink sink(Format::xml, plans.trees);
    // <explain><Query> of EXPLAIN, <explain> alone of auto_explain, or one of several <Query>.
    std::vector<pugi::xml_node> roots;
    for (pugi::xml_node top = document.first_child(); top; top = top.next_sibling()) {
        const std::string_view name = top.name();
        if (name == "Query") roots.push_back(top);
        if (name != "explain") continue;
        if (top.child("Plan")) roots.push_back(top);
        for (const pugi::xml_node query : top.children("Query")) roots.push_back(query);
    }
    // What was read before the XML broke off is a tree too, but its last plan is not complete.
    if (!parsed && !roots.empty() && !last_is_closed(text.substr(0, static_cast<std::size_t>(parsed.offset)))) {
        roots.pop_back();
        plans.note = "the XML ends before the plan is complete";
        plans.cut_off = true;
    }
    for (const pugi::xml_node& root : roots) {
        if (root.child("Plan")) Walk(sink).run(root);
    }
    if (!plans.trees.empty()) return plans;
    return fail(Error::Code::notUnderstood, plans.note.empty() ? "no plan in this XML" : plans.note);
}

}  // namespace casebook::plan
