#include "analyzers/trace/span_class.h"
#include "analyzers/trace/span_names.h"
#include "tests/support/span_table_builder.h"

#include <QtTest>

using namespace casebook;

namespace {

using Attributes = std::vector<std::pair<std::string, std::string>>;

TestSpan span(std::uint64_t id, std::uint64_t parent, SpanKind kind, std::string name, Attributes attributes = {}, std::string statement = {}, std::string service = "svc")
{
    TestSpan result{.id = id, .parent = parent, .start_ns = static_cast<std::int64_t>(id), .duration_ns = 1000};
    result.kind = kind;
    result.name = std::move(name);
    result.attributes = std::move(attributes);
    result.statement = std::move(statement);
    result.service = std::move(service);
    return result;
}

SpanClass class_of(SpanKind kind, std::string name, Attributes attributes = {}, std::string statement = {})
{
    SpanTableBuilder builder;
    builder.add(span(1, 0, SpanKind::server, "GET"));
    builder.add(span(2, 1, kind, std::move(name), std::move(attributes), std::move(statement)));
    const SpanTable table = builder.build();
    return classify(table).of[row_of(table, 2)];
}

const Attributes postgres{{"db.system.name", "postgresql"}}, old_postgres{{"db.system", "postgresql"}}, redis{{"db.system", "redis"}};

}  // namespace

class tst_span_class : public QObject {
    Q_OBJECT

private slots:
    void classes()
    {
        using enum SpanClass;
        const auto client = SpanKind::client, internal = SpanKind::internal;
        QCOMPARE(class_of(client, "pg.query:SELECT shop", postgres, "SELECT 1"), statement);
        QCOMPARE(class_of(internal, "query", {}, "SELECT 1"), statement);
        QCOMPARE(class_of(client, "pg.query:BEGIN shop", postgres, "BEGIN"), transaction);
        QCOMPARE(class_of(client, "x", postgres, "/* c */ set search_path = a"), transaction);
        QCOMPARE(class_of(client, "sql.tx.commit", postgres), transaction);
        QCOMPARE(class_of(client, "pg.query:COMMIT shop", old_postgres), transaction);
        QCOMPARE(class_of(client, "pg-pool.connect", postgres), acquire);
        QCOMPARE(class_of(client, "connect", postgres), acquire);
        QCOMPARE(class_of(client, "pg.connect", postgres), connect);
        QCOMPARE(class_of(internal, "tcp.connect"), other);
        QCOMPARE(class_of(client, "get", redis, "get user:1"), cache);
        QCOMPARE(class_of(client, "redis-connect", redis), cache);
        QCOMPARE(class_of(client, "redis.connect", redis), connect);
        QCOMPARE(class_of(internal, "cache.get", {{"cache.hit", "true"}}), cache);
        QCOMPARE(class_of(client, "GET", {{"http.method", "GET"}}), remote_call);
        QCOMPARE(class_of(client, "shop.Orders/Get", {{"rpc.system", "grpc"}}), remote_call);
        QCOMPARE(class_of(SpanKind::producer, "orders publish"), remote_call);
        QCOMPARE(class_of(SpanKind::consumer, "orders process"), entry);
        QCOMPARE(class_of(client, "something"), other);
        QCOMPARE(class_of(internal, "middleware - query"), other);
    }

    void names_of_waits_for_a_connection()
    {
        for (const char* name : {"pg-pool.connect", "HikariDataSource.getConnection", "DataSource.getConnection", "generic-pool.acquire", "acquire connection",
                                 "prisma:engine:connection", "pool.acquire", "pgxpool.acquire", "mysql.pool.getConnection", "Checkout connection", "HikariPool.getConnection",
                                 "pool.get", "connection pool wait", "db.acquire"})
            QVERIFY2(names_acquire(name), name);
        for (const char* name : {"pg.connect", "tcp.connect", "ThreadPool.getTask", "CarpoolService.getRides", "GetPoolStatus", "lock acquire", "redlock.acquire",
                                 "connection semaphore acquire", "GET /pool", "getUser", "poolside", "get"})
            QVERIFY2(!names_acquire(name), name);
        QCOMPARE(name_words("HikariDataSource.getHTTPConnection_v2"), (std::vector<std::string>{"hikari", "data", "source", "get", "http", "connection", "v2"}));
    }

    void the_outer_of_two_spans_for_one_statement_stays()
    {
        const SpanTable table = SpanTableBuilder()
                                    .add(span(1, 0, SpanKind::server, "GET"))
                                    .add(span(2, 1, SpanKind::client, "mapper", postgres, "SELECT a FROM t WHERE b = ?"))
                                    .add(span(3, 2, SpanKind::client, "driver", postgres, "SELECT a FROM t WHERE b = $1"))
                                    .build();
        const SpanClasses classes = classify(table);
        QCOMPARE(classes.of[row_of(table, 2)], SpanClass::statement);
        QCOMPARE(classes.of[row_of(table, 3)], SpanClass::other);
        const SpanTable other = SpanTableBuilder()
                                    .add(span(1, 0, SpanKind::client, "transaction", postgres, "BEGIN"))
                                    .add(span(2, 1, SpanKind::client, "query", postgres, "SELECT 1"))
                                    .build();
        QCOMPARE(classify(other).of[1], SpanClass::statement);
    }

