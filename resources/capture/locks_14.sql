-- As locks_13.sql.
-- PostgreSQL 14 adds waitstart.
select /* casebook capture */
  to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sampled_at,
  l.pid, l.locktype, l.mode, l.granted, l.fastpath, l.waitstart, d.datname, l.relation,
  case when l.database in (0, (select oid from pg_database where datname = current_database()))
       then (select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.oid = l.relation) end as relation_name,
  l.page, l.tuple, l.virtualxid, l.transactionid, l.classid, l.objid, l.objsubid, l.virtualtransaction
from pg_locks l
  left join pg_database d on d.oid = l.database
where l.pid <> pg_backend_pid()
  and (not l.granted
       or l.mode in ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock')
          and l.locktype <> 'virtualxid'
          and exists (select from pg_locks w where not w.granted))
order by l.granted, l.pid
limit 10000
