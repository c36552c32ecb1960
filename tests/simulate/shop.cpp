#include "tests/simulate/shop.h"

#include "tests/simulate/shop_database.h"
#include "tests/simulate/system.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <stdexcept>

namespace casebook::simulate {
namespace {

constexpr double warm_up_s = 5, scrape_s = 5, megabyte = 1e6;
constexpr Nanoseconds epoch_ns = 1'795'544'880'000'000'000;  // 2026-11-24T18:28:00Z
constexpr std::uint64_t products = 600;
constexpr double declined = 0.03;  // cards

const Naming shop_names{
    .front = "storefront", .backend = "catalog-api", .partner = "payments", .worker = {}, .cache_service = "redis", .read_route = {}, .read_path = {}, .report_route = {},
    .report_path = {}, .order_route = {}, .order_path = {}, .item_route = {}, .item_path = {}, .table_route = {}, .table_path = {}, .quote_route = {}, .quote_path = {},
    .item_sql = {}, .item_table = {}, .report_sql = {}, .report_table = {}, .ledger_sql = {}, .ledger_table = {}, .cache_prefix = {}, .queue = {}, .tenant_key = "app.customer_tier",
    .tenants = {"standard", "plus", "gold"}, .host_suffix = "6d8f9", .old_conventions = false};

class ShopRun {
public:
    explicit ShopRun(const ShopScenario& scenario) : scenario_(scenario), system_(shop_names, scenario.seed) { build(); }

    void write(const std::filesystem::path& folder)
    {
        const Nanoseconds from = epoch_ns, onset = from + from_s(scenario_.baseline_s), end = onset + from_s(scenario_.incident_s);
        system_.events.run_until(from - from_s(warm_up_s));
        for (std::uint64_t key = 0; key < products; ++key) prices_.expires[key] = INT64_MAX;
        plan_load(from - from_s(warm_up_s), end);
        for (Nanoseconds when = from; when <= end; when += from_s(scrape_s)) system_.events.at(when, [this, from, when] { scrape(from, when); });
        system_.events.at(from + from_s(37), [this, from] { event(from + from_s(37), "campaign", "storefront", "members' week begins"); });
        deploy(onset, orders_, "3.9.0", reads_one_by_one_);
        deploy(onset + from_s(3), catalog_, "5.7.0", price_by_session_);
        deploy(onset + from_s(6), checkout_, "2.4.0", pays_with_connection_);
        system_.events.run_until(end + from_s(30));  // what is under way may end

        std::vector<Span> kept;
        for (Span& span : system_.spans) {
            if (span.start < from || span.start >= end || span.resource.service == payments_.name) continue;  // the provider is somebody else's
            as_exported(span);
            kept.push_back(span);
        }
        put(folder / "traces.ndjson", otlp_traces(kept));
        put(folder / "metrics.ndjson", metrics_);
        put(folder / "database.csv", "time,db_cpu_percent,db_connections\n" + database_);
        put(folder / "events.csv", "time,kind,service,text\n" + events_);
        int number = 0;
        for (const Nanoseconds at : {from, onset, end}) put(folder / ("statements_" + std::to_string(++number) + ".csv"), statements_csv(counted(), system_.spans, at));
        put(folder / "plan_shipments.json", shipments_plan());
        put(folder / "plan_member_price.txt", member_price_plan());
    }

private:
    static void put(const std::filesystem::path& path, const std::string& text)
    {
        std::ofstream out(path, std::ios::binary);
        out << text;
        if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
    }

    Process& start(Service& service, const std::string& version, int pool)
    {
        Process& process = system_.start(service, version, 2);
        if (pool > 0) process.pool = std::make_unique<Pool>(system_.events, pool);
        process.memory_limit = 512 * megabyte;
        process.memory_bytes = system_.dice.between(210, 290) * megabyte;
        return process;
    }

