-- As sessions_13.sql.
-- PostgreSQL 14 adds query_id and since when a session has waited for its lock.
select /* casebook capture */
  to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sampled_at,
  a.datid, a.datname, a.pid, a.leader_pid, a.usesysid, a.usename, a.application_name, a.client_addr, a.client_hostname,
  a.client_port, a.backend_start, a.xact_start, a.query_start, a.state_change, a.wait_event_type, a.wait_event, a.state,
  a.backend_xid, a.backend_xmin, a.query_id, a.query, a.backend_type,
  case when w.pid is not null then pg_blocking_pids(a.pid) end as blocked_by, w.locktype as lock_type,
  w.mode as lock_mode, w.waitstart as lock_waitstart,
  case when w.database in (0, (select oid from pg_database where datname = current_database()))
       then (select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.oid = w.relation) end as lock_relation
from pg_stat_activity a
  left join pg_locks w on w.pid = a.pid and not w.granted
where a.pid <> pg_backend_pid()
order by a.pid
limit 10000
