-- Reads pg_stat_statements whole, with the texts, up to the 5,000 statements (the extension's own default limit) that
-- took most time. Leaves out what capture itself asked.
-- Columns of extension version 1.4 to 1.7, which a server keeps after an upgrade until ALTER EXTENSION ... UPDATE.
select /* casebook capture */
  to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sampled_at,
  s.userid, r.rolname, s.dbid, d.datname, s.queryid, left(s.query, 100000) as query, s.calls, s.total_time,
  s.min_time, s.max_time, s.mean_time, s.stddev_time, s.rows, s.shared_blks_hit, s.shared_blks_read,
  s.shared_blks_dirtied, s.shared_blks_written, s.local_blks_hit, s.local_blks_read, s.local_blks_dirtied,
  s.local_blks_written, s.temp_blks_read, s.temp_blks_written, s.blk_read_time, s.blk_write_time
from @statements_schema@.pg_stat_statements s
  left join pg_database d on d.oid = s.dbid
  left join pg_roles r on r.oid = s.userid
where s.query is null or s.query not like '%/* casebook capture */%'
order by s.total_time desc
limit 5000