    void build()
    {
        front_ = {"storefront", {}, 0, "storefront.shop.svc"};
        catalog_ = {"catalog-api", {}, 0, "catalog-api.shop.svc"};
        orders_ = {"orders-api", {}, 0, "orders-api.shop.svc"};
        checkout_ = {"checkout-api", {}, 0, "checkout-api.shop.svc"};
        payments_ = {"payments", {}, 0, "api.payments.example"};
        for (int i = 0; i < 2; ++i) start(front_, "7.21.3", 0);
        for (int i = 0; i < 2; ++i) start(catalog_, "5.6.2", 12);
        for (int i = 0; i < 2; ++i) start(orders_, "3.8.4", 8);
        start(checkout_, "2.3.1", 3);
        for (int i = 0; i < 2; ++i) start(payments_, "1", 0);

        prices_.prefix = "catalog:price:v4:";
        member_prices_.prefix = "catalog:price:v4:gold:";

        product_.work = system_.in_turn({system_.compute(backend_ms_), [this](const FramePtr& frame, Next next) { price(frame, std::move(next)); }, system_.compute(backend_ms_)});
        search_.work = system_.in_turn({system_.compute(backend_ms_), system_.query(search_sql_), system_.compute(backend_ms_)});
        history_.work = system_.in_turn({system_.compute(backend_ms_), system_.transaction([this](const FramePtr& frame, Next next) { history(frame, std::move(next)); })});
        authorization_.work = system_.fail_for([this](const Frame&) { return system_.dice.chance(declined); }, system_.idle(authorization_ms_, 0.22));
        const Work pay = system_.call(payments_, authorization_, patient_);
        const Work open = system_.query(open_sql_), settle = system_.query(settle_sql_);
        buy_.work = system_.in_turn({system_.compute(backend_ms_), [this, with = system_.transaction(system_.in_turn({open, pay, settle})), without = system_.in_turn({open, pay, settle})](
                                                                       const FramePtr& frame, Next next) { (pays_with_connection_ ? with : without)(frame, std::move(next)); }});

        const auto page = [this](Service& service, const Operation& operation) { return system_.in_turn({system_.compute(front_ms_), system_.call(service, operation, patient_)}); };
        home_page_.work = system_.compute(front_ms_);
        product_page_.work = page(catalog_, product_);
        search_page_.work = page(catalog_, search_);
        history_page_.work = page(orders_, history_);
        checkout_page_.work = page(checkout_, buy_);
    }

    /// The price of a product comes from the cache. With the release the price of gold members is kept for each session.
    void price(const FramePtr& frame, Next next)
    {
        if (price_by_session_ && frame->tenant == "gold") {
            auto member = std::make_shared<Frame>(*frame);
            member->key = 40'000'000 + system_.dice.below(9'000'000);
            return system_.lookup(member_prices_, system_.query(member_price_sql_))(member, std::move(next));
        }
        system_.lookup(prices_, system_.query(price_sql_))(frame, std::move(next));
    }

    /// The orders of a customer, with their shipments by a join; with the release one statement for each order.
    void history(const FramePtr& frame, Next next)
    {
        if (!reads_one_by_one_) return system_.query(history_sql_)(frame, std::move(next));
        const std::size_t orders = 10 + frame->key * 2654435761u % 26;
        std::vector<Work> parts{system_.query(orders_sql_)};
        parts.insert(parts.end(), orders, system_.query(shipment_sql_));
        system_.in_turn(std::move(parts))(frame, std::move(next));
    }

    void deploy(Nanoseconds when, Service& service, const std::string& version, bool& mistake)
    {
        system_.events.at(when, [this, when, &service, version, &mistake] {
            event(when, "deploy", service.name, service.name + " " + service.processes.front()->meter.resource().version + " -> " + version);
            for (Process* process : service.processes) process->meter.resource().version = version;
            mistake = !scenario_.healthy;
        });
    }

    void event(Nanoseconds when, const std::string& kind, const std::string& service, const std::string& text) { events_ += iso_time(when) + "," + kind + "," + service + "," + text + "\n"; }

    /// Open loop: arrivals do not wait for answers. The evening's load goes up and down a little.
    void plan_load(Nanoseconds now, Nanoseconds end)
    {
        const double rate = 7.6 * (1 + 0.1 * std::sin(to_s(now - epoch_ns) / 40));
        const Nanoseconds next = now + from_s(system_.random.exponential(1 / rate));
        if (next >= end) return;
        system_.events.at(next, [this, next, end] {
            const double which = system_.random.uniform(), who = system_.random.uniform();
            const std::string& tier = shop_names.tenants[who < 0.6 ? 0 : who < 0.8 ? 1 : 2];
            std::uint64_t key = system_.random.below(products);
            if (system_.random.chance(0.03)) key += products;  // not asked for lately
            const std::uint64_t customer = 100'000 + system_.random.below(80'000);
            if (which < 0.12) system_.request(front_, home_page_, tier, customer);
            else if (which < 0.52) system_.request(front_, product_page_, tier, key);
            else if (which < 0.61) system_.request(front_, search_page_, tier, customer);
            else if (which < 0.735) system_.request(front_, history_page_, tier, customer);
            else system_.request(front_, checkout_page_, tier, customer);
            plan_load(next, end);
        });
    }

    void scrape(Nanoseconds from, Nanoseconds when)
    {
        double busy = 0;
        for (Service* service : {&front_, &catalog_, &orders_, &checkout_})
            for (Process* process : service->processes) {
                system_.scrape(*process, scrape_s);
                process->meter.set("process.cpu.utilization", "1", std::clamp(system_.dice.around(0.17, 0.12), 0.0, 1.0));  // the rest of what it does
                process->memory_bytes *= system_.dice.between(0.995, 1.005);
                if (process->pool) busy += process->pool->station.busy();
                if (when == from) continue;  // the first interval has no beginning
                if (const std::string line = process->meter.sample(from - from_s(warm_up_s), when); !line.empty()) metrics_ += line + "\n";
            }
        char row[80];
        std::snprintf(row, sizeof row, ",%.1f,%d\n", system_.dice.around(21, 0.08), static_cast<int>(31 + busy));
        database_ += iso_time(when) + row;
    }

