#include "analyzers/trace/operation.h"

#include <QtTest>
#include <random>

using namespace casebook;

class tst_operation : public QObject {
    Q_OBJECT

private slots:
    void paths_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* path, const char* expected) { QTest::newRow(path) << path << expected; };
        row("/orders/17/items?x=1", "/orders/:id/items");
        row("/orders", "/orders");
        row("/", "/");
        row("", "/");
        row("/orders/", "/orders/");
        row("http://shop.example:8080/price?id=3", "/price");
        row("https://shop.example", "/");
        row("https://shop.example?x=1", "/");
        row("/a;jsessionid=17/b#top", "/a/b");
        row("/users/0f8fad5b-d9cb-469f-a165-70867728950e", "/users/:id");
        row("/users/user-0f8fad5b-d9cb-469f-a165-70867728950e/x", "/users/:id/x");
        row("/blobs/deadbeef12345678", "/blobs/:id");
        row("/feedback/added", "/feedback/added");  // hex letters only
        row("/reports/2024-01-31", "/reports/:id");
        row("/reports/2024-01-31T10:00:00Z", "/reports/:id");
        row("/customers/cus_9s6XKzkNRiz8i3", "/customers/:id");
        row("/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/:id");
        row("/recommendations/u198", "/recommendations/:id");
        row("/recommendations/u8", "/recommendations/:id");
        row("/sku-1001/17-blue-shirt", "/:id/:id");
        row("/api/v2/s3/oauth2callback/base64encode/covid-19/ec2/q4/v10", "/api/v2/s3/oauth2callback/base64encode/covid-19/ec2/q4/v10");
        row("/search/caf%C3%A9", "/search/:id");
        row("/search/caf\xC3\xA9", "/search/:id");
        row("/mail/bob@example.org", "/mail/:id");
        row("/items/1,2,3", "/items/:id");
        row("/hosts/10.0.0.1", "/hosts/:id");
        row("/orders/17.json", "/orders/:id.json");
        row("/static/main.3f2a9c1b.js", "/static/main.:id.js");
        row("/com.example.Service/Get", "/com.example.Service/Get");
        row("/orders/{id}/:item/<int:x>/*", "/orders/{id}/:item/<int:x>/*");
        row("/title/the-quick-brown-fox-jumps-over-the-lazy-dog-and-more", "/title/:id");
        row("orders/17", "orders/:id");
    }
    void paths()
    {
        QFETCH(QString, path);
        QFETCH(QString, expected);
        const std::string result = template_path(path.toStdString());
        QCOMPARE(QString::fromStdString(result), expected);
        QCOMPARE(template_path(result), result);
    }

    void http_spans_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("route");
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* name, const char* method, const char* route, const char* path, const char* expected) {
            QTest::newRow(qPrintable(QString("%1|%2|%3").arg(name, route, path))) << name << method << route << path << expected;
        };
        // Old and new conventions, and the names that various clients give, come out the same.
        for (const char* name : {"GET", "get", "HTTP GET", "HTTP", "GET /orders/17", "HTTP GET /orders/17", "/orders/17",
                                 "http:/orders/17", "GET http://shop:80/orders/17?x=1", "http.request", "flask.request"})
            for (const char* path : {"/orders/17", "/orders/17?x=1", "http://shop:8080/orders/17", "https://shop/orders/17?x=1"})
                row(name, "GET", "", path, "GET /orders/:id");
        row("GET /orders/:id", "GET", "/orders/:id", "/orders/17", "GET /orders/:id");
        row("GET", "GET", "/orders/:number", "/orders/17", "GET /orders/:number");
        row("GET /orders/{id}", "GET", "", "/orders/17", "GET /orders/{id}");
        row("GET", "GET", "", "", "GET");
        row("GET /healthz", "", "", "", "GET /healthz");
        row("POST", "post", "", "/orders", "POST /orders");
        row("PURGE /cache/17", "PURGE", "", "", "PURGE /cache/:id");
        row("HTTP GET", "_OTHER", "", "/x", "GET /x");
        row("HTTP", "", "", "/x", "HTTP /x");
        row("list orders", "GET", "", "/orders", "list orders");
        row("OrdersController.show", "GET", "", "/orders/17", "OrdersController.show");
        row("grpc.shop.Orders/Get", "POST", "", "/shop.Orders/Get", "grpc.shop.Orders/Get");
    }
    void http_spans()
    {
        QFETCH(QString, name);
        QFETCH(QString, method);
        QFETCH(QString, route);
        QFETCH(QString, path);
        QFETCH(QString, expected);
        const std::string texts[] = {name.toStdString(), method.toStdString(), route.toStdString(), path.toStdString()};
        QCOMPARE(QString::fromStdString(operation_of({texts[0], texts[1], texts[2], texts[3], true})), expected);
    }

    void other_spans_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* name, const char* expected) { QTest::newRow(name) << name << expected; };
        for (const char* kept : {"GET", "get", "redis-GET", "request handler", "middleware - expressInit", "request handler - /orders/:id",
                                 "SELECT shop", "SELECT shop.orders", "pg.query:SELECT shop", "pg-pool.connect", "tcp.connect",
                                 "shop.Orders/Get", "/shop.Orders/Get", "orders process", "step 2", "HikariDataSource.getConnection",
                                 "s3.GetObject", "router checkout.svc.cluster.local:8080/*", "retry 1/3", "hmset", "v2", ""})
            row(kept, kept);
        row("process /orders/17", "process /orders/:id");
        row("/orders/17", "/orders/:id");
        row("fetch http://a.example/b/17?c=1", "fetch http://a.example/b/:id");
        row("job-12345", "job-:id");
        row("order 4711", "order :id");
        row("item:2", "item:id");
        row("task #7", "task #:id");
        row("run 0f8fad5b-d9cb-469f-a165-70867728950e", "run :id");
        row("lock_deadbeef0123", "lock_:id");
        row("orders/17 process", "orders/:id process");
        row("SELECT * FROM t WHERE a = 17", "SELECT * FROM t WHERE a = ?");
    }
    void other_spans()
    {
        QFETCH(QString, name);
        QFETCH(QString, expected);
        const std::string text = name.toStdString();
        QCOMPARE(QString::fromStdString(operation_of({text, {}, {}, {}, false})), expected);
    }

    /// A name made of a name stays, and every byte is survived.
    void any_bytes_are_survived()
    {
        const std::vector<std::string> pieces = {"/", "17", "GET", " ", "http", "://", ":", "#", "?", ";", "%41", "deadbeef01", "a",
                                                 "{id}", ".", "-", "_", "\xC3", std::string(1, '\0'), "select ", " from ", "'", "=", "@"};
        std::mt19937 random(3);
        for (int round = 0; round < 20000; ++round)
        {
            std::string name, path;
            for (auto n = random() % 12; n > 0; --n)
                name += pieces[random() % pieces.size()];
            for (auto n = random() % 12; n > 0; --n)
                path += pieces[random() % pieces.size()];
            const std::string http = operation_of({name, "GET", {}, path, true});
            QVERIFY(!http.empty() || name.empty());
            QCOMPARE(operation_of({name, "GET", {}, path, true}), http);
            QVERIFY(operation_of({name, {}, {}, path, false}).size() <= name.size() * 3 + 8);
            const std::string once = template_path(path);
            QVERIFY2(template_path(once) == once, (path + " -> " + once).c_str());
        }
    }
};

QTEST_APPLESS_MAIN(tst_operation)
#include "tst_operation.moc"
