-- Reads pg_database_size, for which the server adds up the files of a database: those that the role may connect to.
select /* casebook capture */
  to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sampled_at,
  d.oid as datid, d.datname,
  case when has_database_privilege(d.oid, 'connect') or pg_has_role(current_user, 'pg_read_all_stats', 'usage')
    then pg_database_size(d.oid) end as database_bytes
from pg_database d
where d.datallowconn
order by d.datname
limit 1000
