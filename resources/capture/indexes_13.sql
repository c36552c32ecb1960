-- Reads pg_stat_user_indexes, pg_statio_user_indexes, pg_index and pg_class: the 5,000 largest indexes of this
-- database and how they are defined.
-- Columns of PostgreSQL 13.
select /* casebook capture */
  to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sampled_at,
  s.relid, s.indexrelid, s.schemaname, s.relname, s.indexrelname, s.idx_scan, s.idx_tup_read, s.idx_tup_fetch,
  i.idx_blks_read, i.idx_blks_hit, x.indisunique, x.indisprimary, x.indisvalid, x.indisready, c.relpages,
  pg_get_indexdef(s.indexrelid) as indexdef
from pg_stat_user_indexes s
  join pg_index x on x.indexrelid = s.indexrelid
  join pg_class c on c.oid = s.indexrelid
  left join pg_statio_user_indexes i on i.indexrelid = s.indexrelid
order by c.relpages desc, s.indexrelid
limit 5000