    /// The system names every path after a number; these have none, or have it in the query. A declined card is no failure
    /// of the server that says so.
    void as_exported(Span& span) const
    {
        const auto cut = [](std::string& text, const std::string& from, const std::string& to) {
            if (const std::size_t at = text.find(from); at != std::string::npos) text = text.substr(0, at) + to + (to.ends_with('=') ? text.substr(at + from.size()) : std::string());
        };
        std::string route;
        for (const auto& [key, value] : span.attributes)
            if (key == "http.route") route = std::get<std::string>(value);
        if (span.kind == 2) span.failed = false;
        for (auto& [key, value] : span.attributes) {
            if (key == "url.path" && route.find(':') == std::string::npos) value = route;
            if (key != "url.full") continue;
            std::string& url = std::get<std::string>(value);
            cut(url, "/orders/", "/orders?customer=");
            cut(url, "/search/", "/search");
            cut(url, "/checkouts/", "/checkouts");
            cut(url, "/authorizations/", "/authorizations");
        }
    }

    std::vector<CountedStatement> counted() const
    {
        return {{price_sql_.text, 2290417385016623901, 1, 6, 0.2, 412'207, 2.9},
                {member_price_sql_.text, member_price_query_id, 1, 9122, 21406, 0, 0},
                {search_sql_.text, -7704518823391560012, 24, 310, 2, 96'114, 13.1},
                {history_sql_.text, 880124461934500276, 21, 188, 3, 58'316, 24.2},
                {orders_sql_.text, 6120075529083344174, 20, 25, 0, 0, 0},
                {shipment_sql_.text, shipments_query_id, 1, 61, 143, 3'011, 22.6},
                {open_sql_.text, -1147366520971438650, 1, 9, 0, 181'440, 3.1},
                {settle_sql_.text, 4467120398865540263, 1, 11, 0, 180'902, 3.4},
                {"DELETE FROM shop.carts WHERE touched_at < now() - interval '30 days'", -5903388127744091125, 41, 902, 4, 288, 61.3}};
    }

    const ShopScenario& scenario_;
    System system_;
    Service front_, catalog_, orders_, checkout_, payments_;
    double front_ms_ = 1.2, backend_ms_ = 1.6, authorization_ms_ = 1120;
    Operation home_page_{"GET", "/", "/", {}, 500}, product_page_{"GET", "/products/:id", "/products/", {}, 502}, search_page_{"GET", "/search", "/search/", {}, 502},
        history_page_{"GET", "/account/orders", "/account/orders/", {}, 502}, checkout_page_{"POST", "/checkout", "/checkout/", {}, 402};
    Operation product_{"GET", "/prices/:id", "/prices/", {}, 500}, search_{"GET", "/search", "/search/", {}, 500}, history_{"GET", "/orders", "/orders/", {}, 500},
        buy_{"POST", "/checkouts", "/checkouts/", {}, 402}, authorization_{"POST", "/authorizations", "/authorizations/", {}, 402};
    Statement price_sql_{"SELECT id, list_price, currency FROM products WHERE id = $1", "SELECT", "products", 3, 0.3};
    Statement member_price_sql_{"SELECT min(p.list_price * (1 - r.discount)) FROM products p JOIN price_rules r ON r.category_id = p.category_id WHERE p.id = $1 AND r.tier = $2",
                                "SELECT", "products", 980, 0.18};
    Statement search_sql_{"SELECT id, name, list_price FROM products WHERE name ILIKE $1 ORDER BY popularity DESC LIMIT $2", "SELECT", "products", 13, 0.3};
    Statement history_sql_{"SELECT o.id, o.placed_at, o.total, s.status FROM orders o LEFT JOIN shipments s ON s.order_id = o.id WHERE o.customer_id = $1 ORDER BY o.placed_at DESC", "SELECT", "orders",
                           24, 0.3};
    Statement orders_sql_{"SELECT id, placed_at, total FROM orders WHERE customer_id = $1 ORDER BY placed_at DESC", "SELECT", "orders", 5, 0.3};
    Statement shipment_sql_{"SELECT s.id, s.carrier, s.status, max(e.at) FROM shipments s JOIN tracking_events e ON e.shipment_id = s.id WHERE s.order_id = $1 GROUP BY s.id", "SELECT", "shipments", 23,
                            0.3};
    Statement open_sql_{"INSERT INTO checkouts (customer_id, cart_id, state) VALUES ($1, $2, $3) RETURNING id", "INSERT", "checkouts", 3.2, 0.3};
    Statement settle_sql_{"UPDATE checkouts SET state = $2, authorization_code = $3 WHERE id = $1", "UPDATE", "checkouts", 3.5, 0.3};
    Cache prices_, member_prices_;
    CallPolicy patient_{1, 30'000};
    bool reads_one_by_one_ = false, price_by_session_ = false, pays_with_connection_ = false;
    std::string metrics_, database_, events_;
};

}  // namespace

void simulate_shop(const ShopScenario& scenario, const std::filesystem::path& folder) { ShopRun(scenario).write(folder); }

}  // namespace casebook::simulate
