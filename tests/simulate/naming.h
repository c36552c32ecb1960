#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace casebook::simulate {

/// What things are called: nothing that a diagnosis says may hang on it.
struct Naming {
    std::string front, backend, partner, worker, cache_service;
    std::string read_route, read_path, report_route, report_path, order_route, order_path;          // of front
    std::string item_route, item_path, table_route, table_path;                                      // of backend
    std::string quote_route, quote_path;                                                             // of partner
    std::string item_sql, item_table, report_sql, report_table, ledger_sql, ledger_table, cache_prefix, queue;
    std::string tenant_key;
    std::vector<std::string> tenants;
    std::string host_suffix;            ///< instance names: service + "-" + something
    bool old_conventions = false;       ///< semantic conventions and metric names of before 2023
};

/// Scheme 0 or 1.
const Naming& naming(int scheme);

}  // namespace casebook::simulate
