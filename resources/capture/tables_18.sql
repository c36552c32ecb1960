-- As tables_13.sql.
-- PostgreSQL 18 adds the time that vacuum and analyze took.
select /* casebook capture */
  to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sampled_at,
  current_database() as datname, t.relid, t.schemaname, t.relname, t.seq_scan, t.last_seq_scan, t.seq_tup_read,
  t.idx_scan, t.last_idx_scan, t.idx_tup_fetch, t.n_tup_ins,
  t.n_tup_upd, t.n_tup_del, t.n_tup_hot_upd, t.n_tup_newpage_upd, t.n_live_tup, t.n_dead_tup, t.n_mod_since_analyze,
  t.n_ins_since_vacuum,
  t.last_vacuum, t.last_autovacuum, t.last_analyze, t.last_autoanalyze, t.vacuum_count, t.autovacuum_count,
  t.analyze_count, t.autoanalyze_count,
  t.total_vacuum_time, t.total_autovacuum_time, t.total_analyze_time, t.total_autoanalyze_time,
  i.heap_blks_read, i.heap_blks_hit, i.idx_blks_read, i.idx_blks_hit, i.toast_blks_read, i.toast_blks_hit,
  c.reltuples, c.relpages, age(c.relfrozenxid) as xid_age, array_to_string(c.reloptions, ',') as reloptions,
  case when @with_sizes@ and not exists (
      select from pg_locks l where l.relation = t.relid and l.mode = 'AccessExclusiveLock')
    then pg_total_relation_size(t.relid) end as total_bytes
from pg_stat_user_tables t
  join pg_class c on c.oid = t.relid
  left join pg_statio_user_tables i on i.relid = t.relid
order by t.n_dead_tup + coalesce(t.seq_tup_read, 0) + coalesce(t.idx_tup_fetch, 0)
  + t.n_tup_ins + t.n_tup_upd + t.n_tup_del desc, t.relid
limit 1000
