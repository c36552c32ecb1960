-- As databases_13.sql.
-- PostgreSQL 14 adds how long sessions were there, active and idle in transaction, and how they ended.
select /* casebook capture */
  to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sampled_at,
  d.datid, d.datname, d.numbackends, d.xact_commit, d.xact_rollback, d.blks_read, d.blks_hit, d.tup_returned,
  d.tup_fetched, d.tup_inserted, d.tup_updated, d.tup_deleted, d.conflicts, d.temp_files, d.temp_bytes, d.deadlocks,
  d.checksum_failures, d.checksum_last_failure, d.blk_read_time, d.blk_write_time, d.session_time, d.active_time,
  d.idle_in_transaction_time, d.sessions, d.sessions_abandoned, d.sessions_fatal, d.sessions_killed, d.stats_reset,
  p.datconnlimit, age(p.datfrozenxid) as xid_age
from pg_stat_database d
  join pg_database p on p.oid = d.datid
order by d.datname
limit 1000
