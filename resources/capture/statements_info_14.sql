-- Reads pg_stat_statements_info: when the statistics were reset, and how often statements were thrown out for want of
-- room.
-- PostgreSQL 14, extension version 1.9, and later.
select /* casebook capture */
  to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sampled_at, dealloc, stats_reset
from @statements_schema@.pg_stat_statements_info
