#include "analyzers/trace/cache_use.h"
#include "tests/support/span_table_builder.h"

#include <QtTest>

using namespace casebook;

namespace {

/// One request per key, each with one read; after a miss comes a statement.
SpanTable requests(const std::vector<std::string>& keys, bool miss)
{
    SpanTableBuilder builder;
    for (std::uint64_t i = 0; i < keys.size(); ++i)
    {
        const auto at = static_cast<std::int64_t>(i) * 1'000'000'000;
        TestSpan entry{.trace = i + 1, .id = 1, .start_ns = at, .duration_ns = 50'000'000, .name = "GET /x"};
        entry.kind = SpanKind::server;
        TestSpan get{.trace = i + 1, .id = 2, .parent = 1, .start_ns = at + 1'000'000, .duration_ns = 1'000'000, .name = "get"};
        get.kind = SpanKind::client;
        get.attributes = {{"db.system", "redis"}, {"db.statement", "get " + keys[i]}};
        builder.add(entry).add(get);
        if (!miss)
            continue;
        TestSpan fill{.trace = i + 1, .id = 3, .parent = 1, .start_ns = at + 5'000'000, .duration_ns = 20'000'000, .name = "SELECT", .statement = "SELECT a FROM t WHERE id = 1"};
        fill.kind = SpanKind::client;
        builder.add(fill);
    }
    return builder.build();
}

std::vector<CacheRead> reads(const SpanTable& table) { return cache_reads(table, classify(table)); }

}  // namespace

class tst_cache_use : public QObject {
    Q_OBJECT

private slots:
    void patterns_of_single_keys()
    {
        QCOMPARE(key_pattern("catalog:v7:item:312"), std::string("catalog:v7:item:?"));
        QCOMPARE(key_pattern("user-profile/8f3a1c"), std::string("user-profile/?"));
        QCOMPARE(key_pattern(""), std::string());
    }

    void hit_or_miss_without_a_flag()
    {
        const SpanTable hits = requests({"a:1", "a:2"}, false), misses = requests({"a:1", "a:2"}, true);
        QVERIFY(reads(hits)[0].hit && reads(hits)[1].hit);
        QVERIFY(!reads(misses)[0].hit && reads(misses)[0].filled_by != SpanTable::no_row);
    }

    void a_release_in_the_key_belongs_to_the_pattern()
    {
        std::vector<std::string> keys;
        for (int i = 0; i < 100; ++i)
            keys.push_back((i < 50 ? "shop/2024-11/item/" : "shop/2024-12/item/") + std::to_string(i * 7 % 41));
        const SpanTable table = requests(keys, false);
        const auto found = reads(table);
        QCOMPARE(found.size(), std::size_t{100});
        QCOMPARE(found[0].pattern, std::string("shop/2024-11/item/?"));
        QCOMPARE(found[99].pattern, std::string("shop/2024-12/item/?"));
        QCOMPARE(new_pattern_share(table, found, table.start_ns[found[50].get]), 1.0);
    }

    void a_pattern_is_new_when_its_share_grew_tenfold()
    {
        const NewKeys rotated = new_keys({{"a:v1:?", 500}, {"a:v2:?", 2}, {"b:?", 5}}, {{"a:v2:?", 990}, {"b:?", 10}});
        QCOMPARE(rotated.share, 0.99);
        QCOMPARE(std::string(rotated.old_pattern), std::string("a:v1:?"));
        QCOMPARE(std::string(rotated.new_pattern), std::string("a:v2:?"));
        QCOMPARE(new_keys({{"a:?", 80}, {"b:?", 20}}, {{"a:?", 10}, {"b:?", 90}}).share, 0.0);  // a shift of what is asked for
        QCOMPARE(new_keys({}, {{"a:?", 10}}).share, 0.0);
        QVERIFY(new_keys({}, {{"a:?", 10}}).old_pattern.empty());
    }

    void few_keys_are_no_releases()
    {
        std::vector<std::string> keys;
        for (int i = 0; i < 100; ++i)
            keys.push_back("item:" + std::to_string(i % 4) + ":size:" + std::to_string(i % 3));  // nothing varies much
        QCOMPARE(reads(requests(keys, false))[0].pattern, std::string("item:?:size:?"));
        keys.clear();
        for (int i = 0; i < 100; ++i)
            keys.push_back("user:" + std::to_string(i) + ":page:" + std::to_string(i * 13 % 97));  // all varies
        QCOMPARE(reads(requests(keys, false))[0].pattern, std::string("user:?:page:?"));
    }
};

QTEST_APPLESS_MAIN(tst_cache_use)
#include "tst_cache_use.moc"
