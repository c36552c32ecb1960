#include "tests/simulate/shop_database.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace casebook::simulate {
namespace {

constexpr double round_trip_ms = 0.4;  // what a client sees beyond the database's own time

const char* const header =
    "captured_at,userid,dbid,toplevel,queryid,query,plans,total_plan_time,min_plan_time,max_plan_time,mean_plan_time,stddev_plan_time,"
    "calls,total_exec_time,min_exec_time,max_exec_time,mean_exec_time,stddev_exec_time,rows,shared_blks_hit,shared_blks_read,"
    "shared_blks_dirtied,shared_blks_written,local_blks_hit,local_blks_read,local_blks_dirtied,local_blks_written,temp_blks_read,"
    "temp_blks_written,blk_read_time,blk_write_time,temp_blk_read_time,temp_blk_write_time,wal_records,wal_fpi,wal_bytes,"
    "jit_functions,jit_generation_time,jit_inlining_count,jit_inlining_time,jit_optimization_count,jit_optimization_time,"
    "jit_emission_count,jit_emission_time\n";

struct Sums {
    double calls = 0, total = 0, squares = 0, least = 1e9, most = 0;
    void add(double ms)
    {
        ++calls;
        total += ms;
        squares += ms * ms;
        least = std::min(least, ms);
        most = std::max(most, ms);
    }
};

std::string number(double value)
{
    char text[40];
    std::snprintf(text, sizeof text, "%.6f", value);
    return text;
}

std::string quoted(const std::string& text)
{
    if (text.find_first_of(",\"\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

}  // namespace

std::string statements_csv(const std::vector<CountedStatement>& statements, const std::vector<Span>& spans, Nanoseconds at)
{
    std::map<std::string, Sums> sums;
    for (const Span& span : spans) {
        if (span.end > at) continue;
        for (const auto& [key, value] : span.attributes)
            if (key == "db.query.text")
                sums[std::get<std::string>(value)].add(std::max(0.03, static_cast<double>(span.end - span.start) / 1e6 - round_trip_ms));
    }
    std::string csv = header;
    for (const CountedStatement& statement : statements) {
        Sums all = sums[statement.text];
        const double before = static_cast<double>(statement.calls_before), mean_before = statement.mean_before_ms;
        all.calls += before;
        if (all.calls == 0) continue;  // the database has not seen it yet
        all.total += before * mean_before;
        all.squares += before * mean_before * mean_before * 1.06;  // a deviation of a quarter of the mean
        if (before > 0) {
            all.least = std::min(all.least, mean_before * 0.35);
            all.most = std::max(all.most, mean_before * 3.1);
        }
        const double mean = all.total / all.calls, deviation = std::sqrt(std::max(0.0, all.squares / all.calls - mean * mean));
        const auto whole = [&](double per_call) { return std::to_string(static_cast<std::int64_t>(std::llround(per_call * all.calls))); };
        csv += iso_time(at) + ",16391,16384,t," + std::to_string(statement.query_id) + "," + quoted(statement.text) + ",0,0,0,0,0,0," + whole(1) + "," + number(all.total) + "," +
               number(all.least) + "," + number(all.most) + "," + number(mean) + "," + number(deviation) + "," + whole(statement.rows) + "," + whole(statement.blocks_hit) + "," +
               whole(statement.blocks_read) + ",0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n";
    }
    return csv;
}

std::string shipments_plan()
{
    return R"plan([
  {
    "Plan": {
      "Node Type": "Aggregate",
      "Strategy": "Sorted",
      "Partial Mode": "Simple",
      "Parallel Aware": false,
      "Async Capable": false,
      "Startup Cost": 0.99,
      "Total Cost": 731.44,
      "Plan Rows": 1,
      "Plan Width": 46,
      "Actual Startup Time": 22.911,
      "Actual Total Time": 22.913,
      "Actual Rows": 1,
      "Actual Loops": 1,
      "Output": ["s.id", "s.carrier", "s.status", "max(e.at)"],
      "Group Key": ["s.id"],
      "Shared Hit Blocks": 61,
      "Shared Read Blocks": 143,
      "I/O Read Time": 21.260,
      "Plans": [
        {
          "Node Type": "Nested Loop",
          "Parent Relationship": "Outer",
          "Parallel Aware": false,
          "Async Capable": false,
          "Join Type": "Inner",
          "Startup Cost": 0.99,
          "Total Cost": 730.52,
          "Plan Rows": 183,
          "Plan Width": 46,
          "Actual Startup Time": 0.214,
          "Actual Total Time": 22.742,
          "Actual Rows": 196,
          "Actual Loops": 1,
          "Output": ["s.id", "s.carrier", "s.status", "e.at"],
          "Inner Unique": false,
          "Shared Hit Blocks": 61,
          "Shared Read Blocks": 143,
          "I/O Read Time": 21.260,
          "Plans": [
            {
              "Node Type": "Index Scan",
              "Parent Relationship": "Outer",
              "Parallel Aware": false,
              "Async Capable": false,
              "Scan Direction": "Forward",
              "Index Name": "shipments_order_id_idx",
              "Relation Name": "shipments",
              "Schema": "shop",
              "Alias": "s",
              "Startup Cost": 0.43,
              "Total Cost": 8.45,
              "Plan Rows": 1,
              "Plan Width": 38,
              "Actual Startup Time": 0.058,
              "Actual Total Time": 0.061,
              "Actual Rows": 1,
              "Actual Loops": 1,
              "Output": ["s.id", "s.order_id", "s.carrier", "s.status"],
              "Index Cond": "(s.order_id = '904417'::bigint)",
              "Rows Removed by Index Recheck": 0,
              "Shared Hit Blocks": 4,
              "Shared Read Blocks": 0,
              "I/O Read Time": 0.000
            },
            {
              "Node Type": "Index Scan",
              "Parent Relationship": "Inner",
              "Parallel Aware": false,
              "Async Capable": false,
              "Scan Direction": "Forward",
              "Index Name": "tracking_events_shipment_id_idx",
              "Relation Name": "tracking_events",
              "Schema": "shop",
              "Alias": "e",
              "Startup Cost": 0.56,
              "Total Cost": 720.24,
              "Plan Rows": 183,
              "Plan Width": 16,
              "Actual Startup Time": 0.149,
              "Actual Total Time": 22.588,
              "Actual Rows": 196,
              "Actual Loops": 1,
              "Output": ["e.shipment_id", "e.at", "e.place"],
              "Index Cond": "(e.shipment_id = s.id)",
              "Rows Removed by Index Recheck": 0,
              "Shared Hit Blocks": 57,
              "Shared Read Blocks": 143,
              "I/O Read Time": 21.260
            }
          ]
        }
      ]
    },
    "Query Identifier": 5217730964118203377,
    "Planning": {
      "Shared Hit Blocks": 12,
      "Shared Read Blocks": 0
    },
    "Planning Time": 0.331,
    "Triggers": [
    ],
    "Execution Time": 22.974
  }
]
)plan";
}

std::string member_price_plan()
{
    return R"plan(                                                                    QUERY PLAN
---------------------------------------------------------------------------------------------------------------------------------------------------
 Aggregate  (cost=61840.12..61840.13 rows=1 width=32) (actual time=981.940..981.942 rows=1 loops=1)
   Output: min((p.list_price * (1 - r.discount)))
   Buffers: shared hit=9122 read=21406
   I/O Timings: shared read=522.118
   ->  Nested Loop  (cost=2271.96..61207.33 rows=126557 width=14) (actual time=36.207..938.362 rows=131209 loops=1)
         Output: p.list_price, r.discount
         Buffers: shared hit=9122 read=21406
         I/O Timings: shared read=522.118
         ->  Index Scan using products_pkey on shop.products p  (cost=0.29..8.31 rows=1 width=14) (actual time=0.021..0.024 rows=1 loops=1)
               Output: p.id, p.sku, p.list_price, p.category_id
               Index Cond: (p.id = '2214'::bigint)
               Buffers: shared hit=3
         ->  Bitmap Heap Scan on shop.price_rules r  (cost=2271.67..59933.45 rows=126557 width=16) (actual time=36.180..901.406 rows=131209 loops=1)
               Output: r.id, r.category_id, r.tier, r.discount
               Recheck Cond: (r.category_id = p.category_id)
               Filter: (r.tier = 'gold'::text)
               Rows Removed by Filter: 20417
               Heap Blocks: exact=30209
               Buffers: shared hit=9119 read=21406
               I/O Timings: shared read=522.118
               ->  Bitmap Index Scan on price_rules_category_id_idx  (cost=0.00..2240.03 rows=149870 width=0) (actual time=29.644..29.645 rows=151626 loops=1)
                     Index Cond: (r.category_id = p.category_id)
                     Buffers: shared hit=111 read=205
                     I/O Timings: shared read=3.871
 Query Identifier: -3309118246570412985
 Planning:
   Buffers: shared hit=24
 Planning Time: 0.412 ms
 Execution Time: 982.071 ms
(28 rows)

)plan";
}

}  // namespace casebook::simulate
