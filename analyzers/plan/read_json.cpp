#include "analyzers/plan/plan_sink.h"
#include "analyzers/plan/read_plans.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <simdjson.h>
#include <utility>

namespace casebook::plan {

namespace {

using simdjson::dom::element;

// Walks an element and hands its events to the sink, with a stack of its own.
class Walk {
public:
    explicit Walk(Sink& sink) : sink_(sink) {}

    void run(element root)
    {
        begin(root);
        while (!open_.empty()) step();
    }

private:
    struct Open {
        bool is_object = false;
        simdjson::dom::object::iterator member, last_member;
        simdjson::dom::array::iterator item, last_item;
    };

    void begin(element value)
    {
        switch (value.type()) {
        case simdjson::dom::element_type::OBJECT: {
            const simdjson::dom::object object = value.get_object().value_unsafe();
            sink_.begin_object();
            open_.push_back({true, object.begin(), object.end(), {}, {}});
            return;
        }
        case simdjson::dom::element_type::ARRAY: {
            const simdjson::dom::array array = value.get_array().value_unsafe();
            sink_.begin_array();
            open_.push_back({false, {}, {}, array.begin(), array.end()});
            return;
        }
        case simdjson::dom::element_type::STRING: sink_.text(value.get_string().value_unsafe()); return;
        case simdjson::dom::element_type::BOOL: sink_.flag(value.get_bool().value_unsafe()); return;
        case simdjson::dom::element_type::INT64:
            sink_.number(std::to_string(value.get_int64().value_unsafe()));
            return;
        case simdjson::dom::element_type::UINT64:
            sink_.number(std::to_string(value.get_uint64().value_unsafe()));
            return;
        case simdjson::dom::element_type::DOUBLE: {
            std::array<char, 40> buffer{};
            const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                           value.get_double().value_unsafe()).ptr;
            sink_.number({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
            return;
        }
        case simdjson::dom::element_type::NULL_VALUE: sink_.null(); return;
        }
    }

    void step()
    {
        Open& top = open_.back();
        if (top.is_object) {
            if (!(top.member != top.last_member)) {
                open_.pop_back();
                sink_.end_object();
                return;
            }
            const auto [key, value] = *top.member;
            ++top.member;
            sink_.key(key);
            begin(value);
            return;
        }
        if (!(top.item != top.last_item)) {
            open_.pop_back();
            sink_.end_array();
            return;
        }
        const element value = *top.item;
        ++top.item;
        begin(value);
    }

    Sink& sink_;
    std::vector<Open> open_;
};

bool is_object_with(element value, std::string_view key)
{
    simdjson::dom::object object;
    if (value.get_object().get(object)) return false;
    return object.at_key(key).error() == simdjson::SUCCESS;
}

// Clients wrap the array of EXPLAIN: {"QUERY PLAN": [...]}, {"rows": [{"QUERY PLAN": ...}]}. Finds the statements
// without looking into plans.
void walk_statements(element root, Sink& sink)
{
    std::vector<element> pending{root};
    while (!pending.empty()) {
        const element value = pending.back();
        pending.pop_back();
        if (is_object_with(value, "Plan")) {
            Walk(sink).run(value);
        } else if (is_object_with(value, "Node Type")) {
            sink.begin_object();
            sink.key("Plan");
            Walk(sink).run(value);
            sink.end_object();
        } else {
            const std::size_t before = pending.size();
            simdjson::dom::array array;
            simdjson::dom::object object;
            if (!value.get_array().get(array)) {
                for (const element item : array) pending.push_back(item);
            } else if (!value.get_object().get(object)) {
                for (const auto [key, item] : object) pending.push_back(item);
            }
            std::reverse(pending.begin() + static_cast<std::ptrdiff_t>(before), pending.end());
        }
    }
}

/// One top-level object of the text, or, inside a top-level array, one element of it.
struct Piece {
    std::string_view text;
    std::size_t depth = 1;  ///< deepest nesting of objects and arrays
    bool complete = true;
};

// Whether '{' at `at` opens an object of JSON, and not what chatter around a plan may hold: '{1,2}', \d{3}.
bool opens_object(std::string_view text, std::size_t at)
{
    const std::size_t next = text.find_first_not_of(" \t\r\n", at + 1);
    return next != std::string_view::npos && (text[next] == '"' || text[next] == '}');
}

// Cuts the text at its outermost objects, string-aware, so that one broken or unfinished object costs no other.
std::vector<Piece> split_objects(std::string_view text)
{
    std::vector<Piece> pieces;
    std::size_t depth = 0;
    std::size_t deepest = 0;
    std::size_t begin = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            else if (c == '"') in_string = false;
        } else if (depth == 0) {
            // Outside of objects there are brackets of arrays, and chatter that need not be balanced.
            if (c != '{' || !opens_object(text, i)) continue;
            begin = i;
            depth = deepest = 1;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if (c == '}' || c == ']') {
            if (--depth == 0) pieces.push_back({text.substr(begin, i + 1 - begin), deepest, true});
        }
    }
    if (depth > 0) pieces.push_back({text.substr(begin), deepest, false});
    return pieces;
}

// Pasted from a terminal that broke lines, JSON has raw line ends inside strings; and a row estimate may have more
// digits than a 64-bit number. Both stop the parser, neither is a reason to lose the plan.
std::string mend(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (static_cast<unsigned char>(c) < 0x20) {
                if (c == '\t') out += "\\t";
                continue;
            }
            out += c;
            if (c == '\\' && i + 1 < text.size()) out += text[++i];
            else if (c == '"') in_string = false;
            continue;
        }
        out += c;
        if (c == '"') {
            in_string = true;
        } else if (c >= '0' && c <= '9') {
            std::size_t end = i + 1;
            while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
            out.append(text, i + 1, end - i - 1);
            const char next = end < text.size() ? text[end] : ' ';
            if (end - i > 19 && next != '.' && next != 'e' && next != 'E') out += ".0";
            i = end - 1;
            if (next == '.') {
                // The digits behind the point are no number of their own.
                out += text[++i];
                while (i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9') out += text[++i];
            }
        }
    }
    return out;
}

// Parses one object; what the parser will not take as it is is tried mended. Empty when it cannot be read.
simdjson::error_code parse(simdjson::dom::parser& parser, const Piece& piece, element& root, bool& mended)
{
    const auto attempt = [&](const simdjson::padded_string& padded) {
        // The parser's own default is 1,024 levels. One more than needed: it counts the document.
        const auto code = parser.allocate(std::max<std::size_t>(padded.size(), 1), piece.depth + 2);
        return code == simdjson::SUCCESS ? parser.parse(padded).get(root) : code;
    };
    const auto code = attempt(simdjson::padded_string(piece.text));
    if (code == simdjson::SUCCESS) return code;
    mended = true;
    return attempt(simdjson::padded_string(mend(piece.text))) == simdjson::SUCCESS ? simdjson::SUCCESS : code;
}

}  // namespace

Result<Plans> read_json(std::string_view text)
{
    Plans plans;
    Sink sink(Format::json, plans.trees);
    simdjson::dom::parser parser;
    for (const Piece& piece : split_objects(text)) {
        const bool about_plans = piece.text.find("\"Plan\"") != std::string_view::npos ||
                                 piece.text.find("\"Node Type\"") != std::string_view::npos;
        if (!about_plans) continue;
        if (!piece.complete) {
            plans.note = "the JSON ends before the plan is complete";
            plans.cut_off = true;
            continue;
        }
        element root;
        bool mended = false;
        const auto code = parse(parser, piece, root, mended);
        if (code != simdjson::SUCCESS) {
            plans.note = std::string("an object is not JSON: ") + simdjson::error_message(code);
            continue;
        }
        if (mended) plans.note = "line ends inside strings or numbers too large were mended";
        walk_statements(root, sink);
    }
    if (!plans.trees.empty()) return plans;
    return fail(Error::Code::notUnderstood, plans.note.empty() ? "no plan in this JSON" : plans.note);
}

}  // namespace casebook::plan
