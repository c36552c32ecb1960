#include "analyzers/trace/operation.h"

#include "analyzers/core/text.h"
#include "analyzers/trace/path_template.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>

namespace casebook {

namespace {

constexpr std::array<std::string_view, 10> http_methods = {"GET",     "POST",  "PUT",     "DELETE", "PATCH",
                                                           "OPTIONS", "HEAD",  "CONNECT", "TRACE",  "QUERY"};

bool is_http_method(std::string_view text)
{
    return std::any_of(http_methods.begin(), http_methods.end(),
                       [&](std::string_view method) { return equals_ignoring_case(text, method); });
}

std::string upper(std::string_view text)
{
    std::string result(text);
    for (char& c : result)
        if (c >= 'a' && c <= 'z')
            c = static_cast<char>(c - 32);
    return result;
}

bool is_path(std::string_view text)
{
    return text.starts_with('/') || text.starts_with("http://") || text.starts_with("https://");
}

/// What the name of an HTTP span says beyond "this is HTTP".
struct HttpName {
    std::string_view method;  ///< "GET" of "HTTP GET /orders/17"
    std::string_view path;    ///< "/orders/17"
    bool says_more = false;   ///< a name somebody chose: "list orders"
};

/// Names that tracers give every request.
bool is_generic(std::string_view name)
{
    constexpr std::array<std::string_view, 5> generic = {"http", "request", "http request", "http_request", "http.client"};
    return std::any_of(generic.begin(), generic.end(), [&](std::string_view one) { return equals_ignoring_case(name, one); })
           || equals_ignoring_case(name, "http.server") || lower(name).ends_with(".request");
}

HttpName read_http_name(std::string_view name, std::string_view method)
{
    HttpName result;
    std::string_view rest = trim(name);
    if (is_generic(rest))
        return result;
    const auto take_word = [&](auto accepts) -> std::string_view {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        const std::string_view word = rest.substr(0, end);
        if (word.empty() || !accepts(word))
            return {};
        rest = trim(rest.substr(end));
        return word;
    };
    if (rest.starts_with("http:/") && !rest.starts_with("http://"))
        rest.remove_prefix(5);  // Spring Cloud Sleuth: "http:/orders/17"
    take_word([](std::string_view word) { return equals_ignoring_case(word, "http"); });
    result.method = take_word([&](std::string_view word) { return is_http_method(word) || equals_ignoring_case(word, method); });
    if (is_path(rest) && rest.find(' ') == std::string_view::npos)
        result.path = rest;
    else
        result.says_more = !rest.empty();
    return result;
}

bool looks_like_sql(std::string_view name)
{
    const std::string_view verb = name.substr(0, std::min(name.find_first_of(" \n\t"), name.size()));
    constexpr std::array<std::string_view, 6> verbs = {"select", "insert", "update", "delete", "with", "merge"};
    return verb.size() < name.size()
           && std::any_of(verbs.begin(), verbs.end(), [&](std::string_view one) { return equals_ignoring_case(verb, one); })
           && (contains_ignoring_case(name, " from ") || contains_ignoring_case(name, " into ")
               || contains_ignoring_case(name, " set ") || contains_ignoring_case(name, "\nfrom "));
}

/// "orders/17" -> "orders/:id", "a.b.Service/Method" as it is.
std::string template_word(std::string_view word)
{
    if (const std::size_t scheme = word.find("://"); scheme != std::string_view::npos)
    {
        const std::size_t path = word.find('/', scheme + 3);
        return path == std::string_view::npos ? std::string(word)
                                              : std::string(word.substr(0, path)) + template_path(word.substr(path));
    }
    if (word.starts_with('/'))
        return template_path(word);
    const std::size_t slash = word.find('/');
    if (slash == std::string_view::npos || is_variable_segment(word.substr(0, slash)))
        return std::string(word);
    return std::string(word.substr(0, slash)) + template_path(word.substr(slash));
}

/// An id that ends a name: behind ':' or '#' any number, elsewhere only what is surely one ("step 2" stays).
std::string without_trailing_id(std::string name)
{
    const std::size_t separator = name.find_last_of(" :#-_");
    if (separator == std::string::npos || separator + 1 >= name.size())
        return name;
    const std::string_view tail = std::string_view(name).substr(separator + 1);
    const bool is_number = std::all_of(tail.begin(), tail.end(), [](char c) { return c >= '0' && c <= '9'; });
    const bool sure = name[separator] == ':' || name[separator] == '#' || tail.size() >= 3;
    if (tail.size() >= 36 || !is_number)
    {
        // A UUID has separators of its own.
        constexpr std::size_t uuid = 36;
        if (name.size() > uuid && is_variable_segment(std::string_view(name).substr(name.size() - uuid))
            && std::string_view(" :#-_").find(name[name.size() - uuid - 1]) != std::string_view::npos
            && name.find(' ', name.size() - uuid) == std::string::npos)
            return name.substr(0, name.size() - uuid) + ":id";
        if (tail.size() >= 8 && tail.find('/') == std::string_view::npos && is_variable_segment(tail) && tail.size() <= 40)
            return name.substr(0, separator + 1) + ":id";
        return name;
    }
    if (!sure)
        return name;
    return name.substr(0, name[separator] == ':' ? separator : separator + 1) + ":id";
}

std::string plain_name(std::string_view name)
{
    name = trim(name);
    if (looks_like_sql(name))
        return summarize_sql(name).normalized;
    std::string result;
    for (std::size_t begin = 0; begin < name.size();)
    {
        const std::size_t end = std::min(name.find(' ', begin), name.size());
        const std::string_view word = name.substr(begin, end - begin);
        if (word.find('/') == std::string_view::npos)
            result += word;
        else
            result += template_word(word);
        if (end < name.size())
            result += ' ';
        begin = end + 1;
    }
    return without_trailing_id(std::move(result));
}

}  // namespace

std::string template_path(std::string_view text)
{
    if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos && text.find('/') == scheme + 1)
    {
        const std::size_t path = text.find_first_of("/?#", scheme + 3);
        text = path == std::string_view::npos ? std::string_view() : text.substr(path);
    }
    text = text.substr(0, text.find_first_of("?#"));
    if (text.empty())
        return "/";
    std::string result;
    for (std::size_t begin = 0; begin <= text.size();)
    {
        const std::size_t end = std::min(text.find('/', begin), text.size());
        std::string_view segment = text.substr(begin, end - begin);
        segment = segment.substr(0, segment.find(';'));  // ;jsessionid=…
        if (begin > 0)
            result += '/';
        result += template_segment(segment);
        begin = end + 1;
    }
    return result.empty() ? "/" : result;
}

std::string operation_of(const OperationFacts& facts)
{
    if (!facts.is_http)
        return plain_name(facts.name);
    const HttpName name = read_http_name(facts.name, facts.method);
    std::string method = upper(!facts.method.empty() && facts.method != "_OTHER" ? facts.method : name.method);
    if (method.empty())
        method = "HTTP";
    if (!facts.route.empty())
        return method + " " + std::string(facts.route);
    if (name.says_more)
        return plain_name(facts.name);
    const std::string_view path = name.path.empty() ? facts.path : name.path;
    return path.empty() ? method : method + " " + template_path(path);
}

}  // namespace casebook
