-- Reads pg_prepared_xacts: transactions of two-phase commit that wait for their end. They hold locks and vacuum back
-- without a session; pg_blocking_pids calls them 0.
select /* casebook capture */
  to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sampled_at,
  p.transaction, age(p.transaction) as xid_age, p.gid, p.prepared, p.owner, p.database
from pg_prepared_xacts p
order by p.prepared
limit 1000
