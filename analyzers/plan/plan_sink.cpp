#include "analyzers/plan/plan_sink.h"

#include "analyzers/core/json_writer.h"
#include "analyzers/plan/node_names.h"

#include <algorithm>

namespace casebook::plan {

Properties* Sink::target()
{
    switch (top()) {
    case Frame::statement: return &tree_.properties;
    case Frame::node: return &tree_.nodes[static_cast<std::size_t>(open_nodes_.back())].properties;
    case Frame::worker: return &worker_.properties;
    default: return nullptr;
    }
}

void Sink::begin_object()
{
    switch (top()) {
    case Frame::list:
        tree_ = Tree();
        tree_.format = format_;
        open(Frame::statement);
        return;
    case Frame::nodes: begin_node(); return;
    case Frame::workers:
        worker_ = Worker();
        open(Frame::worker);
        return;
    case Frame::statement:
        // A second "Plan" in one statement would make two roots; only the first is one.
        if (key_ == "Plan" && tree_.nodes.empty()) {
            begin_node();
            return;
        }
        break;
    case Frame::node:
    case Frame::worker:
    case Frame::group: break;
    }
    begin_group('{');
}

void Sink::end_object()
{
    switch (top()) {
    case Frame::group: end_group('}'); return;
    case Frame::node: end_node(); return;
    case Frame::worker: {
        frames_.pop_back();
        worker_.number = worker_.properties.integer("Worker Number").value_or(0);
        worker_.properties.remove("Worker Number");
        // Before version 13 one node may have two lists of workers: one for times, one for its sort.
        auto& workers = tree_.nodes[static_cast<std::size_t>(open_nodes_.back())].workers;
        constexpr std::size_t most_compared = 1000;
        const auto same = workers.size() > most_compared ? workers.end()
            : std::find_if(workers.begin(), workers.end(),
                           [&](const Worker& other) { return other.number == worker_.number; });
        if (same == workers.end()) {
            workers.push_back(std::move(worker_));
        } else {
            for (const Property& property : worker_.properties.all()) same->properties.set(property.key, property.value);
        }
        return;
    }
    case Frame::statement:
        frames_.pop_back();
        if (!tree_.nodes.empty()) plans_.push_back(std::move(tree_));
        tree_ = Tree();
        return;
    default: return;
    }
}

void Sink::begin_array()
{
    if (top() == Frame::list) {
        open(Frame::list);
        return;
    }
    if (top() == Frame::node && key_ == "Plans") {
        open(Frame::nodes);
        return;
    }
    if (top() == Frame::node && key_ == "Workers") {
        open(Frame::workers);
        return;
    }
    begin_group('[');
}

void Sink::end_array()
{
    if (top() == Frame::group) {
        end_group(']');
        return;
    }
    if (!frames_.empty()) frames_.pop_back();
}

void Sink::begin_node()
{
    Node node;
    node.parent = open_nodes_.empty() ? -1 : open_nodes_.back();
    open_nodes_.push_back(static_cast<int>(tree_.nodes.size()));
    tree_.nodes.push_back(std::move(node));
    open(Frame::node);
}

void Sink::end_node()
{
    frames_.pop_back();
    name_node(tree_.nodes[static_cast<std::size_t>(open_nodes_.back())]);
    open_nodes_.pop_back();
}

void Sink::begin_group(char bracket)
{
    if (top() != Frame::group) {
        group_key_ = key_;
        group_.clear();
        group_brackets_.clear();
        group_comma_ = false;
        open(Frame::group);
    } else {
        separate();
    }
    group_ += bracket;
    group_brackets_.push_back(bracket);
    group_comma_ = false;
}

void Sink::separate()
{
    if (group_comma_) group_ += ',';
    if (group_brackets_.back() != '{') return;
    append_json_string(group_, key_);
    group_ += ':';
}

void Sink::end_group(char bracket)
{
    group_ += bracket;
    group_brackets_.pop_back();
    group_comma_ = true;
    if (!group_brackets_.empty()) return;
    frames_.pop_back();
    if (Properties* properties = target()) properties->set(group_key_, std::move(group_));
    group_.clear();
}

void Sink::scalar(std::string json)
{
    if (top() == Frame::group) {
        if (group_brackets_.back() == '{' && is_silent(key_, json)) return;
        separate();
        group_ += json;
        group_comma_ = true;
        return;
    }
    Properties* properties = target();
    if (!properties) return;
    if (key_ == "Shared Hit Blocks") tree_.has_buffers = true;
    properties->set(key_, std::move(json));
}

void Sink::text(std::string_view value)
{
    std::string json;
    append_json_string(json, value);
    scalar(std::move(json));
}

void Sink::number(std::string_view spelled)
{
    std::string json;
    append_number(json, spelled);
    scalar(std::move(json));
}

void Sink::flag(bool value)
{
    scalar(value ? "true" : "false");
}

void Sink::null()
{
    scalar("null");
}

}  // namespace casebook::plan
