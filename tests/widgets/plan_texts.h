#pragma once

// One query as PostgreSQL runs it with an index and without.

namespace casebook::tests {

inline const char* const plan_with_index =
    "Sort  (cost=9..10 rows=10 width=8) (actual time=1.2..1.3 rows=10 loops=1)\n"
    "  Sort Key: o.placed\n"
    "  ->  Nested Loop  (cost=1..9 rows=10 width=8) (actual time=0.1..1.0 rows=10 loops=1)\n"
    "        ->  Index Scan using orders_customer on orders o  (cost=0.3..4 rows=10 width=4) (actual time=0.1..0.5 rows=10 loops=1)\n"
    "              Index Cond: (customer_id = 41)\n"
    "        ->  Index Scan using lines_order on lines l  (cost=0.3..4 rows=1 width=4) (actual time=0.03..0.04 rows=1 loops=10)\n"
    "              Index Cond: (order_id = o.id)\n"
    "Planning Time: 0.2 ms\n"
    "Execution Time: 1.4 ms\n";

inline const char* const plan_without_index =
    "Nested Loop  (cost=1..900 rows=10 width=8) (actual time=0.1..80.0 rows=10 loops=1)\n"
    "  ->  Seq Scan on orders o  (cost=0.3..800 rows=10 width=4) (actual time=0.1..78.5 rows=10 loops=1)\n"
    "        Filter: (customer_id = 41)\n"
    "        Rows Removed by Filter: 199990\n"
    "  ->  Index Scan using lines_order on lines l  (cost=0.3..4 rows=1 width=4) (actual time=0.03..0.04 rows=1 loops=10)\n"
    "        Index Cond: (order_id = o.id)\n"
    "Planning Time: 0.2 ms\n"
    "Execution Time: 80.2 ms\n";

}  // namespace casebook::tests
