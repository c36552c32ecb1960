-- Reads pg_replication_slots: which slot holds back vacuum (xmin, catalog_xmin) or the removal of WAL. Columns that
-- 13 to 18 have in common.
select /* casebook capture */
  to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sampled_at,
  s.slot_name, s.plugin, s.slot_type, s.database, s.temporary, s.active, s.active_pid, s.xmin, s.catalog_xmin,
  age(s.xmin) as xmin_age, age(s.catalog_xmin) as catalog_xmin_age, s.restart_lsn, s.confirmed_flush_lsn,
  s.wal_status, s.safe_wal_size,
  case when not pg_is_in_recovery() then pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn) end as retained_bytes
from pg_replication_slots s
order by s.slot_name
limit 1000
