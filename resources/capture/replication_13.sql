-- Reads pg_stat_replication: how far behind each standby is. Columns that 13 to 18 have in common.
-- Not backend_start, which sessions.csv has: with it the table would pass for one of sessions.
select /* casebook capture */
  to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sampled_at,
  r.pid, r.usename, r.application_name, r.client_addr, r.backend_xmin, r.state, r.sent_lsn,
  r.write_lsn, r.flush_lsn, r.replay_lsn, r.write_lag, r.flush_lag, r.replay_lag, r.sync_state,
  case when not pg_is_in_recovery() then pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn) end as replay_bytes_behind
from pg_stat_replication r
order by r.pid
limit 1000