    void entries()
    {
        const SpanTable table = SpanTableBuilder()
                                    .add(span(1, 0, SpanKind::server, "GET /a", {}, {}, "front"))
                                    .add(span(2, 1, SpanKind::internal, "handler", {}, {}, "front"))
                                    .add(span(3, 2, SpanKind::client, "GET", {{"http.method", "GET"}}, {}, "front"))
                                    .add(span(4, 3, SpanKind::server, "GET /b", {}, {}, "back"))
                                    .add(span(5, 4, SpanKind::client, "query", postgres, "SELECT 1", "back"))
                                    .add(span(6, 4, SpanKind::client, "query", postgres, "SELECT 1", "postgres"))  // filed under the database
                                    .build();
        const SpanClasses classes = classify(table);
        const auto entry_of = [&](std::uint64_t id) { return table.span_id[classes.entry[row_of(table, id)]]; };
        QCOMPARE(entry_of(1), 1u);
        QCOMPARE(entry_of(2), 1u);
        QCOMPARE(entry_of(3), 1u);
        QCOMPARE(entry_of(4), 4u);
        QCOMPARE(entry_of(5), 4u);
        QCOMPARE(entry_of(6), 4u);
    }

    void jobs_and_sources_without_kinds()
    {
        const auto internal = SpanKind::internal;
        const SpanTable job = SpanTableBuilder()
                                  .add(span(1, 0, internal, "nightly report"))
                                  .add(span(2, 1, SpanKind::client, "query", postgres, "SELECT 1"))
                                  .build();
        SpanClasses classes = classify(job);
        QCOMPARE(classes.of[0], SpanClass::entry);
        QCOMPARE(classes.entry[1], 0u);

        const SpanTable plain = SpanTableBuilder()
                                    .add(span(1, 0, internal, "Checkout/Place", {}, {}, "checkout"))
                                    .add(span(2, 1, internal, "Cart/Get", {}, {}, "checkout"))
                                    .add(span(3, 2, internal, "Cart/Get", {}, {}, "cart"))
                                    .build();
        classes = classify(plain);
        QCOMPARE(classes.of[0], SpanClass::entry);
        QCOMPARE(classes.of[1], SpanClass::remote_call);
        QCOMPARE(classes.of[2], SpanClass::entry);
        QCOMPARE(classes.entry[1], 0u);
        QCOMPARE(classes.entry[2], 2u);

        // A lone background span and a piece whose parent is missing begin nothing.
        const SpanTable pieces = SpanTableBuilder()
                                     .add(span(1, 0, internal, "tcp.connect"))
                                     .add(span(2, 99, internal, "request handler"))
                                     .add(span(3, 2, SpanKind::client, "query", postgres, "SELECT 1"))
                                     .build();
        classes = classify(pieces);
        for (SpanTable::Row row = 0; row < pieces.size(); ++row)
            QCOMPARE(classes.entry[row], SpanTable::no_row);
    }

    void cache_commands()
    {
        const auto command = [](std::string name, Attributes attributes) {
            static SpanTable table;
            table = SpanTableBuilder().add(span(1, 0, SpanKind::client, std::move(name), std::move(attributes))).build();
            return cache_command(table, 0);
        };
        using Kind = CacheCommand::Kind;
        CacheCommand found = command("get", {{"db.system", "redis"}, {"db.operation.name", "get"}, {"db.query.text", "get catalog:v7:item:232"}});
        QVERIFY(found.kind == Kind::get && found.key == "catalog:v7:item:232" && found.hit == -1);
        found = command("set", {{"db.system", "redis"}, {"db.query.text", "set catalog:v7:item:377 [3 other arguments]"}});
        QVERIFY(found.kind == Kind::put && found.key == "catalog:v7:item:377");
        found = command("redis-GET", {{"db.statement", "GET ?"}});
        QVERIFY(found.kind == Kind::get && found.key.empty());
        found = command("cache.get", {{"cache.key", "[\"user:1\",\"user:2\"]"}, {"cache.hit", "false"}});
        QVERIFY(found.kind == Kind::get && found.key == "user:1" && found.hit == 0);
        found = command("cache.fetch", {{"cache.operation", "fetch"}, {"cache.result", "HIT"}});
        QVERIFY(found.kind == Kind::get && found.hit == 1);
        QVERIFY(command("DEL", {{"db.statement", "DEL a"}}).kind == Kind::other);
        QVERIFY(command("GETSET", {{"db.statement", "GETSET a b"}}).kind == Kind::other);
    }

    void peers()
    {
        const auto peer = [](Attributes attributes) {
            const SpanTable table = SpanTableBuilder().add(span(1, 0, SpanKind::client, "GET", std::move(attributes))).build();
            return peer_of(table, 0);
        };
        QCOMPARE(peer({{"peer.service", "billing"}, {"server.address", "10.0.0.1"}}), "billing");
        QCOMPARE(peer({{"server.address", "10.0.0.1"}, {"server.port", "80"}}), "10.0.0.1:80");
        QCOMPARE(peer({{"net.peer.name", "pay.example"}, {"net.peer.port", "443"}}), "pay.example:443");
        QCOMPARE(peer({{"http.url", "https://user:secret@pay.example/v1?x=1"}}), "pay.example");
        QCOMPARE(peer({{"messaging.destination.name", "orders"}}), "orders");
        const SpanTable answered = SpanTableBuilder()
                                       .add(span(1, 0, SpanKind::client, "GET", {{"server.address", "10.0.0.1"}}))
                                       .add(span(2, 1, SpanKind::server, "GET", {}, {}, "billing"))
                                       .build();
        QCOMPARE(peer_of(answered, 0), "billing");
    }
};

QTEST_APPLESS_MAIN(tst_span_class)
#include "tst_span_class.moc"
