#include "tests/simulate/naming.h"

namespace casebook::simulate {
namespace {

const Naming tickets{
    .front = "boxoffice", .backend = "seating", .partner = "quotes", .worker = "mailer", .cache_service = "redis",
    .read_route = "/events/:id", .read_path = "/events/", .report_route = "/plans/:id", .report_path = "/plans/", .order_route = "/orders/:id", .order_path = "/orders/",
    .item_route = "/seats/:id", .item_path = "/seats/", .table_route = "/halls/:id", .table_path = "/halls/",
    .quote_route = "/quote/:id", .quote_path = "/quote/",
    .item_sql = "SELECT row, number, price FROM seats WHERE event_id = $1", .item_table = "seats",
    .report_sql = "SELECT hall_id, count(*) FROM bookings WHERE hall_id = $1 GROUP BY hall_id", .report_table = "bookings",
    .ledger_sql = "INSERT INTO outbox (booking_id, body) VALUES ($1, $2)", .ledger_table = "outbox",
    .cache_prefix = "seating:v3:event:", .queue = "confirmations", .tenant_key = "app.promoter",
    .tenants = {"arena", "opera", "stadium", "theatre", "clubs"}, .host_suffix = "5f7c9", .old_conventions = false};

const Naming library{
    .front = "portal", .backend = "lending", .partner = "identity", .worker = "notifier", .cache_service = "valkey",
    .read_route = "/books/{isbn}", .read_path = "/books/", .report_route = "/shelves/{id}", .report_path = "/shelves/", .order_route = "/loans/{id}", .order_path = "/loans/",
    .item_route = "/copies/{isbn}", .item_path = "/copies/", .table_route = "/inventory/{id}", .table_path = "/inventory/",
    .quote_route = "/members/{id}", .quote_path = "/members/",
    .item_sql = "SELECT c.id, c.state FROM copies c WHERE c.isbn = ?", .item_table = "copies",
    .report_sql = "SELECT state, count(*) FROM copies WHERE shelf_id = ? GROUP BY state", .report_table = "shelf_state",
    .ledger_sql = "UPDATE reminders SET sent_at = now() WHERE loan_id = ?", .ledger_table = "reminders",
    .cache_prefix = "lending/v11/copy/", .queue = "reminders", .tenant_key = "branch",
    .tenants = {"north", "harbour", "campus", "old-town"}, .host_suffix = "vm", .old_conventions = true};

}  // namespace

const Naming& naming(int scheme) { return scheme == 0 ? tickets : library; }

}  // namespace casebook::simulate
