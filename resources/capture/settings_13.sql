-- Reads pg_settings: limits, timeouts, memory, planner, vacuum, replication and logging. None of those that may hold
-- a password or a command with one (primary_conninfo, restore_command, ssl_passphrase_command, ...), and none of
-- extensions except pg_stat_statements and auto_explain.
select /* casebook capture */
  to_char(statement_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sampled_at,
  s.name, s.setting, s.unit, s.category, s.source, s.boot_val, s.reset_val, s.pending_restart
from pg_settings s
where s.name in (
    'max_connections', 'superuser_reserved_connections', 'reserved_connections', 'idle_session_timeout',
    'idle_in_transaction_session_timeout', 'transaction_timeout', 'statement_timeout', 'lock_timeout',
    'deadlock_timeout', 'client_connection_check_interval', 'max_locks_per_transaction', 'max_prepared_transactions',
    'shared_buffers', 'effective_cache_size', 'work_mem', 'hash_mem_multiplier', 'maintenance_work_mem',
    'autovacuum_work_mem', 'temp_buffers', 'huge_pages', 'temp_file_limit', 'max_worker_processes',
    'max_parallel_workers', 'max_parallel_workers_per_gather', 'max_parallel_maintenance_workers',
    'random_page_cost', 'seq_page_cost', 'cpu_tuple_cost', 'effective_io_concurrency', 'default_statistics_target',
    'plan_cache_mode', 'jit', 'jit_above_cost', 'from_collapse_limit', 'join_collapse_limit', 'geqo_threshold',
    'constraint_exclusion', 'enable_partition_pruning', 'enable_seqscan', 'enable_indexscan', 'enable_indexonlyscan',
    'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_nestloop', 'enable_hashagg', 'enable_sort',
    'autovacuum', 'autovacuum_max_workers', 'autovacuum_naptime', 'autovacuum_vacuum_threshold',
    'autovacuum_vacuum_scale_factor', 'autovacuum_vacuum_max_threshold', 'autovacuum_vacuum_insert_threshold',
    'autovacuum_vacuum_insert_scale_factor', 'autovacuum_analyze_threshold', 'autovacuum_analyze_scale_factor',
    'autovacuum_vacuum_cost_delay', 'autovacuum_vacuum_cost_limit', 'autovacuum_freeze_max_age', 'vacuum_cost_limit',
    'vacuum_freeze_min_age', 'vacuum_defer_cleanup_age', 'old_snapshot_threshold', 'track_counts',
    'checkpoint_timeout', 'checkpoint_completion_target', 'max_wal_size', 'min_wal_size', 'wal_buffers', 'wal_level',
    'wal_compression', 'synchronous_commit', 'fsync', 'full_page_writes', 'commit_delay', 'bgwriter_delay',
    'bgwriter_lru_maxpages', 'max_wal_senders', 'max_replication_slots', 'max_slot_wal_keep_size',
    'hot_standby_feedback', 'max_standby_streaming_delay', 'wal_keep_size', 'default_transaction_isolation',
    'default_transaction_read_only', 'log_min_duration_statement', 'log_lock_waits', 'log_temp_files',
    'log_autovacuum_min_duration', 'log_checkpoints', 'track_io_timing', 'track_activities', 'track_functions',
    'track_activity_query_size', 'compute_query_id', 'block_size', 'server_version', 'server_version_num',
    'server_encoding', 'TimeZone', 'shared_preload_libraries', 'ssl')
  or s.name like 'pg\_stat\_statements.%' or s.name like 'auto\_explain.%'
order by s.name
