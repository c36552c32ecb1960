-- Reads who and where this session is, which roles it has that open statistics to it, and where pg_stat_statements
-- is.
select /* casebook capture */
  version() as version, current_user as current_user, current_database() as database,
  coalesce((select r.rolsuper from pg_roles r where r.rolname = current_user), false) as superuser,
  pg_is_in_recovery() as standby,
  pg_has_role(current_user, 'pg_read_all_stats', 'usage') as reads_all_stats,
  pg_has_role(current_user, 'pg_read_all_settings', 'usage') as reads_all_settings,
  (select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
   where e.extname = 'pg_stat_statements') as statements_schema,
  (select e.extversion from pg_extension e where e.extname = 'pg_stat_statements') as statements_version,
  to_char(pg_postmaster_start_time() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as started_at,
  to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now
