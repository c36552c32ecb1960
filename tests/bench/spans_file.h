#pragma once

#include <cstdint>
#include <cstdio>
#include <random>
#include <string>

namespace casebook::bench {

/// OTLP JSON lines: requests of 5 to 14 spans, about 790 bytes a span; `varied` makes three attributes unique per span.
inline std::uint64_t write_lines(const std::string& path, std::uint64_t spans, std::uint64_t bytes, bool varied)
{
    std::mt19937_64 random(42);
    std::FILE* out = std::fopen(path.c_str(), "wb");
    std::uint64_t made = 0, written = 0;
    std::int64_t now = 1'795'400'000'000'000'000;
    char text[2048];
    const auto put = [&](int size) { written += std::fwrite(text, 1, static_cast<std::size_t>(size), out); };
    while (bytes > 0 ? written < bytes : made < spans) {
        put(std::snprintf(text, sizeof text,
                          R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"service-%d"}},{"key":"service.instance.id","value":{"stringValue":"pod-%d"}}]},"scopeSpans":[{"scope":{"name":"bench","version":"1"},"spans":[)",
                          static_cast<int>(random() % 12), static_cast<int>(random() % 5)));
        bool first = true;
        for (int in_line = 0; in_line < 200;) {
            const unsigned long long high = random(), low = random();
            unsigned long long root = 0;
            const int count = 5 + static_cast<int>(random() % 10);
            now += 1'000'000;
            for (int i = 0; i < count; ++i, ++in_line, ++made) {
                const unsigned long long id = random() | 1;
                const std::int64_t start = now + static_cast<std::int64_t>(random() % 1'000'000), end = start + 100'000 + static_cast<std::int64_t>(random() % 5'000'000);
                const unsigned long long a = varied ? random() : random() % 500, b = varied ? random() : random() % 100'000, c = varied ? random() : random() % 50;
                char parent[40] = "";
                if (root) std::snprintf(parent, sizeof parent, "%016llx", root);
                put(std::snprintf(text, sizeof text,
                                  R"(%s{"traceId":"%016llx%016llx","spanId":"%016llx","parentSpanId":"%s","name":"%s","kind":%d,"startTimeUnixNano":"%lld","endTimeUnixNano":"%lld","attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}},{"key":"url.path","value":{"stringValue":"/orders/%llu"}},{"key":"db.system.name","value":{"stringValue":"postgresql"}},{"key":"server.port","value":{"intValue":"5432"}},{"key":"db.query.text","value":{"stringValue":"SELECT o.id, o.status FROM shop.orders o WHERE o.id = $1 AND o.kind = %llu"}},{"key":"app.tenant","value":{"stringValue":"tenant-%llu"}}],"droppedAttributesCount":0,"events":[],"droppedEventsCount":0,"status":{"code":0},"links":[],"droppedLinksCount":0})",
                                  first ? "" : ",", high, low, id, parent, root ? "pg.query:SELECT shop" : "GET", root ? 3 : 2, static_cast<long long>(start), static_cast<long long>(end), b, c, a));
                first = false;
                if (!root) root = id;
            }
        }
        put(std::snprintf(text, sizeof text, "]}]}]}\n"));
    }
    std::fclose(out);
    return made;
}

}  // namespace casebook::bench
