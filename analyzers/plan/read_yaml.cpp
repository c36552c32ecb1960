#include "analyzers/core/text.h"
#include "analyzers/plan/plan_sink.h"
#include "analyzers/plan/read_plans.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace casebook::plan {

namespace {

// Hands YAML events to the sink. EXPLAIN quotes every text, so a plain scalar is a number or a flag.
class Events : public YAML::EventHandler {
public:
    explicit Events(Sink& sink) : sink_(sink) {}

    /// Whether the last document held more than a scalar.
    bool took_something() const { return took_something_; }

    void OnDocumentStart(const YAML::Mark&) override
    {
        open_.clear();
        took_something_ = false;
    }
    void OnDocumentEnd() override {}
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override { OnNull(mark, anchor); }

    void OnNull(const YAML::Mark&, YAML::anchor_t) override
    {
        if (skipping_ > 0) return;
        if (take_as_key("")) return;
        sink_.null();
        value_done();
    }

    void OnScalar(const YAML::Mark&, const std::string& tag, YAML::anchor_t, const std::string& value) override
    {
        if (skipping_ > 0) return;
        if (take_as_key(value)) return;
        if (tag != "?") sink_.text(value);
        else if (value == "true" || value == "false") sink_.flag(value == "true");
        else if (parse_double(value)) sink_.number(value);
        else sink_.text(value);
        value_done();
    }

    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override
    {
        took_something_ = true;
        if (!enter()) return;
        sink_.begin_array();
        open_.push_back({false, false});
    }

    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override
    {
        took_something_ = true;
        if (!enter()) return;
        sink_.begin_object();
        open_.push_back({true, true});
    }

    void OnSequenceEnd() override
    {
        if (leave()) sink_.end_array();
        if (skipping_ == 0) value_done();
    }

    void OnMapEnd() override
    {
        if (leave()) sink_.end_object();
        if (skipping_ == 0) value_done();
    }

private:
    struct Open {
        bool is_map = false;
        bool key_next = false;
    };

    // A list or map may itself be a key, which no EXPLAIN writes; it is passed over.
    bool enter()
    {
        const bool is_key = !open_.empty() && open_.back().is_map && open_.back().key_next;
        if (skipping_ > 0 || is_key) ++skipping_;
        return skipping_ == 0;
    }

    bool leave()
    {
        if (skipping_ == 0) {
            open_.pop_back();
            return true;
        }
        if (--skipping_ == 0) take_as_key("");
        skipped_key_ = skipping_ == 0;
        return false;
    }

    bool take_as_key(const std::string& name)
    {
        if (open_.empty() || !open_.back().is_map || !open_.back().key_next) return false;
        sink_.key(name);
        open_.back().key_next = false;
        return true;
    }

    void value_done()
    {
        if (skipped_key_) {
            skipped_key_ = false;
            return;
        }
        if (!open_.empty() && open_.back().is_map) open_.back().key_next = true;
    }

    Sink& sink_;
    std::vector<Open> open_;
    int skipping_ = 0;
    bool skipped_key_ = false;
    bool took_something_ = false;
};

/// Deepest nesting by indentation and by brackets, an upper bound of what the parser will recurse into.
std::size_t nesting(std::string_view text)
{
    std::vector<std::size_t> indents;
    std::size_t deepest = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t end = text.find('\n', at);
        if (end == std::string_view::npos) end = text.size();
        std::string_view line = text.substr(at, end - at);
        at = end + 1;
        std::size_t indent = line.find_first_not_of(" -");
        if (indent == std::string_view::npos) continue;
        while (!indents.empty() && indents.back() >= indent) indents.pop_back();
        indents.push_back(indent);
        // Brackets nest too, where they are not inside of quotes.
        const std::string_view open = line.substr(indent, line.find('"', indent) - indent);
        const auto brackets = static_cast<std::size_t>(std::count_if(open.begin(), open.end(),
                                                                     [](char c) { return c == '[' || c == '{'; }));
        deepest = std::max(deepest, indents.size() + brackets);
    }
    return deepest;
}

}  // namespace

Result<Plans> read_yaml(std::string_view text)
{
    // A level of a plan indents twice. yaml-cpp itself stops at 500 levels, but says "bad file".
    constexpr std::size_t most_levels = 400;
    if (const std::size_t levels = nesting(text); levels > most_levels)
        return fail(Error::Code::limitExceeded,
                    "the YAML plan is nested " + std::to_string(levels) + " levels deep, at most " +
                        std::to_string(most_levels) + " are read",
                    "take the plan with EXPLAIN (FORMAT JSON), which has no such limit");
    Plans plans;
    Sink sink(Format::yaml, plans.trees);
    Events events(sink);
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        // On some broken input the parser finds one more document for ever, without reading anything.
        while (parser.HandleNextDocument(events) && events.took_something()) {
        }
    } catch (const YAML::Exception& problem) {
        plans.note = std::string("the YAML is broken in line ") + std::to_string(problem.mark.line + 1) + ": " + problem.msg;
    }
    if (!plans.trees.empty()) return plans;
    return fail(Error::Code::notUnderstood, plans.note.empty() ? "no plan in this YAML" : plans.note);
}

}  // namespace casebook::plan
